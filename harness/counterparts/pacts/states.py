"""Provider states that certify sets up itself: their names, parameters and values are told in docs/pact.md.

Every state makes things of its own, through the sandbox's administration and ordinary calls: none disturbs another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.counterparts.acting import Bet
from harness.counterparts.lab import Lab
from harness.model.errors import Prerequisite
from harness.model.exchange import Exchange

Values = dict[str, Any]
_MOST_BETS = 20
_SHOWS_SECONDS = 3.0
"""So long a state may take until reads show it; then the consumer sees what it sees."""


class Given:
    """Parameters of a state: what is not named has its default; UnknownValue for one of another kind."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params

    def sum(self, name: str, default: int) -> int:
        """Minor units."""
        value = self._params.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise UnknownValue(f"{name} must be minor units, a whole number, not {value!r}")
        return value

    def count(self, name: str, default: int) -> int:
        """How many."""
        if (value := self.sum(name, default)) > _MOST_BETS:
            raise UnknownValue(f"{name} must be at most {_MOST_BETS}, not {value}")
        return value

    def text(self, name: str, default: str) -> str:
        """A word."""
        value = self._params.get(name, default)
        if not isinstance(value, str) or not value:
            raise UnknownValue(f"{name} must be a text, not {value!r}")
        return value

    @property
    def currency(self) -> str:
        """The one currency of the state."""
        return self.text("currency", "EUR")


class UnknownValue(Exception):
    """A parameter of a state is none that certify understands."""


def _a_player(lab: Lab, given: Given) -> Values:
    player = lab.player({given.currency: given.sum("amount", 100_000)})
    return {"player_id": player.player_id}


def _an_open_session(lab: Lab, given: Given) -> Values:
    player = lab.player({given.currency: given.sum("balance", 100_000)})
    body = {"player_id": player.player_id, "game_id": given.text("game_id", "studio:slot_forge_02"),
            "currency": given.currency, "locale": "de-DE"}
    session = _member(lab.must(lab.call("createSession", body), 201), "session_id")
    return {"session_id": session, "player_id": player.player_id}


def _a_closed_session(lab: Lab, given: Given) -> Values:
    values = _an_open_session(lab, given)
    lab.must(lab.call("closeSession", path={"session_id": values["session_id"]}))
    return values


def _new_bet(lab: Lab, given: Given) -> tuple[Bet, Values]:
    """A bet that was not sent yet, in a session of a new player's."""
    player = lab.player({given.currency: given.sum("balance", 100_000)})
    bet = lab.bet(lab.session(player, given.currency), player, amount=given.sum("amount", 1_000),
                  currency=given.currency)
    return bet, _told(bet)


def _shown(lab: Lab, bet: Bet, status: str) -> None:
    """Until the bet reads so: what is read may come a little after what was answered."""
    lab.until(lambda: lab.read_bet(bet), lambda read: read.field("status") == status, seconds=_SHOWS_SECONDS)


def _told(bet: Bet) -> Values:
    return {"bet_id": bet.bet_id, "round_id": bet.round_id, "session_id": bet.session_id,
            "player_id": bet.player.player_id, "amount": bet.amount}


def _an_authorized_bet(lab: Lab, given: Given) -> Values:
    bet, values = _new_bet(lab, given)
    key = lab.fresh("key")
    lab.must(lab.authorize(bet, key=key), 200)
    _shown(lab, bet, "authorized")
    return {**values, "idempotency_key": key}


def _a_settled_bet(lab: Lab, given: Given) -> Values:
    bet, values = _new_bet(lab, given)
    lab.must(lab.authorize(bet), 200)
    key, win = lab.fresh("key"), given.sum("win", 1_500)
    settled = lab.must(lab.settle(bet, win, key=key), 200)
    _shown(lab, bet, "settled")
    return {**values, "idempotency_key": key, "win": win, **_named(settled, "settlement_id")}


def _a_rolled_back_bet(lab: Lab, given: Given) -> Values:
    bet, values = _new_bet(lab, given)
    lab.must(lab.authorize(bet), 200)
    key = lab.fresh("key")
    rolled_back = lab.must(lab.rollback(bet, key=key), 200)
    _shown(lab, bet, "rolled_back")
    return {**values, "idempotency_key": key, **_named(rolled_back, "rollback_id")}


def _a_round_of_several_bets(lab: Lab, given: Given) -> Values:
    """The last bet is open, unless all have ended; each has a player of its own."""
    settled, rolled_back = given.count("settled", 1), given.count("rolled_back", 0)
    bets = [_new_bet(lab, given)[0] for _ in range(max(1, given.count("bets", 3)))]
    in_round = [Bet(bet_id=b.bet_id, round_id=bets[0].round_id, session_id=b.session_id, player=b.player,
                    amount=b.amount, currency=b.currency) for b in bets]
    for bet in in_round:
        lab.must(lab.authorize(bet), 200)
    for bet in in_round[:settled]:
        lab.must(lab.settle(bet), 200)
        _shown(lab, bet, "settled")
    for bet in in_round[settled:settled + rolled_back]:
        lab.must(lab.rollback(bet), 200)
        _shown(lab, bet, "rolled_back")
    values = {"round_id": in_round[0].round_id}
    if settled + rolled_back:
        values["ended_bet_id"] = in_round[0].bet_id
    return {**_told(in_round[-1]), **values} if settled + rolled_back < len(in_round) else values


def _an_unknown_bet(lab: Lab, given: Given) -> Values:  # noqa: ARG001 - every state is called alike
    return {"bet_id": lab.fresh("bet")}


def _a_jackpot(lab: Lab, given: Given) -> Values:
    body = {"jackpot_id": lab.fresh("jackpot"), "tenant_id": lab.provider.credential.tenant_id,
            "currency": given.currency, "seed": given.sum("seed", 50_000)}
    lab.must(lab.call("createSandboxJackpot", body, by=lab.admin), 200, 201)
    return {"jackpot_id": body["jackpot_id"]}


def _a_triggered_jackpot(lab: Lab, given: Given) -> Values:
    values = _a_jackpot(lab, given)
    trigger = {"trigger_id": lab.fresh("trigger"), "jackpot_id": values["jackpot_id"], "round_id": lab.fresh("round"),
               "player_id": lab.player({given.currency: 100_000}).player_id}
    lab.must(lab.call("triggerJackpot", trigger), 201)
    return {**values, **trigger}


def _a_paid_jackpot(lab: Lab, given: Given) -> Values:
    values = _a_triggered_jackpot(lab, given)
    payout = lab.fresh("payout")
    lab.must(lab.call("payJackpot", {"payout_id": payout, "trigger_id": values["trigger_id"],
                                     "player_id": values["player_id"]}), 200)
    return {**values, "payout_id": payout}


def _member(exchange: Exchange, name: str) -> str:
    value = exchange.field(name)
    if not isinstance(value, str):
        raise Prerequisite(f"{exchange.operation} answered no {name}", exchanges=(exchange.id,))
    return value


def _named(exchange: Exchange, name: str) -> Values:
    """What the platform named, where it did."""
    value = exchange.field(name)
    return {name: value} if isinstance(value, str) else {}


STATES: Mapping[str, Callable[[Lab, Given], Values]] = {
    "a player with a balance": _a_player, "an open session": _an_open_session,
    "a closed session": _a_closed_session, "an authorized bet": _an_authorized_bet,
    "a settled bet": _a_settled_bet, "a rolled back bet": _a_rolled_back_bet,
    "a round of several bets": _a_round_of_several_bets, "an unknown bet": _an_unknown_bet,
    "a jackpot": _a_jackpot, "a triggered jackpot": _a_triggered_jackpot, "a paid jackpot": _a_paid_jackpot}
"""By name, what sets it up; its values are what pacts insert."""
