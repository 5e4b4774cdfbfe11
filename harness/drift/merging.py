"""Schemas taken apart into plain alternatives: no references and compositions at the top, near the same meaning."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from harness.drift.names import named

TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
_COMPOSED = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"})
_MOST = 24
_DEEPEST = 24
_STEPS = 3_000
_SPELLED = json.JSONEncoder(sort_keys=True, default=str).encode
_HIGHEST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
_LOWEST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})


def alternatives(node: Any, defs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Schemas without compositions that together allow about what one allows; for drawing samples, not for proof."""
    return _Apart(defs).of(node, 0)


class _Apart:
    def __init__(self, defs: Mapping[str, Any]) -> None:
        self._defs, self._steps = defs, 0

    def of(self, node: Any, depth: int) -> list[dict[str, Any]]:
        """Alternatives of one schema; [] also where it costs too much to find out."""
        self._steps += 1
        if node is False or depth > _DEEPEST or self._steps > _STEPS:
            return []
        if not isinstance(node, dict):
            return [{}]
        made = [{word: value for word, value in node.items() if word not in _COMPOSED}]
        if "$ref" in node:
            made = _crossed(made, self.of(self._defs.get(named(node["$ref"]), {}), depth + 1))
        for branch in node.get("allOf", ()):
            made = _crossed(made, self.of(branch, depth + 1))
        for word in ("anyOf", "oneOf"):
            if word in node:
                made = _crossed(made, [one for branch in node[word][:_MOST]
                                       for one in self.of(branch, depth + 1)[:_MOST]])
        if "if" in node:
            yes = _crossed(self.of(node["if"], depth + 1), self.of(node.get("then", True), depth + 1))
            made = _crossed(made, yes + self.of(node.get("else", True), depth + 1))
        for name, branch in node.get("dependentSchemas", {}).items():
            asked = _crossed([{"required": [name]}], self.of(branch, depth + 1))
            made = (made + _crossed(made, asked))[:_MOST]
        return made


def _crossed(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[dict[str, Any]]:
    pairs = ((one, other) for other in right for one in left)
    return [merged for _, (one, other) in zip(range(_MOST), pairs, strict=False)
            if (merged := merge(one, other)) is not None]


def merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any] | None:
    """Both at once; None where their types or values exclude each other."""
    made = dict(one)
    for word, value in other.items():
        if word not in made or made[word] == value:
            made[word] = value
            continue
        made[word] = _both(word, made[word], value)
        if made[word] is None or (word in ("type", "enum") and not made[word]):
            return None
    return made


def _both(word: str, one: Any, other: Any) -> Any:
    if word == "type":
        return sorted(kinds(one) & kinds(other))
    if word == "enum":
        keys = {text(value) for value in other}
        return [value for value in one if text(value) in keys]
    if word in _HIGHEST:
        return max(one, other)
    if word in _LOWEST:
        return min(one, other)
    if word == "required":
        return sorted({*one, *other})
    if word in ("properties", "patternProperties"):
        return {name: _all_of(one.get(name, True), other.get(name, True)) for name in {**one, **other}}
    if word == "dependentRequired":
        return {name: sorted({*one.get(name, ()), *other.get(name, ())}) for name in {**one, **other}}
    if word in ("items", "additionalProperties", "propertyNames", "contains"):
        return _all_of(one, other)
    if word == "not":
        return {"anyOf": [one, other]}
    if word == "prefixItems":
        longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
        return [_all_of(value, shorter[at] if at < len(shorter) else True) for at, value in enumerate(longer)]
    if word == "multipleOf" and isinstance(one, int) and isinstance(other, int):
        return math.lcm(one, other)
    return one


def _all_of(one: Any, other: Any) -> Any:
    if one is True or one == {}:
        return other
    return one if other is True or other == {} or other == one else {"allOf": [one, other]}


def kinds(word: Any) -> frozenset[str]:
    """The types that a `type` names; a number may be an integer."""
    named_ = frozenset([word]) if isinstance(word, str) else frozenset(word)
    return named_ | {"integer"} if "number" in named_ else named_


def text(value: Any) -> str:
    """Equal for equal JSON values: 1 and 1.0 are, 1 and true are not."""
    return _SPELLED(_plain(value))


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def every(node: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary in a bundle's JSON, schemas and maps alike."""
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            yield one
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(value for value in one if isinstance(value, dict | list))
