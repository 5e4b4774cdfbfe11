"""One small valid document for a named schema, made from what is required alone; checked, part by part."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

from harness.drift.bundles import Unfollowed
from harness.drift.bundling import Bundler
from harness.drift.counterexamples import Acceptance
from harness.drift.links import leading, target
from harness.drift.nodes import Part, resolved, written
from harness.drift.patterns import FITTING, strings_for
from harness.drift.shelves import Shelf
from harness.model.errors import UsageError

_DEEPEST = 12
_LONGEST = 1_000
_OF_NO_SCHEMA = (UsageError, Unfollowed, ValueError, TypeError, LookupError, OverflowError, RecursionError)
"""What is raised about JSON that is no schema: it has no documents."""
_LARGEST = 60
"""How many named schemas may be read to check one document."""


class Examples:
    """Documents for the named schemas of one root; each is worked out once."""

    def __init__(self, root: Any, shelf: Shelf) -> None:
        self._root, self._shelf = root, shelf
        self._known: dict[str, tuple[Any] | None] = {}

    def of(self, pointer: str) -> tuple[Any] | None:
        """A valid document for the schema there, alone in a tuple; None where none was found."""
        if pointer not in self._known:
            self._known[pointer] = None  # a schema that requires itself has none
            with suppress(*_OF_NO_SCHEMA):
                self._known[pointer] = self._made(resolved(self._root, "#" + pointer).schema)
        return self._known[pointer]

    def _made(self, schema: Any) -> tuple[Any] | None:
        cuts: dict[int, Any] = {}
        for place in self._members(schema):
            cuts[id(place)] = True
        made = self._least(schema, 0, cuts)
        bundler = Bundler(self._root, cuts=cuts, shelf=self._shelf)
        return (made,) if Acceptance(bundler.bundle(schema, most=_LARGEST)).valid(made) else None

    def _members(self, schema: Any) -> list[Any]:
        """The references alone that stand where one member or item is described."""
        found: list[Any] = []
        todo, seen = [schema], set[int]()
        while todo:
            one = todo.pop()
            if not isinstance(one, dict) or id(one) in seen:
                continue
            seen.add(id(one))
            below = [one[word] for word in ("items", "additionalProperties") if word in one]
            below += one["properties"].values() if isinstance(one.get("properties"), dict) else []
            for inner in below:
                led = leading((Part(inner, ""),))
                (found if led else todo).append(led.holder if led else inner)
            todo += [written((Part(inner, ""),), self._root).schema for inner in one.get("allOf") or ()]
        return found

    def _least(self, node: Any, depth: int, cuts: dict[int, Any]) -> Any:
        """A document that may be valid; the members in it that are named elsewhere come from there, and are cut."""
        if not isinstance(node, dict) or depth > _DEEPEST:
            return 0
        if id(node) in cuts:
            found = self.of(target(node, self._root).pointer)
            cuts[id(node)] = False if found is None else {"const": found[0]}
            return None if found is None else found[0]
        for word in ("const", "default"):
            if word in node:
                return node[word]
        if node.get("enum"):
            return node["enum"][0]
        if isinstance(node.get("$ref"), str):
            return self._least(resolved(self._root, node["$ref"]).schema, depth + 1, cuts)
        parts = [self._least(one, depth + 1, cuts) for one in node.get("allOf", ())]
        parts += [self._least(node[word][0], depth + 1, cuts) for word in ("oneOf", "anyOf") if node.get(word)]
        own = self._typed(node, depth, cuts)
        if parts and "type" not in node and "properties" not in node and "required" not in node:
            own = parts[0]
        if isinstance(own, dict):
            return {name: value for one in [*parts, own] if isinstance(one, dict) for name, value in one.items()}
        return own

    def _typed(self, node: dict[str, Any], depth: int, cuts: dict[int, Any]) -> Any:
        kinds = node.get("type", "object" if {"properties", "required"} & node.keys() else "integer")
        kind = kinds if isinstance(kinds, str) else "null" if "null" in kinds else kinds[0]
        if kind == "object":
            members = node.get("properties", {})
            return {name: self._least(members.get(name, True), depth + 1, cuts) for name in node.get("required", ())}
        if kind == "array":
            least = min(node.get("minItems", 0), _LONGEST)
            return [self._least(node.get("items", True), depth + 1, cuts)] * least
        if kind == "string":
            return _text(node)
        if kind in ("integer", "number"):
            return _number(node)
        return {"boolean": True}.get(kind)


def _text(node: dict[str, Any]) -> str:
    fitting = strings_for(node["pattern"]) if "pattern" in node else ()
    drawn: list[str] = [*FITTING.get(node.get("format", ""), ()), *fitting]
    drawn.append("a" * min(node.get("minLength", 0), _LONGEST))
    least, most = node.get("minLength", 0), node.get("maxLength", _LONGEST)
    return next((one for one in drawn if least <= len(one) <= most), drawn[-1])


def _number(node: dict[str, Any]) -> float:
    low = node.get("minimum", node.get("exclusiveMinimum", -math.inf))
    high = node.get("maximum", node.get("exclusiveMaximum", math.inf))
    if low < 0 < high:
        return 0
    step: float = node.get("multipleOf", 1)
    near: float = low if low >= 0 else high
    if near % step == 0 and not {"exclusiveMinimum", "exclusiveMaximum"} & node.keys():
        return near
    return (near // step + (1 if low >= 0 else -1)) * step
