"""Judges of event schemas over time: compatible with what was released, and read by old consumers (EVT-02)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from harness.drift.changes import Change, Comparison, Effect, Verdict
from harness.drift.document import Document
from harness.drift.histories import History as SchemaHistory
from harness.drift.histories import HistoryChecked, SchemaVersion, check_history
from harness.drift.levels import DEFAULT, Level, Version, level_named
from harness.drift.versions import loosely
from harness.drift.waivers import fingerprint, waived
from harness.judges.baselines import run_day
from harness.judges.contract_drift import recorded_waivers
from harness.judges.events import EventSchemas, every_event
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.errors import EnvironmentFault
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

OWN = "the target's own"
_SHOWN = 4
_FAILS = (Verdict.BREAKING, Verdict.UNSURE)
_BOUNDS = re.compile(r"event-\w+-(?:(?:min|max|exclusive-min|exclusive-max)(?:-\w+)*-(?:set|unset|increased|decreased)"
                     r"|(?:pattern|format|unique-items)-\w+|multiple-of-\w+)")
_NOT_SAID = ("the profile does not say by which schemas the target sends events; remedy: [target.NAME.evolution] "
             'events = "target:/asyncapi.json" (or where it publishes them), or "unified"')


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What the run recorded of event schemas."""

    own: Mapping[str, Any]
    own_version: str
    own_source: str
    registry: str
    built_in: bool
    """The histories are the unified API's releases, not those of the target's own registry."""
    histories: tuple[SchemaHistory, ...]
    level: Level


def schemas_evolve(says: str = "") -> Draft:
    """The target's event schemas are compatible with every released version of their major, as its level asks."""
    return Draft(judge="schemas_evolve", says=says or "event schemas evolve compatibly over what was released")


@judge("schemas_evolve")
def _schemas_evolve(history: History, _claim: Claim) -> Finding:
    recorded = _recorded(history)
    if recorded is None:
        return unknown("this run recorded no history of event schemas; runs of this release do", Reason.NO_SAMPLES,
                       owner=Owner.PROFILE)
    if not recorded.own and recorded.built_in:
        return unknown(_NOT_SAID, Reason.NO_SAMPLES, owner=Owner.PROFILE)
    try:
        checked = [check_history(one, recorded.level, _compared) for one in _to_check(recorded)]
    except EnvironmentFault as error:
        return unknown(f"schemas could not be compared: {error.line()}"[:400], Reason.TOOL_UNAVAILABLE)
    failing = [(one, pair, change) for one in checked for pair in one.pairs
               for change in _counted(history, recorded, pair.changes)]
    pairs, errors = sum(len(one.pairs) for one in checked), [one for one in checked if one.error]
    if failing:
        return _broken(recorded, failing, pairs)
    if errors:
        return unknown(f"{len(errors)} schemas could not be read: {errors[0].history.subject}: {errors[0].error}"[:500],
                       Reason.OBSERVER_UNAVAILABLE, owner=Owner.PROFILE)
    if not pairs:
        return unknown("nothing to compare: no event has two versions of one major" if recorded.level is not Level.NONE
                       else "nothing to compare: the profile's level is none", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    subjects = len({one.history.subject for one in checked})
    silent = _not_published(recorded)
    more = f"; released and not published: {', '.join(silent)}"[:200] if silent else ""
    return held(f"{subjects} events, {pairs} pairs of versions: {recorded.level.value} compatible "
                f"({recorded.own_source or 'registry only'} against {recorded.registry}){more}", events=subjects,
                pairs=pairs, level=recorded.level.value, not_published=len(silent))


def _not_published(recorded: _Recorded) -> list[str]:
    """Released events that the target's document does not tell of: it may not send them, and so breaks nobody."""
    return [one.subject for one in recorded.histories if recorded.built_in and recorded.own
            and _released(one.versions, recorded) and not any(_is_of(kind, one.subject) for kind in recorded.own)]


def _to_check(recorded: _Recorded) -> Iterator[SchemaHistory]:
    """Histories with the target's own schemas as the newest version; of our own releases, only those it sends."""
    left = dict(recorded.own)
    for one in recorded.histories:
        kind = next((kind for kind in recorded.own if _is_of(kind, one.subject)), None)
        own = left.pop(kind, None) if kind is not None else None
        versions = _released(one.versions, recorded) if recorded.built_in else list(one.versions)
        if own is not None and (not versions or versions[-1].format == "jsonschema"):
            versions = [*versions, _own_version(str(kind), own, recorded, versions)]
        elif recorded.built_in:
            continue
        if recorded.built_in:  # what was released is compatible in itself: a test of ours says so
            olds = versions[:-1] if recorded.level.transitive else versions[-2:-1]
            yield from (SchemaHistory(subject=one.subject, versions=(old, versions[-1])) for old in olds)
        else:
            yield SchemaHistory(subject=one.subject, versions=tuple(versions))


def _released(versions: Sequence[SchemaVersion], recorded: _Recorded) -> list[SchemaVersion]:
    """Releases of the major of the target's own version, and not after it; all where it names none."""
    own = loosely(recorded.own_version)
    if own is None:
        return list(versions)
    return [v for v in versions if v.version.major == own.core[0] and v.version.minor <= own.core[1]]


def _own_version(kind: str, schema: Any, recorded: _Recorded, before: Sequence[SchemaVersion]) -> SchemaVersion:
    """The target's own schema as the version after all others."""
    last = before[-1].version if before else Version(0, 0, 0)
    label = f"{OWN} {recorded.own_version}".strip()
    return SchemaVersion(version=Version(last.major, last.minor, last.patch + 1, label), format="jsonschema",
                         file=f"{recorded.own_source} {kind}", text=json.dumps(schema), others={})


def _is_of(kind: str, subject: str) -> bool:
    """Whether a registry's subject is of an event type: `events/bet.settled`, `bet.settled-value`."""
    return subject.rpartition("/")[2].removesuffix("-value") == kind


def _compared(old: Document, new: Document, level: str) -> Iterable[Change]:
    from harness.drift.jsonschema_events import compare_jsonschema

    return compare_jsonschema(old, new, level=level).changes


def _counted(history: History, recorded: _Recorded, changes: Iterable[Change]) -> list[Change]:
    """What fails: neither waived nor, of another author's schema for a released event, bounds in other words.

    Against our own releases a narrower schema is what an implementation may promise; a member that becomes required is
    not, for those who send or replay what was released lack it.
    """
    own_words = recorded.built_in
    told = waived(Comparison(format="jsonschema", old_version="", new_version="", changes=tuple(changes)),
                  recorded_waivers(history), today=run_day(history)).changes
    return [c for c in told if c.verdict in _FAILS and not c.waived and not (own_words and (
        _BOUNDS.fullmatch(c.rule) or (c.effect is Effect.NARROWS and "required" not in c.rule)))]


def _broken(recorded: _Recorded, failing: Sequence[tuple[HistoryChecked, Any, Change]], pairs: int) -> Finding:
    failing = sorted(failing, key=lambda found: found[2].verdict is not Verdict.BREAKING)
    said = list(dict.fromkeys(f"{one.history.subject} against {pair.older}: {change.says} [{fingerprint(change)}]"
                              for one, pair, change in failing))
    more = f" (and {len(said) - _SHOWN} more)" if len(said) > _SHOWN else ""
    _, pair, first = failing[0]
    places = [f"{name} {place.file} #{place.pointer}" for name, place in (("old", first.old), ("new", first.new))
              if place is not None]
    measured: dict[str, Any] = {"failing": len(failing), "pairs": pairs, "level": recorded.level.value}
    if first.witness is not None:
        measured["counterexample"] = first.witness.document
        shown = json.dumps(first.witness.document, ensure_ascii=False, default=str)[:200]
        places.append(f"valid in the {first.witness.valid_in} version only: {shown}")
    return broken(f"event schemas do not evolve compatibly: {'; '.join(said[:_SHOWN])}{more}"[:900],
                  expected=f"{recorded.level.value} compatible with {pair.older}",
                  seen=f"{first.verdict.value} ({first.rule}): {'; '.join(places)}"[:600], **measured)


def old_readers_read(*, least: int = 1, says: str = "") -> Draft:
    """Every event of the run is valid by each released version of its schema: consumers of old versions can read it."""
    return Draft(judge="old_readers_read", params={"least": least},
                 says=says or "consumers of every released version of the major can read what is sent")


@judge("old_readers_read")
def _old_readers_read(history: History, claim: Claim) -> Finding:
    recorded = _recorded(history)
    if recorded is None:
        return unknown("this run recorded no history of event schemas; runs of this release do", Reason.NO_SAMPLES,
                       owner=Owner.PROFILE)
    readers = _readers(recorded)
    own = EventSchemas({**history.event_schemas, **_newest(recorded), **recorded.own})
    majors = {v.version.major for one in recorded.histories for v in one.versions if v.version.major}
    majors |= {v.core[0] for v in [loosely(recorded.own_version)] if v is not None}
    read = spoilt = 0
    problems: dict[tuple[str, str], tuple[Exchange, str, str]] = {}
    for event, exchange in every_event(history):
        kind = event.get("type") if isinstance(event, dict) else None
        known = [(label, schemas) for label, schemas in readers.items() if schemas.knows(str(kind))]
        if not known:
            continue
        if own.problem(event) is not None:  # what breaks its own schema is EVT-01's
            spoilt += 1
            continue
        read += 1
        stated = loosely(str(event.get("schema_version")))
        if majors and stated is not None and stated.core[0] not in majors:
            problems.setdefault((str(kind), "version"), (
                exchange, f"schema_version {', '.join(f'{m}.x' for m in sorted(majors))}",
                f"{kind} says schema_version {event['schema_version']}: no consumer of the major expects it"))
        for label, schemas in known:
            wrong = schemas.problem(event)
            if wrong is not None:
                problems.setdefault((str(kind), label), (exchange, f"{wrong[0]}, as in {label}",
                                                         f"consumers of {label} refuse it: {wrong[1]}"))
    if problems:
        shown = list(problems.values())
        named = "; ".join(f"{kind}: {seen}" for (kind, _), (_, _, seen) in list(problems.items())[:_SHOWN])
        return broken(f"consumers of what was released cannot read events: {named}"[:700], expected=shown[0][1],
                      seen=shown[0][2], exchanges=list(dict.fromkeys(e.id for e, _, _ in shown))[:_SHOWN], events=read)
    if read < max(1, claim.params.get("least", 1)):
        if spoilt:
            return unknown(f"{spoilt} readings of events break the target's own schemas (EVT-01): how old consumers "
                           "read them tells nothing", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
        return unknown(f"{read} events with a released schema were seen", Reason.NO_SAMPLES)
    return held(f"{read} readings of events are valid for consumers of {', '.join(readers)}", readings=read,
                versions=list(readers))


def _readers(recorded: _Recorded) -> dict[str, EventSchemas]:
    """Released JSON Schemas by version label, each by event type; of a registry the versions of the newest major."""
    found: dict[str, dict[str, Any]] = {}
    for one in recorded.histories:
        plain = [v for v in one.versions if v.format == "jsonschema"]
        versions = _released(plain, recorded) if recorded.built_in else plain
        newest = versions[-1].version.major if versions else 0
        kind = one.subject.rpartition("/")[2].removesuffix("-value")
        for version in versions:
            if version.version.major == newest:
                schema = _schema(version.text)
                if schema is not None:
                    found.setdefault(version.version.label, {})[kind] = schema
    return {label: EventSchemas(schemas) for label, schemas in found.items()}


def _newest(recorded: _Recorded) -> dict[str, Any]:
    """What the target's own registry says last, by event type: it may describe what is sent in another wrapping."""
    last = {} if recorded.built_in else {one.subject.rpartition("/")[2].removesuffix("-value"): one.versions[-1]
                                         for one in recorded.histories if one.versions}
    found = {kind: _schema(version.text) for kind, version in last.items() if version.format == "jsonschema"}
    return {kind: schema for kind, schema in found.items() if schema is not None}


def _schema(text: str) -> Any:
    """The schema, where it is one that needs no other file."""
    import jsonschema_rs  # late: `certify --help` needs no schemas

    try:
        schema = json.loads(text)
        jsonschema_rs.Draft202012Validator(schema, validate_formats=False)
    except (ValueError, RecursionError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
        return None
    return schema


def _recorded(history: History) -> _Recorded | None:
    events = history.evolution.get("events")
    if not isinstance(events, Mapping):
        return None
    rising = [SchemaHistory(subject=str(one["subject"]), versions=tuple(_version(v) for v in one["versions"]))
              for one in events.get("histories", ())]
    return _Recorded(own=events.get("own") or {}, own_version=str(events.get("own_version", "")),
                     own_source=str(events.get("own_source", "")), registry=str(events.get("registry", "")),
                     built_in=events.get("built_in") is True,
                     histories=tuple(h for h in rising if all(a.version < b.version for a, b in pairwise(h.versions))),
                     level=level_named(str(history.evolution.get("level", DEFAULT.value))))


def _version(one: Mapping[str, Any]) -> SchemaVersion:
    major, minor, patch = one["version"]
    return SchemaVersion(version=Version(major, minor, patch, one["label"]), format=one["format"], file=one["file"],
                         text=one["text"], others=one["others"])
