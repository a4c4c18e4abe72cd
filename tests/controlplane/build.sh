#!/usr/bin/env bash
# Builds the control plane and its tools from published Go modules.
#
#   tests/controlplane/build.sh [DIR [NAME…]]
#
# The programs go to DIR/bin; DIR is relative to the repository's root and
# defaults to target/controlplane. NAMEs are folders of cmd/, all by default.
# A program that is up to date is skipped. When KUBEBUILDER_ASSETS is set, what
# that bundle has is not built.
#
# With STANCHION_KUBERNETES=1.33 the modules are those of go-1.33.mod, DIR is
# target/controlplane-1.33, and NAMEs are what a control plane is made of.
set -euo pipefail

module=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$module/../.."
say() { printf 'controlplane: %s\n' "$*" >&2; }
fail() {
	say "$*"
	exit 1
}

kubernetes=${STANCHION_KUBERNETES:+-$STANCHION_KUBERNETES}
modfile=go$kubernetes.mod
[ -f "$module/$modfile" ] ||
	fail "no Kubernetes $STANCHION_KUBERNETES here: STANCHION_KUBERNETES is $(cd "$module" && echo go-*.mod | sed 's/go-//g; s/\.mod//g'), or empty for the newest"
out=${1:-target/controlplane$kubernetes}
shift || true
mkdir -p "$out/bin" "$out/stamp"
out=$(cd "$out" && pwd)
cd "$module"

# One build at a time; a second one then finds everything up to date.
if command -v flock >/dev/null; then
	exec 9>"$out/lock"
	if ! flock --nonblock 9; then
		say "waiting for another build in $out"
		flock 9
	fi
fi

command -v go >/dev/null ||
	fail "go is missing: install Go 1.26 or newer (https://go.dev/dl/), or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl"
export GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0
# go list is the first to read go.mod, and so the first to find go too old for it.
version=$(go list -modfile="$modfile" -m -f '{{.Version}}' k8s.io/kubernetes) ||
	fail "$(go version) can't read tests/controlplane/$modfile: it wants Go 1.26 or newer (https://go.dev/dl/), or GOTOOLCHAIN=auto, and a reachable module proxy"
# Without the version, clients can't parse the server's.
ldflags="-s -w -X k8s.io/component-base/version.gitVersion=$version"

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }
# sources NAME: a hash of all that the program is made of.
sources() {
	{
		go version
		echo "$ldflags"
		cat "$modfile" "${modfile%.mod}.sum"
		find "cmd/$1" -type f -name '*.go' ! -name '*_test.go' -print0 | LC_ALL=C sort -z | xargs -0 cat
	} | sha256 | cut -d' ' -f1
}

# upstream NAME: whether a KUBEBUILDER_ASSETS bundle can have the program.
upstream() { case $1 in etcd | kube-* | kubectl) ;; *) return 1 ;; esac }

names=("$@")
if [ ${#names[@]} -eq 0 ] && [ -n "$kubernetes" ]; then
	names=(controlplane etcd kube-apiserver kubectl)
elif [ ${#names[@]} -eq 0 ]; then
	names=(cmd/*/)
	names=("${names[@]%/}")
	names=("${names[@]#cmd/}")
fi
stale=()
for name in "${names[@]}"; do
	[ -d "cmd/$name" ] || fail "no program $name in tests/controlplane/cmd"
	if upstream "$name" && [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$name" ]; then
		say "$name is in KUBEBUILDER_ASSETS, not built"
	elif [ -x "$out/bin/$name" ] && [ "$(cat "$out/stamp/$name" 2>/dev/null)" = "$(sources "$name")" ]; then
		continue
	else
		stale+=("$name")
	fi
done
if [ ${#stale[@]} -eq 0 ]; then
	say "up to date in $out/bin"
	exit 0
fi

# Everything is made aside and moved when complete: an interrupted build leaves
# the programs of the last one.
work=$(mktemp -d "$out/.build.XXXXXX")
compiler=
clean_up() {
	[ -z "$compiler" ] || kill "$compiler" 2>/dev/null || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say "building ${stale[*]} ($version, log in $out/build.log)"
case " ${stale[*]} " in
*" kube-"*) say "the servers take about 7 minutes the first time on two cores, seconds after that" ;;
esac
SECONDS=0
# One invocation for all: they share most packages, and it keeps every core busy.
mkdir "$work/bin"
go build -modfile="$modfile" -trimpath -ldflags "$ldflags" -o "$work/bin/" "${stale[@]/#/./cmd/}" >"$out/build.log" 2>&1 &
compiler=$!
said=0
while kill -0 "$compiler" 2>/dev/null; do
	sleep 1
	if [ $((SECONDS - said)) -ge 15 ]; then
		said=$SECONDS
		say "$(printf '%4ds, %d of %d programs linked' "$SECONDS" "$(find "$work/bin" -type f | wc -l)" "${#stale[@]}")"
	fi
done
if ! wait "$compiler"; then
	compiler=
	tail -n 30 "$out/build.log" >&2
	fail "the build failed after ${SECONDS}s; the whole log is $out/build.log"
fi
compiler=

for name in "${stale[@]}"; do
	if [ "$name" = podsecurity ]; then
		# Upstream's fixtures, where `podsecurity fixtures` finds them: the
		# module cache is read-only and need not be there when the program runs.
		cp -R "$(go list -m -f '{{.Dir}}' k8s.io/pod-security-admission)/test/testdata" "$work/testdata"
		chmod -R u+w "$work/testdata"
		rm -rf "$out/testdata"
		mv "$work/testdata" "$out/testdata"
	fi
	mv -f "$work/bin/$name" "$out/bin/$name"
	sources "$name" >"$out/stamp/$name"
done
say "built ${#stale[@]} programs in ${SECONDS}s: $out/bin"
