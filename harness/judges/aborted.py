"""What a storm says that was stopped because the target suffered (`abort` in its profile).

Rounds that were not begun are nobody's fault then; what was seen until then stays evidence.
"""

from __future__ import annotations

from harness.model.abort import aborted_by, implies
from harness.model.outcome import Finding, Owner, Reason, broken, unknown
from harness.model.slo import objectives
from harness.model.storm_record import StormRecord


def cut_short(record: StormRecord) -> Finding | None:
    """Inconclusive for what only a whole storm can show; None where the storm was whole."""
    told = record.result.aborted
    if not told:
        return None
    return unknown(f"the storm was stopped early, as the profile asks: {told}", Reason.ABORTED, owner=Owner.SUBJECT)


def abort_is_breach(record: StormRecord) -> Finding | None:
    """A breach where what stopped the storm is at least as bad as what the slo forbids; else None.

    It may have been stopped on a few calls: too few to accuse anybody.
    """
    missed = aborted_by(record.result.aborted)
    if missed is None or not missed.enough(record.result.tally):
        return None
    promised = next((one for one in objectives(record.objectives) if implies(missed, one)), None)
    if promised is None:
        return None
    return broken(f"{promised.text} was missed so far that the storm was stopped: {record.result.aborted}",
                  expected=promised.text, seen=record.result.aborted, calls=record.result.tally.calls)


def lasted(record: StormRecord) -> float:
    """Seconds that it was blown for."""
    whole = record.plan.schedule.seconds
    return min(whole, max(record.result.tally.seconds, default=0) + 1.0) if record.result.aborted else whole


def is_share(record: StormRecord) -> bool:
    """Was it stopped for a share of calls (errors, shed), which needs no call that was carried out?"""
    missed = aborted_by(record.result.aborted)
    return missed is not None and missed.is_share
