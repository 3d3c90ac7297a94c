#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/offline.sh ARCHIVE: the archive of `make dist` builds and passes
# `make test` in a network namespace that has nothing but loopback.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xzf "$1" -C "$work" --strip-components=1
flags=-n
[ "$(id -u)" = 0 ] || flags=-rn
cd "$work"
env -u MAKEFLAGS -u VENDOR_SRC -u VENDOR_BUILD -u MODE unshare $flags sh -c '
	ip link set lo up 2>/dev/null || python3 - <<-P
	import fcntl, socket, struct
	s = socket.socket()
	fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x49))
	P
	make test' >log 2>&1 || {
	tail -n 40 log >&2
	exit 1
}
tail -n 3 log
echo "check-dist: builds and passes without a network"
