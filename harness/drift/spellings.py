"""One spelling for schemas that mean the same: `allOf` put together, null, const, types and bounds in one form.

What cannot be put together without a change of meaning stays a branch. Nothing here is a guess: two schemas of one
shape accept the same documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.drift.edit_space import ANNOTATIONS, WAIVED
from harness.drift.nodes import Node, Part, child, flat, text
from harness.drift.references import FILES
from harness.drift.shapes import EVERY, LOWER, UPPER, Shape, tidy, well_formed

ONE_SCHEMA = ("additionalProperties", "unevaluatedProperties", "propertyNames", "items", "contains",
              "unevaluatedItems", "not", "if", "then", "else", "contentSchema")
_TOGETHER = (("additionalProperties", "properties", "patternProperties"), ("items", "prefixItems"),
             ("contains", "minContains", "maxContains"), ("if", "then", "else"), ("anyOf",), ("oneOf",), ("not",),
             ("pattern",), ("format",), ("multipleOf",), ("contentEncoding",), ("contentMediaType",),
             ("contentSchema",), ("propertyNames",), ("unevaluatedProperties",), ("unevaluatedItems",))
"""Keywords that speak about each other or cannot be merged: from two parts they come together only where they agree."""
_GROUP = {key: number for number, group in enumerate(_TOGETHER) for key in group}
_DEEPEST = 2
NOTES = ANNOTATIONS | {"default", "deprecated", "readOnly", "writeOnly", "discriminator", "xml"}
_IDLE = {"minLength": 0, "minItems": 0, "minProperties": 0, "uniqueItems": False, "deprecated": False,
         "readOnly": False, "writeOnly": False, "required": [], "dependentRequired": {}, "dependentSchemas": {},
         "patternProperties": {}, "properties": {}, "prefixItems": [], "allOf": [], "x-extensible-enum": False}
_OPEN = ("additionalProperties", "unevaluatedProperties", "propertyNames", "items", "unevaluatedItems",
         "contentSchema")


def shape(node: Node, root: Any, within: frozenset[str] = frozenset()) -> Shape:
    """The node in its one spelling.

    Raises:
        UsageError: a reference leads to nothing.
    """
    known = _known(root)
    key = tuple((part.pointer, id(part.schema)) for part in node)
    if within or key not in known:
        made = _shaped(node, root, within)
        if within:
            return made
        known[key] = node, made  # the node, so that the identities stay its own
    return known[key][1]


_KEPT, _MOST_KEPT = 4, 20_000
_latest: list[tuple[Any, dict[tuple[tuple[str, int], ...], tuple[Node, Shape]]]] = []
"""The shapes of the last few roots, which must not change while they are compared; nobody may change a shape."""


def _known(root: Any) -> dict[tuple[tuple[str, int], ...], tuple[Node, Shape]]:
    found = next((shapes for one, shapes in _latest if one is root), None)
    if found is None:
        found = {}
        _latest[:] = [*_latest[1 - _KEPT:], (root, found)]
    elif len(found) > _MOST_KEPT:
        found.clear()
    return found


def _shaped(node: Node, root: Any, within: frozenset[str]) -> Shape:
    gathered: dict[str, Any] = {}
    made = Shape(pointer=node[0].pointer)
    left: list[Node] = []
    seen_text: set[str] = set()
    for place, (part, inside) in enumerate(flat(node, root)):
        made.pointer = part.pointer if place == 0 else made.pointer
        if part.schema is False:
            made.types = frozenset()
        if isinstance(part.schema, dict):
            made.spelled |= part.schema.keys()
            kept_out = _gather(part, gathered, made, inside)
            if kept_out and text(kept_out) not in seen_text:
                seen_text.add(text(kept_out))
                left.append((Part(kept_out, part.pointer),))
    if left:
        made.branches["allOf"] = tuple(left)
    _settle(gathered, made)
    _unite(made, root, within)
    tidy(made)
    return made


def _gather(part: Part, gathered: dict[str, Any], made: Shape, inside: bool) -> dict[str, Any]:
    """Take a part's keywords in; what cannot come in without a change of meaning is given back."""
    own = {key: value for key, value in part.schema.items()
           if key not in WAIVED and key != FILES and not (key in _IDLE and _IDLE[key] == value)}
    own = {key: value for key, value in own.items() if not (key in _OPEN and (value is True or value == {}))}
    for key in [key for key, value in own.items() if not well_formed(key, value)]:
        made.notes.setdefault(key, own.pop(key))
        made.at.setdefault(key, child(part.pointer, key))
    out: dict[str, Any] = {}
    for group in [_TOGETHER[number] for number in sorted({_GROUP[key] for key in own.keys() & _GROUP.keys()})]:
        ours = {key: own[key] for key in group if key in own}
        theirs = {key: gathered[key][0] for key in group if key in gathered}
        if ours and (_clash(group, ours, theirs) or (inside and group[0].startswith("unevaluated"))):
            out |= {key: own.pop(key) for key in ours}
    for key, value in own.items():
        here = child(part.pointer, key)
        if key not in gathered:
            gathered[key] = (_noded(key, value, here), here)
            made.at.setdefault(key, here)
        elif key not in NOTES and not key.startswith("x-"):
            gathered[key] = (_both(key, gathered[key][0], _noded(key, value, here)), gathered[key][1])
    return out


def _clash(group: tuple[str, ...], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    if not theirs:
        return False
    if group[0] == "additionalProperties":
        return "additionalProperties" in ours or "additionalProperties" in theirs
    if group[0] == "items":
        return "prefixItems" in ours or "prefixItems" in theirs
    return ours.keys() != theirs.keys() or any(text(value) != text(_bare(theirs[key])) for key, value in ours.items())


def _bare(value: Any) -> Any:
    """A gathered value as it was written."""
    if isinstance(value, tuple) and value and isinstance(value[0], Part):
        return value[0].schema
    if isinstance(value, tuple):
        return [one[0].schema for one in value]
    return value


def _noded(key: str, value: Any, here: str) -> Any:
    if key in ONE_SCHEMA:
        return (Part(value, here),)
    if key in ("properties", "patternProperties", "dependentSchemas"):
        return {name: (Part(one, child(here, name)),) for name, one in value.items()}
    if key in ("anyOf", "oneOf", "prefixItems"):
        return tuple((Part(one, child(here, place)),) for place, one in enumerate(value))
    if key == "required":
        return dict.fromkeys(value, here)
    if key == "type":
        return _types(value)
    if key == "enum":
        return {text(one): one for one in value}
    return {text(value): value} if key == "const" else value


def _types(value: Any) -> frozenset[str]:
    names = {value} if isinstance(value, str) else set(value)
    return frozenset(names - {"number"} | ({"integer", "fraction"} if "number" in names else set()))


def _both(key: str, one: Any, other: Any) -> Any:
    """Two demands of one keyword as one."""
    if key in LOWER:
        return max(one, other)
    if key in UPPER:
        return min(one, other)
    if key == "type":
        return one & other
    if key in ("enum", "const"):
        return {name: value for name, value in one.items() if name in other}
    if key == "items":
        return one if text(_bare(one)) == text(_bare(other)) else one + other
    if key in ("properties", "patternProperties", "dependentSchemas"):
        return {**other, **{name: node + tuple(part for part in other.get(name, ()) if part not in node)
                            for name, node in one.items()}}
    if key == "required":
        return {**other, **one}
    if key == "dependentRequired":
        return {name: sorted({*one.get(name, ()), *other.get(name, ())}) for name in {*one, *other}}
    return one or other if key == "uniqueItems" else one


def _settle(gathered: dict[str, tuple[Any, str]], made: Shape) -> None:
    """Sort what was gathered into the shape."""
    slots = {"properties": "properties", "patternProperties": "patterns", "dependentSchemas": "dependents",
             "required": "required", "prefixItems": "prefix"}
    for key, (value, _) in gathered.items():
        if key in slots:
            setattr(made, slots[key], value)
        elif key in ("anyOf", "oneOf"):
            kept: dict[str, Node] = {}
            for place, branch in enumerate(value):
                name = text(branch[0].schema) if key == "anyOf" else str(place)
                kept.setdefault(name, branch)
            made.branches[key] = tuple(kept.values())
        elif key in ONE_SCHEMA:
            made.inner[key] = value
        elif key == "type":
            made.types &= value
        elif key in ("enum", "const"):
            made.values = value if made.values is None else _both("enum", made.values, value)
        elif key in NOTES or key.startswith("x-"):
            made.notes[key] = value
        else:
            made.words[key] = sorted(value) if key == "dependentRequired" and isinstance(value, list) else value
    if "if" not in made.inner or not ({"then", "else"} & made.inner.keys()):
        for key in ("if", "then", "else"):
            made.inner.pop(key, None)
    if "contains" in made.inner:
        made.words.setdefault("minContains", 1)
    if "contains" not in made.inner or (made.words.get("minContains") == 0 and "maxContains" not in made.words):
        for key in ("minContains", "maxContains"):
            made.words.pop(key, None)
        made.inner.pop("contains", None)
    if made.words.get("dependentRequired"):
        made.words["dependentRequired"] = {name: sorted(set(names)) for name, names
                                           in made.words["dependentRequired"].items() if names}
        if not made.words["dependentRequired"]:
            del made.words["dependentRequired"]


def _unite(made: Shape, root: Any, within: frozenset[str]) -> None:
    """Branches for types that do not overlap are one schema: `anyOf: [X, null]` is X that may be null."""
    for keyword in ("anyOf", "oneOf"):
        if keyword not in made.branches or made.pointer in within or made.values is not None or made.words \
                or made.inner or made.properties or made.patterns or made.prefix or made.required or made.dependents \
                or len(made.branches) > 1 or not _simple(made.branches[keyword], within):
            continue
        shapes = [shape(branch, root, within | {made.pointer}) for branch in made.branches[keyword]]
        union = _united(shapes, apart=keyword == "oneOf")
        if union is None:
            continue
        del made.branches[keyword]
        made.types &= union.types
        for name in ("values", "words", "required", "properties", "patterns", "dependents", "inner", "prefix", "idle"):
            setattr(made, name, getattr(union, name))
        made.branches |= union.branches
        made.notes = {**union.notes, **made.notes}
        made.at = {**union.at, **made.at}
        made.spelled |= union.spelled


def _simple(branches: tuple[Node, ...], within: frozenset[str]) -> bool:
    """Whether it is worth a try: a few branches not too deep in others, or a list of values."""
    return (len(branches) <= len(EVERY) and len(within) <= _DEEPEST) or all(
        isinstance(one[0].schema, dict) and one[0].schema.keys() & {"const", "enum"}
        and not one[0].schema.keys() & {"anyOf", "oneOf", "allOf", "$ref"} for one in branches)


def _united(shapes: list[Shape], *, apart: bool) -> Shape | None:
    """The shape of any of them, of exactly one if `apart`; None where that has no spelling without branches."""
    union = Shape(pointer="", types=frozenset())
    finite = all(one.values is not None or one.types <= {"null", "boolean"} for one in shapes)
    if not finite and any(one.values is not None for one in shapes):
        return None
    values: dict[str, Any] = {}
    for one in shapes:
        if one.inner.keys() & {"not", "if"} or one.branches or (one.types & union.types and not finite):
            return None
        spoken = {"null": (None,), "boolean": (False, True)}
        listed = one.values or {text(value): value for kind in sorted(one.types) for value in spoken.get(kind, ())}
        if apart and listed.keys() & values.keys():
            return None
        values |= listed
        union.types |= one.types
        for name in ("words", "required", "properties", "patterns", "dependents", "inner", "notes", "at"):
            setattr(union, name, {**getattr(union, name), **getattr(one, name)})
        union.prefix = union.prefix or one.prefix
        union.spelled |= one.spelled
    union.values = values if finite else None
    telling = [one for one in shapes if one.types != {"null"}]
    if len(telling) > 1:
        union.notes = {}  # what is said of one branch is not said of all
    elif telling:
        union.idle = dict(telling[0].idle)
    return union
