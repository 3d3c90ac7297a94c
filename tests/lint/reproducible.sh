#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/reproducible.sh: the same source gives the same bytes. Builds the
# distribution archive, the release binary, vendored libraries included, and the
# container image in two folders of different names, with different umasks, time
# zones and locales, the second one on a day of some years later, and compares
# them.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sh vendor/dist.sh "$work/first.tar.gz" >/dev/null
(umask 077 && sh vendor/dist.sh "$work/second.tar.gz" >/dev/null)
cmp "$work/first.tar.gz" "$work/second.tar.gz"
build() {
	name=$1
	shift
	mkdir "$work/$name"
	tar -xzf "$work/first.tar.gz" -C "$work/$name" --strip-components=1
	# Not the caller's settings: each folder is its own world.
	(cd "$work/$name" && env -u MAKEFLAGS -u VENDOR_SRC -u VENDOR_BUILD \
	    -u MODE -u SOURCE_DATE_EPOCH CCACHE_DISABLE=1 "$@" make -s \
	    -j"$(nproc)" image IMAGE_ARCHS="$native" >log 2>&1) || {
		tail -n 30 "$work/$name/log" >&2
		exit 1
	}
}

case $(uname -m) in
aarch64) native=arm64 ;;
*) native=amd64 ;;
esac
build a TZ=UTC LC_ALL=C
# Files keep their true times, by which make decides.
(umask 077 && build another-folder TZ=Asia/Kathmandu LC_ALL=C.UTF-8 \
    FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 \
    faketime '2031-07-08 09:10:11')
cmp "$work/a/build/release/cloudwatch-mcp" \
    "$work/another-folder/build/release/cloudwatch-mcp"
for image in "$work"/a/build/*-oci.tar; do
	cmp "$image" "$work/another-folder/build/${image##*/}"
done
echo "check-reproducible: archive, binary and image are the same twice"
