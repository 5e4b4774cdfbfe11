"""A proof by walking two schemas side by side: what the algebra cannot do, recursion above all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from harness.drift.budgets import Budget
from harness.drift.bundles import Bundle
from harness.drift.facts import (
    Expansion,
    GaveUpError,
    Part,
    Parts,
    fits,
    item,
    member,
    most,
    names,
    others,
    required,
    types,
    values,
)
from harness.drift.leaves import Leaves
from harness.drift.merging import kinds, text
from harness.drift.names import named, plain
from harness.drift.settled import Settled

_ROUNDS = 60
_DEEPEST = 60
_PER_VALUE = 0.1  # steps for one value of an enum
_IN_PLACE = ("$ref", "allOf", "anyOf", "oneOf", "if", "not", "dependentSchemas")


class Walk:
    """One attempt to prove that a reader's schema accepts all that a writer's allows.

    A pair of places is taken to hold until it is disproved; what rested on it is then walked again, until nothing new
    is disproved: the greatest fixed point. Every way back to a pair goes through a member or an item of the document.
    """

    def __init__(self, writer: Bundle, reader: Bundle, budget: Budget,
                 alike: Callable[[str], bool] = lambda _name: False, settled: Settled | None = None) -> None:
        """`alike` says of a name whether both documents mean the same by it; `settled` is kept between walks."""
        self._alike, self._settled = alike, settled or Settled()
        self._writer, self._reader, self._budget = writer, reader, budget
        self._of_writer, self._of_reader = Expansion(writer.defs), Expansion(reader.defs)
        self._leaves = Leaves(writer.defs, reader.defs, budget)
        self._disproved = self._settled.disproved
        self._round: dict[tuple[Any, ...], bool] = {}
        self._last_branch = 0

    def proves(self) -> bool:
        """Whether it is proved; False says nothing."""
        try:
            for _ in range(_ROUNDS):
                self._round = {}
                held = self._within((self._writer.schema,), self._reader.schema, 0)
                new = {pair for pair, proved in self._round.items() if not proved} - self._disproved
                self._disproved |= new
                if not held:
                    return False
                if not new:
                    self._settled.proved.update(self._round)
                    return True
        except (GaveUpError, RecursionError):
            return False
        return False

    def _within(self, schemas: tuple[Any, ...], reader: Any, depth: int) -> bool:
        """Whether all that the schemas allow together is accepted; at the border of a member or an item."""
        if reader is True or reader == {} or any(self._same(one, reader) for one in schemas):
            return True
        reader = self._of_reader.target(reader)
        schemas = tuple(self._of_writer.target(one) for one in schemas)
        self._settled.kept.append((schemas, reader))
        pair = (*sorted(id(one) for one in schemas), id(reader))
        if pair in self._disproved or pair in self._settled.proved:
            return pair in self._settled.proved
        if pair in self._round:
            return self._round[pair]
        self._budget.spend()
        if depth > _DEEPEST or self._budget.over:
            raise GaveUpError
        self._round[pair] = True
        held = self._leaves.covered(schemas, reader)
        if held is None:
            held = all(self._case(case, reader, depth, frozenset()) for case in self._of_writer.cases(schemas))
        self._round[pair] = held
        return held

    def _same(self, writer: Any, reader: Any) -> bool:
        """Whether both refer to what is alike, maybe as the same choice of several."""
        if not (isinstance(writer, dict) and isinstance(reader, dict) and list(writer) == list(reader)):
            return False
        if list(reader) == ["anyOf"] and len(writer["anyOf"]) == len(reader["anyOf"]):
            return all(mine == other == {"type": "null"} or self._same(mine, other)
                       for mine, other in zip(writer["anyOf"], reader["anyOf"], strict=True))
        if list(reader) != ["$ref"]:
            return False
        mine, name = named(writer["$ref"]), named(reader["$ref"])
        return (mine == name or (plain(mine) == name and not self._writer.shared)) and self._alike(name)

    def _case(self, parts: Parts, reader: Any, depth: int, above: frozenset[int]) -> bool:
        """Whether one case is accepted by all that stands at one place of the reader."""
        if reader is True or self._leaves.nothing(parts):
            return True
        if reader is False or id(reader) in above:
            return False
        listed = values(parts)
        if listed is not None:
            return self._listed(parts, listed, reader)
        above = above | {id(reader)}
        if any(word in reader for word in _IN_PLACE):
            possible = sorted(types(parts))
            if len(possible) > 1 and any(word in reader for word in ("anyOf", "oneOf", "$ref", "allOf", "not", "if")):
                return all(self._composed((*parts, {"type": one}), reader, depth, above) for one in possible)
            return self._composed(parts, reader, depth, above)
        return self._plain(parts, reader, depth)

    def _listed(self, parts: Parts, listed: list[Any], reader: Part) -> bool:
        for at, one in enumerate(listed):
            self._budget.spend(_PER_VALUE)
            if at % 64 == 63 and self._budget.over:
                raise GaveUpError
            if self._leaves.possible(parts, one) and not self._leaves.accepts(reader, one):
                return False
        return True

    def _composed(self, parts: Parts, reader: Part, depth: int, above: frozenset[int]) -> bool:
        def held(one: Any) -> bool:
            return self._case(parts, one, depth, above)

        if self._leaves.nothing(parts):
            return True
        if "$ref" in reader and not held(self._of_reader.target({"$ref": reader["$ref"]})):
            return False
        if not all(held(one) for one in reader.get("allOf", ())):
            return False
        if "anyOf" in reader and not any(held(one) for one in reader["anyOf"]):
            return False
        if "oneOf" in reader and not self._one_of(parts, reader["oneOf"], depth, above):
            return False
        if "not" in reader and not self._apart(parts, reader["not"], 0):
            return False
        if "if" in reader:
            then = held(reader.get("then", True)) or self._apart(parts, reader["if"], 0)
            if not (then and (held(reader.get("else", True)) or held(reader["if"]))):
                return False
        for name, one in reader.get("dependentSchemas", {}).items():
            if member(parts, name) is not None and not self._case((*parts, {"required": [name]}), one, depth, above):
                return False
        return self._plain(parts, reader, depth)

    def _one_of(self, parts: Parts, branches: list[Any], depth: int, above: frozenset[int]) -> bool:
        for at, one in sorted(enumerate(branches), key=lambda pair: pair[0] != self._last_branch):
            rest = [other for index, other in enumerate(branches) if index != at]
            if self._case(parts, one, depth, above) and all(self._apart(parts, other, 0) for other in rest):
                self._last_branch = at + 1
                return True
        return False

    def _apart(self, parts: Parts, reader: Any, depth: int) -> bool:
        """Whether no document of the case is accepted by a schema of the reader."""
        if reader is False:
            return True
        return depth < 4 and all(self._exclude(parts, case, depth) for case in self._of_reader.cases((reader,)))

    def _exclude(self, parts: Parts, case: Parts, depth: int) -> bool:
        shared = types(parts) & types(case)
        if not shared and not ({"integer", "number"} <= types(parts) | types(case)):
            return True
        mine_listed, theirs_listed = values(parts), values(case)
        if mine_listed is not None and theirs_listed is not None:
            return not {text(one) for one in mine_listed} & {text(one) for one in theirs_listed}
        if shared == {"object"} and self._exclude_by_member(parts, case, depth):
            return True
        return self._leaves.nothing((*parts, *case))

    def _exclude_by_member(self, parts: Parts, case: Parts, depth: int) -> bool:
        for name in required(parts) | required(case):
            mine, theirs = member(parts, name), member(case, name)
            if mine is None or theirs is None:
                return True
            every = self._of_writer.cases(mine)
            if all(self._apart_from_all(one, theirs, depth) for one in every):
                return True
        return False

    def _apart_from_all(self, parts: Parts, schemas: tuple[Any, ...], depth: int) -> bool:
        return depth < 4 and all(self._exclude(parts, case, depth + 1) for case in self._of_reader.cases(schemas))

    def _plain(self, parts: Parts, reader: Part, depth: int) -> bool:
        """Whether a case is accepted by the words of one schema that compose nothing."""
        possible = types(parts)
        if "type" in reader and not all(one in kinds(reader["type"]) for one in possible):
            return False
        if not self._leaves.simple(parts, reader):
            return False
        if "object" in possible and not self._object(parts, reader, depth):
            return False
        return "array" not in possible or self._array(parts, reader, depth)

    def _object(self, parts: Parts, reader: Part, depth: int) -> bool:
        declared, patterns = reader.get("properties", {}), reader.get("patternProperties", {})
        for name, one in declared.items():
            mine = member(parts, name)
            if mine is not None and not self._within(mine, one, depth + 1):
                return False
        for pattern, one in patterns.items():
            if not self._patterned(parts, pattern, one, depth):
                return False
        rest = reader.get("additionalProperties", True)
        if rest is not True and not self._rest(parts, declared, patterns, rest, depth):
            return False
        if reader.get("unevaluatedProperties", True) is not True:
            more = self._evaluated(reader, 0)
            if not self._rest(parts, more, patterns, reader["unevaluatedProperties"], depth):
                return False
        return "propertyNames" not in reader or self._named(parts, reader["propertyNames"], depth)

    def _patterned(self, parts: Parts, pattern: str, one: Any, depth: int) -> bool:
        for name in names(parts):
            mine = member(parts, name)
            if mine is not None and fits(pattern, name) is not False and not self._within(mine, one, depth + 1):
                return False
        all_patterns = [part.get("patternProperties", {}) for part in parts]
        same = tuple(one_part[pattern] for one_part in all_patterns if pattern in one_part)
        if any(schema is False for schema in same) or self._leaves.only(pattern, names(parts)):
            return True
        return all(self._within((*case, *same), one, depth + 1) for case in others(parts, frozenset()))

    def _rest(self, parts: Parts, declared: Mapping[str, Any], patterns: Mapping[str, Any], rest: Any,
              depth: int) -> bool:
        for name in names(parts):
            mine = member(parts, name)
            if mine is None or name in declared or any(fits(one, name) for one in patterns):
                continue
            if not self._within(mine, rest, depth + 1):
                return False
        return all(self._within(case, rest, depth + 1) for case in others(parts, frozenset(patterns)))

    def _evaluated(self, reader: Any, depth: int) -> dict[str, Any]:
        """The names that a reader's object evaluates for sure."""
        made: dict[str, Any] = {}
        reader = self._of_reader.target(reader)
        if isinstance(reader, dict) and depth < 12:
            made.update(reader.get("properties", {}))
            for one in [*reader.get("allOf", ()), *([{"$ref": reader["$ref"]}] if "$ref" in reader else [])]:
                made.update(self._evaluated(one, depth + 1))
        return made

    def _named(self, parts: Parts, reader: Any, depth: int) -> bool:
        if any("propertyNames" in part and self._within((part["propertyNames"],), reader, depth + 1) for part in parts):
            return True
        if any(True for _ in others(parts, frozenset())):
            return False
        return all(self._leaves.accepts(reader, name) for name in names(parts) if member(parts, name) is not None)

    def _array(self, parts: Parts, reader: Part, depth: int) -> bool:
        prefix = reader.get("prefixItems", [])
        for at, one in enumerate(prefix):
            mine = item(parts, at)
            if mine is not None and not self._within(mine, one, depth + 1):
                return False
        for word in ("items", "unevaluatedItems"):
            rest = reader.get(word, True)
            if rest is True or (word == "unevaluatedItems" and "items" in reader):
                continue
            longest = int(max((len(part.get("prefixItems", ())) for part in parts), default=0))
            behind = [item(parts, at) for at in range(len(prefix), longest)]
            if most(parts, "maxItems", min, math.inf) > max(longest, len(prefix)):
                behind.append(item(parts, None))
            if not all(one is None or self._within(one, rest, depth + 1) for one in behind):
                return False
        return "contains" not in reader or self._contains(parts, reader, depth)

    def _contains(self, parts: Parts, reader: Part, depth: int) -> bool:
        """Whether enough items are sure to be what the reader looks for; a reader's upper bound is not proved."""
        least = reader.get("minContains", 1)
        if "maxContains" in reader:
            return False
        if least == 0:
            return True
        for part in parts:
            if "contains" in part and part.get("minContains", 1) >= least and self._within(
                    (part["contains"],), reader["contains"], depth + 1):
                return True
        sure = int(most(parts, "minItems", max, 0))
        named_ = max((len(part.get("prefixItems", ())) for part in parts), default=0)
        found = 0
        for at in range(min(sure, named_)):
            mine = item(parts, at)
            found += mine is None or self._within(mine, reader["contains"], depth + 1)
        behind = item(parts, None)
        if sure > named_ and (behind is None or self._within(behind, reader["contains"], depth + 1)):
            found += sure - named_
        return bool(found >= least)
