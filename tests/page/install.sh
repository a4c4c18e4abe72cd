#!/usr/bin/env bash
# What the tests of the HTML page need: a Chromium, and two packages from npm.
#
#   tests/page/install.sh
#
# The browser is $CHROMIUM, or the chromium of PATH; as root on Debian it is installed where there is none. The last
# line of standard output is its path.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
	printf 'page: %s\n' "$*" >&2
	exit 1
}

find_browser() {
	if [ -n "${CHROMIUM:-}" ]; then
		command -v "$CHROMIUM" || fail "CHROMIUM is $CHROMIUM, which is no program"
		return
	fi
	command -v chromium || command -v chromium-browser || command -v google-chrome
}

if [ -z "${CHROMIUM:-}" ] && ! find_browser >/dev/null; then
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
		fail "no Chromium: install Debian's package chromium, or set CHROMIUM to the program"
	printf 'page: installing chromium\n' >&2
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } >&2 ||
		fail "chromium can't be installed: see above, or set CHROMIUM to the program"
fi

command -v node >/dev/null && command -v npm >/dev/null ||
	fail "node and npm are missing: install Node.js 20 or newer (https://nodejs.org)"
# What is installed is what the lock says, or it is installed again.
stamp=node_modules/.stanchion-lock
if ! cmp --silent package-lock.json "$stamp"; then
	npm ci --ignore-scripts --no-audit --no-fund >&2 || fail "npm ci failed: it takes a registry that can be reached"
	cp package-lock.json "$stamp"
fi
find_browser || fail "no Chromium"
