"""Documents for a schema: boundary values, every branch, members alone and together; in the same order every time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, zip_longest
from typing import Any

from harness.drift.budgets import Budget
from harness.drift.facts import fits
from harness.drift.merging import TYPES, alternatives, kinds, text
from harness.drift.names import named
from harness.drift.patterns import FITTING, strings_for
from harness.drift.pool import Pool

HEAVIEST = 100_000
"""How many values one document may hold."""
_DEEPEST = 20
_LIGHT = 2_000
_SPELLED = json.JSONEncoder(sort_keys=True, default=str).encode
_PER_DOCUMENT, _PER_VALUE = 0.3, 0.03
"""Steps for one document that is drawn."""


class Sampler:
    """Draws documents for the schemas of one bundle while its budget lasts; not each is valid, the caller looks."""

    def __init__(self, defs: Mapping[str, Any], pool: Pool, budget: Budget,
                 alike: Callable[[str], bool] = lambda _name: False, *, width: int = 24,
                 deeper: int = 3) -> None:
        """`width`: so many documents for each part, `deeper` times as many for the members of the outermost one."""
        self._defs, self._pool, self._budget, self._alike = defs, pool, budget, alike
        self._width, self._deeper = width, deeper
        self._settled: dict[str, list[Any]] = {}

    def of(self, node: Any, depth: int = 0) -> list[Any]:
        """Documents for one schema, the most telling first."""
        if self._budget.over:
            return []
        key = text(node) + str(depth)
        if key not in self._settled:
            self._budget.spend()
            self._settled[key] = []
            quiet = depth > 0 and isinstance(node, dict) and list(node) == ["$ref"] and self._alike(named(node["$ref"]))
            most = 1 if quiet else self._width * (8 if depth == 0 else self._deeper if depth == 1 else 1)
            self._settled[key] = list(islice(self.drawn(node, depth), most))
        return self._settled[key]

    def drawn(self, node: Any, depth: int = 0) -> Iterator[Any]:
        """The same one by one, as long as the budget lasts."""
        return self._distinct(_woven([self._plain(one, depth) for one in alternatives(node, self._defs)]))

    def _distinct(self, drawn: Iterable[Any]) -> Iterator[Any]:
        seen: set[str] = set()
        for one in drawn:
            weight = _weight(one)
            self._budget.spend(_PER_DOCUMENT + weight * _PER_VALUE)
            if self._budget.over:
                return
            if type(one) is str:
                key = "'" + one  # no JSON begins so
            else:
                key = _SPELLED(one) if weight < _LIGHT else f" {len(seen)}"
            if key not in seen and weight <= HEAVIEST:
                seen.add(key)
                yield one

    def _plain(self, node: dict[str, Any], depth: int) -> Iterable[Any]:
        if "const" in node:
            return [node["const"]]
        if "enum" in node:
            return [*node["enum"][:1], *node["enum"][:-2:-1], *node["enum"][:60], *node["enum"][-20:]]
        if not node:
            return self._anything(depth)
        allowed = kinds(node["type"]) if "type" in node else frozenset(TYPES)
        first = sorted((one for one in TYPES if one in allowed), key=lambda one: not _speaks(node, one))
        return _woven([self._typed(node, one, depth) for one in first])

    def _anything(self, depth: int) -> Iterator[Any]:
        yield from (0, "a", None, True, {}, [], 1.5, -1, "", False, [0], {"zz": 0})
        if depth < 2:
            yield from self._pool.values
            yield from self._numbers({}, whole=False)
            yield from self._pool.strings

    def _typed(self, node: dict[str, Any], kind: str, depth: int) -> Iterable[Any]:
        if kind == "null":
            return [None]
        if kind == "boolean":
            return [True, False]
        if kind == "string":
            return self._strings(node)
        if kind in ("integer", "number"):
            return self._numbers(node, whole=kind == "integer")
        if depth > _DEEPEST:
            return [] if node.get("required") or node.get("minItems") else [{} if kind == "object" else []]
        return self._arrays(node, depth) if kind == "array" else self._objects(node, depth)

    def _numbers(self, node: dict[str, Any], *, whole: bool) -> Iterator[int | float]:
        low = node.get("minimum", node.get("exclusiveMinimum"))
        high = node.get("maximum", node.get("exclusiveMaximum"))
        near = [one for one in (low, high, 0, *self._pool.numbers) if one is not None]
        of = node.get("multipleOf")
        drawn = [list(_around(bound, of, whole=whole)) for bound in near]
        yield from (one for values in (chain.from_iterable(one[:1] for one in drawn), chain.from_iterable(drawn))
                    for one in values if _fits(one, node))

    def _strings(self, node: dict[str, Any]) -> Iterator[str]:
        least, most = int(node.get("minLength", 0)), node.get("maxLength", math.inf)
        if least > HEAVIEST:
            return
        drawn = chain(FITTING.get(node.get("format", ""), ()),
                      strings_for(node["pattern"]) if "pattern" in node else (),
                      ("a" * least,), ("a" * int(most),) if least <= most <= 4000 else (),
                      ("a" * (least + 1), "0" * max(least, 1), "Zz" * max(least, 1)), self._pool.strings,
                      (one for one in self._pool.values if isinstance(one, str)),
                      ("a" * size for one in self._pool.sizes for size in (one, one - 1, one + 1) if 0 <= size <= 4000))
        yield from (one for one in drawn if least <= len(one) <= most)

    def _arrays(self, node: dict[str, Any], depth: int) -> Iterator[list[Any]]:
        prefix, rest = node.get("prefixItems", []), node.get("items", True)
        least, most = int(node.get("minItems", 0)), node.get("maxItems", math.inf)
        wanted = int(node.get("minContains", 1)) if "contains" in node else 0
        kinds_ = [self.of(one, depth + 1) for one in prefix[:200]]
        others = self.of(rest, depth + 1)
        if wanted and wanted <= HEAVIEST:
            others = [*self.of(_narrowed(rest, node["contains"]), depth + 1)[:8], *others]
        sizes = [max(least, wanted), least, least + 1, least + 2, len(prefix), len(prefix) + 1]
        sizes += [size for one in self._pool.sizes for size in (one, one + 1, one - 1)] + [most]
        base: list[Any] = []
        for size in dict.fromkeys(one for one in sizes if least <= one <= most and one <= HEAVIEST):
            made = self._row(int(size), kinds_, others, unique=bool(node.get("uniqueItems")))
            if made is not None:
                base = base or made
                yield made
        for size in (len(base), min(len(prefix), most), max(1, least)):
            made = self._row(int(size), kinds_, others, unique=bool(node.get("uniqueItems"))) if size <= most else None
            for at in range(min(len(made or ()), len(prefix) + 1)):
                for value in (kinds_[at] if at < len(kinds_) else others):
                    yield [*(made or [])[:at], value, *(made or [])[at + 1:]]
        if others and most >= 2 >= least:
            yield from ([one, one] for one in others[:3])

    def _row(self, size: int, kinds_: list[list[Any]], others: list[Any], *, unique: bool) -> list[Any] | None:
        columns = kinds_[:size]
        if any(not one for one in columns) or (size > len(kinds_) and not others):
            return None
        if not unique:
            rest = size - len(columns)
            if rest and rest * _weight(others[0]) > HEAVIEST:
                return None
            return [one[0] for one in columns] + others[:1] * rest
        taken: dict[str, Any] = {}
        for at in range(min(size, 300)):
            choice: Iterable[Any] = columns[at] if at < len(columns) else chain(others, range(10, 310))
            value = next((one for one in choice if text(one) not in taken), None)
            taken[text(value)] = value
        return list(taken.values()) if len(taken) == size else None

    def _objects(self, node: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
        declared, required = node.get("properties", {}), node.get("required", [])
        known = sorted(dict.fromkeys([*required, *declared]), key=lambda name: name not in self._pool.telling)
        chosen = dict.fromkeys([*known[:120], *required])
        members = {name: self.of(self._member(node, name), depth + 1) for name in required}
        if any(not members[name] for name in required):
            return
        base = {name: members[name][0] for name in required}
        if len(base) >= node.get("minProperties", 0):
            yield base
        members = {name: members.get(name) or self.of(self._member(node, name), depth + 1) for name in chosen}
        base = self._filled(node, base, members)
        full = {**base, **{name: drawn[0] for name, drawn in members.items() if drawn}}
        yield base
        yield full
        if any(len(members[name]) > 1 for name in required):
            yield {name: members[name][1 % len(members[name])] for name in required}
        extra = [*self._pool.names, "zz", *(one for pattern in node.get("patternProperties", {})
                                            for one in strings_for(pattern)[:4])]
        names = [*members, *(name for name in dict.fromkeys(extra) if name not in members)]
        drawn = {name: members.get(name) or self.of(self._member(node, name), depth + 1) for name in names}
        asked = node.get("dependentRequired", {})
        for turn in range(self._width):
            for name in names:
                if turn < len(drawn[name]):
                    added = {name: drawn[name][turn]}
                    added |= {more: drawn[more][0] for more in asked.get(name, ()) if drawn.get(more)}
                    yield {**base, **added}
                    if turn and len(members) > len(required):
                        yield {**full, **added}
        yield from self._sized(node, base, drawn)
        for name in names:
            if name not in required and name in full:
                yield {key: value for key, value in full.items() if key != name}

    def _sized(self, node: dict[str, Any], base: dict[str, Any],
               drawn: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
        for one in self._pool.sizes:
            for size in (one - 1, one, one + 1):
                if 0 <= size <= 2000:
                    made = self._filled({**node, "minProperties": size}, base, drawn)
                    if len(made) == size:
                        yield made

    def _filled(self, node: dict[str, Any], base: dict[str, Any],
                members: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """The object with as many members as the schema asks for, as far as it lets."""
        least = int(node.get("minProperties", 0))
        made = dict(base)
        spare = ((name, drawn[0]) for name, drawn in members.items() if drawn)
        for name, value in spare:
            if len(made) >= least:
                break
            made[name] = value
        if len(made) < least <= 2000:
            drawn = self.of(self._member(node, "k0"), 5)
            for at in range(least if drawn else 0):
                if len(made) < least:
                    made[f"k{at}"] = drawn[0]
        return made

    def _member(self, node: dict[str, Any], name: str) -> Any:
        """The schema of one member, declared or not."""
        found = [node["properties"][name]] if name in node.get("properties", {}) else []
        found += [one for pattern, one in node.get("patternProperties", {}).items() if fits(pattern, name)]
        if not found:
            found = [node.get("additionalProperties", True)]
        return found[0] if len(found) == 1 else {"allOf": found}


def _narrowed(one: Any, other: Any) -> Any:
    return other if one is True else {"allOf": [other, one]}


def _around(bound: float, of: float | None, *, whole: bool) -> Iterator[int | float]:
    if of:
        first = math.floor(bound / of) if abs(bound) < 1e15 else 0
        yield from (step * of for step in (first, first + 1, first - 1, first + 2))
        return
    if isinstance(bound, int) or float(bound).is_integer():
        yield from (int(bound), int(bound) + 1, int(bound) - 1)
    elif whole:
        yield from (math.floor(bound), math.ceil(bound))
    if not whole and abs(bound) < 1e15:
        yield from (bound, bound + 0.5, bound - 0.5, bound + 0.001)


def _fits(value: float, node: Mapping[str, Any]) -> bool:
    return (value >= node.get("minimum", value) and value <= node.get("maximum", value)
            and ("exclusiveMinimum" not in node or value > node["exclusiveMinimum"])
            and ("exclusiveMaximum" not in node or value < node["exclusiveMaximum"]))


_WORDS_OF: Mapping[str, tuple[str, ...]] = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties",
               "propertyNames", "dependentRequired", "unevaluatedProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "unevaluatedItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")}


def _speaks(node: Mapping[str, Any], kind: str) -> bool:
    return any(word in node for word in _WORDS_OF.get(kind, ()))


def _weight(value: Any) -> int:
    """How many values one holds, itself included; counted no further than what is too heavy."""
    if not isinstance(value, dict | list):
        return 1
    count, todo = 0, [value]
    while todo and count <= HEAVIEST:
        one = todo.pop()
        count += 1 + len(one)
        for value in one.values() if isinstance(one, dict) else one:
            if isinstance(value, dict | list):
                count -= 1
                todo.append(value)
    return min(count, HEAVIEST + 1)


def _woven(drawn: Sequence[Iterable[Any]]) -> Iterator[Any]:
    """One of each in turn."""
    if len(drawn) == 1:
        return iter(drawn[0])
    nothing = object()
    return (one for row in zip_longest(*drawn, fillvalue=nothing) for one in row if one is not nothing)
