"""Judges of trace ids: echoed on every answer, made where none came, carried into events (OBS-01, OBS-02)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from harness.judges.conformance import Routes, api_answers
from harness.judges.events import about, observed_events
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_SHOWN = 4


def traced(*, echoed: int = 1, made: int = 0, says: str = "") -> Draft:
    """Every answer of the run repeats the call's X-Trace-Id; where none came a unique one is made.

    `echoed` and `made`: how many of each must have been seen at least, or nothing can be said.
    """
    return Draft(judge="traced", params={"echoed": echoed, "made": made},
                 says=says or "X-Trace-Id comes back on every answer, and a unique one is made where none came")


@judge("traced")
def _traced(history: History, claim: Claim) -> Finding:
    echoed = 0
    made: dict[str, Exchange] = {}
    wrong: dict[str, tuple[Exchange, str, str]] = {}
    broken_answers = 0
    sent_ids = {e.sent_header("X-Trace-Id") for e in history.exchanges}
    for exchange, _ in api_answers(history, history.once(Routes)):
        sent = [v for n, v in exchange.request_headers if n.lower() == "x-trace-id"]
        if len(sent) > 1:
            continue
        came = {v for n, v in exchange.response_headers if n.lower() == "x-trace-id"}
        problem = _problem(sent[0] if sent else None, came, made, sent_ids)
        if problem is not None:
            broken_answers += 1
            wrong.setdefault(f"{exchange.operation} {exchange.status}", (exchange, *problem))
        elif sent and _WELL_FORMED.fullmatch(sent[0]):
            echoed += 1
        else:
            made[next(iter(came))] = exchange
    if wrong:
        shown = list(wrong.values())
        named = "; ".join(f"{e.operation or e.url} {e.status}: {seen}" for e, _, seen in shown[:_SHOWN])
        return broken(f"{broken_answers} answers lose the trace id: {named}"[:600], expected=shown[0][1],
                      seen=shown[0][2], exchanges=[e.id for e, _, _ in shown[:_SHOWN]], lost=broken_answers)
    if echoed < max(1, claim.params.get("echoed", 1)) or len(made) < claim.params.get("made", 0):
        return unknown(f"{echoed} calls with and {len(made)} without a trace id were answered", Reason.NO_SAMPLES)
    return held(f"{echoed} trace ids came back, {len(made)} were made", echoed=echoed, made=len(made))


def _problem(sent: str | None, came: set[str], made: dict[str, Exchange],
             sent_ids: set[str | None]) -> tuple[str, str] | None:
    if sent is not None and _WELL_FORMED.fullmatch(sent):
        return None if came == {sent} else (f"X-Trace-Id: {sent}", f"X-Trace-Id: {', '.join(sorted(came)) or 'none'}")
    if len(came) != 1 or not (one := next(iter(came))).strip():
        return "one X-Trace-Id made by the platform", f"X-Trace-Id: {', '.join(sorted(came)) or 'none'}"
    if one == sent or not one.isprintable():
        return "a fresh, well-formed X-Trace-Id", f"the malformed one that was sent ({sent!r})"[:160]
    if one in made or one in sent_ids:
        return "a trace id of its own for every call", f"X-Trace-Id {one} was used before"
    return None


def same_trace(call: Exchange, event: str, ids: dict[str, Any], *observed: Exchange, says: str = "") -> Draft:
    """Every event of that type about `ids`, in the given feed pages and deliveries, carries the call's trace id."""
    return Draft(judge="same_trace", over=(call.id, *(e.id for e in observed)),
                 params={"event": event, "ids": dict(ids)},
                 says=says or f"{event} carries the trace id of the call that caused it")


@judge("same_trace")
def _same_trace(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if not exchanges or not exchanges[0].answered:
        return unknown("the call was not answered", Reason.NO_ANSWER, exchanges=claim.over[:1])
    call, *observed = exchanges
    wanted = call.sent_header("X-Trace-Id")
    found = [(e, x) for e, x in observed_events(observed)
             if e.get("type") == claim.params["event"] and about(e, claim.params["ids"])]
    if not found:
        return unknown(f"no {claim.params['event']} about this call was seen", Reason.NO_SAMPLES, exchanges=[call.id])
    for event, exchange in found:
        header = exchange.sent_header("X-Trace-Id") if exchange.channel == "webhook" else None
        for place, seen in (("trace_id", event.get("trace_id")), ("the webhook's X-Trace-Id", header or wanted)):
            if seen != wanted:
                return broken(f"{claim.says}; {place} is another", expected=f"{place}={wanted}",
                              seen=f"{place}={seen!r}"[:200], exchanges=[call.id, exchange.id])
    return held(f"{len(found)} sightings of {claim.params['event']} carry the call's trace id",
                exchanges=[call.id, *_ids(found)], sightings=len(found))


def _ids(found: Iterable[tuple[Any, Exchange]]) -> list[str]:
    return list(dict.fromkeys(exchange.id for _, exchange in found))[:_SHOWN]
