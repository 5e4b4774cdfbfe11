"""What is too much: for the validators, which cannot be stopped either, and for the algebra of schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.drift.bundles import Bundle
from harness.drift.gleaning import OnceEach
from harness.drift.merging import every
from harness.drift.names import named
from harness.drift.subschemas import children

_UNFOLDED = 20_000
_LARGEST_LIST = 2_000
_LONGEST_PATTERN = 1_000
_MOST_CASES = 100
_MOST_PARTS = 4_000
_IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "$ref"})


class Scales:
    """Weighs bundles of one document; parts that were weighed are known by identity, so they are kept."""

    def __init__(self) -> None:
        self._unfolds: dict[int, int] = {}
        self._bears: dict[int, bool] = {}
        self._kept: list[Any] = []

    def bearable(self, bundle: Bundle) -> bool:
        """Whether one value is checked by a bearable number of schemas: not `allOf` of the same, over and over."""
        return all(self._bearable(one, bundle.defs) for one in [bundle.schema, *bundle.defs.values()])

    def size(self, bundle: Bundle) -> int:
        """How many schemas a bundle holds."""
        return sum(_size(one) for one in [bundle.schema, *bundle.defs.values()])

    def _bearable(self, part: Any, defs: Mapping[str, Any]) -> bool:
        if id(part) not in self._bears:
            self._kept.append(part)
            self._bears[id(part)] = all(_unfolded(one, defs, self._unfolds) <= _UNFOLDED
                                        for one in _composed(part))
        return self._bears[id(part)]


_size = OnceEach(lambda part: _parts([part]))
_composed = OnceEach(lambda part: [one for one in every(part) if not _IN_PLACE.isdisjoint(one)])
"""The schemas in a part that ask others about the same value: the rest unfold to themselves."""


def _unfolded(node: Any, defs: Mapping[str, Any], known: dict[int, int]) -> int:
    """How many schemas are asked about a value where one is; ways back to itself count once."""
    if not isinstance(node, dict):
        return 1
    if id(node) not in known:
        known[id(node)] = 1
        known[id(node)] = 1 + sum(_unfolded(one, defs, known) for one in _in_place(node, defs))
    return known[id(node)]


def _in_place(node: dict[str, Any], defs: Mapping[str, Any]) -> Iterator[Any]:
    for word in ("allOf", "anyOf", "oneOf"):
        if isinstance(node.get(word), list):
            yield from node[word]
    yield from (node[word] for word in ("not", "if", "then", "else") if word in node)
    if isinstance(node.get("dependentSchemas"), dict):
        yield from node["dependentSchemas"].values()
    if isinstance(node.get("$ref"), str):
        yield defs.get(named(node["$ref"]), True)


def tractable(*schemas: Any) -> bool:
    """Whether the algebra will be done in time: long enums and products of alternatives cost it dearly."""
    cases = 1
    for node in every(list(schemas)):
        if any(isinstance(node.get(word), list) and len(node[word]) > _LARGEST_LIST for word in ("enum", "required")):
            return False
        if any(len(one) > _LONGEST_PATTERN for one in _patterns(node)):
            return False
        for branch in node["allOf"] if isinstance(node.get("allOf"), list) else ():
            if isinstance(branch, dict):
                cases *= max(1, *(len(branch[word]) if isinstance(branch.get(word), list) else 1
                                  for word in ("anyOf", "oneOf")))
    return cases <= _MOST_CASES and _parts(list(schemas)) <= _MOST_PARTS


def _patterns(node: Mapping[str, Any]) -> Iterator[str]:
    own, named_so = node.get("pattern"), node.get("patternProperties")
    if isinstance(own, str):
        yield own
    yield from named_so if isinstance(named_so, dict) else ()


def _parts(nodes: list[Any]) -> int:
    return sum(1 + (_parts(list(children(one))) if isinstance(one, dict) else 0) for one in nodes)
