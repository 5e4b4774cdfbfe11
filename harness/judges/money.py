"""Judges of money: balances move by exactly what was done, and by nothing else."""

from __future__ import annotations

from harness.judges.answers import saw, unanswered, whose
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
                       exchanges=[bad.id], owner=whose(bad))
    before, after = (r or {} for r in readings)
    currency, by = claim.params["currency"], claim.params["by"]
    for name in sorted(before.keys() | after.keys() | ({currency} if currency else set())):
        wanted = before.get(name, 0) + (by if name == currency else 0)
        seen = after.get(name, 0)
        if seen != wanted:
            return broken(claim.says, expected=f"{name} {wanted} minor units", exchanges=ids,
                          seen=f"{name} {seen} minor units (off by {seen - wanted:+d})")
    return held(claim.says, exchanges=ids)


def within_funds(before: Exchange, after: Exchange, bets: list[Exchange], stake: int, currency: str = "EUR") -> Draft:
    """Parallel bets above the balance: accepted only up to it, the balance exact and never negative."""
    return Draft(judge="within_funds", over=(before.id, after.id, *(b.id for b in bets)),
                 params={"stake": stake, "currency": currency},
                 says=f"{len(bets)} parallel bets of {stake} are accepted only up to the balance")


@judge("within_funds")
def _within_funds(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) < 3:
        return unknown("the race was not recorded", Reason.NO_SAMPLES)
    readings = [money.balances(e.json(), history.profile.money_form) for e in exchanges[:2]]
    if readings[0] is None or readings[1] is None:
        return unknown("balances could not be read", Reason.OBSERVER_UNAVAILABLE, exchanges=claim.over[:2])
    currency, stake = claim.params["currency"], claim.params["stake"]
    start, end = readings[0].get(currency, 0), readings[1].get(currency, 0)
    accepted = [e for e in exchanges[2:] if e.answered and e.status == 200]
    unclear = sum(not e.answered or e.status in (202, 500) for e in exchanges[2:])
    if end < 0 or len(accepted) * stake > start:
        return broken(f"{claim.says}: {len(accepted)} were accepted", expected=f"at most {start // stake} accepted, "
                      f"balance >= 0", seen=f"{len(accepted)} accepted, balance {end}",
                      exchanges=[*claim.over[:2], *(e.id for e in accepted[-2:])])
    if not start - (len(accepted) + unclear) * stake <= end <= start - len(accepted) * stake:
        return broken(f"{claim.says}: the balance is not exact", expected=f"{start - len(accepted) * stake}",
                      seen=f"{end}", exchanges=claim.over[:2])
    if not accepted:
        return unknown("no bet was accepted", Reason.NO_SAMPLES, exchanges=claim.over[2:4])
    return held(f"{len(accepted)} of {len(exchanges) - 2} accepted", exchanges=claim.over[:2], accepted=len(accepted))


def exact_or_refused(before: Exchange, answer: Exchange, after: Exchange, exact: int | None, currency: str,
                     says: str) -> Draft:
    """An odd wire form: refused with no effect, or booked as exactly `exact` minor units (None: only refused)."""
    return Draft(judge="exact_or_refused", over=(before.id, answer.id, after.id),
                 params={"exact": exact, "currency": currency}, says=says)


@judge("exact_or_refused")
def _exact_or_refused(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    before, answer, after = exchanges
    readings = [money.balances(e.json(), history.profile.money_form) for e in (before, after)]
    if readings[0] is None or readings[1] is None:
        return unknown("balances could not be read", Reason.OBSERVER_UNAVAILABLE, exchanges=claim.over)
    currency, exact, status = claim.params["currency"], claim.params["exact"], answer.status or 0
    gone = readings[0].get(currency, 0) - readings[1].get(currency, 0)
    if status >= 500 or status == 429:
        return unknown(f"neither accepted nor refused: {saw(answer)}", Reason.NO_SAMPLES, exchanges=[answer.id],
                       owner=whose(answer))
    if 400 <= status < 500:
        if gone == 0:
            return held(f"refused: {saw(answer)}", exchanges=[answer.id])
        return broken(f"{claim.says}: refused, yet {gone} minor units are gone", expected="no effect",
                      seen=f"balance {-gone:+d}", exchanges=claim.over)
    if exact is not None and gone == exact:
        return held(f"booked exactly {exact}", exchanges=[answer.id])
    return broken(f"{claim.says}: accepted and booked as {gone} minor units",
                  expected="refused" + (f", or exactly {exact}" if exact is not None else ""), seen=f"{gone}",
                  exchanges=claim.over)
