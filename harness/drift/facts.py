"""What is known of all documents that a few plain schemas allow together; where in doubt, less than is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from harness.drift.merging import kinds, text
from harness.drift.names import named

Part = Mapping[str, Any]
Parts = tuple[Part, ...]
"""Schemas that all hold, none with a reference or a composition at its top."""
ONLY = " only"
"""A word of our own: the names and the patterns besides which an object has no members."""

_MOST = 256
_STEPS = 3_000
_EVERY = frozenset({"object", "array", "string", "number", "boolean", "null"})
_APART = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if", "then", "else"})


class GaveUpError(Exception):
    """More cases than are walked."""


class Expansion:
    """Takes schemas of one bundle apart into cases; every document of the schemas is in one of the cases."""

    def __init__(self, defs: Mapping[str, Any]) -> None:
        self._defs, self._steps = defs, 0

    def cases(self, schemas: tuple[Any, ...]) -> list[Parts]:
        """Each case holds plain schemas only; [] where nothing is allowed.

        Raises:
            GaveUpError: too many cases.
        """
        made: list[Parts] = [()]
        self._steps = 0
        for one in schemas:
            made = _product(made, self._of(one, frozenset()))
        return made

    def target(self, node: Any) -> Any:
        """The schema behind a bare reference, or the schema itself."""
        for _ in range(len(self._defs) + 1):
            if not (isinstance(node, dict) and list(node) == ["$ref"]):
                return node
            node = self._defs.get(named(node["$ref"]), True)
        return True

    def _of(self, node: Any, above: frozenset[str]) -> list[Parts]:
        self._steps += 1
        if self._steps > _STEPS:
            raise GaveUpError
        if node is False:
            return []
        if not isinstance(node, dict) or not node:
            return [()]
        plain = {word: value for word, value in node.items() if word not in _APART}
        if plain.get("unevaluatedProperties") is False:
            only = self._declared(node, 0)
            if only is not None:
                plain[ONLY] = only
        made: list[Parts] = [(plain,)] if plain else [()]
        if "$ref" in node and node["$ref"] not in above:
            made = _product(made, self._of(self._defs.get(named(node["$ref"]), True), above | {node["$ref"]}))
        for branch in node.get("allOf", ()):
            made = _product(made, self._of(branch, above))
        for word in ("anyOf", "oneOf"):
            if word in node:
                made = _product(made, [case for branch in node[word] for case in self._of(branch, above)])
        if "if" in node:
            then = _product(self._of(node["if"], above), self._of(node.get("then", True), above))
            made = _product(made, [*then, *self._of(node.get("else", True), above)])
        return made

    def _declared(self, node: Any, depth: int) -> tuple[frozenset[str], frozenset[str]] | None:
        """All names and patterns that a composed object may declare; None where it may declare any."""
        if not isinstance(node, dict):
            return frozenset(), frozenset()
        if depth > 12 or "additionalProperties" in node or (depth and "unevaluatedProperties" in node):
            return None
        names, patterns = frozenset(node.get("properties", ())), frozenset(node.get("patternProperties", ()))
        inner = [one for word in ("allOf", "anyOf", "oneOf") for one in node.get(word, ())]
        inner += [node[word] for word in ("if", "then", "else") if word in node]
        inner += list(node.get("dependentSchemas", {}).values())
        if "$ref" in node:
            inner.append(self._defs.get(named(node["$ref"]), True))
        for one in inner:
            more = self._declared(one, depth + 1)
            if more is None:
                return None
            names, patterns = names | more[0], patterns | more[1]
        return names, patterns


def _product(left: list[Parts], right: list[Parts]) -> list[Parts]:
    if len(left) * len(right) > _MOST:
        raise GaveUpError
    return [one + other for one in left for other in right]


def types(parts: Parts) -> frozenset[str]:
    """The types that are possible; integers count as "integer" where other numbers are not possible."""
    left = _EVERY | {"integer"}
    for part in parts:
        if "type" in part:
            left &= kinds(part["type"])
        if "enum" in part or "const" in part:
            left &= frozenset(_kind(one) for one in part.get("enum", [part.get("const")])) | (
                frozenset({"integer"}) if any(_kind(one) == "number" for one in part.get("enum", [part.get("const")]))
                else frozenset())
    return left - {"integer"} if "number" in left else left


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if float(value).is_integer() else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def values(parts: Parts) -> list[Any] | None:
    """All values that are possible, and maybe more; None where they are not listed."""
    lists = [part["enum"] if "enum" in part else [part["const"]] for part in parts if "enum" in part or "const" in part]
    if not lists:
        return None
    shared = frozenset.intersection(*(frozenset(text(one) for one in every) for every in lists))
    return [one for one in lists[0] if text(one) in shared]


def required(parts: Parts) -> frozenset[str]:
    """The names that every object has."""
    return frozenset(name for part in parts for name in part.get("required", ()))


def names(parts: Parts) -> list[str]:
    """The names that some part knows."""
    return sorted({name for part in parts for name in part.get("properties", ())} | required(parts))


@lru_cache(maxsize=4096)
def fits(pattern: str, name: str) -> bool | None:
    """Whether a name matches; None where the pattern cannot be read."""
    check = _matcher(pattern)
    try:
        return None if check is None else bool(check.is_valid(name))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> Any:
    """What tells whether a string matches, in bounded time, which Python's own expressions do not; None: unreadable."""
    import jsonschema_rs

    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except (ValueError, OverflowError):
        return None


def member(parts: Parts, name: str) -> tuple[Any, ...] | None:
    """The schemas that hold for one member; None where it is forbidden."""
    found: list[Any] = []
    for part in parts:
        own = [part["properties"][name]] if name in part.get("properties", {}) else []
        matches = {pattern: fits(pattern, name) for pattern in part.get("patternProperties", {})}
        own += [part["patternProperties"][pattern] for pattern, fit in matches.items() if fit]
        if not own and None not in matches.values():
            own = [part.get("additionalProperties", True)]
            if ONLY in part and name not in part[ONLY][0] and not any(fits(one, name) is not False
                                                                      for one in part[ONLY][1]):
                return None
        found += own
    return None if any(one is False for one in found) else tuple(one for one in found if one is not True)


def others(parts: Parts, apart: frozenset[str]) -> Iterator[tuple[Any, ...]]:
    """The schemas that hold for members that no part names, case by case; `apart`: patterns they do not match."""
    sure: list[Any] = []
    choices: list[Any] = []
    for part in parts:
        patterns = {one: schema for one, schema in part.get("patternProperties", {}).items() if one not in apart}
        rest = part.get("additionalProperties", True)
        if ONLY in part and part[ONLY][1] <= apart:
            rest = False
        if not patterns:
            sure.append(rest)
        elif not choices:
            choices = [*patterns.values(), rest]
    for chosen in choices or [True]:
        case = [*sure, chosen]
        if not any(one is False for one in case):
            yield tuple(one for one in case if one is not True)


def item(parts: Parts, at: int | None) -> tuple[Any, ...] | None:
    """The schemas that hold for the item at an index, or behind all that are named; None where there is none."""
    found: list[Any] = []
    for part in parts:
        prefix = part.get("prefixItems", ())
        if at is not None and at < len(prefix):
            found.append(prefix[at])
        else:
            found.append(part.get("items", True))
        if at is not None and at >= part.get("maxItems", at + 1):
            return None
    return None if any(one is False for one in found) else tuple(one for one in found if one is not True)


def most(parts: Parts, word: str, choose: Callable[..., float], otherwise: float) -> float:
    """The strictest of one bound."""
    return choose([part[word] for part in parts if word in part] + [otherwise])
