#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""image.py OUT.tar VERSION ARCH=BINARY...: a container image of one file.

Writes an OCI archive (image layout 1.0) that holds the image for every
architecture named (amd64, arm64), and beside it what `docker load` of any age
reads (manifest.json, which can name only one architecture: the first). The
program is the whole root, so there is nothing that a build engine would have
to do, and without one the same binaries give the same bytes on any day: times
in the layer are 0, and the date in the configuration is SOURCE_DATE_EPOCH.

What it sets is what Dockerfile.scratch sets; tests/image.sh compares them.
REVISION, SOURCE_URL and IMAGE_NAME may be set by whoever publishes the image.
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import time

SIZE_MAX = 1300000  # bytes of one architecture, unpacked
USER = "1000:1000"
OCI = "application/vnd.oci.image."


def dump(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def add(tar, name, data=None, mode=0o644):
    """One entry; a directory where there is no data."""
    info = tarfile.TarInfo(name)
    info.mode = mode
    if data is None:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    else:
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))


def layer(binary):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        with open(binary, "rb") as f:
            add(tar, "cloudwatch-mcp", f.read(), 0o755)
        add(tar, "home", mode=0o755)
        add(tar, "home/app", mode=0o755)
        end = tar.offset
    # Two empty blocks end an archive; Python fills up to twenty.
    return out.getvalue()[:end + 1024]


class Blobs(dict):
    """Content by its digest."""

    def put(self, data, kind):
        digest = hashlib.sha256(data).hexdigest()
        self[digest] = data
        return {"mediaType": OCI + kind, "digest": "sha256:" + digest,
                "size": len(data)}


def labels(version, created):
    return {"org.opencontainers.image." + k: v for k, v in {
        "title": "cloudwatch-mcp",
        "description":
            "Reads AWS CloudWatch over the Model Context Protocol",
        "version": version,
        "created": created,
        "revision": os.environ.get("REVISION", ""),
        "source": os.environ.get("SOURCE_URL", ""),
        "licenses": "Apache-2.0 AND MIT AND MPL-2.0",
        "base.name": "scratch",
    }.items() if v}


def image(blobs, arch, binary, created, marks):
    """Puts one architecture's image; returns its descriptor and its size."""
    root = layer(binary)
    config = {
        "created": created,
        "architecture": arch,
        "os": "linux",
        "config": {
            "User": USER,
            "ExposedPorts": {"3334/tcp": {}},
            "Env": ["CLOUDWATCH_MCP_SERVER_HOST=0.0.0.0",
                    "HOME=/home/app"],
            "Entrypoint": ["/cloudwatch-mcp"],
            "WorkingDir": "/home/app",
            "Labels": marks,
            # Not in OCI's configuration, but kept and used by docker.
            "Healthcheck": {"Test": ["CMD", "/cloudwatch-mcp", "health"],
                            "Interval": 15 * 10**9, "Timeout": 5 * 10**9,
                            "StartPeriod": 2 * 10**9},
        },
        "rootfs": {"type": "layers", "diff_ids": [
            "sha256:" + hashlib.sha256(root).hexdigest()]},
        "history": [{"created": created,
                     "created_by": "COPY cloudwatch-mcp /cloudwatch-mcp"}],
    }
    size = len(root) + len(dump(config))
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI + "manifest.v1+json",
        "config": blobs.put(dump(config), "config.v1+json"),
        "layers": [blobs.put(gzip.compress(root, 9, mtime=0),
                             "layer.v1.tar+gzip")],
        "annotations": marks,
    }
    descriptor = blobs.put(dump(manifest), "manifest.v1+json")
    descriptor["platform"] = {"architecture": arch, "os": "linux"}
    return descriptor, manifest, size


def main():
    out, version, *pairs = sys.argv[1:]
    name = os.environ.get("IMAGE_NAME", "localhost/cloudwatch-mcp")
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(
        int(os.environ.get("SOURCE_DATE_EPOCH", "0"))))
    marks = labels(version, created)
    blobs = Blobs()
    descriptors, first = [], None
    for pair in pairs:
        arch, binary = pair.split("=", 1)
        descriptor, manifest, size = image(blobs, arch, binary, created, marks)
        descriptors.append(descriptor)
        first = first or manifest
        print("image: %s: %d bytes, %d to pull" % (
            arch, size, sum(part["size"] for part in manifest["layers"])))
        if size > SIZE_MAX:
            sys.exit("image: %s is over %d bytes" % (arch, SIZE_MAX))
    index = blobs.put(dump({
        "schemaVersion": 2, "mediaType": OCI + "index.v1+json",
        "manifests": descriptors, "annotations": marks}), "index.v1+json")
    index["annotations"] = {
        "io.containerd.image.name": "%s:%s" % (name, version),
        "org.opencontainers.image.ref.name": version}
    path = "blobs/sha256/"
    with tarfile.open(out + ".part", "w", format=tarfile.USTAR_FORMAT) as tar:
        add(tar, "oci-layout", dump({"imageLayoutVersion": "1.0.0"}))
        add(tar, "index.json", dump({
            "schemaVersion": 2, "mediaType": OCI + "index.v1+json",
            "manifests": [index]}))
        add(tar, "manifest.json", dump([{
            "Config": path + first["config"]["digest"][7:],
            "RepoTags": ["%s:%s" % (name, version)],
            "Layers": [path + part["digest"][7:]
                       for part in first["layers"]]}]))
        add(tar, "blobs", mode=0o755)
        add(tar, "blobs/sha256", mode=0o755)
        for digest in sorted(blobs):
            add(tar, path + digest, blobs[digest])
    os.replace(out + ".part", out)
    print("image: %s, index %s" % (out, index["digest"]))


main()
