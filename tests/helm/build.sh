#!/usr/bin/env bash
# Finds helm, or builds it from its published Go module.
#
#   tests/helm/build.sh
#
# A helm of version 3 on PATH is used; without one, the version that go.mod names is built into target/helm/bin, which
# takes two minutes the first time. The last line of standard output is the program's path.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
fail() {
	printf 'helm: %s\n' "$*" >&2
	exit 1
}

if found=$(command -v helm) && [[ $("$found" version --template '{{.Version}}' 2>/dev/null) == v3.* ]]; then
	printf '%s\n' "$found"
	exit 0
fi

out=../../target/helm
mkdir -p "$out/bin"
out=$(cd "$out" && pwd)
# One build at a time; a second one then finds it done.
if command -v flock >/dev/null; then
	exec 9>"$out/lock"
	flock 9
fi
if ! cmp --silent <(cat go.mod build.sh) "$out/stamp" || [ ! -x "$out/bin/helm" ]; then
	command -v go >/dev/null || fail "neither helm nor Go is there: install Helm 3 (https://helm.sh), or Go 1.26 or newer"
	export GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0
	version() { go list -m -f '{{.Version}}' "$1"; }
	helm=$(version helm.sh/helm/v3) && client=$(version k8s.io/client-go) ||
		fail "$(go version) can't read tests/helm/go.mod, or no module proxy can be reached"
	printf 'helm: building %s, which takes two minutes\n' "$helm" >&2
	# It knows its own version, and for which Kubernetes it renders, only if it is told. 0.37 of the client is that of 1.37.
	minor=${client#v0.} minor=${minor%%.*} flags="-s -w -X helm.sh/helm/v3/internal/version.version=$helm"
	for package in pkg/chartutil pkg/lint/rules; do
		flags+=" -X helm.sh/helm/v3/$package.k8sVersionMajor=1 -X helm.sh/helm/v3/$package.k8sVersionMinor=$minor"
	done
	go build -trimpath -ldflags "$flags" -o "$out/bin/.helm.$$" helm.sh/helm/v3/cmd/helm >&2 ||
		fail "the build failed: see above"
	mv "$out/bin/.helm.$$" "$out/bin/helm"
	cat go.mod build.sh >"$out/stamp"
fi
printf '%s\n' "$out/bin/helm"
