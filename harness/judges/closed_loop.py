"""Judges of a locustfile's closed loop: what it proves, which is less than a storm does.

Its users wait for their answers: where the target is slow they ask less, and what would have waited is never sent.
So an objective that is missed is missed, and one that is kept proves nothing (coordinated omission). Where a storm of
the same run decides the control, that one's word is not spoiled by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from harness.judges.crowded_out import silent, unless_crowded, unless_only_late
from harness.judges.registry import judge
from harness.model.claim import Claim
from harness.model.history import History
from harness.model.locust_plan import NO_STATUS, LocustRecord
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.slo import objectives
from harness.model.tally import SHED, Tally, is_failure

_LATE_US, _LATE_SHARE = 20_000.0, 1 / 8
"""So late may the generator itself be at p95; more where the tightest objective allows it."""
_BUSY = 0.9
_CARRIED_OUT = 0.5
_SHOWN = 3
_OWN = ("no_socket",)


@judge("closed_loop_objectives_kept")
def _objectives_kept(history: History, claim: Claim) -> Finding:
    load = history.locust_load(claim.params["load"])
    if load is None:
        return _lacking()
    if unusable := _untold(load):
        return unusable
    if not load.objectives:
        return unknown("the target profile promises nothing: write `slo = [\"p95 < 400ms\"]` under [target.NAME.load]",
                       Reason.NO_SAMPLES, owner=Owner.PROFILE)
    if refused := _mostly_refused(load):
        return refused
    tally, told, belated = load.result.tally, [], None
    for one in objectives(load.objectives):
        value = one.measured(tally)
        if value is None or not one.enough(tally):
            told.append(f"{one.text}: too few requests")
            continue
        if not one.keeps(value):
            missed = broken(f"{one.text} was missed: {one.told(value)} over {tally.calls} requests of "
                            f"{load.result.users} users in a closed loop, which understates it", expected=one.text,
                            seen=one.told(value), requests=tally.calls, users=load.result.users)
            if (proof := unless_only_late(load, one, missed)) == missed:
                return missed
            belated = belated or proof
        told.append(f"{one.text}: {one.told(value)}")
    return belated or _kept(history, claim, "; ".join([*told, *_at_odds(load)]),
                 "users who wait for their answers ask less of a target that is slow")


@judge("closed_loop_refusals_polite")
def _refusals_polite(history: History, claim: Claim) -> Finding:
    load = history.locust_load(claim.params["load"])
    if load is None:
        return _lacking()
    if unusable := _untold(load):
        return unusable
    tally = load.result.tally
    failed = Counter({f"{name} {outcome}": n for name, counts in tally.outcomes.items()
                      for outcome, n in counts.items() if is_failure(outcome)})
    allowed = min((one.limit for one in objectives(load.objectives) if one.metric == "errors" and not one.operation),
                  default=0.0)
    if failed.total() > allowed * tally.calls:
        breach = broken(f"{failed.total()} of {tally.calls} requests failed, not by 429 or 503 with Retry-After",
                        expected=f"at most {allowed:.3%} of the requests fail", requests=tally.calls,
                        seen=_most(failed))
        return breach if failed.total() - silent(load) > allowed * tally.calls else \
            unless_crowded(load, breach, allowed)
    if refused := _mostly_refused(load):
        return refused
    return _kept(history, claim, "; ".join([f"{failed.total()} of {tally.calls} requests failed", *_at_odds(load)]),
                 "users who wait for their answers overload nobody for long")


@judge("closed_loop_burst_delivered")
def _burst_delivered(history: History, claim: Claim) -> Finding:
    load = history.locust_load(claim.params["load"])
    if load is None:
        return _lacking()
    if unusable := _untold(load):
        return unusable
    rate = load.result.tally.calls / load.plan.seconds
    return _kept(history, claim, f"{load.result.tally.calls} requests of {load.result.users} users, {rate:.3g}/s",
                 "how much the users of a locustfile ask follows from the answers: no rate was planned")


@judge("closed_loop_money_after_burst")
def _money_after_burst(history: History, claim: Claim) -> Finding:
    load = history.locust_load(claim.params["load"])
    if load is None:
        return _lacking()
    return _kept(history, claim, f"{load.result.tally.calls} requests",
                 "what a locustfile bets and is told only it knows, so nobody can say what each player must have")


def _kept(history: History, claim: Claim, seen: str, why: str) -> Finding:
    """Nothing is proven by it; nor does it spoil the word of a storm that decides the same control in this run."""
    storm = claim.judge.removeprefix("closed_loop_")
    if any(other.judge == storm and other.control == claim.control for other in history.claims):
        return held(f"nothing was missed in a closed loop ({seen}), which adds nothing: the storm of this run decides")
    return unknown(f"a closed loop cannot prove it ({seen}): {why}. Blow a Burst to decide {claim.control}",
                   Reason.NO_SAMPLES, owner=Owner.HARNESS)


def _untold(load: LocustRecord) -> Finding | None:
    """What forbids any word on the target: the file, or the generator."""
    result, tally = load.result, load.result.tally
    if result.problems or not result.complete:
        return unknown("; ".join(result.problems) or "the locustfile did not go on for its time", Reason.COUNT_MISMATCH)
    if not tally.calls:
        return unknown("; ".join(["the locustfile made no request", *_at_odds(load)]), Reason.NO_SAMPLES)
    if own := sum(counts.get(outcome, 0) for counts in tally.outcomes.values() for outcome in _OWN):
        return unknown(f"{own} requests found no free socket on this machine; raise `ulimit -n`", Reason.NO_SAMPLES)
    limits = [one.limit for one in objectives(load.objectives) if not one.is_share]
    late = tally.lag.quantile(0.95)
    if result.busiest > _BUSY or late > max(_LATE_US, _LATE_SHARE * min(limits, default=0.0)):
        return unknown(f"the generator was tired: {late / 1e3:.0f} ms late at p95, {result.busiest:.0%} of a core "
                       "busy. Ask for fewer users, or longer waits", Reason.NO_SAMPLES)
    return None


def _at_odds(load: LocustRecord) -> list[str]:
    """What the locustfile itself found wrong: whose fault that is only it can tell, so it accuses nobody."""
    marked, raised = load.result.marked, load.result.raised
    found = [f"the locustfile marked {sum(marked.values())} good answers as failed"] if marked else []
    return [*found, f"the locustfile raised {_most(raised)}"] if raised else found


def _most(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{what}: {n}" for what, n in Counter(counts).most_common(_SHOWN))


def _mostly_refused(load: LocustRecord) -> Finding | None:
    """A load of refusals (an expired token, an empty purse) says nothing of bets."""
    tally: Tally = load.result.tally
    outcomes: Counter[str] = Counter()
    for counts in tally.outcomes.values():
        outcomes.update(counts)
    let_in = sum(n for outcome, n in outcomes.items() if not outcome.endswith(SHED))
    done = sum(n for outcome, n in outcomes.items() if outcome.startswith("2") or outcome == NO_STATUS)
    if done and done >= _CARRIED_OUT * let_in:
        return None
    return unknown(f"only {done} of {tally.calls} requests were carried out ({_most(outcomes)})",
                   Reason.ONLY_ERROR_PATHS, owner=Owner.SUBJECT)


def _lacking() -> Finding:
    return unknown("the journal lacks the load", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
