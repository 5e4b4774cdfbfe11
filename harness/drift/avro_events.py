"""Two Avro schemas of one event: what readers of the one cannot read of the other, and what else changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness.drift.avro_differences import differences
from harness.drift.avro_reading import Problem, Reading
from harness.drift.avro_schemas import read_avro
from harness.drift.changes import Change, Effect, Place, Side, Witness, change
from harness.drift.levels import Level, judged, level_named

Placing = Callable[[str], Place]

_RULES: Mapping[str, tuple[str, str, str]] = {
    # kind: rule when only new readers fail, when only old readers fail, when both do
    "missing": ("avro-field-added-without-default", "avro-field-removed-without-default", "avro-field-changed"),
    "default": ("avro-default-does-not-fit", "avro-default-does-not-fit", "avro-default-does-not-fit"),
    "branch": ("avro-union-branch-removed", "avro-union-branch-added", "avro-union-changed"),
    "symbol": ("avro-enum-symbol-removed", "avro-enum-symbol-added", "avro-enum-changed"),
    "type": ("avro-type-narrowed", "avro-type-widened", "avro-type-changed"),
    "name": ("avro-name-changed", "avro-name-changed", "avro-name-changed"),
    "size": ("avro-fixed-size-changed", "avro-fixed-size-changed", "avro-fixed-size-changed"),
    "logical": ("avro-logical-type-changed", "avro-logical-type-changed", "avro-logical-type-changed"),
    "scale": ("avro-scale-changed", "avro-scale-changed", "avro-scale-changed"),
    "precision": ("avro-precision-changed", "avro-precision-changed", "avro-precision-changed"),
    "utf8": ("avro-bytes-read-as-string", "avro-bytes-read-as-string", "avro-bytes-read-as-string"),
    "library": ("avro-library-refuses", "avro-library-refuses", "avro-library-refuses"),
}


def compare_avro(old: Any, new: Any, *, where: str, old_place: Placing, new_place: Placing,
                 level: str = "full") -> list[Change]:
    """The changes between two parsed Avro schemas; `where` e.g. `event bet.settled`.

    `old_place` and `new_place` make a Place of a JSON pointer. A witness is in Avro's JSON encoding.

    Raises:
        UsageError: a value is no Avro schema, or there is no such level.
    """
    asked = level_named(level)
    earlier, later = read_avro(old, f"{where}, old"), read_avro(new, f"{where}, new")
    backward, forward = Reading(reader=later, writer=earlier), Reading(reader=earlier, writer=later)
    found = _merged(backward.problems(), forward.problems())
    found.update(_second_opinion(backward, forward, found))
    changes = [_broken(both, where, asked, old_place, new_place) for both in found.values()]
    told = {(c.old.pointer if c.old else "", c.new.pointer if c.new else "") for c in changes}
    for one in differences(earlier, later, backward.matched):
        if (one.old, one.new) in told:
            continue
        changes.append(change(one.rule, one.says, where=where, effect=one.effect, side=Side.OUT,
                              old=old_place(one.old), new=new_place(one.new)))
    if not changes and old != new:
        changes.append(change("avro-reworded", "the schema is written differently and reads the same", where=where,
                              effect=Effect.NONE, side=Side.OUT, old=old_place(""), new=new_place("")))
    return changes


_Both = tuple[Problem | None, Problem | None]
"""One finding as (the new reader's problem, the old reader's problem)."""


def _merged(backward: Iterable[Problem], forward: Iterable[Problem]) -> dict[tuple[str, str, str], _Both]:
    found: dict[tuple[str, str, str], _Both] = {}
    for one in backward:
        found[one.kind, one.writer, one.reader] = (one, None)
    for one in forward:
        key = one.kind, one.reader, one.writer
        found[key] = (found[key][0] if key in found else None, one)
    return found


def _second_opinion(backward: Reading, forward: Reading, found: Mapping[Any, _Both]) -> dict[tuple[str, str, str],
                                                                                             _Both]:
    """What the avro library refuses and this walk does not: nobody knows, so it must be looked at."""
    new_silent = not any(new for new, _ in found.values()) and not backward.library_agrees()
    old_silent = not any(old for _, old in found.values()) and not forward.library_agrees()
    if not new_silent and not old_silent:
        return {}
    doubt = Problem("library", "the avro library calls the two versions incompatible, without a reason known here",
                    "", "", unsure=True)
    return {("library", "", ""): (doubt if new_silent else None, doubt if old_silent else None)}


def _broken(both: _Both, where: str, level: Level, old_place: Placing, new_place: Placing) -> Change:
    new_reader, old_reader = both
    one = new_reader or old_reader
    assert one is not None
    rules = _RULES[one.kind]
    if new_reader and old_reader:
        rule, effect, who = rules[2], Effect.INCOMPARABLE, "neither version reads the other's events"
    elif new_reader:
        rule, effect, who = rules[0], Effect.NARROWS, "the new version cannot read old events"
    else:
        rule, effect, who = rules[1], Effect.WIDENS, "consumers of the old version cannot read new events"
    if one.kind == "default" and new_reader:
        effect, who = Effect.INCOMPARABLE, "strict readers refuse the new schema itself"
    if one.unsure:
        effect, who = Effect.UNKNOWN, who.replace("cannot", "may not").replace("neither version reads",
                                                                               "neither version may read")
    verdict, policy = judged(effect, level)
    if one.unsure and not ((new_reader and level.backward) or (old_reader and level.forward)):
        verdict, policy = judged(Effect.WIDENS, Level.NONE)[0], f"level {level.value} does not ask for that reading"
    old_pointer, new_pointer = (one.writer, one.reader) if new_reader else (one.reader, one.writer)
    return change(rule, f"{one.says}: {who}", where=where, effect=effect, side=Side.OUT, verdict=verdict, policy=policy,
                  old=old_place(old_pointer), new=new_place(new_pointer), witness=_witness(new_reader, old_reader))


def _witness(new_reader: Problem | None, old_reader: Problem | None) -> Witness | None:
    if old_reader and old_reader.document is not None:
        return Witness(document=old_reader.document[0], valid_in="new")
    if new_reader and new_reader.document is not None:
        return Witness(document=new_reader.document[0], valid_in="old")
    return None


