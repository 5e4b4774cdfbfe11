"""Judge of overload: new bets are refused before what ends bets that are open, at once and politely (LOAD-05)."""

from __future__ import annotations

from math import sqrt
from typing import Any

from harness.judges.aborted import cut_short
from harness.judges.crowded_out import crowded, silent, unless_crowded
from harness.judges.load import tired
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Stormed
from harness.model.tally import SHED, Tally, is_failure

_BEGINS, _ENDS = ("authorizeBet",), ("settleBet", "rollbackBet")
_CONFIDENCE = 2.58
"""Standard deviations: 99 in a hundred."""
_OVERLOADED = 0.02
"""Of the calls: fewer refusals are no overload."""
_MAY_FAIL = 0.01


def bets_shed_first(stormed: Stormed) -> Draft:
    """Asked for more than it bears, the platform refuses new bets, at once, and goes on ending those that are open."""
    return Draft(judge="bets_shed_first", params={"storm": stormed.storm, "slo_ms": stormed.slo_ms},
                 says="overload sheds new bets before settles and rollbacks, at once")


@judge("bets_shed_first")
def _bets_shed_first(history: History, claim: Claim) -> Finding:
    record = history.storm(claim.params["storm"])
    if record is None:
        return unknown("the journal lacks the storm", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    if late := tired(record):
        return late
    tally, slo_ms = record.result.tally, float(claim.params["slo_ms"])
    failed = sum(n for counts in tally.outcomes.values() for outcome, n in counts.items() if is_failure(outcome))
    if failed > _MAY_FAIL * tally.calls:
        kinds = {f"{operation} {outcome}": n for operation, counts in sorted(tally.outcomes.items())
                 for outcome, n in counts.items() if is_failure(outcome)}
        breach = broken(f"overload ended in failures: {failed} of {tally.calls} calls",
                        expected="what is too much is refused with 429 or 503 and Retry-After",
                        seen=", ".join(f"{what}: {n}" for what, n in sorted(kinds.items(), key=lambda i: -i[1])[:5]))
        answered = failed - silent(record)
        return breach if answered > _MAY_FAIL * tally.calls else unless_crowded(record, breach, _MAY_FAIL)
    begins, ends = _shed(tally, _BEGINS), _shed(tally, _ENDS)
    if begins[0] + ends[0] < _OVERLOADED * tally.calls:
        return unknown(f"{begins[0] + ends[0]} of {tally.calls} calls were refused at up to "
                       f"{record.plan.schedule.peak:g} rounds/s: that was no overload. Raise most_rounds_per_second, "
                       "as far as the sandbox may be asked", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    said_ms = tally.refused.quantile(0.95) / 1e3
    told = (f"refused: {begins[0]} of {begins[1]} new bets, {ends[0]} of {ends[1]} settles and rollbacks; p95 of the "
            f"refusals {said_ms:.0f} ms")
    figures: dict[str, Any] = {"bets_refused": begins[0], "bets": begins[1], "ends_refused": ends[0], "ends": ends[1],
               "refusal_p95_ms": round(said_ms, 1)}
    slow = broken(f"under overload a refusal takes {said_ms:.0f} ms at p95", seen=told, **figures,
                  expected=f"at once (SLO {slo_ms:g} ms)") if said_ms > slo_ms else None
    if slow and not crowded(record):
        return slow
    (bets_low, _), (ends_low, ends_high) = _interval(*begins), _interval(*ends)
    if ends[0] and ends_high > bets_low:
        if ends_low * 2 >= bets_low or not begins[0]:
            return broken("overload sheds what ends open bets as readily as new ones", seen=told,
                          expected="new bets are refused before settles and rollbacks", **figures)
        return unknown(f"too close to tell: {told}", Reason.NO_SAMPLES)
    return (slow and unless_crowded(record, slow)) or cut_short(record) or held(told, **figures)


def _shed(tally: Tally, operations: tuple[str, ...]) -> tuple[int, int]:
    """(politely refused, of so many)."""
    counts = [tally.outcomes.get(operation, {}) for operation in operations]
    return (sum(n for one in counts for outcome, n in one.items() if outcome.endswith(SHED)),
            sum(sum(one.values()) for one in counts))


def _interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's interval for the share."""
    if not of:
        return 0.0, 1.0
    share, z2 = hits / of, _CONFIDENCE**2
    middle, spread = share + z2 / (2 * of), _CONFIDENCE * sqrt(share * (1 - share) / of + z2 / (4 * of**2))
    return (middle - spread) / (1 + z2 / of), (middle + spread) / (1 + z2 / of)
