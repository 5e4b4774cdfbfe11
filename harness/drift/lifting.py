"""Bring schemas of every dialect to one: JSON Schema 2020-12 with the same meaning, seen from one side of the wire."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.drift.changes import Side
from harness.drift.everywhere import Seen, everywhere
from harness.drift.subschemas import DEEPEST, at_pointer, steps, too_deep, with_children
from harness.model.errors import UsageError

_DIALECTS: Mapping[str, int] = {"openapi-3.0": 3, "draft-04": 4, "draft-06": 6, "draft-07": 7, "2019-09": 2019,
                                "2020-12": 2020, "openapi-3.1": 2020}
_SINCE: Mapping[str, int] = {
    "const": 6, "contains": 6, "propertyNames": 6, "if": 7, "then": 7, "else": 7, "dependentRequired": 2019,
    "dependentSchemas": 2019, "minContains": 2019, "maxContains": 2019, "unevaluatedItems": 2019,
    "unevaluatedProperties": 2019, "prefixItems": 2020, "$dynamicRef": 2020, "$anchor": 2019, "$recursiveRef": 2019}
"""A word means nothing in the drafts before its own; OpenAPI 3.0 is let off: who writes `const` there means it."""
_LONGEST_CHAIN = 20
_MOST_PARTS = 300
"""In how many parts of one object marks are looked for."""
_COMPOSED = ("allOf", "anyOf", "oneOf")


def lifted(schema: Any, *, dialect: str) -> Any:
    """A schema, or a whole API document with schemas in it, in the words of JSON Schema 2020-12; references stay.

    `dialect` is "openapi-3.0", "draft-04", "draft-06", "draft-07", "2019-09" or "2020-12" (also "openapi-3.1").
    OpenAPI's `nullable` counts beside a `type`, as its text says, and also beside a bare composition, as most who write
    it mean; an `enum` beside it must list null itself. Words that the dialect does not know are dropped.

    Raises:
        UsageError: another dialect, schemas nested too deep or into themselves.
    """
    if dialect not in _DIALECTS:
        raise UsageError(f"unknown schema dialect {dialect!r}", remedy=f"use one of {', '.join(sorted(_DIALECTS))}")
    draft = _DIALECTS[dialect]
    if draft == 2020:
        return schema
    lift = _Lift(draft, schema)
    return everywhere(schema, lift.of, lift.seen, lift.moved)


class _Lift:
    def __init__(self, draft: int, root: Any) -> None:
        self._draft, self._root, self._depth = draft, root, 0
        self._done: dict[int, Any] = {}
        self.seen = Seen()

    def of(self, node: Any) -> Any:
        """One schema and all below it; what YAML anchors share stays shared."""
        if not isinstance(node, dict):
            return node
        if id(node) not in self._done:
            if self._depth > DEEPEST:
                raise too_deep()
            self._depth += 1
            self.seen.add(node)
            self._done[id(node)] = self._dict(node)
            self._depth -= 1
        return self._done[id(node)]

    def _dict(self, node: dict[str, Any]) -> dict[str, Any]:
        made = {word: value for word, value in node.items()
                if self._draft == 3 or _SINCE.get(word, 0) <= self._draft}
        if self._draft < 2019 and isinstance(made.get("$ref"), str):
            made = {word: made[word] for word in ("$ref", "definitions", "$defs") if word in made}
        made = with_children(made, self.of)
        made = {word: self._elsewhere(value) if word in _STRANGERS else value for word, value in made.items()}
        made.pop("$schema", None)
        self._arrays(made)
        _dependencies(made)
        if self._draft in (3, 4):
            _bounds(made)
        if self._draft == 3:
            _openapi(made)
        if self._draft <= 7:
            _identity(made)
        if isinstance(made.get("enum"), list):
            _real_values(made)
        if isinstance(made.get("$ref"), str):
            made["$ref"] = self.moved(made["$ref"])
        return made

    def _elsewhere(self, value: Any) -> Any:
        """Schemas kept under a word that is no keyword but that references reach into."""
        return {name: self.of(one) for name, one in value.items()} if isinstance(value, dict) else value

    def _arrays(self, made: dict[str, Any]) -> None:
        rest = made.pop("additionalItems", None)
        if isinstance(made.get("items"), list):
            made["prefixItems"] = made.pop("items")
            if rest is not None:
                made["items"] = rest
        if made.get("prefixItems") == []:
            del made["prefixItems"]

    def moved(self, ref: str) -> str:
        """A reference into `items`, `additionalItems` or `dependencies` follows the schema to its new word."""
        if not ref.startswith("#/"):
            return ref
        node, words = self._root, ref.split("/")
        for at, step in enumerate(steps(ref[1:]), start=1):
            if isinstance(node, dict):
                if step == "items" and isinstance(node.get("items"), list):
                    words[at] = "prefixItems"
                elif step == "additionalItems":
                    words[at] = "items"
                elif step == "dependencies":
                    words[at] = "dependentSchemas"
                node = node.get(step)
            elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
                node = node[int(step)]
            else:
                node = None
        return "/".join(words)


_STRANGERS = frozenset({"components", "schemas", "types", "models", "defs"})


def _dependencies(made: dict[str, Any]) -> None:
    old = made.pop("dependencies", None)
    if not isinstance(old, dict):
        return
    names = {key: value for key, value in old.items() if isinstance(value, list)}
    schemas = {key: value for key, value in old.items() if isinstance(value, dict | bool)}
    if names:
        made["dependentRequired"] = names
    if schemas:
        made["dependentSchemas"] = schemas


def _bounds(made: dict[str, Any]) -> None:
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(made.get(exclusive), bool):
            closed = made.pop(exclusive)
            if closed and bound in made:
                made[exclusive] = made.pop(bound)


def _openapi(made: dict[str, Any]) -> None:
    if "example" in made:
        made["examples"] = [made.pop("example")]
    if made.pop("nullable", None) is not True:
        return
    if isinstance(made.get("type"), str):
        made["type"] = sorted({made["type"], "null"})
    elif "type" not in made and any(word in made for word in _COMPOSED):
        inner = {word: made.pop(word) for word in list(made) if word in _COMPOSED}
        if len(inner) == 1 and "anyOf" in inner:
            made["anyOf"] = [*inner["anyOf"], {"type": "null"}]
        else:
            made["anyOf"] = [inner, {"type": "null"}]


def _identity(made: dict[str, Any]) -> None:
    own = made.pop("id", None) or made.pop("$id", None)
    if isinstance(own, str) and own.startswith("#"):
        if len(own) > 1 and not own.startswith("#/"):
            made["$anchor"] = own[1:]
    elif isinstance(own, str):
        made["$id"] = own


def _real_values(made: dict[str, Any]) -> None:
    """NaN and the infinities, which Python reads and writes, are in no JSON document."""
    real = [one for one in made["enum"] if not (isinstance(one, float) and not math.isfinite(one))]
    if real:
        made["enum"] = real
    else:
        del made["enum"]
        made["not"] = {}


def projected(schema: Any, side: Side) -> Any:
    """What one side may send: members marked `readOnly` go from Side.IN, `writeOnly` ones from Side.OUT.

    They go from `properties` and from every `required` of the same object, also across its compositions and behind
    references within it. Works on a schema and on a whole API document; Side.NEITHER changes nothing.

    Raises:
        UsageError: schemas nested too deep or into themselves.
    """
    mark = {Side.IN: "readOnly", Side.OUT: "writeOnly"}.get(side)
    if mark is None or mark not in marks(schema):
        return schema
    seen = Seen()
    return everywhere(schema, lambda one: _projected(one, mark, frozenset(), 0, schema, seen), seen)


_KEPT = 4
_latest: list[tuple[Any, frozenset[str]]] = []
"""What was found in the last few roots, which must not change while they are compared."""


def marks(root: Any) -> frozenset[str]:
    """Those of `readOnly` and `writeOnly` that anything in it bears."""
    known = next((found for one, found in _latest if one is root), None)
    if known is None:
        known = marks_in(root)
        _latest[:] = [*_latest[1 - _KEPT:], (root, known)]
    return known


def marks_in(root: Any) -> frozenset[str]:
    """The same of a small part of one, looked for anew."""
    todo, seen, found = [root], set[int](), set[str]()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            found.update(mark for mark in ("readOnly", "writeOnly") if one.get(mark) is True)
            todo.extend(value for value in one.values() if isinstance(value, dict | list))
        elif isinstance(one, list):
            todo.extend(value for value in one if isinstance(value, dict | list))
    return frozenset(found)


def _projected(node: Any, mark: str, hidden: frozenset[str], depth: int, root: Any, seen: Seen) -> Any:
    if not isinstance(node, dict):
        return node
    seen.add(node)
    if depth > DEEPEST:
        raise too_deep()
    hidden = hidden | _marked(node, mark, root)
    made = dict(node)
    for word in _COMPOSED:
        if isinstance(node.get(word), list):
            made[word] = [_projected(one, mark, hidden, depth + 1, root, seen) for one in node[word]]
    rest = {word: value for word, value in made.items() if word not in _COMPOSED}
    made.update(with_children(rest, lambda one: _projected(one, mark, frozenset(), depth + 1, root, seen)))
    if isinstance(made.get("properties"), dict):
        made["properties"] = {name: one for name, one in made["properties"].items() if name not in hidden}
    if isinstance(made.get("required"), list):
        made["required"] = [name for name in made["required"] if name not in hidden]
    return made


def _marked(node: Any, mark: str, root: Any) -> frozenset[str]:
    """The members of one object that bear the mark, declared in it or in what it is composed of."""
    found: set[str] = set()
    waiting, seen = [node], set[int]()
    while waiting and len(seen) < _MOST_PARTS:
        one = waiting.pop()
        if not isinstance(one, dict) or id(one) in seen:
            continue
        seen.add(id(one))
        members = one.get("properties")
        if isinstance(members, dict):
            found.update(name for name, member in members.items() if _bears(member, mark, root))
        waiting += [_behind(part, root) for word in _COMPOSED if isinstance(one.get(word), list) for part in one[word]]
    return frozenset(found)


def _bears(member: Any, mark: str, root: Any) -> bool:
    parts = [member, *(member.get("allOf") or ())] if isinstance(member, dict) else []
    return any(isinstance(found, dict) and found.get(mark) is True
               for one in parts for found in (one, _behind(one, root)))


def _behind(node: Any, root: Any) -> Any:
    """What a reference leads to; the node itself where it is none, or leads out of the document."""
    for _ in range(_LONGEST_CHAIN):
        ref = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(ref, str) or not ref.startswith("#/"):
            return node
        try:
            node = at_pointer(root, ref[1:])
        except (LookupError, ValueError, TypeError):
            return node
    return node
