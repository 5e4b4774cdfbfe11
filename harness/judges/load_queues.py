"""Judge of what a storm leaves behind: event lag and queues stay small and come back to their base (LOAD-03).

Lag is judged by our own clock: how long after its acknowledgement a round of ours is in the events feed. Where our
own reading was late, the lag lies between two bounds: the lower one accuses, the upper one absolves.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, inf
from typing import Any

from harness.judges.crowded_out import unless_crowded, unless_crowded_after
from harness.judges.load import tired
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown, worst
from harness.model.played import Stormed
from harness.model.storm_record import StormRecord
from harness.model.storm_watch import Canary, Queue, StormWatch

_BEFORE, _DURING, _AFTER = 4, 20, 4
"""Samples that are needed before, during and after the storm."""
_TAIL = 0.05
_SURE = 0.01
"""So improbable must it be that a platform which keeps its promise looks as this one does."""
_SHOWN = 5


def queues_calm(stormed: Stormed) -> Draft:
    """Event lag stays within the promise, and lag and queues are back at their base in time (LOAD-03)."""
    return Draft(judge="queues_calm", params={"storm": stormed.storm},
                 says="queues and event lag stay in the green zone and return to base after the burst")


@judge("queues_calm")
def _queues_calm(history: History, claim: Claim) -> Finding:
    record = history.storm(claim.params["storm"])
    if record is None or record.watch is None:
        return unknown("the journal lacks the storm, or what was watched beside it", Reason.COUNT_MISMATCH,
                       owner=Owner.HARNESS)
    if weary := tired(record):
        return weary
    found = [*_lag(record, record.watch), *_queues(record, record.watch)]
    decided = worst(found)
    assert decided is not None
    if decided.outcome.value != "pass":
        return decided
    return held("; ".join(f.message for f in found), exchanges=_slowest(record),
                **{key: value for f in found for key, value in f.measured.items()})


# -- lag -------------------------------------------------------------------------------------------------
def at_base(watch: StormWatch) -> float:
    """Up to this many seconds the lag is as it was before the storm: twice as much and a second, or as promised."""
    before = [c.latest for c in seen_in_order(watch) if c.at < 0]
    return max(2 * max(before, default=0.0) + 1.0, watch.lag_promise or 0.0)


def seen_in_order(watch: StormWatch) -> list[Canary]:
    """The canaries whose lag tells something: one that others overtook is lost, which is a matter of the books."""
    newest = {feed: max((c.at for c in watch.canaries if c.feed == feed and c.high is not None), default=-inf)
              for feed in {c.feed for c in watch.canaries}}
    return [c for c in watch.canaries if c.high is not None or c.at > newest[c.feed]]


def lag_back_after(watch: StormWatch) -> tuple[float, float]:
    """Seconds after the storm until the lag was back at its base: at least, and at most (inf: never seen)."""
    edge = at_base(watch)
    canaries = [c for c in seen_in_order(watch) if c.at >= 0]
    least = max((c.at + c.low - watch.ended_at for c in canaries if c.low > edge), default=0.0)
    most = max((c.at + c.latest - watch.ended_at for c in canaries
                if c.latest > edge and (c.high is not None or c.at + edge < watch.seen_until)), default=0.0)
    return max(0.0, least), max(0.0, most)


def _lag(record: StormRecord, watch: StormWatch) -> list[Finding]:
    if unread := watch.unread.get("feed"):
        return [unknown(f"the events feed could not be read: {unread.says}", Reason.OBSERVER_UNAVAILABLE,
                        owner=Owner(unread.owner), exchanges=[unread.exchange] if unread.exchange else [])]
    canaries = seen_in_order(watch)
    before = [c for c in canaries if c.at < 0 and c.high is not None]
    during = [c for c in canaries if 0 <= c.at < watch.ended_at]
    after = [c for c in canaries if c.at >= watch.ended_at]
    found = [unless_crowded(record, _kept(watch, during)),
             unless_crowded_after(record, _returned(watch, after), lag_back_after(watch)[0], watch.settle_promise)]
    if len(before) < _BEFORE:
        found.append(unknown(f"{len(before)} rounds of ours were in the feed before the storm: {_BEFORE} make a base",
                             Reason.NO_STEADY_STATE, owner=Owner.SUBJECT, exchanges=_ids(canaries)))
    return found


def _kept(watch: StormWatch, during: Sequence[Canary]) -> Finding:
    """Is the lag within the promise while the storm blows?"""
    promise = watch.lag_promise
    if len(during) < _DURING:
        refused = f", {watch.not_taken} were not taken" if watch.not_taken else ""
        return unknown(f"{len(during)} rounds of ours beside the storm{refused}: {_DURING} tell its lag; blow longer",
                       Reason.NO_SAMPLES, owner=Owner.SUBJECT if watch.not_taken else Owner.ENVIRONMENT)
    p95 = sorted(c.latest for c in during)[-1 - int(_TAIL * len(during))]
    if promise is None:
        if p95 <= at_base(watch):
            return _told(watch, p95, len(during))
        return unknown(f"the lag was {_seconds(p95)} at p95 and nobody promised one; declare event_lag_seconds under "
                       "[target.NAME.load]", Reason.NO_SAMPLES, owner=Owner.PROFILE, exchanges=_ids(during))
    late = [c for c in during if c.low > promise]
    if _chance(len(late), len(during)) < _SURE:
        return broken(f"{len(late)} of {len(during)} rounds of ours were in the feed later than promised",
                      expected=f"95 in a hundred within {promise:g} s", exchanges=_ids(late),
                      seen=f"{_seconds(max(c.low for c in late))} and more", late=len(late), canaries=len(during))
    if p95 <= promise:
        return _told(watch, p95, len(during))
    return unknown(f"{sum(c.latest > promise for c in during)} of {len(during)} rounds of ours were in the feed later "
                   f"than the promised {promise:g} s, or read too late to tell: too few to be sure; blow longer",
                   Reason.NO_SAMPLES, exchanges=_ids(during))


def _returned(watch: StormWatch, after: Sequence[Canary]) -> Finding:
    """Is the lag back at its base in time?"""
    least, most = lag_back_after(watch)
    promise = watch.settle_promise
    if promise is not None and least > promise:
        slow = [c for c in (*seen_in_order(watch),) if c.low > at_base(watch)]
        return broken(f"the event lag is not back at its base {promise:g} s after the storm",
                      expected=f"at most {at_base(watch):.1f} s of lag after {promise:g} s", exchanges=_ids(slow),
                      seen=f"more than {_seconds(max(c.low for c in slow))} of lag after {least:.1f} s")
    if sum(c.high is not None for c in after) < _AFTER:
        return unknown(f"fewer than {_AFTER} rounds of ours were in the feed after the storm", Reason.NO_SAMPLES,
                       owner=Owner.PROFILE if promise is None else Owner.SUBJECT, exchanges=_ids(after))
    if most <= (promise if promise is not None else watch.patience):
        return held(f"back at its base after {most:.1f} s", lag_back_after_seconds=round(most, 2))
    return unknown(f"the event lag was not back at its base after {watch.seen_until - watch.ended_at:.0f} s"
                   + ("; declare settles_within_seconds under [target.NAME.load]" if promise is None else ""),
                   Reason.NO_SAMPLES, owner=Owner.PROFILE if promise is None else Owner.ENVIRONMENT,
                   exchanges=_ids(after))


def _told(watch: StormWatch, p95: float, count: int) -> Finding:
    lost = len(watch.canaries) - len(seen_in_order(watch))
    before = max((c.latest for c in watch.canaries if c.at < 0 and c.high is not None), default=0.0)
    return held(f"event lag {_seconds(before)} at most before, {_seconds(p95)} at p95 of {count} rounds of ours during "
                f"the storm{f' ({lost} of ours never came)' if lost else ''}", lag_before_seconds=round(before, 3),
                lag_p95_seconds=round(p95, 3), canaries=count)


def _chance(late: int, count: int) -> float:
    """How probable so many late ones, or more, are where each is late with a chance of one in twenty."""
    return sum(comb(count, n) * _TAIL ** n * (1 - _TAIL) ** (count - n) for n in range(late, count + 1))


# -- queues ----------------------------------------------------------------------------------------------
def queue_edge(queue: Queue) -> float:
    """Up to this length the queue is as it was before the storm: ten more, or a twentieth of what it grew."""
    base = max((n for at, n in queue.samples if at < 0), default=0.0)
    return base + max(10.0, (max((n for _, n in queue.samples), default=base) - base) / 20)


def queue_back_after(queue: Queue, ended_at: float) -> tuple[float, float]:
    """Seconds after the storm until the queue was back at its base: at least, and at most (inf: never seen)."""
    edge = queue_edge(queue)
    last_long = max((at for at, n in queue.samples if n > edge), default=-inf)
    first_short = min((at for at, _ in queue.samples if at > max(last_long, ended_at)), default=inf)
    return max(0.0, last_long - ended_at), max(0.0, first_short - ended_at) if last_long >= ended_at else 0.0


def _queues(record: StormRecord, watch: StormWatch) -> list[Finding]:
    if unread := watch.unread.get("queues"):
        return [unknown(f"the queues could not be read: {unread.says}", Reason.OBSERVER_UNAVAILABLE,
                        owner=Owner(unread.owner), exchanges=[unread.exchange] if unread.exchange else [])]
    return [unless_crowded_after(record, _queue(watch, queue), queue_back_after(queue, watch.ended_at)[0],
                                 watch.settle_promise) for queue in watch.queues]


def _queue(watch: StormWatch, queue: Queue) -> Finding:
    least, most = queue_back_after(queue, watch.ended_at)
    promise = watch.settle_promise
    before = [n for at, n in queue.samples if at < 0]
    after = [n for at, n in queue.samples if at >= watch.ended_at]
    if not before or not after:
        return unknown(f"{queue.name} was not read before and after the storm", Reason.NO_SAMPLES,
                       owner=Owner.ENVIRONMENT)
    if promise is not None and least > promise:
        return broken(f"{queue.name} is not back at its base {promise:g} s after the storm",
                      expected=f"at most {queue_edge(queue):g} (at most {max(before):g} before the storm)",
                      seen=f"{after[-1]:g} after {least:.0f} s", exchanges=[queue.exchange] if queue.exchange else [],
                      queue=[list(s) for s in queue.samples[-_SHOWN:]])
    if most > (watch.patience if promise is None else promise):
        return unknown(f"{queue.name} was at {after[-1]:g} at the end, at most {max(before):g} before the storm"
                       + ("; declare settles_within_seconds under [target.NAME.load]" if promise is None else ""),
                       Reason.NO_SAMPLES, owner=Owner.PROFILE if promise is None else Owner.ENVIRONMENT,
                       exchanges=[queue.exchange] if queue.exchange else [])
    peak = max(n for _, n in queue.samples)
    measured: dict[str, Any] = {f"{queue.name}_peak": peak}
    return held(f"{queue.name} at most {max(before):g} before, {peak:g} at its peak, back after {most:.0f} s",
                **measured)


def _slowest(record: StormRecord) -> list[str]:
    assert record.watch is not None
    return _ids(record.watch.canaries)


def _ids(canaries: Sequence[Canary]) -> list[str]:
    slowest = sorted(canaries, key=lambda c: -c.latest)
    return [c.exchange for c in slowest[:_SHOWN]]


def _seconds(value: float) -> str:
    return "never" if value == inf else f"{value:.2f} s"
