"""Judges of a storm: was it really delivered, were the objectives kept, were refusals polite (LOAD-01, 02, 06).

A tired generator never accuses the target and never absolves it: where it was late, busy or lost a worker, nothing is
known of the target, whatever the figures say. Where others kept the machine busy on which both stand, what is only late
is no proof either (`crowded_out`).
"""

from __future__ import annotations

from collections import Counter

from harness.judges.aborted import abort_is_breach, cut_short, is_share, lasted
from harness.judges.crowded_out import silent, unless_crowded, unless_only_late
from harness.judges.registry import judge
from harness.model.abort import aborted_by
from harness.model.claim import Claim, Draft
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Looped, Stormed
from harness.model.slo import objectives
from harness.model.storm_record import Became, StormRecord
from harness.model.tally import SHED, Tally, is_failure

_LATE_US, _LATE_SHARE = 20_000.0, 1 / 8
"""So late may the generator itself be with one call in twenty; more where the tightest objective allows it."""
_PUNCTUAL = 0.95
_LONG_SECONDS = 120.0
"""The launch checklist's burst takes two to five minutes (T-3)."""
_BUSY = 0.9
"""Of one core; a process that uses more can no longer be on time."""
_APART_SECONDS = 1.0
"""Workers that begin further apart blow another storm than the one that was planned."""
_OWN = ("no_socket",)
"""Failures of the generator's machine, not of the target."""
_TAKEN = 0.99
"""So many of the calls must find an open door: a connection that is taken, and not cut before a byte came back."""
_SHUT = ("connect", "tls", "reset")
_CARRIED_OUT = 0.5
"""At least so many of the calls that were let in must be carried out: how fast refusals are says nothing of bets."""
_SHOWN = 5


def burst_delivered(stormed: Stormed | Looped) -> Draft:
    """The storm was really blown: all of it, on time, and the target let it in (LOAD-06)."""
    return _draft("burst_delivered", stormed, "the burst was delivered as planned, on time")


def objectives_kept(stormed: Stormed | Looped) -> Draft:
    """Latency from the intended start, and shares of errors, are within what the target promises (LOAD-01)."""
    return _draft("objectives_kept", stormed, "latency from the intended start is within the objectives")


def refusals_polite(stormed: Stormed | Looped) -> Draft:
    """What is refused for want of room is refused with 429 or 503 and Retry-After, and nothing else fails (LOAD-02)."""
    return _draft("refusals_polite", stormed, "under load nothing fails but by 429 or 503 with Retry-After")


def _draft(judge_name: str, what: Stormed | Looped, says: str) -> Draft:
    """Of a closed loop another judge decides (`judges.closed_loop`): it proves less."""
    if isinstance(what, Looped):
        return Draft(judge=f"closed_loop_{judge_name}", params={"load": what.load}, says=says)
    params = {"storm": what.storm} | ({"least_seconds": what.least_seconds} if what.least_seconds else {})
    return Draft(judge=judge_name, params=params, says=says)


@judge("burst_delivered")
def _burst_delivered(history: History, claim: Claim) -> Finding:
    record = history.storm(claim.params["storm"])
    if record is None:
        return _lacking()
    if late := tired(record):
        return late
    tally, planned = record.result.tally, _planned(record)
    shut = tally.resent + sum(counts.get(outcome, 0) for counts in tally.outcomes.values() for outcome in _SHUT)
    if shut > (1 - _TAKEN) * tally.calls:
        return broken(f"{shut} of {tally.calls} calls found the door shut: the burst could not be delivered",
                      expected=f"at least {_TAKEN:.0%} of the calls are let in",
                      seen=f"{shut / tally.calls:.1%} were not", calls=tally.calls, shut=shut)
    if stopped := cut_short(record):
        return stopped
    lag, schedule = tally.lag.quantile(0.99), record.plan.schedule
    return held(f"{planned} rounds, {tally.calls} calls in {schedule.seconds:.0f} s as planned (peak "
                f"{schedule.peak:g}/s), begun {lag / 1e3:.1f} ms late at p99", rounds=planned, calls=tally.calls,
                seconds=schedule.seconds, lag_p99_ms=round(lag / 1e3, 2), busiest=record.result.busiest)


@judge("objectives_kept")
def _objectives_kept(history: History, claim: Claim) -> Finding:
    record = history.storm(claim.params["storm"])
    if record is None:
        return _lacking()
    if late := tired(record):
        return late
    if not record.objectives:
        return unknown("the target profile promises nothing: write `slo = [\"p95 < 400ms\"]` under [target.NAME.load]",
                       Reason.NO_SAMPLES, owner=Owner.PROFILE)
    breach = abort_is_breach(record)
    stopper, belated = aborted_by(record.result.aborted), None
    if breach is not None and stopper is not None and (proof := unless_only_late(record, stopper, breach)) != breach:
        breach, belated = None, proof
    if breach is not None and is_share(record):
        return breach
    if ending := _mostly_refused(record.result.tally) or breach:
        return ending
    tally, told, measured = record.result.tally, [], {}
    for one in objectives(record.objectives):
        value = one.measured(tally)
        if record.result.aborted and not one.enough(tally):
            continue  # the storm was too short for it; others may be told
        if value is None:
            return unknown(f"{one.text}: no such call was answered", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
        if not one.enough(tally):
            return unknown(f"{one.text}: {tally.calls} calls are too few to tell; blow longer (--budget full)",
                           Reason.NO_SAMPLES)
        measured[one.text] = told_value = one.told(value)
        if not one.keeps(value):
            share = one.share
            if share is not None and (lag := tally.lag.quantile(share)) > _may_be_late(record):
                return _was_tired(lag, share, record)
            missed = broken(f"{one.text} was missed: {told_value} over {tally.calls} calls in {lasted(record):.0f} s",
                            expected=one.text, seen=told_value, objectives=measured)
            if (proof := unless_only_late(record, one, missed)) == missed:
                return missed
            belated = belated or proof  # what comes after it may be broken whoever was in the way
        told.append(f"{one.text}: {told_value}")
    if ending := belated or cut_short(record):
        return ending
    naive = tally.service.quantile(0.99) / 1e3
    seconds = record.plan.schedule.seconds
    short = "" if seconds >= _LONG_SECONDS else " (T-3 asks for 2 to 5 min: --budget full)"
    said = f"{'; '.join(told)}, over {tally.calls} calls in {seconds:.0f} s{short}"
    if seconds < float(claim.params.get("least_seconds", 0.0)):
        return unknown(said, Reason.NO_SAMPLES, owner=Owner.PROFILE)
    return held(said, objectives=measured, calls=tally.calls, naive_p99_ms=round(naive, 2))


@judge("refusals_polite")
def _refusals_polite(history: History, claim: Claim) -> Finding:
    record = history.storm(claim.params["storm"])
    if record is None:
        return _lacking()
    if late := tired(record):
        return late
    tally = record.result.tally
    failed = {f"{operation} {outcome}": n for operation, counts in sorted(tally.outcomes.items())
              for outcome, n in counts.items() if is_failure(outcome)}
    shed = sum(n for counts in tally.outcomes.values() for outcome, n in counts.items() if outcome.endswith(SHED))
    if sum(failed.values()) > _budget(record) * tally.calls:
        most = sorted(failed.items(), key=lambda item: -item[1])[:_SHOWN]
        breach = broken(f"{sum(failed.values())} of {tally.calls} calls failed, not by 429 or 503 with Retry-After",
                        expected=f"at most {_budget(record):.3%} of the calls fail",
                        seen=", ".join(f"{what}: {n}" for what, n in most), calls=tally.calls, failed=failed)
        answered = sum(failed.values()) - silent(record)
        return breach if answered > _budget(record) * tally.calls else unless_crowded(record, breach, _budget(record))
    if refused := cut_short(record) or _mostly_refused(tally):
        return refused
    return held(f"{tally.calls} calls, {sum(failed.values())} failed, {shed} refused politely", calls=tally.calls,
                shed=shed, failed=sum(failed.values()))


def _mostly_refused(tally: Tally) -> Finding | None:
    """A storm of refusals (an expired token, an empty purse) is no burst of bets."""
    outcomes: Counter[str] = Counter()
    for counts in tally.outcomes.values():
        outcomes.update(counts)
    let_in = sum(n for outcome, n in outcomes.items() if not outcome.endswith(SHED))
    done = sum(n for outcome, n in outcomes.items() if outcome.startswith("2"))
    if done and done >= _CARRIED_OUT * let_in:
        return None
    most = ", ".join(f"{outcome}: {n}" for outcome, n in outcomes.most_common(_SHOWN))
    return unknown(f"only {done} of {tally.calls} calls were carried out ({most})", Reason.ONLY_ERROR_PATHS,
                   owner=Owner.SUBJECT)


def _budget(record: StormRecord) -> float:
    """The share of calls that may fail: the profile's own objective, else none."""
    return min((one.limit for one in objectives(record.objectives) if one.metric == "errors" and not one.operation),
               default=0.0)


def tired(record: StormRecord) -> Finding | None:
    """What of the generator forbids any word on the target; None when it did its part."""
    result = record.result
    if result.lost or not result.complete or result.problems:
        what = f"lost {len(result.lost)} of {result.workers} workers" if result.lost else \
            "; ".join(result.problems) or "did not come to its end"
        return unknown(f"the generator {what}: fewer calls were made than planned", Reason.COUNT_MISMATCH,
                       owner=Owner.ENVIRONMENT)
    tally = result.tally
    if not tally.calls:
        return unknown("no call was made", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    planned = _planned(record)
    begun = planned - result.begun[:planned].count(Became.UNSENT) if len(result.begun) >= planned else \
        sum(state != Became.UNSENT for state in result.begun)
    if begun < planned and not result.aborted:
        return unknown(f"only {begun} of {planned} rounds were begun", Reason.COUNT_MISMATCH, owner=Owner.ENVIRONMENT)
    own = sum(counts.get(outcome, 0) for counts in tally.outcomes.values() for outcome in _OWN)
    if own:
        return unknown(f"{own} calls found no free socket on this machine; raise `ulimit -n`", Reason.NO_SAMPLES)
    if result.apart_seconds > _APART_SECONDS:
        return unknown(f"the {result.workers} workers may have begun {result.apart_seconds:.1f} s apart",
                       Reason.COUNT_MISMATCH)
    late = tally.lag.quantile(_PUNCTUAL)
    if late > _may_be_late(record) or result.busiest > _BUSY:
        return _was_tired(late, _PUNCTUAL, record)
    return None


def _was_tired(late: float, share: float, record: StormRecord) -> Finding:
    return unknown(f"the generator was tired: {late / 1e3:.0f} ms late at p{share * 100:g}, "
                   f"{record.result.busiest:.0%} of a core busy. Give it a machine of its own, or ask for less",
                   Reason.NO_SAMPLES)


def _may_be_late(record: StormRecord) -> float:
    """In microseconds."""
    limits = [one.limit for one in objectives(record.objectives) if not one.is_share]
    return max(_LATE_US, _LATE_SHARE * min(limits, default=0.0))


def _planned(record: StormRecord) -> int:
    return sum(1 for _ in record.plan.schedule.times())


def _lacking() -> Finding:
    return unknown("the journal lacks the storm", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
