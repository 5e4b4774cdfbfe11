"""Timelines of chaos scenarios, from the history alone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Outcome
from harness.model.timeline import Became, Mark, ScenarioRecord, Stretch, Timeline

_WORKER = re.compile(r"[a-z]*\d+")
_SPOILT = frozenset(("garbage", "half"))
"""Troubles after which the caller has no answer that it can read, whatever its status says."""

Seen = Mapping[tuple[str, str], list[Exchange]]
"""Exchanges by channel and worker."""


def timelines(history: History, outcomes: Mapping[str, Mapping[str, Outcome]]) -> tuple[Timeline, ...]:
    """One for each scenario that was played, by check; `outcomes`: by check, then control."""
    if not history.scenarios:
        return ()
    seen = _seen(history, {record.channel for record in history.scenarios})
    calls = {e.id: e for e in history.exchanges}
    return tuple(_timeline(record, calls, seen, outcomes.get(record.check, {}))
                 for record in sorted(history.scenarios, key=lambda r: (r.check, r.start_ns)))


def _seen(history: History, channels: set[str]) -> Seen:
    found: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in history.exchanges:
        if exchange.channel in channels:
            found[exchange.channel, _worker(exchange.id)].append(exchange)
    return found


def _worker(exchange_id: str) -> str:
    """Whose exchange it is: the ids of all that a worker sends and sees begin with its name.

    Scenarios of different workers overlap in time, each on a line of its own; a worker plays one at a time. So worker
    and time tell exactly what a line saw, late retries and enquiries included. Identifiers would not: a platform may
    ask its wallet in bulk, or name its own transactions only.
    """
    known = _WORKER.match(exchange_id)
    return known.group() if known else ""


def _timeline(record: ScenarioRecord, known: Mapping[str, Exchange], seen: Seen, outcomes: Mapping[str, Outcome]
              ) -> Timeline:
    calls = _marks(record, (known[i] for i in record.calls if i in known))
    witnesses = _marks(record, (known[i] for i in record.witnesses if i in known))
    workers = {_worker(i) for i in (*record.calls, *record.witnesses)} - {""}
    attempts = _marks(record, (e for worker in workers for e in seen.get((record.channel, worker), ())
                               if e.started_ns <= record.end_ns and e.ended_ns >= record.start_ns))
    slowest = max(calls, key=lambda mark: mark.ms, default=None)
    return Timeline(
        check=record.check, name=record.name, says=record.says, slo_ms=record.slo_ms, channel=record.channel,
        seconds=(record.end_ns - record.start_ns) / 1e9, outcomes=dict(outcomes),
        faults=tuple(Stretch(label=f.label, start=(f.start_ns - record.start_ns) / 1e9,
                             end=(f.end_ns - record.start_ns) / 1e9) for f in record.faults),
        tally=_tally(calls, attempts, record.slo_ms), slowest=slowest.id if slowest else "", calls=calls,
        witnesses=witnesses, attempts=attempts)


def _marks(record: ScenarioRecord, exchanges: Iterable[Exchange]) -> tuple[Mark, ...]:
    marks = [Mark(at=(e.started_ns - record.start_ns) / 1e9, ms=1000 * e.seconds, became=became(e), id=e.id)
             for e in exchanges]
    return tuple(sorted(marks, key=lambda mark: mark.at))


def became(exchange: Exchange) -> Became:
    """What became of it, as its caller could tell: a clean refusal is a 4xx, or a 503 that says when to come again."""
    status = exchange.status or 0
    if not exchange.answered or exchange.facts.get("trouble") in _SPOILT:
        return Became.FAILED
    if status == 202:
        return Became.UNKNOWN
    if exchange.channel == "api" and status == 503 and exchange.retry_after() is not None:
        return Became.REFUSED
    if status >= 500 or status < 200:
        return Became.FAILED
    return Became.REFUSED if status >= 400 else Became.TAKEN


def _tally(calls: tuple[Mark, ...], attempts: tuple[Mark, ...], slo_ms: int) -> dict[str, float]:
    counts = Counter(mark.became for mark in calls)
    spent = sorted(mark.ms for mark in calls)
    return {"calls": len(calls), **{kind.value: counts[kind] for kind in Became},
            "late": len(spent) - bisect_right(spent, slo_ms) if slo_ms else 0,
            "slowest_ms": round(spent[-1], 1) if spent else 0.0, "attempts": len(attempts),
            "attempts_failed": sum(mark.became is Became.FAILED for mark in attempts)}
