"""Judges of rounds that went wrong on the way and were made good: they end as if nothing had happened."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.answers import not_yet, saw, whose
from harness.judges.registry import judge
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Round, RoundsPlayed

_GONE = ("refused", "rolled_back", "tombstoned", "none")
_READINGS = 3
KILLED = "killed"
"""Name of the rounds in which the platform was killed."""


def ends_as_in_order(played: RoundsPlayed) -> Draft:
    """Each round ends as the one of the same calls in order: the same money, the same end (HOOK-08, IDEM-11)."""
    rows, over = [], []
    for usual, one in played.rounds:
        over += [*_readings(usual), *_readings(one), *(e.id for e in one.last)]
        rows.append([one.name, one.currency, len(one.last)])
    return Draft(judge="ends_as_in_order", over=(*over, *(e.id for e in played.disturbed)), params={"rounds": rows},
                 says="whatever the order, and whatever was lost on the way, a round ends as it does in order")


def _readings(one: Round) -> tuple[str, str, str]:
    return one.before.id, one.after.id, one.bet.id


@judge("ends_as_in_order")
def _ends_as_in_order(history: History, claim: Claim) -> Finding:
    every = list(history.over(claim))
    rows = claim.params["rounds"]
    needed = sum(2 * _READINGS + answers for _, _, answers in rows)
    if len(every) < len(claim.over) or not rows:
        return unknown("the journal lacks an exchange of this claim", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    if len(every) == needed:
        return _undisturbed(len(rows), killed=all(name == KILLED for name, _, _ in rows))
    at, ends = 0, set()
    for name, currency, answers in rows:
        usual, one = every[at:at + _READINGS], every[at + _READINGS:at + 2 * _READINGS]
        last = every[at + 2 * _READINGS:at + 2 * _READINGS + answers]
        at += 2 * _READINGS + answers
        wanted, seen = _end(usual, currency, history), _end(one, currency, history)
        if isinstance(wanted, Finding) or isinstance(seen, Finding):
            return wanted if isinstance(wanted, Finding) else seen  # type: ignore[return-value]
        if wanted != seen:
            if open_ := next((e for e in last if not_yet(e, parked=_parks(e, history))), None):
                return unknown(f"{name}: a call had no end when our patience was over: {saw(open_)}", Reason.NO_SAMPLES,
                               owner=whose(open_), exchanges=[open_.id])
            return broken(f"{name}: the round does not end as it does in order", expected=_told(*wanted),
                          seen=_told(*seen), exchanges=[one[2].id, one[1].id, *(e.id for e in last[-1:])])
        ends.add(_told(*seen))
    return held(f"{len(rows)} rounds ended as they do in order: {'; '.join(sorted(ends))}",
                exchanges=[every[_READINGS].id], rounds=len(rows))


def _undisturbed(rounds: int, *, killed: bool) -> Finding:
    """Nothing went wrong on the way. Only a kill is not ours to make: it is made by the hook of the profile."""
    if not killed:
        return unknown("nothing was disturbed: no call was cut off or overtaken", Reason.NO_SAMPLES,
                       owner=Owner.HARNESS)
    return unknown(f"the restart cut no call off: each of {rounds} settles around it had its answer, or found nobody "
                   "there. What restarts the platform (`restart` under [target.NAME.hooks], or /sandbox/restart) must "
                   "end it at once, as a crash does (kill -9, docker kill), and not let calls end first",
                   Reason.NO_SAMPLES, owner=Owner.PROFILE, expected="a settle that was cut off", seen="none")


def _end(readings: Sequence[Exchange], currency: str, history: History) -> tuple[str, int] | Finding:
    """(end of the bet, minor units that the balance moved by), or why that cannot be told."""
    before, after, bet = readings
    sums = [money.balances(e.json(), history.profile.money_form) for e in (before, after)]
    if sums[0] is None or sums[1] is None or bet.status not in (200, 404):
        odd = next((e for e, s in zip((before, after), sums, strict=True) if s is None), bet)
        return unknown(f"the observer could not read the end of a round: {saw(odd)}", Reason.OBSERVER_UNAVAILABLE,
                       owner=whose(odd), exchanges=[odd.id])
    status = str(bet.field("status")) if bet.status == 200 else "none"
    return "gone" if status in _GONE else status, sums[1].get(currency, 0) - sums[0].get(currency, 0)


def _parks(call: Exchange, history: History) -> bool:
    """Has the platform taken this call when it answers 202?"""
    return call.operation == "settleBet" and history.profile.settle_without_authorize == "parked"


def _told(end: str, moved: int) -> str:
    return f"{end}, balance {moved:+d}"


def committed_result_given(played: RoundsPlayed) -> Draft:
    """A call whose reply was lost is answered with its result when it is made again (IDEM-08)."""
    answers = [e for _, one in played.rounds for e in one.last]
    return Draft(judge="committed_result_given", over=tuple(e.id for e in answers), params={},
                 says="a call whose reply was lost is answered with its result when it is made again")


@judge("committed_result_given")
def _committed_result_given(history: History, claim: Claim) -> Finding:
    answers = history.over(claim)
    if not answers or len(answers) < len(claim.over):
        return unknown("no call was made again", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    for e in answers:
        if not_yet(e):  # a settle has a bet to wait for no more: the authorize was carried out before it
            return unknown(f"a call made again had no end when our patience was over: {saw(e)}", Reason.NO_ANSWER,
                           exchanges=[e.id], owner=whose(e))
        if e.status != 200:
            return broken("a call whose reply was lost was refused when it was made again", expected="200",
                          seen=saw(e), exchanges=[e.id])
        sent, got = e.sent_json(), e.json()
        if isinstance(sent, dict) and isinstance(got, dict) and got.get("bet_id", sent["bet_id"]) != sent["bet_id"]:
            return broken("a call made again was answered with another bet's result", expected=str(sent["bet_id"]),
                          seen=str(got["bet_id"]), exchanges=[e.id])
    return held(f"{len(answers)} calls whose replies were lost were answered with their results",
                exchanges=[answers[0].id], calls=len(answers))
