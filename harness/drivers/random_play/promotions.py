"""Actions of a random play with bonuses and jackpots."""

from __future__ import annotations

from hypothesis import strategies as st

from harness.drivers.random_play.bets import action, opening
from harness.drivers.random_play.evening import WINS, Draw, Evening, recent
from harness.model.play import Move, Sum

_FEW = 2
"""Bonuses and pools in one play: calls must meet on the same one."""


@opening("bonuses")
def plain_bonus(evening: Evening) -> None:
    """A free spin that wins, and a bet that counts towards the wager and releases the bonus."""
    bonus = evening.do(_bonus_of(evening, evening.sessions[0], freespins=2, required=100))
    evening.do(_spin_of(evening, bonus, 120))
    bet = evening.bet(evening.sessions[0], 100)
    evening.place(bet)
    evening.do(evening.move("reportWagerProgress", bonus.by, bonus_id=bonus["bonus_id"], bet_id=bet["bet_id"]))


@opening("jackpots")
def plain_jackpot(evening: Evening) -> None:
    """A bet adds to a pool, and its player wins it."""
    jackpot = evening.do(_pool_of(evening, seed=5_000))
    bet = evening.bet(evening.sessions[0], 100)
    evening.place(bet)
    evening.do(_contribution_of(evening, jackpot, bet, 10))
    won = evening.do(_trigger_of(evening, jackpot, "player 1"))
    evening.do(_payout_of(evening, won, "player 1"))


@action(1, "bonuses")
def issue_bonus(evening: Evening, draw: Draw) -> None:
    """Free spins, and bonus money that is released once enough is wagered."""
    if len(evening.bonuses) < _FEW:
        evening.bonuses.append(_issued(evening, draw))


def _issued(evening: Evening, draw: Draw) -> Move:
    session = recent(draw, evening.sessions)
    required, freespins = draw(st.sampled_from((5_000, 1_000, 1))), draw(st.sampled_from((6, 2, 3, 0)))
    return evening.do(_bonus_of(evening, session, freespins=freespins, required=required))


def _bonus_of(evening: Evening, session: Move, *, freespins: int, required: int) -> Move:
    currency = session["currency"]
    return evening.move("issueBonus", session.by, bonus_id=evening.new("bonus"), player_id=session["player_id"],
                        freespins=freespins, amount=Sum(500, currency), wager_requirement=Sum(required, currency))


def _bonus(evening: Evening, draw: Draw) -> Move:
    if not evening.bonuses:
        evening.bonuses.append(_issued(evening, draw))
    return draw(st.sampled_from(evening.bonuses))


def _spin_of(evening: Evening, bonus: Move, win: int) -> Move:
    return evening.move("consumeBonus", bonus.by, bonus_id=bonus["bonus_id"], round_id=evening.new("round"),
                        consumption_id=evening.new("spin"), win=Sum(win, bonus["amount"].currency))


@action(4, "bonuses")
def spin(evening: Evening, draw: Draw) -> None:
    """A free spin, if one is left; perhaps another one, and the first again under a new key."""
    bonus = _bonus(evening, draw)
    spins = [_spin_of(evening, bonus, draw(WINS)) for _ in range(draw(st.integers(1, 2)))]
    for one in spins:
        evening.write(one)
    if draw(st.booleans()):
        evening.do(spins[0].under(evening.new("key")))


@action(4, "bonuses")
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
    return evening.do(_pool_of(evening, seed=draw(st.sampled_from((5_000, 0, 1)))))


def _pool_of(evening: Evening, *, seed: int) -> Move:
    return evening.move("createSandboxJackpot", "admin", jackpot_id=evening.new("jackpot"), currency="EUR", seed=seed)


def _contribution_of(evening: Evening, jackpot: Move, bet: Move, amount: int) -> Move:
    return evening.move("contributeToJackpot", jackpot_id=jackpot["jackpot_id"], bet_id=bet["bet_id"],
                        amount=Sum(amount, "EUR"), contribution_id=evening.new("contribution"))


def _trigger_of(evening: Evening, jackpot: Move, player: str) -> Move:
    return evening.move("triggerJackpot", jackpot_id=jackpot["jackpot_id"], player_id=player,
                        trigger_id=evening.new("trigger"), round_id=evening.new("round"))


def _payout_of(evening: Evening, won: Move, player: str) -> Move:
    return evening.move("payJackpot", payout_id=evening.new("payout"), trigger_id=won["trigger_id"], player_id=player)


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
        evening.write(_contribution_of(evening, jackpot, bet, draw(st.sampled_from((10, 1, 100)))))
        if bet in evening.open and draw(st.booleans()):
            evening.open.remove(bet)
            evening.write(evening.end(bet, draw))


@action(1, "jackpots")
def trigger(evening: Evening, draw: Draw) -> None:
    """Somebody wins the pool, and may be paid at once."""
    player = draw(st.sampled_from(("player 1", "player 2")))
    evening.seat(player)
    move = _trigger_of(evening, _jackpot(evening, draw), player)
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
        evening.write(_payout_of(evening, won, player))
