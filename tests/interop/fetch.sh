#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/interop/fetch.sh FOLDER: the official SDKs and conformance suites, and a
# Node that is new enough for them, from npm into FOLDER, in the versions that
# package-lock.json pins. Says nothing when they are there.
here=tests/interop
work=$1
mkdir -p "$work"
if cmp -s "$here/package-lock.json" "$work/package-lock.json" &&
    [ -x "$work/node_modules/node/bin/node" ]; then
	exit 0
fi
echo "interop: fetching the SDKs and suites from npm"
cp "$here/package.json" "$here/package-lock.json" "$work/"
(cd "$work" && npm ci --no-audit --no-fund --loglevel=error) \
    >"$work/npm.log" 2>&1 && exit 0
cat "$work/npm.log"
rm -f "$work/package-lock.json"
echo "interop: npm could not install what $here/package.json names"
exit 1
