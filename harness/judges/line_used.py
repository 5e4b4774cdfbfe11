"""Does the platform come to its wallet by the line on which our faults lie? Where it does not, they prove nothing."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, held, unknown


def line_used(bets: Sequence[Exchange], seen: Sequence[Exchange]) -> Draft:
    """Each of these bets, taken while all was well, made the platform call its wallet on the line.

    `seen`: what the wallet's side of the line saw, then or later. It need not name the player: wallets know them by
    tokens of their own.
    """
    then = [e for e in seen if any(_during(e, bet) for bet in bets)]
    return Draft(judge="line_used", over=tuple(e.id for e in (*bets, *then)), params={"bets": len(bets)},
                 says="the platform comes to its wallet by the line that is disturbed")


@judge("line_used")
def _line_used(history: History, claim: Claim) -> Finding:
    every = history.over(claim)
    bets, seen = every[:claim.params["bets"]], every[claim.params["bets"]:]
    if len(every) < len(claim.over) or not bets or not all(bet.answered for bet in bets):
        return unknown("no bet was taken while all was well", Reason.NO_STEADY_STATE, owner=Owner.SUBJECT)
    unseen = [bet for bet in bets if not any(_during(e, bet) for e in seen)]
    if unseen:
        return unknown("a bet was taken without a call on the wallet line that is disturbed: point the platform to "
                       "where [target.NAME.wallet] listens", Reason.NOT_WITNESSED, owner=Owner.PROFILE,
                       exchanges=[b.id for b in unseen[:1]])
    return held(f"{len(bets)} bets were seen on the wallet line", exchanges=[bets[0].id, seen[0].id], bets=len(bets))


def _during(seen: Exchange, bet: Exchange) -> bool:
    return bet.started_ns <= seen.started_ns <= bet.ended_ns
