"""Judges of events: complete envelopes, one event a change, order within a key (EVT-01, EVT-03, EVT-04)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from harness.judges.answers import saw, whose
from harness.judges.formats import utc_time
from harness.judges.registry import judge
from harness.judges.whence import is_feed_page, whence
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

ENVELOPE = ("event_id", "type", "schema_version", "occurred_at", "tenant_id", "region", "trace_id", "idempotency_key",
            "data")
"""Members that every event has, whatever its type; only `idempotency_key` and `region` may be null."""

_NULLABLE = frozenset({"idempotency_key", "region"})
_VERSION = re.compile(r"\d+(\.\d+){1,2}", re.ASCII)
_SHOWN = 4


def items(exchange: Exchange) -> list[Any] | None:
    """The `items` of a page that was answered 200, or None when it is no page."""
    found = exchange.field("items") if exchange.answered and exchange.status == 200 else None
    return found if isinstance(found, list) else None


def observed_events(exchanges: Iterable[Exchange]) -> Iterator[tuple[dict[str, Any], Exchange]]:
    """(event, where it was seen) of feed pages and webhook deliveries; what is no JSON object is left out."""
    for exchange in exchanges:
        if exchange.channel == "webhook":
            found: list[Any] = [exchange.sent_json()]
        else:
            found = (items(exchange) or []) if is_feed_page(exchange) else []
        yield from ((event, exchange) for event in found if isinstance(event, dict))


def about(event: Mapping[str, Any], ids: Mapping[str, Any]) -> bool:
    """True when the event's data carries each of `ids`."""
    data = event.get("data")
    return isinstance(data, dict) and all(name in data and data[name] == value for name, value in ids.items())


def registered(*, least: int = 1, says: str = "") -> Draft:
    """Every event of the run, in the feed and in webhooks, is complete and validates against its schema."""
    return Draft(judge="registered", params={"least": least},
                 says=says or "every event has a complete envelope and validates against its registered schema")


@judge("registered")
def _registered(history: History, claim: Claim) -> Finding:
    if not history.event_schemas:
        return unknown("no event schemas are registered", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    schemas = EventSchemas(history.event_schemas)
    judged: dict[str, Any] = {}
    types: dict[str, int] = {}
    strange: set[str] = set()
    problems: dict[tuple[str, str], tuple[Exchange, str, str]] = {}
    for event, exchange in every_event(history):
        # The same event is read many times; one that differs from its first sighting is judged again.
        name = str(event.get("event_id")) if isinstance(event, dict) else ""
        if name and judged.get(name) == event:
            continue
        judged[name] = event
        kind = event.get("type") if isinstance(event, dict) else None
        wrong = _incomplete(event) or schemas.problem(event)
        if isinstance(kind, str):
            types[kind] = types.get(kind, 0) + 1
            if kind not in history.event_schemas:
                strange.add(kind)
        if wrong:
            where = f"event {name[:80] or 'without event_id'} in {whence(exchange)}"
            problems.setdefault((str(kind), wrong[0]), (exchange, wrong[0], f"{where}: {wrong[1]}"))
    count = sum(types.values())
    if problems:
        shown = list(problems.values())
        named = "; ".join(f"{kind}: {seen}" for (kind, _), (_, _, seen) in list(problems.items())[:_SHOWN])
        return broken(f"events break their schema: {named}"[:600], expected=shown[0][1], seen=shown[0][2],
                      exchanges=[e.id for e, _, _ in shown[:_SHOWN]], events=count, kinds_of_problems=len(problems))
    if count < max(1, claim.params.get("least", 1)):
        return unknown(f"{count} events were seen", Reason.NO_SAMPLES)
    tolerated = f"; types without a schema: {', '.join(sorted(strange))[:200]}" if strange else ""
    return held(f"{count} events of {len(types)} types are complete and valid{tolerated}", events=count,
                types=sorted(types), unknown_types=sorted(strange))


def every_event(history: History) -> Iterator[tuple[Any, Exchange]]:
    """Every item of every distinct feed page, and every webhook body (also those that are no objects)."""
    pages: set[str] = set()
    for exchange in history.exchanges:
        if exchange.channel == "webhook":
            yield exchange.sent_json(), exchange
        elif is_feed_page(exchange) and exchange.response_body not in pages:
            pages.add(exchange.response_body)
            yield from ((event, exchange) for event in items(exchange) or [])


def _incomplete(event: Any) -> tuple[str, str] | None:
    """(expected, seen) of what the envelope lacks, or None."""
    if not isinstance(event, dict):
        return "an event as a JSON object", "a body that is no JSON object"
    for name in ENVELOPE:
        value = event.get(name)
        if name not in event or (value is None and name not in _NULLABLE):
            return f"an envelope with {name}", f"{name} is missing" if name not in event else f"{name} is null"
        if name == "data":
            if not isinstance(value, dict):
                return "data as an object", f"data={value!r}"[:120]
        elif value is not None and (not isinstance(value, str) or not value):
            return f"{name} as a non-empty string", f"{name}={value!r}"[:120]
    if utc_time(event["occurred_at"]) is None:
        return "occurred_at in UTC (RFC 3339, Z or +00:00)", f"occurred_at={event['occurred_at']!r}"[:120]
    if not _VERSION.fullmatch(event["schema_version"]):
        return "schema_version such as 1.7", f"schema_version={event['schema_version']!r}"[:120]
    return None


class EventSchemas:
    """Event schemas by type, compiled when first needed."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        import jsonschema_rs  # late: `certify --help` needs no schemas

        self._rs = jsonschema_rs
        self._schemas = schemas
        self._compiled: dict[str, Any] = {}

    def knows(self, kind: str) -> bool:
        """Is there a schema of that type?"""
        return kind in self._schemas

    def problem(self, event: Mapping[str, Any]) -> tuple[str, str] | None:
        """(expected, seen) of the first violation; None when valid or of an unknown type."""
        kind = event.get("type")
        if not isinstance(kind, str) or kind not in self._schemas:
            return None
        if kind not in self._compiled:
            self._compiled[kind] = self._rs.Draft202012Validator(self._schemas[kind], validate_formats=False)
        validator = self._compiled[kind]
        try:
            if validator.is_valid(event):
                return None
            errors = [e for e in validator.iter_errors(event) if not str(e.instance).startswith("redacted-")]
        except (ValueError, TypeError, OverflowError):
            return f"{kind} in valid JSON", "characters or numbers that JSON forbids"
        if not errors:
            return None
        where = "/" + "/".join(map(str, errors[0].instance_path))
        return f"{kind} as its schema says at {where}", f"{where}: {str(errors[0].message)[:160]}"


def announced(call: Exchange, event: str, ids: Mapping[str, Any], observed: Sequence[Exchange], *,
              same: tuple[str, ...] = (), says: str = "") -> Draft:
    """There is exactly one `event` (by event id) about `ids`, and it repeats the members `same` of the call's answer.

    `observed` are feed pages, one complete walk made after waiting as long as the profile allows, and, where
    the target sends webhooks, the deliveries: a change has one event id wherever it is told.
    """
    return Draft(judge="announced", over=(call.id, *(p.id for p in observed)),
                 params={"event": event, "ids": dict(ids), "same": list(same), "count": 1},
                 says=says or f"{call.operation} is followed by exactly one {event} with the same ids")


def unannounced(call: Exchange, event: str, ids: Mapping[str, Any], observed: Sequence[Exchange], *,
                says: str = "") -> Draft:
    """There is no `event` about `ids`: the call was refused and changed nothing."""
    return Draft(judge="announced", over=(call.id, *(p.id for p in observed)),
                 params={"event": event, "ids": dict(ids), "same": [], "count": 0},
                 says=says or f"a refused {call.operation} is followed by no {event}")


@judge("announced")
def _announced(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) < 2 or not exchanges[0].answered:
        return unknown("the call or the feed was not observed", Reason.NO_ANSWER, exchanges=claim.over[:1])
    call, *observed = exchanges
    pages = [p for p in observed if p.channel == "api"]
    if not pages:
        return unknown("the feed was not observed", Reason.NO_SAMPLES, exchanges=[call.id])
    if unreadable := [p for p in pages if items(p) is None]:
        return unknown(f"the feed could not be read: {saw(unreadable[0])}", Reason.OBSERVER_UNAVAILABLE,
                       exchanges=[unreadable[0].id], owner=whose(unreadable[0]))
    wanted, event = claim.params["count"], claim.params["event"]
    if (200 <= (call.status or 0) < 300) != bool(wanted):
        return unknown(f"{call.operation} answered {saw(call)}", Reason.SETUP_FAILED, exchanges=[call.id],
                       owner=whose(call))
    found = {str(e.get("event_id")): (e, p) for e, p in observed_events(observed)
             if e.get("type") == event and about(e, claim.params["ids"])}
    seen_in = list(dict.fromkeys(p.id for _, p in found.values()))
    if len(found) != wanted:
        return broken(f"{claim.says}; {len(found)} were found", expected=f"{wanted} × {event}",
                      seen=f"{len(found)} × {event} ({', '.join(found) or 'none'})"[:300],
                      exchanges=[call.id, *(seen_in or [pages[-1].id])][:_SHOWN], found=len(found))
    for one, page in found.values():
        for name in claim.params["same"]:
            answered, told = call.field(name), one["data"].get(name)
            if answered is not None and told != answered:
                return broken(f"{claim.says}; {name} differs", expected=f"{name}={answered!r}"[:200],
                              seen=f"{name}={told!r}"[:200], exchanges=[call.id, page.id])
    return held(f"{len(found)} × {event} with the ids of the answer", exchanges=[call.id, *seen_in][:_SHOWN])


def in_order(chain: Sequence[tuple[str, Mapping[str, Any]]], observed: Sequence[Exchange], says: str = "") -> Draft:
    """The events of `chain` ((type, ids), in the order in which they happened) are in order or can be put in it.

    By `sequence` where every event of the chain has one within one key, otherwise by arrival in the feed.
    """
    return Draft(judge="in_order", over=tuple(e.id for e in observed),
                 params={"chain": [{"event": event, "ids": dict(ids)} for event, ids in chain]},
                 says=says or f"{' → '.join(event for event, _ in chain)} is the order of the events")


@judge("in_order")
def _in_order(history: History, claim: Claim) -> Finding:
    found: list[tuple[dict[str, Any], Exchange, int]] = []
    feed = [(e, x) for e, x in observed_events(history.over(claim)) if x.channel == "api"]
    for link in claim.params["chain"]:
        place = next((n for n, (e, _) in enumerate(feed)
                      if e.get("type") == link["event"] and about(e, link["ids"])), None)
        if place is None:
            return unknown(f"no {link['event']} was seen, so its place is not known", Reason.NO_SAMPLES,
                           exchanges=claim.over[:1])
        found.append((*feed[place], place))
    sequences = [e.get("sequence") for e, _, _ in found]
    keys = {e.get("key") if isinstance(e.get("key"), str) else None for e, _, _ in found}
    numbered = (all(isinstance(s, int) and not isinstance(s, bool) for s in sequences)
                and len(keys) == 1 and None not in keys)
    order: list[Any] = sequences if numbered else [place for _, _, place in found]
    ids = list(dict.fromkeys(x.id for _, x, _ in found))
    by = "sequence" if numbered else "arrival"
    if any(later <= earlier for earlier, later in pairwise(order)):
        shown = ", ".join(f"{e['type']} {by} {n}" for (e, _, _), n in zip(found, order, strict=True))
        return broken(f"{claim.says}; by {by} it is not", expected=f"rising {by} within the key {next(iter(keys))}",
                      seen=shown[:300], exchanges=ids[:_SHOWN])
    return held(f"{len(found)} events in order by {by}", exchanges=ids[:_SHOWN])
