#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/page/run.sh PROGRAM [WORD...]: the page for people in a browser, the
# distribution's Chromium without a window, driven by playwright-core on a Node
# that is new enough for it, in the versions that package-lock.json pins.
# Everything talks to loopback. With words, only tests whose names have one of
# them. Ends with "N passed, N failed".
program=$1
shift
here=tests/page
work=build/page
node=$work/node_modules/node/bin/node
chromium=${CHROMIUM:-/usr/bin/chromium}

mkdir -p "$work"
if ! cmp -s "$here/package-lock.json" "$work/package-lock.json" ||
    ! [ -x "$node" ]; then
	echo "page: fetching playwright-core from npm"
	cp "$here/package.json" "$here/package-lock.json" "$work/"
	if ! (cd "$work" && npm ci --no-audit --no-fund --loglevel=error) \
	    >"$work/log" 2>&1; then
		cat "$work/log"
		rm -f "$work/package-lock.json"
		echo "page: npm could not install what $here/package.json names"
		echo "0 passed, 1 failed"
		exit 1
	fi
fi
cp "$here"/*.mjs "$work/"
exec timeout --kill-after=10 "${PAGE_TIMEOUT:-240}" "$node" "$work/page.mjs" \
    "$program" "$chromium" "$@"
