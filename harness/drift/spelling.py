"""What patterns alone say of the strings of a case, where the algebra of schemas does not read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.drift.facts import Parts
from harness.drift.languages import exactly, nothing, of_length, within

_LONGEST = 120
_MOST_NAMES = 20


def spelled(parts: Parts, word: str, value: Any) -> bool:
    """Whether the patterns of a case are sure to satisfy one word that binds strings."""
    patterns, refused = _patterns(parts)
    if not (patterns or refused):
        return False
    if word == "pattern":
        return within(patterns, value, refused=refused) is True
    if word in ("minLength", "maxLength") and isinstance(value, int) and value <= _LONGEST:
        lengths = of_length(value) if word == "minLength" else of_length(0, value)
        return within(patterns, lengths, refused=refused) is True
    return False


def unspelled(parts: Parts) -> bool:
    """Whether no string satisfies all patterns of a case."""
    patterns, refused = _patterns(parts)
    return len(patterns) + len(refused) > 1 and nothing(patterns, refused) is True


def only(pattern: str, names: Sequence[str]) -> bool:
    """Whether a pattern fits none but these names."""
    return len(names) <= _MOST_NAMES and nothing((pattern,), [exactly(name) for name in names]) is True


def _patterns(parts: Parts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patterns that hold for every string of a case, its bounds of length among them, and those that none has."""
    found, refused = list[str](), list[str]()
    for part in parts:
        if isinstance(part.get("pattern"), str):
            found.append(part["pattern"])
        refused += _forbidden(part.get("not"))
    least = max((part["minLength"] for part in parts if isinstance(part.get("minLength"), int)), default=0)
    most = min((part["maxLength"] for part in parts if isinstance(part.get("maxLength"), int)), default=None)
    if (found or refused) and (least or most is not None) and max(least, most or 0) <= _LONGEST:
        found.append(of_length(least, most))
    return tuple(dict.fromkeys(found)), tuple(dict.fromkeys(refused))


def _forbidden(schema: Any) -> Iterator[str]:
    """The pattern that a negated schema asks of strings, if that is all that it asks of them."""
    asked: list[Any] = [schema]
    patterns: list[str] = []
    while asked:
        one = asked.pop()
        if not isinstance(one, dict) or not one.keys() <= {"type", "pattern", "allOf"}:
            return
        if one.get("type", "string") != "string":
            return
        patterns += [one["pattern"]] if isinstance(one.get("pattern"), str) else []
        asked += one.get("allOf", ())
    if len(set(patterns)) == 1:
        yield patterns[0]
