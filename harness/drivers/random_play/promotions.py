"""Actions of a random play with bonuses and jackpots."""

from __future__ import annotations

from hypothesis import strategies as st

from harness.drivers.random_play.bets import action
from harness.drivers.random_play.evening import WINS, Draw, Evening, recent
from harness.model.play import Move, Sum

_FEW = 2
"""Bonuses and pools in one play: calls must meet on the same one."""


@action(1, "bonuses")
def issue_bonus(evening: Evening, draw: Draw) -> None:
    """Free spins, and bonus money that is released once enough is wagered."""
    if len(evening.bonuses) < _FEW:
        evening.bonuses.append(_issued(evening, draw))


def _issued(evening: Evening, draw: Draw) -> Move:
    session = recent(draw, evening.sessions)
    currency, required = session["currency"], draw(st.sampled_from((5_000, 1_000, 1)))
    return evening.do(evening.move(
        "issueBonus", session.by, bonus_id=evening.new("bonus"), player_id=session["player_id"],
        freespins=draw(st.sampled_from((3, 2, 4, 0))), amount=Sum(500, currency),
        wager_requirement=Sum(required, currency)))


def _bonus(evening: Evening, draw: Draw) -> Move:
    if not evening.bonuses:
        evening.bonuses.append(_issued(evening, draw))
    return draw(st.sampled_from(evening.bonuses))


@action(2, "bonuses")
def spin(evening: Evening, draw: Draw) -> None:
    """A free spin, if one is left; perhaps another one, and the first again under a new key."""
    bonus = _bonus(evening, draw)
    spins = [evening.move("consumeBonus", bonus.by, bonus_id=bonus["bonus_id"], round_id=evening.new("round"),
                          consumption_id=evening.new("spin"), win=Sum(draw(WINS), bonus["amount"].currency))
             for _ in range(draw(st.integers(1, 2)))]
    for one in spins:
        evening.write(one)
    if draw(st.booleans()):
        evening.do(spins[0].under(evening.new("key")))


@action(3, "bonuses")
def wager(evening: Evening, draw: Draw) -> None:
    """A bet, perhaps two, counts towards a bonus; perhaps the first is reported again under a new key."""
    bonus = _bonus(evening, draw)
    currency = bonus["amount"].currency
    sessions = [s for s in evening.sessions if (s["player_id"], s["currency"]) == (bonus["player_id"], currency)]
    for session in sessions[-1:] * draw(st.integers(0, 2)):
        evening.place(evening.bet(session, draw(st.integers(1, 300))))
    bets = [b for b in evening.open or evening.bets if b["amount"].currency == currency][-2:]
    reports = [evening.move("reportWagerProgress", bonus.by, bonus_id=bonus["bonus_id"], bet_id=bet["bet_id"])
               for bet in bets]
    for report in reports:
        evening.write(report)
    if draw(st.booleans()) and reports:
        evening.do(reports[0].under(evening.new("key")))


@action(1, "jackpots")
def start_jackpot(evening: Evening, draw: Draw) -> None:
    """A pool with a seed."""
    if len(evening.jackpots) < _FEW:
        evening.jackpots.append(_started(evening, draw))


def _started(evening: Evening, draw: Draw) -> Move:
    return evening.do(evening.move("createSandboxJackpot", "admin", jackpot_id=evening.new("jackpot"),
                                   currency="EUR", seed=draw(st.sampled_from((5_000, 0, 1)))))


def _jackpot(evening: Evening, draw: Draw) -> Move:
    if not evening.jackpots:
        evening.jackpots.append(_started(evening, draw))
    return draw(st.sampled_from(evening.jackpots))


@action(3, "jackpots")
def contribute(evening: Evening, draw: Draw) -> None:
    """A part of a bet goes into a pool; perhaps the bet is ended then."""
    bets = [b for b in evening.open or evening.bets if b["amount"].currency == "EUR" and b.by == "provider"]
    if bets:
        jackpot, bet = _jackpot(evening, draw), recent(draw, bets)
        evening.write(evening.move("contributeToJackpot", jackpot_id=jackpot["jackpot_id"], bet_id=bet["bet_id"],
                                   amount=Sum(draw(st.sampled_from((10, 1, 100))), "EUR"),
                                   contribution_id=evening.new("contribution")))
        if bet in evening.open and draw(st.booleans()):
            evening.open.remove(bet)
            evening.write(evening.end(bet, draw))


@action(1, "jackpots")
def trigger(evening: Evening, draw: Draw) -> None:
    """Somebody wins the pool, and may be paid at once."""
    player = draw(st.sampled_from(("player 1", "player 2")))
    evening.seat(player)
    move = evening.move("triggerJackpot", jackpot_id=_jackpot(evening, draw)["jackpot_id"], player_id=player,
                        trigger_id=evening.new("trigger"), round_id=evening.new("round"))
    evening.write(move)
    evening.triggers.append(move)
    if draw(st.booleans()):
        pay(evening, draw)


@action(1, "jackpots")
def pay(evening: Evening, draw: Draw) -> None:
    """The winner is paid; anybody else is not."""
    if evening.triggers:
        won = recent(draw, evening.triggers)
        player = won["player_id"] if draw(st.integers(0, 3)) else "player 2"
        evening.seat(player)
        evening.write(evening.move("payJackpot", payout_id=evening.new("payout"), trigger_id=won["trigger_id"],
                                   player_id=player))
