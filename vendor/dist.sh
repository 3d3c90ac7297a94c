#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vendor/dist.sh OUT.tar.gz: one archive that builds and tests on a machine
# without a network: the source and vendor/archive/, under one folder. The
# times in it are SOURCE_DATE_EPOCH, or that of the last
# commit, so the same source gives the same bytes.
set -eu

out=$1
list=$(mktemp)
trap 'rm -f "$list"' EXIT
epoch=${SOURCE_DATE_EPOCH:-$(sh vendor/epoch.sh)}

# Outside a checkout (that is, inside an unpacked archive) all that is not made
# by the build belongs to the source.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files
else
	find . -path ./build -prune -o -path ./vendor/src -prune -o \
	    -path ./vendor/archive -prune -o -name config.mk -prune -o \
	    ! -type d -print | sed 's,^\./,,'
fi >"$list"
sed -n '/^[a-z]/p' vendor/vendor.lock | while read -r use _ _ file _; do
	[ ! -f "vendor/archive/$file" ] || echo "$use vendor/archive/$file"
done | sort -u -k 1,1 | cut -d ' ' -f 2 >>"$list"
for use in musl bearssl; do
	grep -q "vendor/archive/$use" "$list" || {
		echo "dist: vendor/archive/ lacks $use: run make vendor" >&2
		exit 1
	}
done
mkdir -p "$(dirname "$out")"
LC_ALL=C sort -u "$list" | tar --no-recursion --sort=name --format=ustar \
    --mtime="@$epoch" --owner=0 --group=0 --numeric-owner \
    --mode='u=rwX,go=rX' --transform="s,^,cloudwatch-mcp/," \
    -cf - -T - | gzip -n9 >"$out"
echo "dist: $out ($(wc -c <"$out") bytes)"
