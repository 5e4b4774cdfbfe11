"""Bounds that refuse nothing beside what else a schema says."""

from __future__ import annotations

import math
from typing import Any

from harness.drift.keywords import RANGES
from harness.drift.languages import of_length, within
from harness.drift.shapes import Shape

_LONGEST = 120


def idle(keyword: str, value: Any, beside: Shape) -> bool:
    """Whether a schema of that shape is sure to accept the same documents with the word as without it."""
    if keyword in ("minLength", "maxLength"):
        pattern = beside.words.get("pattern")
        if not isinstance(pattern, str) or not isinstance(value, int) or value > _LONGEST:
            return False
        return within([pattern], of_length(value) if keyword == "minLength" else of_length(0, value)) is True
    if keyword in ("minimum", "maximum"):
        numbers = beside.types & {"integer", "fraction"}
        low, high = RANGES.get(str(beside.words.get("format")), (-math.inf, math.inf))
        return bool(numbers) and (value <= low if keyword == "minimum" else value >= high)
    if keyword == "dependentRequired":
        return all(set(names) <= beside.required.keys() for names in value.values())
    if keyword == "minProperties":
        return bool(len(beside.required) >= value)
    if keyword == "format":
        return bool(value == "password")  # how it is shown, not what it may be
    if keyword == "uniqueItems":
        return bool(beside.words.get("maxItems", math.inf) <= 1)
    if keyword == "maxProperties":
        return beside.closed and not beside.patterns and len(beside.properties) <= value
    return False
