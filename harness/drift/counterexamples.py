"""The search for a document that one schema takes and another refuses: checked by validators, bounded, repeatable."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from harness.drift.budgets import Budget
from harness.drift.bundles import Bundle
from harness.drift.pool import Pool, pool_of
from harness.drift.samples import Sampler

_PLACES = 60
_PER_VALUE = 0.01
_NARROW = 2
"""How many documents of each part are drawn at first: most differences show in those."""
_PLAIN: tuple[Any, ...] = ("a", 0, None, True)


@dataclass(frozen=True, slots=True)
class Found:
    """A document that the writer's schema takes and the reader's refuses."""

    document: Any


class Acceptance:
    """Whether a document is valid for all of some bundles; False where a validator gives up on it."""

    def __init__(self, *bundles: Bundle) -> None:
        """Compile the bundles.

        Raises:
            ValueError: a schema that is none.
        """
        import jsonschema_rs

        self._checks = [jsonschema_rs.Draft202012Validator(one.whole, validate_formats=True) for one in bundles]

    def valid(self, document: Any) -> bool:
        """Valid for every one of them."""
        return self._ask(document) is True

    def invalid(self, document: Any) -> bool:
        """Invalid for one of them, for sure."""
        return self._ask(document) is False

    def _ask(self, document: Any) -> bool | None:
        try:
            return all(check.is_valid(document) for check in self._checks)
        except (ValueError, OverflowError, RecursionError, re.error):
            return None


def search(writer: Acceptance, reader: Acceptance, candidates: Iterator[Any], *, most: int,
           budget: Budget) -> Found | None:
    """The first of at most `most` candidates that is a counterexample, as long as the budget lasts."""
    for at, document in enumerate(islice(candidates, most)):
        budget.spend(1 + len(document) * _PER_VALUE if isinstance(document, dict | list) else 1)
        if at and budget.over:
            return None
        if reader.invalid(document) and writer.valid(document):
            return Found(document)
    return None


def first_candidates(writer: Bundle, reader: Bundle, budget: Budget,
                     alike: Callable[[str], bool] = lambda _name: False) -> Iterator[Any]:
    """A few documents for the writer, quickly drawn."""
    pool = pool_of(writer, reader)
    return Sampler(writer.defs, pool, budget, alike, width=_NARROW, deeper=1).drawn(writer.schema)


def candidates(writer: Bundle, reader: Bundle, budget: Budget, hints: Sequence[Any] = (),
               alike: Callable[[str], bool] = lambda _name: False) -> Iterator[Any]:
    """Documents worth a look: for hinted schemas first, then for the writer, the reader, and those changed a little.

    `hints` are schemas with `$defs` of their own, e.g. what an algebra thinks lies between the two; what is `alike`
    in both is drawn once.
    """
    pool = pool_of(writer, reader, *hints)
    for hint in hints:
        defs = hint.get("$defs", {}) if isinstance(hint, dict) else {}
        yield from Sampler(defs, pool, budget).of(hint)
    of_writer = Sampler(writer.defs, pool, budget, alike).of(writer.schema)
    yield from of_writer
    of_reader = Sampler(reader.defs, pool, budget, alike).of(reader.schema)
    yield from of_reader
    for document in chain(of_writer[:40], of_reader[:20]):
        yield from changed(document, pool)


def changed(document: Any, pool: Pool) -> Iterator[Any]:
    """The document with one thing changed: a value replaced, a member dropped or added, an item doubled."""
    values = [*pool.values, *pool.strings, None, True, 0, -1, 1.5, "", "zz", [], {}, [0], {"zz": 0}]
    values += [one for number in pool.numbers for one in (number, number + 1, number - 1)]
    for path in islice(_paths(document), _PLACES):
        here = _at(document, path)
        for value in _variants(here, pool):
            yield _with(document, path, value)
        for value in values:
            yield _with(document, path, value)


def _variants(value: Any, pool: Pool) -> Iterator[Any]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield from (value + 1, value - 1, -value, value * 2)
        if abs(value) < 1e15:
            yield value + 0.5
    elif isinstance(value, str):
        yield from (value + "a", value[:-1], value.upper(), value + value)
    elif isinstance(value, list) and len(value) < 500:
        yield from ([*value, *value[-1:]], [*value, 0], value[:-1], value[1:], [*value, None])
    elif isinstance(value, dict) and len(value) < 500:
        for name in list(value)[:40]:
            yield {key: kept for key, kept in value.items() if key != name}
        for name in [*pool.names[:40], "zz"]:
            if name not in value:
                for member in (*_PLAIN, {}, []):
                    yield {**value, name: member}


def _paths(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(document, dict) and len(path) < 6:
        for key in list(document)[:40]:
            yield from _paths(document[key], (*path, key))
    elif isinstance(document, list) and len(path) < 6:
        for at in range(min(len(document), 4)):
            yield from _paths(document[at], (*path, at))


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def _with(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    made = dict(document) if isinstance(document, dict) else list(document)
    made[path[0]] = _with(document[path[0]], path[1:], value)
    return made
