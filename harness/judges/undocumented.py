"""Members of an answer that its schema does not name: legal where the object is open, and drift in the making."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.model.operations import resolve

_DEEPEST = 40
_WIDEST = 400
"""So many members of one array are looked at: the others are of the same kind."""
_BESIDE = ("then", "else")
_PARTS = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What all schemas that speak of one place say of it together."""

    members: Mapping[str, tuple[Any, ...]]
    patterns: tuple[tuple[re.Pattern[str], Any], ...]
    others: tuple[Any, ...]
    """Schemas of members that nobody names; empty where nothing is said of them."""
    free: bool
    """Nothing names members here, or the schema says itself that others may come: a map, an extension point."""
    items: tuple[Any, ...]
    first: tuple[Sequence[Any], ...]


class Naming:
    """Knows which members the schemas of one contract name; a branch of a choice counts whether it is taken or not."""

    def __init__(self, contract: Mapping[str, Any]) -> None:
        self._contract = contract
        self._shapes: dict[tuple[int, ...], _Shape] = {}
        self._kept: list[Any] = []
        """What shapes are remembered by: an object that is gone would lend its id to another."""

    def unnamed(self, schema: Any, body: Any) -> frozenset[str]:
        """Places of members that nothing names, as JSON pointers with * for every place in an array."""
        looked_at = isinstance(schema, Mapping) and isinstance(body, dict | list)
        return frozenset(self._walk((schema,), body, "", 0)) if looked_at else frozenset()

    def _walk(self, schemas: tuple[Any, ...], value: Any, where: str, depth: int) -> Iterator[str]:
        if depth > _DEEPEST:
            return
        shape = self._shape(schemas)
        if isinstance(value, list):
            for place, one in enumerate(value[:_WIDEST]):
                firsts = tuple(prefix[place] for prefix in shape.first if place < len(prefix))
                if isinstance(one, dict | list) and (applying := firsts or shape.items):
                    yield from self._walk(applying, one, f"{where}/*", depth + 1)
            return
        for name, one in value.items():
            named = shape.members.get(name, ())
            if shape.patterns:
                named = (*named, *(s for pattern, s in shape.patterns if pattern.search(name)))
            if not named and not shape.others:
                if not shape.free:
                    yield f"{where}/{_step(name)}"
            elif isinstance(one, dict | list):
                yield from self._walk(named or shape.others, one, f"{where}/{_step(name)}", depth + 1)

    def _shape(self, schemas: tuple[Any, ...]) -> _Shape:
        key = tuple(map(id, schemas))
        if key not in self._shapes:
            self._kept.append(schemas)
            self._shapes[key] = _made(list(self._all(schemas)))
        return self._shapes[key]

    def _all(self, schemas: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
        """The schemas, and all that they are made of at this place; each once."""
        seen: set[int] = set()
        left = list(schemas)
        while left:
            schema = left.pop()
            if not isinstance(schema, Mapping) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield schema
            if "$ref" in schema:
                left.append(resolve(self._contract, {"$ref": schema["$ref"]}))
            for word in _PARTS:
                left += schema[word] if isinstance(schema.get(word), list) else []
            left += [schema[word] for word in _BESIDE if word in schema]
            dependent = schema.get("dependentSchemas")
            left += dependent.values() if isinstance(dependent, Mapping) else []


def _made(schemas: list[Mapping[str, Any]]) -> _Shape:
    members: dict[str, tuple[Any, ...]] = {}
    patterns: list[tuple[re.Pattern[str], Any]] = []
    others: list[Any] = []
    naming = free = False
    for schema in schemas:
        properties, by_pattern = schema.get("properties"), schema.get("patternProperties")
        for name, one in properties.items() if isinstance(properties, Mapping) else ():
            naming = True
            members[str(name)] = (*members.get(str(name), ()), one)
        for pattern, one in by_pattern.items() if isinstance(by_pattern, Mapping) else ():
            naming = True
            try:
                patterns.append((re.compile(str(pattern)), one))
            except re.error:
                free = True  # ECMA-262 that is none of ours: nobody is blamed for it
        for word in ("additionalProperties", "unevaluatedProperties"):
            said = schema.get(word)
            naming, free = naming or said is False, free or said is True or said == {}
            others += [said] if isinstance(said, Mapping) and said else []
    return _Shape(members=members, patterns=tuple(patterns), others=tuple(others), free=free or not naming,
                  items=tuple(s["items"] for s in schemas if isinstance(s.get("items"), Mapping)),
                  first=tuple(s["prefixItems"] for s in schemas if isinstance(s.get("prefixItems"), list)))


def _step(name: str) -> str:
    shown = name.replace("~", "~0").replace("/", "~1")[:60]
    return "".join(c if c.isprintable() else "?" for c in shown)
