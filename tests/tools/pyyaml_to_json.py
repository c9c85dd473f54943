"""Reads a YAML stream on stdin with PyYAML and prints its documents as one JSON array.

PyYAML follows YAML 1.1, where `yes`, `1:30` and `2024-01-01` are no strings. What JSON
cannot say becomes {"!!kind": text}, and a key that is no string becomes "!!kind text",
so that a string which changed its kind never looks like the string it was.
"""

import base64
import json
import math
import sys

import yaml


def plain(value):
    if isinstance(value, dict):
        return {key(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"!!float": str(value)}
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, bytes):
        return {"!!binary": base64.b64encode(value).decode()}
    if isinstance(value, set):
        return {"!!set": sorted(key(item) for item in value)}
    return {"!!timestamp": str(value)}


def key(name):
    return name if isinstance(name, str) else f"!!{type(name).__name__} {name}"


def main():
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.load_all(sys.stdin.buffer.read(), loader))
    except yaml.YAMLError as error:
        sys.exit(f"pyyaml: {error}")
    # A document of nothing but comments is no object: kubectl skips it too.
    json.dump([plain(each) for each in documents if each is not None], sys.stdout)
    print()


main()
