#!/usr/bin/env python3
"""Turns two JSON schemas of openclaw.json into src/validate/openclaw-config.json.

    generate.py SCHEMA-2026.2.17.json SCHEMA-2026.9.6.json > openclaw-config.json

The first schema is the older version, the second the newer one; each file name ends in
its version. `openclaw config schema` of the application prints it (2026.2.17 is too old for
that command). The same input gives the same bytes. To what the newer schema says is added
what that version accepts and rewrites at start: `agents.list`, and addresses as
`gateway.bind`.

Written, one node a line; a node's id is its place in the list, children come first:

    any  accepts everything            z  null
    b    booleans: the allowed ones
    n    numbers: i integers only, min, max, over (exclusive minimum)
    s    strings: e allowed values, x values that the application rewrites by itself,
         m 1 if the empty string is refused
    l    lists: the nodes of the items, one for each alternative
    o    objects: one for each alternative: p key -> node, a node of every other key
         (missing: no other key is allowed)

Alternatives (anyOf, oneOf) are merged by type, which changes nothing as long as no two
of them share a type. Left out on purpose, because each is a rare error and a wrong
refusal is worse than a miss: required, pattern, propertyNames, format, allOf, not, if,
lengths of lists, tuples, and that oneOf wants exactly one.
"""

import json
import re
import sys

NODES = {}
IGNORED = {
    "$defs", "$schema", "additionalItems", "allOf", "default", "description", "else", "format",
    "if", "maxItems", "maxLength", "maxProperties", "minItems", "minProperties", "not",
    "pattern", "propertyNames", "required", "then", "title", "uniqueItems",
}
READ = {
    "$ref", "additionalProperties", "anyOf", "const", "enum", "exclusiveMinimum", "items",
    "maximum", "minLength", "minimum", "oneOf", "properties", "rewritten", "type",
}
# Zod writes this bound for "any safe integer": it says nothing about the field.
LARGEST_SAFE_INTEGER = 2**53 - 1


def node_id(node):
    """Stores a node and returns its id; equal nodes share one."""
    text = json.dumps(node, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return NODES.setdefault(text, len(NODES))


def number(schema):
    rule = {}
    if schema.get("type") == "integer" or isinstance(schema.get("const"), int):
        rule["i"] = True
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    low = min(values) if values else schema.get("minimum")
    high = max(values) if values else schema.get("maximum")
    if low is not None and low != -LARGEST_SAFE_INTEGER:
        rule["min"] = low
    if high is not None and high != LARGEST_SAFE_INTEGER:
        rule["max"] = high
    if schema.get("exclusiveMinimum") is not None:
        rule["over"] = schema["exclusiveMinimum"]
    return rule


def string(schema):
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if values is not None:
        return {"e": [value for value in values if isinstance(value, str)]}
    return {"m": 1} if schema.get("minLength", 0) > 0 else {}


def listing(schema, defs):
    items = schema.get("items", {})
    return [node_id(convert({} if isinstance(items, list) else items, defs))]


def obj(schema, defs):
    shape = {"p": {k: node_id(convert(v, defs)) for k, v in schema.get("properties", {}).items()}}
    rest = schema.get("additionalProperties", True)
    if rest is not False:
        shape["a"] = node_id(convert({} if rest is True else rest, defs))
    return [shape]


def types_of(schema):
    kinds = schema.get("type")
    if kinds is None and "const" in schema:
        kinds = {str: "string", bool: "boolean", int: "integer"}[type(schema["const"])]
    if kinds is None and ("properties" in schema or "additionalProperties" in schema):
        kinds = "object"
    return kinds if isinstance(kinds, list) else [kinds] if kinds else []


def convert(schema, defs):
    """Turns one schema into a node; refuses a keyword that it does not know."""
    if schema is True:
        return {"any": True}
    unknown = set(schema) - IGNORED - READ
    if unknown:
        sys.exit(f"unknown keywords {sorted(unknown)}")
    defs = schema.get("$defs", defs)
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return convert(defs[name], {k: v for k, v in defs.items() if k != name})
    kinds = types_of(schema)
    if not kinds:
        alternatives = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf", [])[:1]
        if not alternatives:
            return {"any": True}
        node = union([convert(alternative, defs) for alternative in alternatives])
        if "rewritten" in schema:
            node["s"]["x"] = schema["rewritten"]
        return node
    node = {}
    for kind in kinds:
        if kind == "null":
            node["z"] = True
        elif kind == "boolean":
            node["b"] = [schema["const"]] if "const" in schema else [False, True]
        elif kind in ("number", "integer"):
            node["n"] = number(schema)
        elif kind == "string":
            node["s"] = string(schema)
        elif kind == "array":
            node["l"] = listing(schema, defs)
        elif kind == "object":
            node["o"] = obj(schema, defs)
        else:
            sys.exit(f"unknown type {kind}")
    return node


def union(nodes):
    """Merges alternatives: each type keeps its own rule, rules of one type widen."""
    if any("any" in node for node in nodes):
        return {"any": True}
    merged = {}
    for node in nodes:
        for kind, rule in node.items():
            merged[kind] = WIDEN[kind](merged[kind], rule) if kind in merged else rule
    return merged


def widen_numbers(a, b):
    rule = {"i": True} if "i" in a and "i" in b else {}
    for key, pick in (("min", min), ("max", max), ("over", min)):
        if key in a and key in b:
            rule[key] = pick(a[key], b[key])
    return rule


def widen_strings(a, b):
    if "e" in a and "e" in b:
        return {"e": a["e"] + [value for value in b["e"] if value not in a["e"]]}
    return {"m": 1} if "m" in a and "m" in b else {}


def either(a, b):
    return a + [rule for rule in b if rule not in a]


WIDEN = {
    "z": lambda a, b: True,
    "b": lambda a, b: sorted(set(a + b)),
    "n": widen_numbers,
    "s": widen_strings,
    "l": either,
    "o": either,
}


def accept_what_the_application_rewrites(schema):
    """Adds what the newer version accepts beyond its schema and rewrites at start."""
    agents = schema["properties"]["agents"]["properties"]
    entry = agents["entries"]["additionalProperties"]
    listed = {**entry, "properties": {**entry["properties"], "id": {"type": "string"}}}
    agents.setdefault("list", {"type": "array", "items": listed})
    # An address becomes the name of the mode.
    bind = schema["properties"]["gateway"]["properties"]["bind"]
    bind["rewritten"] = ["0.0.0.0", "127.0.0.1", "::", "::1", "localhost"]


def main(older, newer):
    roots = {}
    for path in (older, newer):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        if path is newer:
            accept_what_the_application_rewrites(schema)
        version = re.search(r"(\d+\.\d+\.\d+)\.json$", path).group(1)
        roots[version] = node_id(convert(schema, {}))
    body = "".join(f"{line}{',' if i + 1 < len(NODES) else ''}\n" for i, line in enumerate(NODES))
    sys.stdout.write(f'{{"roots":{json.dumps(roots)},"nodes":[\n{body}]}}\n')


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
