"""Two JSON Schemas of one event: read by the consumers of the old version, and read again from the past by the new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from harness.drift.changes import Change, Comparison, Effect, Side, Verdict, change
from harness.drift.document import Document
from harness.drift.levels import Level, judged, level_named

_DRAFTS: Mapping[str, str] = {
    "http://json-schema.org/draft-04/schema": "draft-04", "http://json-schema.org/draft-06/schema": "draft-06",
    "http://json-schema.org/draft-07/schema": "draft-07",
    "https://json-schema.org/draft/2019-09/schema": "2019-09",
    "https://json-schema.org/draft/2020-12/schema": "2020-12",
}
DEFAULT_DIALECT = "2020-12"
_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}

SlotChanges = Callable[..., list[Change]]
"""`slots.slot_changes`."""
Prover = Callable[..., Any]
"""`containment.contained`."""


def compare_jsonschema(old: Document, new: Document, *, level: str = "full", strict: bool = False,
                       prover: Prover | None = None, slot_changes: SlotChanges | None = None) -> Comparison:
    """The changes between two schemas of one event.

    Writers are taken to send what they declare, unless `strict`: then an open object may hold anything, as schema
    registries see it. `prover` and `slot_changes` default to the project's own.

    Raises:
        UsageError: no such level, or a reference that leads nowhere.
    """
    where = f"event {_title(new) or _title(old) or new.file}"
    changes = payload_changes(old, new, (old.value, ""), (new.value, ""), where=where, level=level_named(level),
                              strict=strict, prover=prover, slot_changes=slot_changes)
    if not changes and old.value != new.value:
        changes = [change("jsonschema-reworded", "the schema is written differently and takes the same events",
                          where=where, effect=Effect.NONE, side=Side.OUT, old=old.place(""), new=new.place(""))]
    return Comparison(format="jsonschema", old_version=_version(old), new_version=_version(new), changes=tuple(changes))


def payload_changes(old: Document, new: Document, before: tuple[Any, str], after: tuple[Any, str], *, where: str,
                    level: Level, strict: bool = False, prover: Prover | None = None,
                    slot_changes: SlotChanges | None = None, dialects: tuple[str, str] = ("", "")) -> list[Change]:
    """The changes between two schemas inside documents, each as (schema, its pointer); `where` names them."""
    from harness.drift.lifting import lifted

    (was, was_at), (now, now_at) = before, after
    spoken = dialects[0] or dialect_of(was), dialects[1] or dialect_of(now)
    spoken = spoken[0] or spoken[1], spoken[1] or spoken[0]  # who says nothing, `true` too, means the other's
    changes = list(_dialect_changed(old, new, before, after, spoken, where, level))
    roots = tuple(lifted(document.value, dialect=_known(spoken[number]))
                  for number, document in enumerate((old, new)))
    parts = [roots[number] if schema is document.value else lifted(schema, dialect=_known(spoken[number]))
             for number, (schema, document) in enumerate(((was, old), (now, new)))]

    def seen_from(side: Side, told: str) -> list[Change]:
        return (slot_changes or _slot_changes())(
            parts[0], parts[1], old_root=roots[0], new_root=roots[1], side=side, where=told, old_place=old.place,
            new_place=new.place, old_pointer=was_at, new_pointer=now_at, prover=prover or _prover(),
            reading="strict" if strict else "closed")

    if level.forward or level is Level.NONE:
        changes += seen_from(Side.OUT, where)
    if level.backward:
        changes = _worst(changes, seen_from(Side.IN, f"{where}, stored ones read by the new version"))
    return [_let_pass(one) for one in changes] if level is Level.NONE else changes


def dialect_of(schema: Any) -> str:
    """The name of the dialect that `$schema` says; "" where it says none, "?" where it is not known."""
    said = schema.get("$schema") if isinstance(schema, Mapping) else None
    if said is None:
        return ""
    return _DRAFTS.get(str(said).rstrip("#"), "?")


def _dialect_changed(old: Document, new: Document, before: tuple[Any, str], after: tuple[Any, str],
                     spoken: tuple[str, str], where: str, level: Level) -> Iterable[Change]:
    was, now = (one or DEFAULT_DIALECT for one in spoken)
    if "?" in (was, now):
        yield change("jsonschema-dialect-unknown", "the $schema of a version is not known, so its words may mean "
                     "something else", where=where, effect=Effect.UNKNOWN, side=Side.OUT, old=old.place(before[1]),
                     new=new.place(after[1]))
    elif was != now:
        verdict, policy = judged(Effect.UNKNOWN, level)
        yield change("jsonschema-dialect-changed", f"$schema was {was} and is {now}: readers that know only the old "
                     "dialect may read other things", where=where, effect=Effect.UNKNOWN, side=Side.OUT,
                     verdict=verdict, policy=policy, old=old.place(before[1]), new=new.place(after[1]))


def _worst(forward: list[Change], backward: list[Change]) -> list[Change]:
    """Both readings together; of one spot that is told twice, the worse."""
    at: dict[tuple[str, str], int] = {}
    for one in forward:
        at[_spot(one)] = min(at.get(_spot(one), len(_RANK)), _RANK[one.verdict])
    worse = [one for one in backward if _RANK[one.verdict] < at.get(_spot(one), len(_RANK))]
    spots = {_spot(one): _RANK[one.verdict] for one in worse}
    return [one for one in forward if spots.get(_spot(one), len(_RANK)) >= _RANK[one.verdict]] + worse


def _spot(one: Change) -> tuple[str, str]:
    return one.old.pointer if one.old else "", one.new.pointer if one.new else ""


def _let_pass(one: Change) -> Change:
    if one.verdict not in (Verdict.BREAKING, Verdict.UNSURE):
        return one
    return replace(one, verdict=Verdict.ADDITIVE, policy="level none asks nothing")


def _known(dialect: str) -> str:
    return DEFAULT_DIALECT if dialect in ("", "?") else dialect


def _slot_changes() -> SlotChanges:
    from harness.drift.slots import slot_changes

    return slot_changes


def _prover() -> Prover:
    from harness.drift.containment import contained

    return contained


def _title(document: Document) -> str:
    value = document.value
    title = value.get("title") if isinstance(value, Mapping) else None
    return title if isinstance(title, str) else ""


def _version(document: Document) -> str:
    """What the schema calls its version; "" where it does not say."""
    value = document.value
    said = next((value[key] for key in ("x-version", "version", "x-schema-version") if key in value), "") \
        if isinstance(value, Mapping) else ""
    return said if isinstance(said, str) else ""
