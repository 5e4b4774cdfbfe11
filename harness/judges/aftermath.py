"""Judges of what is left of bets after trouble on the wallet line: one permitted end each, and never two effects."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.answers import saw, whose
from harness.judges.overdue import overdue
from harness.judges.registry import judge
from harness.judges.undone import still_done, usual
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Outcome, Owner, Reason, broken, held, unknown
from harness.model.played import Ended

TAKEN = "authorized"
GONE = ("refused", "rolled_back", "tombstoned")
_OPEN = ("unknown", "pending")


def ends_once(bets: Sequence[Ended], within_seconds: float, *, declared: bool = True) -> Draft:
    """Each bet is taken or not, as its answer said, within `within_seconds`; its stake left at most once (TIME-08).

    What the wallet did for a bet that is not taken after all was undone there. `declared`: that time is the platform's
    own word.
    """
    return Draft(judge="ends_once", over=tuple(i for b in bets for i in (b.call.id, b.bet.id, b.balances.id)),
                 params={"stakes": [[b.stake, b.start, b.currency, b.player] for b in bets], "within": within_seconds,
                         "declared": declared},
                 says="whatever befell the wallet, each bet has one end, and its stake left at most once")


@judge("ends_once")
def _ends_once(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    stakes = claim.params["stakes"]
    if len(exchanges) < 3 * len(stakes) or not stakes:
        return unknown("the journal lacks a reading", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    ends: dict[str, int] = {}
    open_: Finding | None = None
    at_wallet = sorted(history.where(channel="wallet"), key=lambda e: e.started_ns)
    usually = usual(at_wallet, [(player, exchanges[3 * n]) for n, (*_, player) in enumerate(stakes)
                                if exchanges[3 * n].status == 200 and exchanges[3 * n + 1].field("status") == TAKEN])
    unsure: list[tuple[Exchange, Exchange]] = []
    for n, (stake, start, currency, player) in enumerate(stakes):
        call, bet, balances = exchanges[3 * n:3 * n + 3]
        read = money.balances(balances.json(), history.profile.money_form)
        if read is None or not bet.answered or bet.status not in (200, 404):
            odd = balances if read is None else bet
            return unknown(f"the observer could not read what became of a bet: {saw(odd)}", exchanges=[odd.id],
                           reason=Reason.OBSERVER_UNAVAILABLE, owner=whose(odd))
        end = str(bet.field("status")) if bet.status == 200 else "never heard of"
        ends[end] = ends.get(end, 0) + 1
        if wrong := _wrong(call, end, read.get(currency, 0), start, stake):
            expected, seen = wrong
            return broken(f"a bet that was answered {saw(call)} {seen}", expected=expected, seen=seen,
                          exchanges=[bet.id, balances.id, call.id])
        left = still_done(at_wallet, player, call, usually) if end not in (TAKEN, *_OPEN) else []
        late = _late(claim, call, bet, end, next((one for one, sure in left if sure), None))
        if late and late.outcome is Outcome.FAIL:
            return late
        open_ = open_ or late
        unsure += [(one, bet) for one, _ in left]
    if open_:
        return open_
    if unsure:
        one, bet = unsure[0]
        return unknown(f"nothing tells whether {one.method} {one.url} took a stake for a bet that was not taken; "
                       "it was not undone", Reason.NO_SAMPLES, owner=Owner.PROFILE, exchanges=[one.id, bet.id])
    told = ", ".join(f"{n} {end}" for end, n in sorted(ends.items()))
    return held(f"{len(stakes)} bets have one end each: {told}", exchanges=claim.over[:3], bets=len(stakes))


def _late(claim: Claim, call: Exchange, bet: Exchange, end: str, kept: Exchange | None) -> Finding | None:
    """What is not done yet: the bet has no end, or it is not taken and its wallet call `kept` was not undone."""
    within, declared = claim.params["within"], claim.params.get("declared", True)
    if end in _OPEN:
        return overdue(f"a bet that was answered {saw(call)} is still {end}", within, declared=declared,
                       expected=f"a final state within {within:.0f} s", seen=f"is still {end}",
                       exchanges=[bet.id, call.id])
    if kept:
        return overdue(f"a bet ended {end}, and what the wallet did for it was never undone", within, declared=declared,
                       expected="the wallet call undone", exchanges=[kept.id, bet.id],
                       seen=f"{kept.method} {kept.url}, answered {kept.facts['answered']}")
    return None


def _wrong(call: Exchange, end: str, have: int, start: int, stake: int) -> tuple[str, str] | None:
    """(expected, seen) of what does not fit together: the answer, the bet's end, the balance."""
    if have not in (start, start - stake):
        return f"{start} or {start - stake} minor units", f"left {have} minor units of {start}, the stake is {stake}"
    if end in _OPEN:
        return None
    taken = end == TAKEN
    if taken != (have == start - stake) and stake:
        return f"the stake {'held' if taken else 'not held'}", f"is {end}, and the balance went from {start} to {have}"
    if call.status == 200 and not taken:
        return "authorized, as it was answered", f"is {end}"
    refused = call.answered and 400 <= (call.status or 0) < 500 and call.status not in (408, 425)
    if refused and taken:
        return "not authorized, as it was answered", f"is {end}"
    return None


def taken_again(after: Sequence[Exchange], within_seconds: float, *, declared: bool = True) -> Draft:
    """Once the trouble is over bets are taken again, within `within_seconds` (TIME-07: the breaker closes)."""
    return Draft(judge="taken_again", over=tuple(e.id for e in after),
                 params={"within": within_seconds, "declared": declared},
                 says=f"bets are taken again within {within_seconds:.0f} s after the trouble")


@judge("taken_again")
def _taken_again(history: History, claim: Claim) -> Finding:
    calls = history.over(claim)
    if not calls or len(calls) < len(claim.over):
        return unknown("nothing was asked after the trouble", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    if left := [e for e in calls if e.status != 200]:
        return overdue(f"{len(left)} of {len(calls)} bets were not taken again", claim.params["within"],
                       declared=claim.params.get("declared", True), exchanges=[left[0].id], seen=saw(left[0]),
                       expected=f"200 within {claim.params['within']:.0f} s after the trouble")
    return held(f"{len(calls)} bets were taken again", exchanges=[calls[0].id])
