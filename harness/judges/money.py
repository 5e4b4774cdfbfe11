"""Judges of money: balances move by exactly what was done, and by nothing else."""

from __future__ import annotations

from harness.judges.answers import saw, unanswered
from harness.judges.registry import judge
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown


def moved(before: Exchange, after: Exchange, by: int, currency: str = "EUR", says: str = "") -> Draft:
    """Between two readings of a player's balances the currency changed by `by` minor units, others by 0."""
    sentence = says or (f"the {currency} balance changes by {by:+d} minor units" if by
                        else "no balance changes")
    return Draft(judge="moved", over=(before.id, after.id), params={"by": by, "currency": currency},
                 says=sentence)


def unmoved(before: Exchange, after: Exchange, says: str = "") -> Draft:
    """Between two readings of a player's balances nothing changed."""
    return moved(before, after, 0, "", says or "a refused call leaves every balance as it was")


@judge("moved")
def _moved(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    readings = [money.balances(e.json(), history.profile.money_form) for e in exchanges]
    ids = [e.id for e in exchanges]
    if None in readings:
        bad = exchanges[readings.index(None)]
        return unknown(f"the observer could not read balances: {saw(bad)}", Reason.OBSERVER_UNAVAILABLE,
                       exchanges=[bad.id])
    before, after = (r or {} for r in readings)
    currency, by = claim.params["currency"], claim.params["by"]
    for name in sorted(before.keys() | after.keys() | ({currency} if currency else set())):
        wanted = before.get(name, 0) + (by if name == currency else 0)
        seen = after.get(name, 0)
        if seen != wanted:
            return broken(claim.says, expected=f"{name} {wanted} minor units", exchanges=ids,
                          seen=f"{name} {seen} minor units (off by {seen - wanted:+d})")
    return held(claim.says, exchanges=ids)
