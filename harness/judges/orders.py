"""Judges of the bet's life: which end states an order of calls may have, by the contract profile."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.answers import saw
from harness.judges.registry import judge
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.profile import ContractProfile

STEPS = ("authorize", "authorize again", "settle", "settle again", "rollback")


def end_state(order: Sequence[str], profile: ContractProfile, *, same_key: bool) -> tuple[str, bool, bool]:
    """(status, stake is gone, win is paid) after calls in this order, one after the other. Pure model of a bet.

    With the same key a repeated step is a replay of its first answer, a refusal included (IDEM-09); with a new
    key it is tried anew.
    """
    status, parked = "none", False
    steps = list(dict.fromkeys(order)) if same_key else order
    for step in steps:
        if step.startswith("authorize") and status == "none":
            status = "settled" if parked else "authorized"
        elif step.startswith("settle"):
            if status == "authorized":
                status = "settled"
            elif status == "none" and profile.settle_without_authorize == "parked":
                parked = True
        elif step == "rollback":
            if status == "authorized" or (status == "settled" and profile.rollback_after_settle == "reverses"):
                status = "rolled_back"
            elif status == "none":
                status = "tombstoned"
    return status, status in ("authorized", "settled"), status == "settled"


def order_ends_well(order: Sequence[str], answers: Sequence[Exchange], before: Exchange, after: Exchange,
                    bet: Exchange, *, stake: int, win: int, same_key: bool, currency: str = "EUR") -> Draft:
    """After the calls in this order the balance and the bet's status are what the contract profile permits.

    `answers` are the calls' own. One that leaves open what became of it (202 but for a parked settle, 429, 5xx, in
    progress, silence) makes the order itself uncertain, and the claim inconclusive.
    """
    return Draft(judge="order_ends_well", over=(before.id, after.id, bet.id, *(a.id for a in answers)),
                 params={"order": list(order), "stake": stake, "win": win, "currency": currency,
                         "same_key": same_key},
                 says=" → ".join(order) + (" (same keys)" if same_key else " (new keys)"))


@judge("order_ends_well")
def _order_ends_well(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) < 3 or not exchanges[0].answered or not exchanges[1].answered:
        return unknown("the observer gave no balances", Reason.OBSERVER_UNAVAILABLE, exchanges=claim.over)
    before, after, bet, *answers = exchanges
    if vague := next((a for a in answers if _open(a, history.profile)), None):
        return unknown(f"{claim.says}: {vague.operation} left open what became of it ({saw(vague)})",
                       Reason.NO_SAMPLES, exchanges=[vague.id], owner=Owner.SUBJECT)
    currency, order = claim.params["currency"], claim.params["order"]
    status, stake_gone, win_paid = end_state(order, history.profile, same_key=bool(claim.params["same_key"]))
    readings = [money.balances(e.json(), history.profile.money_form) for e in (before, after)]
    if readings[0] is None or readings[1] is None:
        return unknown("balances could not be read", Reason.OBSERVER_UNAVAILABLE, exchanges=[before.id, after.id])
    moved = readings[1].get(currency, 0) - readings[0].get(currency, 0)
    wanted = (-claim.params["stake"] if stake_gone else 0) + (claim.params["win"] if win_paid else 0)
    if moved != wanted:
        return broken(f"{claim.says}: the balance moved by {moved:+d} instead of {wanted:+d}",
                      expected=f"{status}, balance {wanted:+d}", seen=f"balance {moved:+d}", exchanges=claim.over)
    shown = bet.field("status") if bet.status == 200 else None
    if shown is not None and shown not in _same(status):
        return broken(f"{claim.says}: the bet is {shown!r}", expected=" or ".join(_same(status)), seen=repr(shown),
                      exchanges=[bet.id])
    return held(f"{claim.says}: {status}", exchanges=claim.over)


def _open(answer: Exchange, profile: ContractProfile) -> bool:
    parked = profile.settle_without_authorize == "parked" and answer.operation == "settleBet"
    return not answer.answered or answer.status == 429 or (answer.status or 0) >= 500 \
        or (answer.status == 202 and not parked) or (answer.status == 409 and answer.field("retryable") is True)


def _same(status: str) -> tuple[str, ...]:
    """Statuses that mean the same end: a platform may call a tombstone rolled back."""
    return {"tombstoned": ("tombstoned", "rolled_back", "refused"), "rolled_back": ("rolled_back", "tombstoned"),
            "none": ("pending", "refused", "tombstoned")}.get(status, (status,))


def all_orders_tried(tried: int, needed: int) -> Draft:
    """The enumeration was complete; the number is printed."""
    return Draft(judge="all_orders_tried", params={"tried": tried, "needed": needed},
                 says=f"all {needed} orders of {', '.join(STEPS)} were tried")


@judge("all_orders_tried")
def _all_orders_tried(history: History, claim: Claim) -> Finding:
    done = sum(c.judge == "order_ends_well" and c.check == claim.check for c in history.claims)
    needed = int(claim.params["needed"])
    if done and done < needed:  # a live view that holds part of the history must not cry wolf
        return unknown(f"{done} of {needed} orders were tried", Reason.COUNT_MISMATCH)
    if not done:
        return unknown("no order was tried", Reason.NO_SAMPLES)
    return held(f"{done} orders tried", orders=done)


def exactly_one_wins(settle: Exchange, rollback: Exchange, before: Exchange, after: Exchange, *, stake: int, win: int,
                     currency: str = "EUR") -> Draft:
    """A settle and a rollback of one bet at the same time: one has its effect, the other none."""
    return Draft(judge="exactly_one_wins", over=(settle.id, rollback.id, before.id, after.id),
                 params={"stake": stake, "win": win, "currency": currency},
                 says="of a settle and a rollback at the same time exactly one wins")


@judge("exactly_one_wins")
def _exactly_one_wins(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) < 4:
        return unknown("the race was not recorded", Reason.NO_SAMPLES)
    settle, rollback, before, after = exchanges
    readings = [money.balances(e.json(), history.profile.money_form) for e in (before, after)]
    if readings[0] is None or readings[1] is None:
        return unknown("balances could not be read", Reason.OBSERVER_UNAVAILABLE, exchanges=[before.id, after.id])
    currency, stake, win = claim.params["currency"], claim.params["stake"], claim.params["win"]
    moved = readings[1].get(currency, 0) - readings[0].get(currency, 0)
    said = [e.answered and 200 <= (e.status or 0) < 300 and e.status != 202 for e in (settle, rollback)]
    ends = {"settled": win, "rolled back": stake}
    if moved not in ends.values():
        return broken(f"{claim.says}: the balance moved by {moved:+d}", expected=f"{win:+d} (settle) or {stake:+d} "
                      f"(rollback)", seen=f"{moved:+d}", exchanges=claim.over)
    if all(said):
        if history.profile.rollback_after_settle == "reverses" and moved == stake:
            return held("the settle was reversed by the rollback", exchanges=claim.over)
        return broken(f"{claim.says}: both were acknowledged", expected="one 2xx, one refusal",
                      seen=f"settle {saw(settle)}, rollback {saw(rollback)}", exchanges=claim.over)
    if (said[0] and moved != win) or (said[1] and moved != stake):
        return broken(f"{claim.says}: the one that was acknowledged is not the one that moved money",
                      expected="the acknowledged effect", seen=f"settle {saw(settle)}, rollback {saw(rollback)}, "
                      f"balance {moved:+d}", exchanges=claim.over)
    return held("one won", exchanges=claim.over)
