"""The words of JSON Schema 2020-12 that decide whether a document is valid, and the formats that do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.drift.subschemas import LISTS, MAPS

WORDS = frozenset({
    "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength",
    "minLength", "pattern", "format", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains",
    "maxProperties", "minProperties", "required", "dependentRequired", "prefixItems", "items", "contains",
    "properties", "patternProperties", "additionalProperties", "propertyNames", "dependentSchemas", "allOf", "anyOf",
    "oneOf", "not", "if", "then", "else", "unevaluatedItems", "unevaluatedProperties", "$ref"})
FORMATS = frozenset({
    "date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri",
    "uri-reference", "iri", "iri-reference", "uri-template", "json-pointer", "relative-json-pointer", "regex", "uuid"})
"""What the validators check."""
SILENT_FORMATS = frozenset({"double", "password", "binary", "byte", "html", "decimal", "number"})
"""Hints for people and generators, by OpenAPI's registry: they exclude no document."""
RANGES: Mapping[str, tuple[int | float, int | float]] = {
    "int8": (-2**7, 2**7 - 1), "int16": (-2**15, 2**15 - 1), "int32": (-2**31, 2**31 - 1), "int64": (-2**63, 2**63 - 1),
    "uint8": (0, 2**8 - 1), "uint16": (0, 2**16 - 1), "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1),
    "float": (-3.4028234663852886e38, 3.4028234663852886e38)}
EMPTY: Mapping[str, Any] = {
    "minLength": 0, "minItems": 0, "minProperties": 0, "uniqueItems": False, "required": [], "properties": {},
    "patternProperties": {}, "dependentRequired": {}, "dependentSchemas": {}}
"""Values that say no more than silence."""
_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
_NUMBERS = frozenset(word for word in WORDS if word[:3] in ("min", "max") or "clusive" in word or word == "multipleOf")


def well_formed(word: str, value: Any) -> bool:
    """Whether the value of a keyword is of a kind that can be worked with; the rest is the meta-schema's affair."""
    if word in LISTS or word == "required":
        return isinstance(value, list)
    if word in MAPS or word == "dependentRequired":
        return isinstance(value, dict)
    if word == "type":
        return all(isinstance(one, str) and one in _TYPES for one in (value if isinstance(value, list) else [value]))
    if word in ("enum", "pattern"):
        return bool(value) and isinstance(value, list) if word == "enum" else isinstance(value, str)
    if word in _NUMBERS:
        finite = not isinstance(value, float) or math.isfinite(value)
        return isinstance(value, int | float) and not isinstance(value, bool) and finite
    return True
