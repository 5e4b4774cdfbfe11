"""Judge of what everybody wants at once: one hot player, one hot jackpot (LOAD-04): exact, and served in time."""

from __future__ import annotations

from typing import Any

from harness.judges.answers import saw, whose
from harness.judges.crowded_out import unless_crowded
from harness.judges.load import tired
from harness.judges.load_money import ranges
from harness.judges.registry import judge
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Outcome, Owner, Reason, broken, held, unknown, worst
from harness.model.played import Stormed
from harness.model.slo import objectives
from harness.model.storm_record import Became, StormRecord

_FEWEST = 20
"""Acknowledged operations of the hot player, and contributions: fewer are no crowd."""


def hot_exact_and_bounded(stormed: Stormed) -> Draft:
    """The hot player's balance and the hot jackpot's pool are exact, and their calls within the objectives."""
    return Draft(judge="hot_exact_and_bounded", over=(stormed.readings[0].id, *(e.id for e in stormed.pools)),
                 params={"storm": stormed.storm},
                 says="a hot player and a hot jackpot are exact, and as quick as the rest")


@judge("hot_exact_and_bounded")
def _hot_exact_and_bounded(history: History, claim: Claim) -> Finding:
    record, readings = history.storm(claim.params["storm"]), history.over(claim)
    if record is None or len(readings) != len(claim.over) or len(readings) > 3:
        return unknown("the journal lacks the storm or a reading after it", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    if record.result.lost or not record.result.complete:
        return unknown("nobody knows what a lost worker had sent", Reason.COUNT_MISMATCH)
    parts = [_player(history, record, readings[0])]
    if len(readings) == 2:
        parts.append(unknown(f"no jackpot could be made: {saw(readings[1])}", Reason.SETUP_FAILED,
                             exchanges=[readings[1].id], owner=whose(readings[1])))
    if len(readings) == 3:
        parts.append(_pool(history, record, readings[1], readings[2]))
    parts.append(_latency(record))
    finding = worst(parts)
    if finding is not None and finding.outcome is not Outcome.PASS:
        return finding
    figures: dict[str, Any] = {key: value for part in parts for key, value in part.measured.items()}
    return held("; ".join(p.message for p in parts), exchanges=[e.id for e in readings], **figures)


def _player(history: History, record: StormRecord, reading: Exchange) -> Finding:
    seat, moved = record.plan.seats[0], ranges(record.plan, record.result.begun, record.result.ended)[0]
    start = {p.player_id: p.start for p in history.players}.get(seat.player_id, {}).get(record.plan.currency, 0)
    balances = money.balances(reading.json(), history.profile.money_form)
    if balances is None:
        return unknown(f"the observer could not read the hot player's balance: {saw(reading)}",
                       Reason.OBSERVER_UNAVAILABLE, exchanges=[reading.id], owner=whose(reading))
    if moved.acknowledged < _FEWEST:
        return unknown(f"only {moved.acknowledged} operations of the hot player were acknowledged",
                       Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    return _within("the hot player has", balances.get(record.plan.currency, 0), start + moved.low, start + moved.high,
                   moved.acknowledged, reading)


def _pool(history: History, record: StormRecord, before: Exchange, after: Exchange) -> Finding:
    form, pools = history.profile.money_form, []
    for reading in (before, after):
        read = money.from_wire(reading.field("pool"), form) if reading.status == 200 else None
        if read is None:
            return unknown(f"the observer could not read the jackpot's pool: {saw(reading)}",
                           Reason.OBSERVER_UNAVAILABLE, exchanges=[reading.id], owner=whose(reading))
        pools.append(read[0])
    low = high = acknowledged = 0
    for number, fed in enumerate(record.result.fed):
        amount = record.plan.round(number).contribution if fed in (Became.DONE, Became.UNKNOWN, Became.LATER) else 0
        low += amount if fed == Became.DONE else 0
        high += amount
        acknowledged += fed == Became.DONE
    if acknowledged < _FEWEST:
        return unknown(f"only {acknowledged} contributions to the hot jackpot were acknowledged", Reason.NO_SAMPLES,
                       owner=Owner.SUBJECT)
    return _within("the hot jackpot has", pools[1], pools[0] + low, pools[0] + high, acknowledged, after)


def _within(what: str, has: int, low: int, high: int, acknowledged: int, reading: Exchange) -> Finding:
    wanted = str(low) if low == high else f"{low} to {high}"
    if not low <= has <= high:
        return broken(f"{what} {has} minor units after {acknowledged} acknowledged operations",
                      expected=f"{wanted} minor units", seen=f"{has} (off by {has - (high if has > high else low):+d})",
                      exchanges=[reading.id])
    return held(f"{what} what {acknowledged} acknowledged operations make")


def _latency(record: StormRecord) -> Finding:
    """The objectives that are about all calls, held against the calls that everybody wants at once."""
    if late := tired(record):
        return late
    hot, told, belated = record.result.tally.hot, {}, None
    for one in objectives(record.objectives):
        if one.operation or one.is_share or one.share in (None, 1.0) or not one.enough_in(hot):
            continue
        value = one.measured_in(hot)
        told[one.text] = one.told(value)
        if not one.keeps(value):
            missed = broken(f"hot: {one.text} was missed: {one.told(value)} over {hot.count} calls", expected=one.text,
                            seen=one.told(value), hot=told)
            if (proof := unless_crowded(record, missed, 1 - (one.share or 0.0))) == missed:
                return missed
            belated = belated or proof
    if belated:
        return belated
    if not told:
        return unknown(f"{hot.count} calls of the hot ones are too few for any objective of the profile",
                       Reason.NO_SAMPLES, owner=Owner.PROFILE)
    said = ", ".join(f"{text}: {value}" for text, value in told.items())
    return held(f"{said} over {hot.count} hot calls", hot=told)
