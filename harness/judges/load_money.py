"""Judge of the money after a storm: each acknowledged operation counts once, any other in one permitted way (MONEY-11).

What each player must have follows from the plan and from what became of each call; an operation that was never
acknowledged may have happened or not, so the balance lies in a range, and that is one sum where nothing is unclear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.judges.answers import saw, whose
from harness.judges.registry import judge
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Looped, Stormed
from harness.model.storm import StormPlan
from harness.model.storm_record import Became, StormRecord

_UNCLEAR = 0.05
"""Beyond this share of calls that nobody can tell the end of, the ranges say nothing any more."""
_OPEN = (Became.UNKNOWN, Became.LATER)


def money_after_burst(stormed: Stormed | Looped) -> Draft:
    """Every player's balance is what the acknowledged operations of the storm make it; a reading for each seat."""
    if isinstance(stormed, Looped):
        return Draft(judge="closed_loop_money_after_burst", params={"load": stormed.load},
                     says="every acknowledged operation of the load is in the ledger exactly once")
    return Draft(judge="money_after_burst", over=tuple(e.id for e in stormed.readings),
                 params={"storm": stormed.storm},
                 says="every acknowledged operation of the burst is in the ledger exactly once")


@dataclass(slots=True)
class Range:
    """What a seat's balance may have moved by, in minor units, and how many of its operations were acknowledged."""

    low: int = 0
    high: int = 0
    acknowledged: int = 0
    unclear: int = 0

    def add(self, amount: int, state: int) -> None:
        """An operation that moves so much if it happens."""
        if state == Became.DONE:
            self.low += amount
            self.high += amount
            self.acknowledged += 1
        elif state in _OPEN:
            self.low += min(0, amount)
            self.high += max(0, amount)
            self.unclear += 1


def ranges(plan: StormPlan, begun: bytes, ended: bytes) -> list[Range]:
    """By seat, what the rounds may have moved its balance by."""
    found = [Range() for _ in plan.seats]
    for number, (begin, end) in enumerate(zip(begun, ended, strict=True)):
        if begin == Became.UNSENT:
            continue
        one = plan.round(number)
        found[one.seat].add(-one.stake, begin)
        if begin == Became.DONE:
            found[one.seat].add(one.stake if one.rolled_back else one.win, end)
    return found


@judge("money_after_burst")
def _money_after_burst(history: History, claim: Claim) -> Finding:
    record = history.storm(claim.params["storm"])
    readings = history.over(claim)
    if record is None or len(readings) < len(claim.over) or len(readings) != len(record.plan.seats):
        return unknown("the journal lacks the storm or a reading after it", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    if record.result.lost or not record.result.complete:
        return unknown("nobody knows what a lost worker had sent", Reason.COUNT_MISMATCH)
    found = ranges(record.plan, record.result.begun, record.result.ended)
    acknowledged, unclear = sum(r.acknowledged for r in found), sum(r.unclear for r in found)
    if not acknowledged:
        return unknown("no operation was acknowledged", Reason.ONLY_ERROR_PATHS, owner=Owner.SUBJECT)
    if unclear > _UNCLEAR * (acknowledged + unclear):
        return unknown(f"{unclear} of {acknowledged + unclear} operations have no end that anybody could tell",
                       Reason.NO_ANSWER, owner=Owner.SUBJECT)
    wrong = [(seat, off) for seat, off in enumerate(_off(history, record, readings, found)) if off]
    unread = next((e for e in readings if money.balances(e.json(), history.profile.money_form) is None), None)
    if unread is not None and not wrong:
        return unknown(f"the observer could not read a player's balance: {saw(unread)}", Reason.OBSERVER_UNAVAILABLE,
                       exchanges=[unread.id], owner=whose(unread))
    if wrong:
        seat, (has, low, high) = wrong[0]
        return broken(f"{len(wrong)} of {len(found)} players do not have what the acknowledged operations make",
                      expected=str(low) if low == high else f"{low} to {high}",
                      seen=f"{has} {record.plan.currency} (player {record.plan.seats[seat].player_id})",
                      exchanges=[readings[seat].id], players=len(wrong), acknowledged=acknowledged, unclear=unclear)
    return held(f"{acknowledged} acknowledged operations of {len(found)} players add up, {unclear} were left unclear",
                exchanges=[readings[0].id], acknowledged=acknowledged, unclear=unclear, players=len(found))


def _off(history: History, record: StormRecord, readings: Sequence[Exchange], found: Sequence[Range]
         ) -> list[tuple[int, int, int] | None]:
    """By seat (what it has, least, most) where it does not fit; None where it does or could not be read."""
    starts = {player.player_id: player.start for player in history.players}
    currency, off = record.plan.currency, list[tuple[int, int, int] | None]()
    for seat, reading, moved in zip(record.plan.seats, readings, found, strict=True):
        balances = money.balances(reading.json(), history.profile.money_form)
        start = starts.get(seat.player_id, {}).get(currency, 0)
        has = None if balances is None else balances.get(currency, 0)
        off.append((has, start + moved.low, start + moved.high)
                   if has is not None and not start + moved.low <= has <= start + moved.high else None)
    return off
