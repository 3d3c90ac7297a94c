#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vendor/components.sh: writes the table of what the program is made of besides
# its own code, one COMPONENT(name, version, kind, purl, where, SHA-256, licence,
# copyright, note) a row, from vendor.lock and the sources. cli/cli_version.c
# prints it as a bill of materials. The same sources give the same table.
set -eu
here=$(dirname "$0")
src=$here/../src

hash() {
	sha256sum | cut -d ' ' -f 1
}

# locked USE FIELD: of the first line of vendor.lock for that use.
locked() {
	sed -n "/^$1 /p" "$here/vendor.lock" | head -n 1 | cut -d ' ' -f "$2"
}

# release USE FIELD: of the line that names the project's own release.
release() {
	sed -n "/^$1 .* https:/p" "$here/vendor.lock" | head -n 1 |
	    cut -d ' ' -f "$2"
}

# row NAME VERSION KIND PURL WHERE SHA256 LICENCE COPYRIGHT NOTE
row() {
	printf 'COMPONENT("%s", "%s", "%s", "%s",\n    "%s",\n    "%s",\n    "%s", "%s",\n    "%s")\n' "$@"
}

roots=$(sed -n 's/^const char roots_version.* = "ca-certificates \(.*\)";/\1/p' \
    "$src/net/roots.c")
[ -n "$roots" ] || {
	echo "components: src/net/roots.c does not say its version" >&2
	exit 1
}
echo "/* Made by vendor/components.sh from vendor.lock and the sources. */"
row bearssl "$(release bearssl 3)" LIBRARY \
    "pkg:generic/bearssl@$(release bearssl 3)" "$(release bearssl 6)" \
    "$(release bearssl 5)" MIT "Copyright (c) 2016 Thomas Pornin" \
    "TLS and cryptography. Built from this release or from $(locked bearssl 4), Debian's repack of it, SHA-256 $(locked bearssl 5)."
row musl "$(release musl 3)" LIBRARY "pkg:generic/musl@$(release musl 3)" \
    "$(release musl 6)" "$(release musl 5)" MIT \
    "Copyright (c) 2005-2020 Rich Felker, et al." \
    "C library, with the security patches of Debian's $(locked musl-debian 3)."
row mozilla-trust-anchors "$roots" DATA \
    "pkg:deb/debian/ca-certificates@$roots" NOASSERTION \
    "$(hash <"$src/net/roots.c")" MPL-2.0 NOASSERTION \
    "Names and keys of the roots that Mozilla trusts, from Debian's ca-certificates $roots. The hash is that of src/net/roots.c."
row cloudwatch-metric-table "$VERSION" DATA \
    "pkg:generic/cloudwatch-metric-table@$VERSION" NOASSERTION \
    "$(cat "$src"/tools/metrics/*.def | hash)" Apache-2.0 \
    "Copyright the cloudwatch-mcp authors" \
    "Descriptions of the metrics that AWS publishes, and alarms for them. The hash is that of src/tools/metrics/*.def in the order of their names."
