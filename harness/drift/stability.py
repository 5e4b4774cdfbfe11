"""How settled a part says it is (`x-stability-level`): it may grow up, and never goes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.drift.changes import Change, Effect, Verdict, change
from harness.drift.deprecated_parts import part_at, parts_saying

if TYPE_CHECKING:
    from harness.drift.document import Document

LEVEL = "x-stability-level"
_LEVELS = ("draft", "alpha", "beta", "stable")
_SETTLED = "stable"
"""What is said of a call that says nothing."""


def stability_changes(old: Document, new: Document) -> Iterator[Change]:
    """What is less settled than before, or says it in a word that nobody knows."""
    for part in parts_saying(new.value, LEVEL):
        before = part_at(old.value, part.key)
        usual = _SETTLED if part.is_operation and before else ""
        said, was = str(part.node[LEVEL]), str(before.node.get(LEVEL, usual)) if before else ""
        if said not in _LEVELS and said != was:
            says, why = f"{LEVEL} {said[:60]!r} is none of {', '.join(_LEVELS)}.", "nobody can plan by it"
            rule = "stability-unknown"
        elif was in _LEVELS and said in _LEVELS and _LEVELS.index(said) < _LEVELS.index(was):
            says, why = f"{LEVEL} was {was} and is {said}.", "what was settled stays so"
            rule = "stability-lowered"
        else:
            continue
        yield change(rule, says, where=part.where, effect=Effect.NONE, verdict=Verdict.BREAKING, policy=why,
                     new=new.place(part.pointer), old=old.place(before.pointer) if before else None)
