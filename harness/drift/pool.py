"""What two schemas mention: numbers, strings, names, sizes; a document that tells them apart is near it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from harness.drift.bundles import Bundle
from harness.drift.gleaning import Mentioned, gleaned, gleaned_part
from harness.drift.merging import every


@dataclass(frozen=True, slots=True)
class Pool:
    """What both schemas mention: whatever tells them apart is probably near it."""

    numbers: tuple[int | float, ...]
    strings: tuple[str, ...]
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    values: tuple[Any, ...]
    telling: frozenset[str]
    """The names of members that the two do not describe alike."""


def pool_of(writer: Bundle, reader: Bundle, *hints: Any) -> Pool:
    """Everything that the schemas mention, in order of appearance, bounded; what tells them apart comes first."""
    mentioned = [_all_of(writer), _all_of(reader), *(gleaned(every(hint)) for hint in hints)]
    mine, theirs = mentioned[0].members, mentioned[1].members
    telling = frozenset(name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name))
    found = Mentioned(names=dict.fromkeys(name for name in [*mine, *theirs] if name in telling))
    for one in mentioned:
        found.add(one)
    return Pool(tuple(islice(found.numbers, 40)), tuple(islice(found.strings, 60)), tuple(islice(found.names, 60)),
                tuple(islice(found.sizes, 20)), tuple(islice(found.values.values(), 80)), telling)


def _all_of(bundle: Bundle) -> Mentioned:
    """Of the schema itself first, then of what it refers to, then of what is below it."""
    top = bundle.schema if isinstance(bundle.schema, dict) else {}
    found = gleaned([top])
    for part in reversed(list(bundle.defs.values())):
        found.add(gleaned_part(part))
    found.add(gleaned(one for value in reversed(top.values()) for one in every(value)))
    return found
