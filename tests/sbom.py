# SPDX-License-Identifier: Apache-2.0
"""sbom.py SCHEMAS SPDX CYCLONEDX: see sbom.sh."""
import copy
import json
import os
import re
import sys

import jsonschema

NAMES = ["bearssl", "cloudwatch-mcp", "cloudwatch-metric-table",
         "mozilla-trust-anchors", "musl"]


def load(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return json.load(f)


def need(condition, what):
    if not condition:
        raise ValueError(what)


def cyclonedx_checker(folder):
    schema = load(folder, "bom-1.5.SNAPSHOT.schema.json")
    store = {}
    for name in ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json"):
        store["http://cyclonedx.org/schema/" + name] = load(folder, name)
    resolver = jsonschema.RefResolver(
        "http://cyclonedx.org/schema/bom-1.5.SNAPSHOT.schema.json", schema,
        store=store)
    return jsonschema.Draft7Validator(
        schema, resolver=resolver,
        format_checker=jsonschema.draft7_format_checker)


def check_cyclonedx(validator, bom):
    for error in validator.iter_errors(bom):
        raise ValueError("CycloneDX: %s: %s" % (
            "/".join(str(p) for p in error.path), error.message[:200]))
    found = [c["name"] for c in bom["components"]]
    found.append(bom["metadata"]["component"]["name"])
    need(sorted(found) == NAMES, "CycloneDX: components are %s" % found)
    for c in bom["components"] + [bom["metadata"]["component"]]:
        need(c.get("hashes") and c["licenses"] and c["version"],
             "CycloneDX: %s lacks something" % c["name"])


def check_spdx(licences, doc):
    need(doc["spdxVersion"] == "SPDX-2.3", "SPDX: version")
    need(doc["dataLicense"] == "CC0-1.0", "SPDX: data licence")
    need(doc["SPDXID"] == "SPDXRef-DOCUMENT", "SPDX: its own id")
    need(re.fullmatch(r"https://[^#\s]+", doc["documentNamespace"]),
         "SPDX: namespace")
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                      doc["creationInfo"]["created"]), "SPDX: created")
    for creator in doc["creationInfo"]["creators"]:
        need(re.match(r"(Tool|Person|Organization): \S", creator),
             "SPDX: creator %s" % creator)
    ids = {"SPDXRef-DOCUMENT"}
    for p in doc["packages"]:
        need(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", p["SPDXID"]) and
             p["SPDXID"] not in ids, "SPDX: id %s" % p["SPDXID"])
        ids.add(p["SPDXID"])
        for member in ("name", "versionInfo", "copyrightText", "comment"):
            need(p[member], "SPDX: %s of %s" % (member, p["SPDXID"]))
        need(re.match(r"https?://|NOASSERTION$|NONE$", p["downloadLocation"]),
             "SPDX: location of %s" % p["SPDXID"])
        need(p["filesAnalyzed"] is False, "SPDX: files")
        need(p["licenseConcluded"] in licences and
             p["licenseDeclared"] in licences,
             "SPDX: licence of %s" % p["SPDXID"])
        need(p["primaryPackagePurpose"] in ("APPLICATION", "LIBRARY", "OTHER"),
             "SPDX: purpose")
        need(p["name"] == "cloudwatch-mcp" or p["checksums"],
             "SPDX: no checksum of %s" % p["SPDXID"])
        for c in p.get("checksums", []):
            need(c["algorithm"] == "SHA256" and re.fullmatch(
                r"[0-9a-f]{64}", c["checksumValue"]), "SPDX: checksum")
        for r in p["externalRefs"]:
            need(r["referenceCategory"] == "PACKAGE-MANAGER" and
                 r["referenceType"] == "purl" and re.fullmatch(
                     r"pkg:[a-z]+/\S+@\S+", r["referenceLocator"]),
                 "SPDX: reference")
    need(sorted(p["name"] for p in doc["packages"]) == NAMES, "SPDX: packages")
    described = 0
    for r in doc["relationships"]:
        need(r["spdxElementId"] in ids and r["relatedSpdxElement"] in ids,
             "SPDX: relationship to nothing")
        described += r["relationshipType"] == "DESCRIBES"
    need(described == 1, "SPDX: describes nothing")


def fails(check, *arguments):
    try:
        check(*arguments)
    except (ValueError, KeyError):
        return True
    return False


def main():
    schemas, spdx_path, cyclonedx_path = sys.argv[1:]
    licences = set(load(schemas, "spdx.SNAPSHOT.schema.json")["enum"])
    validator = cyclonedx_checker(schemas)
    spdx, bom = load(spdx_path), load(cyclonedx_path)
    check_spdx(licences, spdx)
    check_cyclonedx(validator, bom)

    broken = 0
    for damage in (
            lambda d: d["packages"][1].update(licenseDeclared="MIT-ish"),
            lambda d: d["packages"][2]["checksums"].clear(),
            lambda d: d["relationships"][1].update(
                relatedSpdxElement="SPDXRef-none"),
            lambda d: d["packages"].pop()):
        copied = copy.deepcopy(spdx)
        damage(copied)
        need(fails(check_spdx, licences, copied), "a fault was not seen")
        broken += 1
    for damage in (
            lambda d: d["components"][0].update(type="thing"),
            lambda d: d["components"][1]["hashes"][0].update(content="00"),
            lambda d: d["components"][2].update(
                licenses=[{"license": {"id": "MIT-ish"}}]),
            lambda d: d.update(serialNumber="7")):
        copied = copy.deepcopy(bom)
        damage(copied)
        need(fails(check_cyclonedx, validator, copied),
             "a fault was not seen")
        broken += 1
    print("sbom: SPDX 2.3 and CycloneDX 1.5 are valid, %d of %d faulty copies "
          "are not" % (broken, broken))


main()
