"""Which operation of the new version is which of the old: by method and by the shape of the address."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from harness.drift.openapi.model import Operation
from harness.drift.openapi.servers import addresses

_VARIABLE = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Match:
    """Operations that are one and the same, and those without a counterpart."""

    both: tuple[tuple[Operation, Operation], ...]
    removed: tuple[Operation, ...]
    added: tuple[Operation, ...]


def shape(path: str) -> str:
    """The path without the names of its variables; a trailing slash stays, for it is another path."""
    return _VARIABLE.sub("{}", path)


def variables(path: str) -> tuple[str, ...]:
    """Names of the path's variables, in order."""
    return tuple(found[1:-1] for found in _VARIABLE.findall(path))


def match(old: Sequence[Operation], new: Sequence[Operation]) -> Match:
    """Match by the whole address (server base path and path), then by the path alone.

    Where one document has two paths of one shape, the same spelling goes first. The path alone matches operations whose
    server moved; the servers tell of that.
    """
    both: list[tuple[Operation, Operation]] = []
    left, right = list(old), list(new)
    keys: tuple[Callable[[Operation], Iterable[Hashable]], ...] = (
        lambda one: [(one.method, base, one.path) for base in _bases(one)],
        lambda one: [(one.method, shape(base + one.path)) for base in _bases(one)],
        lambda one: [(one.method, one.path)],
        lambda one: [(one.method, shape(one.path))])
    for key in keys:
        left, right = _paired(left, right, key, both)
    order = {id(one): place for place, one in enumerate(old)}
    both.sort(key=lambda pair: order[id(pair[0])])
    return Match(tuple(both), tuple(left), tuple(right))


def _paired(left: list[Operation], right: list[Operation], key: Callable[[Operation], Iterable[Hashable]],
            both: list[tuple[Operation, Operation]]) -> tuple[list[Operation], list[Operation]]:
    waiting: dict[Hashable, list[Operation]] = defaultdict(list)
    for one in right:
        for name in key(one):
            waiting[name].append(one)
    taken: set[int] = set()
    alone: list[Operation] = []
    for one in left:
        found = next((other for name in key(one) for other in waiting[name] if id(other) not in taken), None)
        if found is None:
            alone.append(one)
        else:
            taken.add(id(found))
            both.append((one, found))
    return alone, [one for one in right if id(one) not in taken]


def _bases(operation: Operation) -> list[str]:
    """Base paths of the operation's servers, as they are listed."""
    return list(dict.fromkeys(one.base for one in addresses(operation.servers)))
