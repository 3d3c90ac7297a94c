#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cyclonedx.py PROGRAM <SPDX >CYCLONEDX: the program's bill of materials, as
`cloudwatch-mcp version --sbom` prints it, in CycloneDX 1.5, with the hash of
PROGRAM itself, which it cannot know. The same input gives the same bytes."""
import hashlib
import json
import sys
import uuid

KINDS = {"APPLICATION": "application", "LIBRARY": "library", "OTHER": "data"}


def component(package):
    out = {
        "type": KINDS[package["primaryPackagePurpose"]],
        "bom-ref": package["SPDXID"],
        "name": package["name"],
        "version": package["versionInfo"],
        "description": package["comment"],
        "licenses": [{"license": {"id": package["licenseDeclared"]}}],
        "purl": package["externalRefs"][0]["referenceLocator"],
    }
    if package["copyrightText"] != "NOASSERTION":
        out["copyright"] = package["copyrightText"]
    if package["downloadLocation"] != "NOASSERTION":
        out["externalReferences"] = [{
            "type": "distribution", "url": package["downloadLocation"]}]
    for checksum in package.get("checksums", []):
        out["hashes"] = [{"alg": "SHA-256",
                          "content": checksum["checksumValue"]}]
    return out


def main():
    spdx = json.load(sys.stdin)
    with open(sys.argv[1], "rb") as f:
        program = hashlib.sha256(f.read()).hexdigest()
    packages = [component(p) for p in spdx["packages"]]
    packages[0]["hashes"] = [{"alg": "SHA-256", "content": program}]
    json.dump({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": "urn:uuid:" + str(uuid.uuid5(
            uuid.NAMESPACE_URL, spdx["documentNamespace"] + program)),
        "version": 1,
        "metadata": {"timestamp": spdx["creationInfo"]["created"],
                     "component": packages[0]},
        "components": packages[1:],
        "dependencies": [{"ref": packages[0]["bom-ref"], "dependsOn": [
            p["bom-ref"] for p in packages[1:]]}],
    }, sys.stdout, indent=1)
    print()


main()
