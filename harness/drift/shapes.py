"""The one shape of a schema: its demands sorted by kind, without those that can refuse nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.drift.nodes import Node, Part

EVERY = frozenset({"null", "boolean", "object", "array", "string", "integer", "fraction"})
"""Types as sets that do not overlap; `number` is integer and fraction."""
_TYPES = EVERY - {"fraction"} | {"number"}
_BELONGS = {
    **dict.fromkeys(("minLength", "maxLength", "pattern", "contentEncoding", "contentMediaType", "contentSchema"),
                    frozenset({"string"})),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
                    frozenset({"integer", "fraction"})),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems", "items", "contains", "minContains", "maxContains",
                     "unevaluatedItems"), frozenset({"array"})),
    **dict.fromkeys(("minProperties", "maxProperties", "additionalProperties", "propertyNames", "dependentRequired",
                     "unevaluatedProperties"), frozenset({"object"})),
    "format": frozenset({"string", "integer", "fraction"}),
}
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
ALL_TAKING = frozenset({"", "^", ".*", "^.*"})
"""Patterns that every string holds."""


@dataclass(slots=True)
class Shape:
    """A schema in its one spelling."""

    pointer: str
    types: frozenset[str] = EVERY
    values: dict[str, Any] | None = None
    """The enum, by the text of each value; None: none."""
    words: dict[str, Any] = field(default_factory=dict)
    """Bounds, pattern, format and other keywords that hold no schema."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What is no demand: annotations, default, readOnly, extensions."""
    required: dict[str, str] = field(default_factory=dict)
    """Names, with the pointer of each."""
    properties: dict[str, Node] = field(default_factory=dict)
    undeclared: frozenset[str] = frozenset()
    """Members that are required and not declared; they are among the properties with the schema that holds for them."""
    patterns: dict[str, Node] = field(default_factory=dict)
    dependents: dict[str, Node] = field(default_factory=dict)
    inner: dict[str, Node] = field(default_factory=dict)
    """Keywords that hold one schema."""
    prefix: tuple[Node, ...] = ()
    branches: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    idle: dict[str, Any] = field(default_factory=dict)
    """Words for types that it does not have."""
    at: dict[str, str] = field(default_factory=dict)
    """Where each keyword stands."""
    spelled: frozenset[str] = frozenset()
    """All keywords as they were written."""

    @property
    def closed(self) -> bool:
        """Whether it refuses members that it does not declare."""
        return any(self.inner.get(word) and self.inner[word][0].schema is False
                   for word in ("additionalProperties", "unevaluatedProperties"))

    def place(self, keyword: str) -> str:
        """The pointer of the keyword; that of the schema where it is not written."""
        return self.at.get(keyword, self.pointer)


def tidy(made: Shape) -> None:
    """Drop what cannot matter for the types and values that are left."""
    if "not" in made.inner and made.inner["not"][0].schema in (True, {}):
        made.types = frozenset()
    if made.values is not None:
        made.values = {name: value for name, value in made.values.items() if type_of(value) in made.types
                       and _in_bounds(value, made.words)}
        made.types = frozenset(type_of(value) for value in made.values.values())
        for key in (*LOWER, *UPPER):
            if key not in ("minItems", "maxItems", "minProperties", "maxProperties") and _BELONGS[key] & made.types:
                made.words.pop(key, None)
        if made.types <= {"null", "boolean"} and len(made.values) == 2 * ("boolean" in made.types) \
                + ("null" in made.types):
            made.values = None
    numbers = made.types & {"integer", "fraction"}
    step = made.words.get("multipleOf")
    if numbers == made.types and "fraction" in numbers and step and float(step).is_integer():
        made.types -= {"fraction"}
        numbers = made.types & {"integer", "fraction"}
    if numbers == {"integer"}:
        _whole(made.words)
    for low, open_low, tighter in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        if low in made.words and open_low in made.words:
            inclusive = (made.words[low] - made.words[open_low]) * tighter > 0
            made.words.pop(open_low if inclusive else low)
    if not made.branches and "if" not in made.inner:
        for strict, plain in (("unevaluatedProperties", "additionalProperties"), ("unevaluatedItems", "items")):
            if strict in made.inner and not {plain, "contains"} & made.inner.keys() and not made.dependents:
                made.inner[plain] = made.inner.pop(strict)
                made.at[plain] = made.at.get(strict, made.pointer)
    if made.words.get("minProperties", math.inf) <= len(made.required):
        del made.words["minProperties"]
    if made.words.get("pattern") in ALL_TAKING:
        del made.words["pattern"]
    for key in [key for key in (*made.words, *made.inner) if not _BELONGS.get(key, EVERY) & made.types]:
        if key in made.words and key not in ("minContains", "maxContains"):
            made.idle[key] = made.words[key]
        made.words.pop(key, None)
        made.inner.pop(key, None)
    if "object" not in made.types:
        made.properties, made.required, made.patterns, made.dependents = {}, {}, {}, {}
    if "array" not in made.types:
        made.prefix = ()
    if not made.patterns:
        rest = made.inner.get("additionalProperties")
        undeclared = [name for name in made.required if name not in made.properties]
        made.properties.update({name: rest or (Part({}, made.required[name]),) for name in undeclared})
        made.undeclared |= frozenset(undeclared)


def _whole(words: dict[str, Any]) -> None:
    """Bounds of integers in whole numbers, both inclusive."""
    for key, open_key, step, outward in (("minimum", "exclusiveMinimum", 1, math.ceil),
                                         ("maximum", "exclusiveMaximum", -1, math.floor)):
        bounds = [outward(words.pop(key))] if key in words else []
        if open_key in words:
            bound = words.pop(open_key)
            bounds.append(bound + step if bound == int(bound) else outward(bound))
        if bounds:
            words[key] = int(max(bounds) if step == 1 else min(bounds))
    if words.get("multipleOf") == 1:
        del words["multipleOf"]


def well_formed(keyword: str, value: Any) -> bool:
    """Whether the keyword can be read; what cannot is compared as it is written, and its effect is unknown."""
    if keyword in ("properties", "patternProperties", "dependentSchemas"):
        return isinstance(value, dict)
    if keyword == "dependentRequired":
        return isinstance(value, dict) and all(_names(one) for one in value.values())
    if keyword in ("enum", "anyOf", "oneOf", "prefixItems"):
        return isinstance(value, list)
    if keyword == "required":
        return _names(value)
    if keyword == "type":
        return (isinstance(value, str) and value in _TYPES) or (_names(value) and _TYPES.issuperset(value))
    if keyword in ("pattern", "format"):
        return isinstance(value, str)
    if keyword in (*LOWER, *UPPER, "multipleOf", "minContains", "maxContains"):
        return isinstance(value, int | float) and not isinstance(value, bool) and (
            isinstance(value, int) or math.isfinite(value))
    return keyword != "uniqueItems" or isinstance(value, bool)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def type_of(value: Any) -> str:
    """The type of a JSON value; a whole float is an integer."""
    if isinstance(value, float):
        return "integer" if value.is_integer() else "fraction"
    names = ((bool, "boolean"), (int, "integer"), (str, "string"), (list, "array"), (dict, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def _in_bounds(value: Any, words: Mapping[str, Any]) -> bool:
    kind = type_of(value)
    if kind == "string":
        return bool(words.get("minLength", 0) <= len(value) <= words.get("maxLength", math.inf))
    if kind in ("integer", "fraction"):
        return bool(words.get("minimum", -math.inf) <= value <= words.get("maximum", math.inf)
                    and words.get("exclusiveMinimum", -math.inf) < value < words.get("exclusiveMaximum", math.inf))
    return True
