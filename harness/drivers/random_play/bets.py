"""The menu of a random play: what may happen at a table, each action with its weight.

One menu instead of rules of their own: Hypothesis switches rules off at random in each play (swarm testing), and
money moves only where sessions, bets and settles all come together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from hypothesis import strategies as st

from harness.drivers.random_play.evening import STAKES, WINS, Draw, Evening, another, recent
from harness.model.play import Sum

Action = Callable[[Evening, Draw], None]
Opening = Callable[[Evening], None]
_MENU: dict[str, list[Action]] = {}
_OPENINGS: dict[str, list[Opening]] = {}
_MANY = 30
_MONEY = {"authorizeBet": "amount", "settleBet": "win", "consumeBonus": "win", "contributeToJackpot": "amount"}


def action(weight: int, feature: str = "bets") -> Callable[[Action], Action]:
    """Put an action on the menu of a feature, `weight` times."""
    def register(act: Action) -> Action:
        _MENU.setdefault(feature, []).extend([act] * weight)
        return act

    return register


def menu(features: Collection[str]) -> tuple[Action, ...]:
    """What may be played: bets always, the rest as asked for; the first is what a play shrinks to."""
    return tuple(act for feature in ("bets", *sorted(features)) for act in _MENU.get(feature, ()))


def opening(feature: str) -> Callable[[Opening], Opening]:
    """Make this part of the first play of all, where nothing is left to chance."""
    def register(act: Opening) -> Opening:
        _OPENINGS.setdefault(feature, []).append(act)
        return act

    return register


def openings(features: Collection[str]) -> tuple[Opening, ...]:
    """What the first play does, in this order."""
    return tuple(act for feature in ("bets", *sorted(features)) for act in _OPENINGS.get(feature, ()))


@opening("bets")
def plain_rounds(evening: Evening) -> None:
    """A bet that wins, and one that is given back."""
    won, returned = (evening.bet(evening.sessions[0], stake) for stake in (100, 250))
    evening.place(won)
    evening.do(evening.settle(won, 120))
    evening.place(returned)
    evening.do(evening.rollback(returned))


@opening("bets")
def late_result(evening: Evening) -> None:
    """A bet whose result comes when its session is closed."""
    evening.session("player 1", "EUR")
    session = evening.sessions.pop()
    bet = evening.bet(session, 100)
    evening.place(bet)
    evening.do(evening.move("closeSession", session.by, session_id=session["session_id"]))
    evening.do(evening.settle(bet, 130))


@opening("rounds")
def many_rounds(evening: Evening) -> None:
    """One player wins and wins: what is lost a cent now and then adds up."""
    for number in range(_MANY):
        bet = evening.bet(evening.sessions[0], 10 + number)
        evening.place(bet)
        evening.do(evening.settle(bet, 9 + 2 * number))


# -- the life of a bet ----------------------------------------------------------------------------
@action(3)
def authorize(evening: Evening, draw: Draw) -> None:
    """A new bet."""
    evening.place(evening.bet(recent(draw, evening.sessions), draw(STAKES)))


@action(4)
def settle(evening: Evening, draw: Draw) -> None:
    """The result of an open bet."""
    if bet := evening.take_open(draw):
        evening.write(evening.settle(bet, draw(WINS)))


@action(3)
def roll_back(evening: Evening, draw: Draw) -> None:
    """An open bet given back; perhaps what came back is bet again at once, with more or less of the rest."""
    if bet := evening.take_open(draw):
        evening.write(evening.rollback(bet))
        session = evening.session_of(bet["session_id"])
        if draw(st.booleans()) and session is not None:
            evening.place(evening.bet(session, draw(st.sampled_from((bet["amount"].amount, 5_001, 10_000)))))


@action(4)
def insist(evening: Evening, draw: Draw) -> None:
    """One bet is ended again and again, by settles and rollbacks under new keys, whatever state it is in."""
    if evening.bets:
        bet = recent(draw, evening.bets)
        settled = evening.settle(bet, draw(WINS))
        ways = draw(st.sampled_from((("settle",), ("rollback", "settle"), ("rollback",), ("settle", "other win"))))
        for _ in range(draw(st.integers(1, 5))):
            evening.write({"settle": lambda: settled.under(evening.new("key")),
                           "rollback": lambda: evening.rollback(bet),
                           "other win": lambda: evening.settle(bet, draw(WINS))}[draw(st.sampled_from(ways))]())


@action(1)
def overtake(evening: Evening, draw: Draw) -> None:
    """A settle or a rollback that comes before its bet, and then the bet."""
    bet = evening.bet(recent(draw, evening.sessions), draw(STAKES))
    evening.write(evening.end(bet, draw))
    evening.place(bet)


@action(1)
def mix_currencies(evening: Evening, draw: Draw) -> None:
    """A stake or a win in another currency than the session's or the bet's."""
    if draw(st.booleans()) and evening.bets:
        bet = recent(draw, evening.bets)
        evening.do(evening.settle(bet, draw(WINS), another(bet["amount"].currency)))
    else:
        session = recent(draw, evening.sessions)
        evening.do(evening.bet(session, draw(STAKES), another(session["currency"])))


@action(2)
def open_session(evening: Evening, draw: Draw) -> None:
    """A session of a player, in one of the player's currencies."""
    player = draw(st.sampled_from(evening.players))
    evening.session(player, draw(st.sampled_from(evening.currencies(player))))


@action(1)
def close_session(evening: Evening, draw: Draw) -> None:
    """Ended: no new bets, but what is open can be settled, perhaps at once. The first session stays open."""
    if len(evening.sessions) > 1:
        session = evening.sessions.pop(draw(st.integers(1, len(evening.sessions) - 1)))
        late = evening.bet(session, draw(STAKES))
        bet = evening.bet(session, draw(STAKES))
        evening.place(bet)
        evening.do(evening.move("closeSession", session.by, session_id=session["session_id"]))
        evening.do(late)
        if draw(st.booleans()):
            evening.open.remove(bet)
            evening.write(evening.end(bet, draw))


@action(12, "rounds")
def some_rounds(evening: Evening, draw: Draw) -> None:
    """Bet and result, a few times."""
    session = recent(draw, evening.sessions)
    for win in draw(st.lists(WINS, min_size=1, max_size=6)):
        bet = evening.bet(session, draw(st.integers(1, 200)))
        evening.place(bet)
        evening.open.remove(bet)
        evening.write(evening.settle(bet, win))


# -- duplicates and races -------------------------------------------------------------------------
@action(2)
def repeat(evening: Evening, draw: Draw) -> None:
    """The same request again: under the same key, or the same operation under a new one."""
    if evening.writes:
        write = recent(draw, evening.writes)
        evening.do(write.under(evening.new("key")) if draw(st.booleans()) else write)


@action(4)
def change(evening: Evening, draw: Draw) -> None:
    """The same key, or the same business id under a new key, with another amount; perhaps the bet is ended then."""
    changeable = [write for write in evening.writes if write.operation in _MONEY]
    if draw(st.booleans()) and evening.open:
        changeable = evening.open
    if changeable:
        write = recent(draw, changeable)
        member = _MONEY[write.operation]
        changed = write.having(**{member: Sum(draw(STAKES), write[member].currency)})
        evening.do(changed.under(evening.new("key")) if draw(st.booleans()) else changed)
        if write in evening.open and draw(st.booleans()):
            evening.open.remove(write)
            evening.write(evening.end(write, draw))


@action(1)
def race_copies(evening: Evening, draw: Draw) -> None:
    """Two copies of a request at the same time: an old one, or the settle or rollback of an open bet."""
    if (bet := evening.take_open(draw) if draw(st.booleans()) else None) is not None:
        write = evening.end(bet, draw)
    elif evening.writes:
        write = recent(draw, evening.writes)
    else:
        return
    evening.do(write, write.under(evening.new("key")) if draw(st.booleans()) else write)
    evening.writes.append(write)


@action(1)
def race_ends(evening: Evening, draw: Draw) -> None:
    """Settle and rollback of an open bet at the same time: one wins."""
    if bet := evening.take_open(draw):
        evening.do(evening.settle(bet, draw(WINS)), evening.rollback(bet))


@action(1)
def race_bets(evening: Evening, draw: Draw) -> None:
    """Two bets at the same time, perhaps of one player who can pay only one."""
    evening.place(*(evening.bet(recent(draw, evening.sessions), draw(STAKES)) for _ in range(2)))


@action(1, "tenants")
def meddle(evening: Evening, draw: Draw) -> None:
    """The other tenant settles or rolls back a bet that is not its own."""
    if evening.bets:
        bet = recent(draw, evening.bets)
        evening.do(evening.end(bet, draw).sent_by("other" if bet.by == "provider" else "provider"))
