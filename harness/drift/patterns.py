"""Strings for a regular expression or a format: a few that fit, the same ones every time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

FITTING: Mapping[str, tuple[str, ...]] = {
    "date": ("2024-02-29", "1999-12-31"), "date-time": ("2024-02-29T12:00:00Z", "1999-12-31T23:59:59.5+02:00"),
    "time": ("12:00:00Z", "23:59:59.5+02:00"), "duration": ("P1D", "PT2H30M"), "email": ("a@example.org",),
    "idn-email": ("a@example.org", "ä@exämple.org"), "hostname": ("example.org", "localhost"),
    "idn-hostname": ("example.org", "exämple.org"),
    "ipv4": ("127.0.0.1", "10.20.30.40"), "ipv6": ("::1", "2001:db8::1"),
    "uri": ("https://example.org/a?b=c", "urn:a:b"), "uri-reference": ("/a/b", "https://example.org/a"),
    "iri": ("https://example.org/ä",), "iri-reference": ("/ä",), "uri-template": ("/a/{b}", "/a"),
    "json-pointer": ("/a/b", ""), "relative-json-pointer": ("1/a", "0#"), "regex": ("^a+$", "a"),
    "uuid": ("123e4567-e89b-42d3-a456-426614174000", "00000000-0000-0000-0000-000000000000")}
"""Examples of every format that is checked."""

_LONGEST = 400
_VARIANTS = 6
_CLASSES: Mapping[str, str] = {"CATEGORY_DIGIT": "0519", "CATEGORY_WORD": "aZ0_", "CATEGORY_SPACE": " \t",
                               "CATEGORY_NOT_DIGIT": "a-", "CATEGORY_NOT_WORD": "-!", "CATEGORY_NOT_SPACE": "a0"}
_ANY = "aZ0 -_.~é"


@lru_cache(maxsize=2048)
def strings_for(pattern: str) -> tuple[str, ...]:
    """Some strings in which the pattern is found; () where it is beyond us. Not every one is sure to fit."""
    try:
        from re import _parser

        tree = _parser.parse(pattern.replace(r"\Z", r"\\Z").replace(r"\/", "/"))
        made = [_Writer(turn).write(tree) for turn in range(_VARIANTS)]
    except (re.error, RecursionError, OverflowError, _TooLongError):
        return ()
    return tuple(dict.fromkeys([*made, *(f"x{one}x" for one in made[:2]), *(one + one for one in made[:1])]))


class _TooLongError(Exception):
    pass


class _Writer:
    """Writes one string for a parsed pattern; `turn` says which way it goes where it may choose."""

    def __init__(self, turn: int) -> None:
        self._turn, self._groups, self._length = turn, dict[int, str](), 0

    def write(self, tree: Any) -> str:
        return "".join(self._one(str(op), argument) for op, argument in tree)

    def _one(self, op: str, argument: Any) -> str:
        if op == "LITERAL":
            self._length += 1
            if self._length > _LONGEST:
                raise _TooLongError
            return chr(argument)
        if op == "NOT_LITERAL":
            return next(one for one in _ANY if ord(one) != argument)
        if op == "ANY":
            return _ANY[self._turn % len(_ANY)]
        if op == "IN":
            return self._member(argument)
        if op == "BRANCH":
            return self.write(argument[1][self._turn % len(argument[1])])
        if op == "SUBPATTERN":
            text = self.write(argument[3])
            if argument[0] is not None:
                self._groups[argument[0]] = text
            return text
        if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = argument
            times = min(int(most), int(least) + (0, 1, 2, 5, 0, 1)[self._turn])
            if times > _LONGEST:
                raise _TooLongError
            return "".join(self.write(inner) for _ in range(times))
        if op == "GROUPREF":
            return self._groups.get(argument, "")
        if op == "ATOMIC_GROUP":
            return self.write(argument)
        return ""

    def _member(self, parts: Any) -> str:
        self._length += 1
        if self._length > _LONGEST:
            raise _TooLongError
        negated = str(parts[0][0]) == "NEGATE"
        members: list[str] = []
        for op, argument in parts[1:] if negated else parts:
            if str(op) == "LITERAL":
                members.append(chr(argument))
            elif str(op) == "RANGE":
                low, high = argument
                members.extend((chr(low), chr(high), chr((low + high) // 2)))
            elif str(op) == "CATEGORY":
                members.extend(_CLASSES.get(str(argument), "a"))
        if negated:
            taken = re.compile("|".join(map(re.escape, members))) if members else None
            members = [one for one in _ANY + "\n\"<>/b1" if taken is None or not taken.match(one)] or ["☃"]
        return members[self._turn % len(members)]
