"""Sets of strings given by patterns: whether one holds all of another, decided by walking their automata together.

Patterns are read as ECMA-262 reads them, and found anywhere in a string. What this does not read (look-around,
back-references, flags) is unsure, and so is what takes too long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

_LAST = 0x10FFFF
_STATES, _PRODUCTS, _MOVES = 2_000, 2_000, 30_000
_LONGEST_REPEAT = 400
_LONGEST_PATTERN = 2_000
_ODD = ("\\Z", "\\A", "\\b", "\\B", "[]", "[^]", "[[", "--", "&&", "~~", "||", "{,", "(?")
"""What Python reads otherwise than ECMA-262 does, or what is not read here; groups that are not kept are let in."""
_SPACES = ((9, 13), (32, 32), (160, 160), (5760, 5760), (8192, 8202), (8232, 8233), (8239, 8239), (8287, 8287),
           (12288, 12288), (65279, 65279))
_LINE_ENDS = ((10, 10), (13, 13), (8232, 8233))
Ranges = tuple[tuple[int, int], ...]
_CATEGORIES: dict[str, Ranges] = {"DIGIT": ((48, 57),), "WORD": ((48, 57), (65, 90), (95, 95), (97, 122)),
                                  "SPACE": _SPACES}
_START, _END = "at the start", "at the end"


class _NotRead(Exception):
    """A pattern that is not read here."""


@dataclass(slots=True)
class _Automaton:
    """States by number; 0 begins, 1 has found the pattern."""

    empty: list[list[tuple[str, int]]] = field(default_factory=lambda: [[], []])
    """Moves that take no letter: the condition ("" is none), and where to."""
    letters: list[list[tuple[Ranges, int]]] = field(default_factory=lambda: [[], []])

    def state(self) -> int:
        if len(self.empty) >= _STATES:
            raise _NotRead
        self.empty.append([])
        self.letters.append([])
        return len(self.empty) - 1

    def closure(self, states: Iterable[int], *conditions: str) -> frozenset[int]:
        found, waiting = set(states), list(states)
        while waiting:
            for condition, after in self.empty[waiting.pop()]:
                if after not in found and (not condition or condition in conditions):
                    found.add(after)
                    waiting.append(after)
        return frozenset(found)

    def after(self, states: Iterable[int], letter: int) -> frozenset[int]:
        return self.closure({to for state in states for ranges, to in self.letters[state]
                             if any(low <= letter <= high for low, high in ranges)})

    def accepts(self, states: frozenset[int], *, first: bool) -> bool:
        return 1 in self.closure(states, _END, *((_START,) if first else ()))


def within(patterns: Sequence[str], other: str, *, refused: Sequence[str] = ()) -> bool | None:
    """Whether every string in which all `patterns` are found, and none of `refused`, holds `other`; None: unsure."""
    return nothing(patterns, (*refused, other))


def nothing(patterns: Sequence[str], refused: Sequence[str] = ()) -> bool | None:
    """Whether there is no string in which all `patterns` are found and none of `refused`; None: unsure."""
    found = example(tuple(patterns), tuple(refused))
    return None if found is None else found is False


def exactly(name: str) -> str:
    """The pattern of one string and no other."""
    return "^" + "".join(f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"
                         for letter in name) + "$"


def of_length(least: int = 0, most: int | None = None) -> str:
    """The pattern of the strings of so many letters."""
    return f"^[\\s\\S]{{{least},{'' if most is None else most}}}$"


@lru_cache(maxsize=2048)
def example(patterns: tuple[str, ...], refused: tuple[str, ...]) -> str | bool | None:
    """A shortest string with all `patterns` and without any of `refused`; False: there is none; None: unsure."""
    try:
        automata = [_read(one) for one in (*patterns, *refused)]
    except (_NotRead, re.error, RecursionError, OverflowError, ValueError):
        return None
    alphabet = _alphabet(automata)
    start = tuple(one.closure({0}, _START) for one in automata)
    reached: dict[tuple[frozenset[int], ...], str] = {start: ""}
    waiting, first, moves = [start], True, 0
    for states in waiting:
        moves += len(alphabet) * sum(map(len, states))
        if moves > _MOVES:
            return None
        told = [one.accepts(own, first=first) for one, own in zip(automata, states, strict=True)]
        first = False
        if all(told[:len(patterns)]) and not any(told[len(patterns):]):
            return reached[states]
        for letter in alphabet:
            after = tuple(one.after(own, letter) for one, own in zip(automata, states, strict=True))
            if after not in reached:
                if len(reached) >= _PRODUCTS:
                    return None
                reached[after] = reached[states] + chr(letter)
                waiting.append(after)
    return False


def _alphabet(automata: Iterable[_Automaton]) -> list[int]:
    """One letter of every kind that some automaton tells from others; such as people can read, where there are."""
    borders = {0}
    for one in automata:
        for moves in one.letters:
            for ranges, _ in moves:
                borders |= {border for low, high in ranges for border in (low, high + 1)}
    ordered = [*sorted(border for border in borders if border <= _LAST), _LAST + 1]
    return [next((ord(letter) for letter in "a0A -" if low <= ord(letter) < high), low)
            for low, high in pairwise(ordered)]


@lru_cache(maxsize=512)
def _read(pattern: str) -> _Automaton:
    from re import _parser

    if len(pattern) > _LONGEST_PATTERN or any(odd in pattern.replace("(?:", "(") for odd in _ODD):
        raise _NotRead
    made = _Automaton()
    everything = ((0, _LAST),)
    made.letters[0].append((everything, 0))
    made.letters[1].append((everything, 1))
    begin = made.state()
    made.empty[0].append(("", begin))
    made.empty[_sequence(made, _parser.parse(pattern), begin)].append(("", 1))
    return made


def _sequence(made: _Automaton, tree: Any, state: int) -> int:
    for op, argument in tree:
        state = _one(made, str(op), argument, state)
    return state


def _one(made: _Automaton, op: str, argument: Any, state: int) -> int:
    if op in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
        after = made.state()
        made.letters[state].append((_ranges(op, argument), after))
        return after
    if op == "AT" and str(argument) in ("AT_BEGINNING", "AT_END"):
        after = made.state()
        made.empty[state].append((_START if str(argument) == "AT_BEGINNING" else _END, after))
        return after
    if op == "BRANCH":
        after = made.state()
        for branch in argument[1]:
            begin = made.state()
            made.empty[state].append(("", begin))
            made.empty[_sequence(made, branch, begin)].append(("", after))
        return after
    if op == "SUBPATTERN" and not argument[1] and not argument[2]:
        return _sequence(made, argument[3], state)
    if op in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, inner = argument
        return _repeated(made, least, most, inner, state)
    raise _NotRead


def _repeated(made: _Automaton, least: Any, most: Any, inner: Any, state: int) -> int:
    endless = str(most) == "MAXREPEAT"
    if int(least) > _LONGEST_REPEAT or (not endless and int(most) > _LONGEST_REPEAT):
        raise _NotRead
    for _ in range(int(least)):
        state = _sequence(made, inner, state)
    after = made.state()
    if endless:
        made.empty[state].append(("", after))
        made.empty[_sequence(made, inner, after)].append(("", after))
        return after
    for _ in range(int(most) - int(least)):
        made.empty[state].append(("", after))
        state = _sequence(made, inner, state)
    made.empty[state].append(("", after))
    return after


def _ranges(op: str, argument: Any) -> Ranges:
    if op == "LITERAL":
        return ((argument, argument),)
    if op == "NOT_LITERAL":
        return _others(((argument, argument),))
    if op == "ANY":
        return _others(_LINE_ENDS)
    negated = str(argument[0][0]) == "NEGATE"
    ranges = tuple(one for kind, value in argument[1 if negated else 0:] for one in _member(str(kind), value))
    return _others(ranges) if negated else ranges


def _member(kind: str, value: Any) -> Iterator[tuple[int, int]]:
    if kind == "LITERAL":
        yield value, value
    elif kind == "RANGE":
        yield value
    elif kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_")
        found = _CATEGORIES.get(name.removeprefix("NOT_"))
        if found is None:
            raise _NotRead
        yield from _others(found) if name.startswith("NOT_") else found
    else:
        raise _NotRead


def _others(ranges: Ranges) -> Ranges:
    """All letters that are not in the ranges."""
    found, low = [], 0
    for first, last in sorted(ranges):
        if first > low:
            found.append((low, first - 1))
        low = max(low, last + 1)
    return (*found, (low, _LAST)) if low <= _LAST else tuple(found)
