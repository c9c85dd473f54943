"""Pushes an image made of layers into a registry by the distribution protocol.

oci.py push REGISTRY NAME:TAG CONFIG.json LAYER.tar.gz...

CONFIG.json is the `config` of an OCI image. Beside each layer lies `LAYER.tar.gz.diff`, the
digest of what it holds uncompressed. What the registry has is not sent again.
"""

import hashlib
import http.client
import json
import os
import sys

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(stream):
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return "sha256:" + digest.hexdigest()


class Registry:
    """The calls of the distribution protocol that a push needs."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=120)

    def call(self, method, path, allowed, body=None, **headers):
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in allowed:
            sys.exit(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return answer

    def blob(self, name, digest, size, read):
        path = f"/v2/{name}/blobs/{digest}"
        if self.call("HEAD", path, (200, 404)).status == 200:
            return
        answer = self.call("POST", f"/v2/{name}/blobs/uploads/", (202,), **{"Content-Length": "0"})
        where = answer.headers["Location"]
        where = where[where.index("/v2/") :]
        where += ("&" if "?" in where else "?") + f"digest={digest}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        self.call("PUT", where, (201,), read, **headers)

    def manifest(self, name, tag, text):
        self.call("PUT", f"/v2/{name}/manifests/{tag}", (201,), text, **{"Content-Type": MANIFEST})


def push(address, image, config, layers):
    name, tag = image.rsplit(":", 1)
    registry = Registry(address)
    diffs, entries = [], []
    for layer in layers:
        with open(layer + ".diff", encoding="utf-8") as file:
            diffs.append(file.read().strip())
        with open(layer + ".digest", encoding="utf-8") as file:
            digest = file.read().strip()
        size = os.path.getsize(layer)
        with open(layer, "rb") as file:
            registry.blob(name, digest, size, file)
        entries.append(
            {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": size, "digest": digest}
        )
    with open(config, encoding="utf-8") as file:
        text = {
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": json.load(file),
            "rootfs": {"type": "layers", "diff_ids": diffs},
        }
    body = json.dumps(text, sort_keys=True).encode()
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    registry.blob(name, digest, len(body), body)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": len(body), "digest": digest},
        "layers": entries,
    }
    registry.manifest(name, tag, json.dumps(manifest, sort_keys=True).encode())


if __name__ == "__main__":
    if sys.argv[1] == "push":
        push(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
    elif sys.argv[1] == "digest":
        print(digest_of(sys.stdin.buffer))
    else:
        sys.exit(__doc__)
