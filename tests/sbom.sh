#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/sbom.sh FOLDER: the bills of materials in FOLDER against CycloneDX's own
# JSON schema and SPDX's list of licences, both from npm's cyclonedx-library,
# and what SPDX 2.3 demands of a document (clause 6 to 11), by sbom.py. Each
# check is also shown to fail, on a copy with one fault.
set -eu
dir=$1
here=tests
package=@cyclonedx/cyclonedx-library
schemas=build/sbom/npm/node_modules/$package/res/schema
if [ ! -d "$schemas" ]; then
	mkdir -p build/sbom/npm
	(cd build/sbom/npm && echo '{"private":true}' >package.json &&
	    npm install --no-audit --no-fund --loglevel=error \
	    --omit=optional --omit=peer --ignore-scripts \
	    "$package@10.3.0") >build/sbom/npm.log 2>&1 || {
		cat build/sbom/npm.log >&2
		exit 1
	}
fi
python3 -W ignore "$here/sbom.py" "$schemas" "$dir/cloudwatch-mcp.spdx.json" \
    "$dir/cloudwatch-mcp.cdx.json"
