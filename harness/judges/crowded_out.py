"""When lateness is no proof: others kept busy the machine on which generator and subject stand (LOAD).

A moment is crowded where others took a quarter of all cores or more, and a tenth or less was idle. Both are needed.
With room left, whoever was late could have run; and where others took less, the machine was filled by the subject or
by ourselves, who accuse nobody when we are late (`load.tired`): a platform that eats all cores must stay red. From a
quarter on the platform had at most three quarters of what it has by itself, and what waits for a full machine waits
in queues that have no bound.

It excuses what only the clock says, and only where the crowded moments can account for it: a p95 lets one call in
twenty be slow, so a crowd in less than a twentieth of the time does not explain that it was missed; and what was missed
in the quiet seconds as well has no excuse in the others. It absolves nobody: what is excused is inconclusive, and what
was kept in spite of it was kept.
"""

from __future__ import annotations

from math import inf

from harness.model.histogram import Histogram
from harness.model.locust_plan import LocustRecord
from harness.model.neighbours import Moment
from harness.model.outcome import Finding, Outcome, Reason, unknown
from harness.model.slo import Objective
from harness.model.storm_record import StormRecord

Blown = StormRecord | LocustRecord
_TAKEN, _IDLE = 0.25, 0.10
_TWENTIETH = 0.05
_SILENT, _LONG, _AS_MANY = "timeout", 0.1, 0.25
_UNDONE_SECONDS, _MOMENT_SECONDS = 2.0, 1.0


def crowded_seconds(record: Blown, since: float = -inf, until: float = inf) -> float:
    """Seconds from the beginning of the storm in which others kept the machine busy; 0.0 where nobody knows."""
    if record.neighbours is None:
        return 0.0
    return sum(one.seconds for one in record.neighbours.between(since, until) if _crowded(one))


def crowded(record: Blown, tolerated: float = _TWENTIETH) -> bool:
    """Did others keep the machine busy for more of the storm than what may be slow in it?"""
    if record.neighbours is None:
        return False
    whole = sum(one.seconds for one in record.neighbours.between(until=storm_over(record)))
    return crowded_seconds(record, until=storm_over(record)) > tolerated * whole


def unless_crowded(record: Blown, breach: Finding, tolerated: float = _TWENTIETH) -> Finding:
    """The breach by the clock, or inconclusive where others may have made it; any other finding as it is.

    `tolerated`: the share of calls that may be slow, by the objective that was missed.
    """
    return excused(record, breach) if breach.outcome is Outcome.FAIL and crowded(record, tolerated) else breach


def unless_crowded_after(record: Blown, breach: Finding, late_for: float, promise: float | None) -> Finding:
    """The same of what was not back at its base `late_for` seconds after the storm, with `promise` to be so.

    Red where nobody was in the way while it blew, and for the promised time after it.
    """
    over = storm_over(record)
    calm = late_for - crowded_seconds(record, over, over + late_for)
    return excused(record, breach) if breach.outcome is Outcome.FAIL and (
        crowded(record) or calm <= (promise or 0.0)) else breach


def excused(record: Blown, breach: Finding) -> Finding:
    """Inconclusive, with what was seen and why it proves nothing."""
    return unknown(f"{breach.message}, which proves nothing: {_told(record)}. Use a quiet machine",
                   Reason.NO_SAMPLES, expected=breach.expected, seen=breach.seen, exchanges=breach.exchanges)


def why(record: Blown) -> str:
    """In words for people, what the crowd makes of this storm's latencies; "" where there was none to speak of."""
    return f"{_told(record)}: what was late proves nothing" if crowded(record) else ""


def taken(record: Blown) -> float | None:
    """The share of the machine that others took while it blew, 0 to 1; None where it could not be told."""
    return record.neighbours.taken(storm_over(record)) if record.neighbours else None


def _told(record: Blown) -> str:
    cores = record.neighbours.cores if record.neighbours else 0
    return (f"other processes took {taken(record) or 0.0:.0%} of this machine's {cores} core{'' if cores == 1 else 's'}"
            ", on which the target stands, too")


def unless_only_late(record: Blown, missed: Objective, breach: Finding) -> Finding:
    """What is only late, or too much for the cores that others left, is no breach; errors that were answered are."""
    tally = record.result.tally
    if missed.metric == "errors":
        calls = sum(sum(counts.values()) for name, counts in tally.outcomes.items() if missed.operation in ("", name))
        if not missed.keeps((missed.measured(tally) or 0.0) - silent(record, missed.operation) / max(1, calls)):
            return breach
    if _missed_in_calm(record, missed):
        return breach
    tolerated = missed.limit if missed.is_share else _TWENTIETH if missed.share is None else 1 - missed.share
    return unless_crowded(record, breach, tolerated)


def _missed_in_calm(record: Blown, missed: Objective) -> bool:
    """Was it missed as well by the calls of those seconds alone in which nobody was in the way?

    Seconds of a storm count from its first call, moments from when it was ordered: between them lies at most what the
    whole took longer than its calls. What a crowd left undone may delay the seconds after it, too.
    """
    seconds, calm = record.result.tally.seconds, Histogram()
    if missed.is_share or missed.operation or record.neighbours is None or not seconds:
        return False
    over = min(storm_over(record), max((one.at for one in record.neighbours.moments), default=0.0))
    later = max(0.0, over - max(seconds) - 1)
    for second, part in seconds.items():
        if not crowded_seconds(record, second - _UNDONE_SECONDS, second + 1 + later + _MOMENT_SECONDS):
            calm.merge(part.latency)
    return calm.count > 0 and missed.enough_in(calm) and not missed.keeps(missed.measured_in(calm))


def silent(record: Blown, operation: str = "") -> int:
    """Calls without an answer in time that may be a matter of the clock alone.

    A crowd slows all: where some calls get no answer in seconds and the rest is answered as if nothing were, somebody
    held those. So answers that took a tenth of that time must be there, too, and a quarter as many.
    """
    tally, long = record.result.tally, _LONG * record.plan.timeout_seconds * 1e6
    calls = {name: counts.get(_SILENT, 0) for name, counts in tally.outcomes.items()}
    late = sum(some.share_above(long) * some.count for some in (tally.latency_of_all(), tally.refused))
    if late < _AS_MANY * sum(calls.values()):
        return 0
    return sum(number for name, number in calls.items() if operation in ("", name))


def storm_over(record: Blown) -> float:
    """Seconds from its beginning; without a watch nothing was measured after it."""
    return record.watch.ended_at if isinstance(record, StormRecord) and record.watch else inf


def _crowded(one: Moment) -> bool:
    return one.others >= _TAKEN and one.idle <= _IDLE
