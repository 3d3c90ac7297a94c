#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/binary.sh BINARY [PATH...]: what the release binary promises.
# It is one file that needs no loader and no library, at a random address, with
# relocations write-protected, within its size, stripped, and it does not tell
# where it was built: none of the PATHs occurs in it.
# (That the write-protection works at run time is tests/test_relro.c.)
binary=$1
shift
# What it took when this was written and 9 KB. An image may have 1.3 MB, 5 KB of
# them for its configuration and archive: raise this with a reason.
size_max=1230000
bad=0

complain() {
	echo "check-binary: $binary: $*" >&2
	bad=1
}

[ -f "$binary" ] || {
	complain "does not exist"
	exit 1
}
program=$(LC_ALL=C readelf -lW "$binary")
dynamic=$(LC_ALL=C readelf -dW "$binary")

has() {
	printf '%s\n' "$1" | grep -Eq "$2"
}

has "$program" '^Elf file type is DYN' || complain "is not a PIE"
has "$program" ' INTERP ' && complain "asks for an interpreter"
has "$dynamic" 'NEEDED' && complain "needs a shared library"
has "$dynamic" 'FLAGS_1.*NOW' || complain "was not linked with -z now"
has "$dynamic" 'TEXTREL' && complain "relocates its code"
has "$program" ' GNU_RELRO ' || complain "has no RELRO segment"
has "$program" ' GNU_STACK .* RW ' || complain "has an executable stack"
has "$program" ' RWE ' && complain "has a writable and executable segment"
LC_ALL=C readelf -SW "$binary" | grep -Eq '\.(symtab|debug_)' &&
    complain "is not stripped"
size=$(wc -c <"$binary")
[ "$size" -le $size_max ] || complain "has $size bytes, over $size_max"
for path in "$@"; do
	case $path in
	'' | /) continue ;;
	esac
	grep -Fq "$path" "$binary" && complain "contains the path $path"
done
[ $bad -eq 0 ] && echo "check-binary: $size bytes, static-pie, RELRO, stripped"
exit $bad
