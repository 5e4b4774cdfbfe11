"""Made-up requests as values: twisted number by number, or made smaller member by member."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from harness.engine.ports import FuzzCase


def twists(case: FuzzCase) -> Iterator[FuzzCase]:
    """The case with one number of its body as text, or with a fraction: what engines seldom try, and teams let in."""
    body = parsed(case.body)
    for path in [path for path in _members(body) if type(_at(body, path)) is int]:
        number = _at(body, path) % 1000
        for odd in (str(number), number + 0.5):
            changed = copy.deepcopy(body)
            _at(changed, path[:-1])[path[-1]] = odd
            yield replace(case, body=json.dumps(changed, separators=(",", ":")).encode(), spoiled=frozenset(("body",)))


def plainly(case: FuzzCase) -> FuzzCase:
    """The case with whole numbers written as such: 10.0 is an integer to a schema, and to many platforms it is none."""
    body = parsed(case.body)
    wordy = [path for path in _members(body) if isinstance(n := _at(body, path), float) and n.is_integer()]
    for path in wordy:
        _at(body, path[:-1])[path[-1]] = int(_at(body, path))
    return replace(case, body=json.dumps(body, separators=(",", ":")).encode()) if wordy else case


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


class Smaller:
    """Smaller versions of a case, one at a time; `keep` makes the last one the start of the next."""

    def __init__(self, case: FuzzCase) -> None:
        self.case = self._kept = case

    def keep(self) -> None:
        """The last one still shows what is wanted."""
        self._kept = self.case

    def __iter__(self) -> Iterator[Smaller]:
        for change in self._changes():
            self.case = change(self._kept)
            if self.case != self._kept:
                yield self

    def _changes(self) -> Iterator[Callable[[FuzzCase], FuzzCase]]:
        query = self._kept.url.partition("?")[2]
        for pair in query.split("&") if query else ():
            yield lambda c, p=pair: replace(c, url=_without_pair(c.url, p))  # type: ignore[misc]
        for name, _ in self._kept.headers:
            if name.lower() not in ("content-type",):
                yield lambda c, n=name: replace(c, headers=tuple(h for h in c.headers if h[0] != n))  # type: ignore[misc]
        for path in _members(parsed(self._kept.body)):
            yield lambda c, p=path: replace(c, body=_without(c.body, p))  # type: ignore[misc]


def parsed(body: bytes | None) -> Any:
    try:
        return json.loads(body or b"")
    except (ValueError, RecursionError):
        return None


def _members(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield (*at, name)
        yield from _members(inner, (*at, name))


def _without(body: bytes | None, path: tuple[str, ...]) -> bytes | None:
    value = copy.deepcopy(parsed(body))
    inner = value
    for name in path[:-1]:
        inner = inner.get(name) if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or path[-1] not in inner:
        return body
    del inner[path[-1]]
    return json.dumps(value, separators=(",", ":")).encode()


def _without_pair(url: str, pair: str) -> str:
    path, _, query = url.partition("?")
    left = [p for p in query.split("&") if p != pair]
    return path + ("?" + "&".join(left) if left else "")
