"""Avro data in Avro's JSON encoding: the smallest of a type, and whether a default fits its type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.drift.avro_schemas import AvroSchema, Node

_INT, _LONG = 2**31, 2**63
_MOST_PARTS = 2_000
_SMALLEST: Mapping[str, Any] = {"null": None, "boolean": False, "int": 0, "long": 0, "float": 0.5, "double": 0.5,
                                "bytes": "", "string": ""}


class Endless(Exception):
    """The type has no finite value."""


def smallest(schema: AvroSchema, node: Node) -> Any:
    """A value of the type, as small as may be, in Avro's JSON encoding.

    Raises:
        Endless: a record that always holds itself, a union of nothing, or a value of thousands of parts.
    """
    return _smallest(schema, node, frozenset(), [_MOST_PARTS])


def _smallest(schema: AvroSchema, node: Node, inside: frozenset[str], left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise Endless
    if node.kind in _SMALLEST:
        return _SMALLEST[node.kind]
    if node.kind in ("array", "map"):
        return [] if node.kind == "array" else {}
    if node.kind == "enum":
        if not node.body["symbols"]:
            raise Endless
        return node.body["symbols"][0]
    if node.kind == "fixed":
        if node.body["size"] > _MOST_PARTS:
            raise Endless
        return "\0" * node.body["size"]
    if node.kind == "union":
        for branch in schema.branches(node):
            try:
                return tagged(branch, _smallest(schema, branch, inside, left))
            except Endless:
                if left[0] < 0:
                    raise
        raise Endless
    if node.name in inside:
        raise Endless
    inside |= {node.name}
    return {one["name"]: _smallest(schema, schema.below(node, "fields", str(number), "type"), inside, left)
            for number, one in enumerate(schema.fields(node))}


def tagged(branch: Node, value: Any) -> Any:
    """A value of a union's branch as the JSON encoding writes it."""
    return None if branch.kind == "null" else {branch.name or branch.kind: value}


def fits(schema: AvroSchema, node: Node, value: Any) -> bool:
    """Whether a field's default is one of its type; unions take any of their branches, untagged."""
    if node.kind == "union":
        return any(fits(schema, branch, value) for branch in schema.branches(node))
    if node.kind in ("int", "long", "float", "double"):
        return _number_fits(node.kind, value)
    if node.kind == "array":
        item = schema.below(node, "items")
        return isinstance(value, list) and all(fits(schema, item, one) for one in value)
    if node.kind == "map":
        inner = schema.below(node, "values")
        return isinstance(value, Mapping) and all(fits(schema, inner, one) for one in value.values())
    if node.kind == "record":
        return isinstance(value, Mapping) and all(
            fits(schema, schema.below(node, "fields", str(number), "type"), value[one["name"]])
            if one["name"] in value else "default" in one
            for number, one in enumerate(schema.fields(node)))
    if node.kind == "enum":
        return value in node.body["symbols"]
    if node.kind == "null":
        return value is None
    if node.kind == "boolean":
        return isinstance(value, bool)
    bytes_like = isinstance(value, str) and all(ord(c) < 256 for c in value)
    if node.kind == "fixed":
        return bytes_like and len(value) == node.body["size"]
    return bytes_like if node.kind == "bytes" else isinstance(value, str)


def _number_fits(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if kind in ("int", "long"):
        limit = _INT if kind == "int" else _LONG
        return isinstance(value, int) and -limit <= value < limit
    if isinstance(value, str):  # the Java library's spelling of what JSON has no number for
        return value in ("NaN", "Infinity", "-Infinity")
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
