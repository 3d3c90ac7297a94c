#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/reproducible.sh: the same source gives the same bytes. Builds the
# distribution archive and the release binary, vendored libraries included, in
# two folders of different names and with different times and umasks, and
# compares them.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sh vendor/dist.sh "$work/first.tar.gz" >/dev/null
(umask 077 && sh vendor/dist.sh "$work/second.tar.gz" >/dev/null)
cmp "$work/first.tar.gz" "$work/second.tar.gz"
for name in a another-folder; do
	mkdir "$work/$name"
	tar -xzf "$work/first.tar.gz" -C "$work/$name" --strip-components=1
	# Not the caller's settings: each folder is its own world.
	(cd "$work/$name" && env -u MAKEFLAGS -u VENDOR_SRC -u VENDOR_BUILD \
	    -u MODE make -s -j"$(nproc)" all >log 2>&1) || {
		tail -n 30 "$work/$name/log" >&2
		exit 1
	}
done
cmp "$work/a/build/release/cloudwatch-mcp" \
    "$work/another-folder/build/release/cloudwatch-mcp"
echo "check-reproducible: the archive and the binary are the same twice"
