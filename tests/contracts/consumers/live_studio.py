"""A typical live studio: one round of a table has bets of many players, and ends for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contracts.consumers.platform_api import PlatformApi, equal
from tests.contracts.consumers.promising import (
    PLATFORM,
    PLATFORM_EVENTS,
    Promise,
    a_time,
    an_id,
    an_integer,
    any_number_of,
    call,
    event,
    fresh,
    like,
    of_state,
    one_of,
    path_of_state,
    typed,
)

NAME = "live-studio"
_TABLE = "studio:live_roulette_01"
_SETTLED, _UNDONE = ("credited", "forfeited"), ("rolled_back", "tombstoned")
_EUR = {"currency": "EUR"}
_ROUND = (("a round of several bets", {"bets": 3, "settled": 1, "amount": 1_000, **_EUR}),)
_CANCELLED_ROUND = (("a round of several bets", {"bets": 3, "settled": 0, "rolled_back": 1, "amount": 1_000, **_EUR}),)


class LiveStudio:
    """What the studio does with the platform."""

    def __init__(self, url: str) -> None:
        self._api = PlatformApi(url)

    def seat(self, player: str) -> str:
        """The session of a player who sits down."""
        return str(self._api.write("/v1/sessions", {"player_id": player, "game_id": _TABLE, "currency": "EUR",
                                                    "locale": "en-GB"})["session_id"])

    def take_chips(self, session: str, round_id: str, amount: int) -> str:
        """The hold of one more bet in the round."""
        said = self._api.write("/v1/bets/authorize", {
            "session_id": session, "bet_id": "bet_id-2", "round_id": round_id,
            "amount": {"amount": amount, "currency": "EUR"}})
        assert said["status"] == "authorized"
        return str(said["hold_id"])

    def pay(self, bet: str, round_id: str, win: int) -> str:
        """The settlement of one bet of the round."""
        said = self._api.write("/v1/bets/settle", {"bet_id": bet, "round_id": round_id,
                                                   "win": {"amount": win, "currency": "EUR"}})
        assert said["status"] in _SETTLED
        return str(said["settlement_id"])

    def cancel(self, bet: str, reason: str) -> str:
        """The rollback of one bet of a round that the studio called off."""
        said = self._api.write("/v1/bets/rollback", {"bet_id": bet, "reason": reason})
        assert said["status"] in _UNDONE
        return str(said["rollback_id"])

    def bet(self, bet: str) -> dict[str, Any]:
        """The bet as the platform has it."""
        return self._api.read(f"/v1/bets/{bet}")

    def news(self) -> tuple[list[str], bool]:
        """(ids of the first events of the feed, are there more?)."""
        page = self._api.read("/v1/events", limit="50", order="asc")
        return [event["event_id"] for event in page["items"]], page["has_more"]

    def rise(self, session: str) -> str:
        """The last status of the session of a player who leaves."""
        return str(self._api.write(f"/v1/sessions/{session}/close", {"reason": "left the table"})["status"])


def _settlement() -> Mapping[str, Any]:
    return {"bet_id": an_id("bet_id-1"), "status": one_of(*_SETTLED), "settlement_id": an_id("settlement-1")}


def _win(amount: int) -> dict[str, Any]:
    return {"bet_id": of_state("bet_id-1"), "round_id": of_state("round_id-1"),
            "win": {"amount": amount, "currency": "EUR"}}


def _ended(status: str) -> Mapping[str, Any]:
    return {"bet_id": an_id("ended_bet_id-1"), "status": status}


def _read(what: str, given: Any, status: str, expression: str, example: str) -> Promise:
    return call(what, "GET", lambda: path_of_state(f"/v1/bets/{example}", expression), given=given, status=200,
                answer=lambda: _ended(status), use=lambda studio: equal(studio.bet(example)["status"], status))


_CALLS = (
    call("seat a player at a table", "POST", "/v1/sessions",
         given=[("a player with a balance", {"amount": 100_000, **_EUR})], status=201,
         body=lambda: {"player_id": of_state("player_id-1"), "game_id": _TABLE, "currency": "EUR", "locale": "en-GB"},
         answer=lambda: {"session_id": an_id("session_id-1"), "status": "active", "expires_at": a_time()},
         use=lambda studio: equal(studio.seat("player_id-1"), "session_id-1")),
    call("authorize one more bet in a round", "POST", "/v1/bets/authorize", given=_ROUND, status=200,
         body=lambda: {"session_id": of_state("session_id-1"), "bet_id": fresh("bet_id-2"),
                       "round_id": of_state("round_id-1"), "amount": {"amount": 500, "currency": "EUR"}},
         answer=lambda: {"bet_id": an_id("bet_id-2"), "status": "authorized", "hold_id": an_id("hold-1")},
         use=lambda studio: equal(studio.take_chips("session_id-1", "round_id-1", 500), "hold-1"),
         controls=("CONT-02", "MONEY-01")),
    call("settle a winning bet of a round, after others of it", "POST", "/v1/bets/settle", given=_ROUND, status=200,
         body=lambda: _win(36_000), answer=_settlement, controls=("CONT-02", "MONEY-01"),
         use=lambda studio: equal(studio.pay("bet_id-1", "round_id-1", 36_000), "settlement-1")),
    call("settle a lost bet of a round, after others of it", "POST", "/v1/bets/settle", given=_ROUND, status=200,
         body=lambda: _win(0), answer=_settlement, controls=("CONT-02", "MONEY-01"),
         use=lambda studio: equal(studio.pay("bet_id-1", "round_id-1", 0), "settlement-1")),
    call("roll back a bet of a cancelled round, after others of it", "POST", "/v1/bets/rollback",
         given=_CANCELLED_ROUND, body=lambda: {"bet_id": of_state("bet_id-1"), "reason": "round cancelled"}, status=200,
         answer=lambda: {"bet_id": an_id("bet_id-1"), "status": one_of(*_UNDONE), "rollback_id": an_id("rollback-1")},
         use=lambda studio: equal(studio.cancel("bet_id-1", "round cancelled"), "rollback-1"),
         controls=("CONT-02", "MONEY-10")),
    _read("read a bet of a round that is still open", _ROUND, "authorized", "/v1/bets/${bet_id}", "bet_id-1"),
    _read("read a settled bet of a round", _ROUND, "settled", "/v1/bets/${ended_bet_id}", "ended_bet_id-1"),
    _read("read a rolled back bet of a cancelled round", _CANCELLED_ROUND, "rolled_back", "/v1/bets/${ended_bet_id}",
          "ended_bet_id-1"),
    call("read the events feed", "GET", "/v1/events", given=_ROUND, query={"limit": "50", "order": "asc"}, status=200,
         answer=lambda: {"items": any_number_of({
             "event_id": an_id("ev-1"), "type": like("bet.settled", r"^[a-z_]+(\.[a-z_]+)+$"),
             "occurred_at": a_time(), "tenant_id": an_id("tenant-a"), "data": typed({})}), "has_more": typed(True)},
         use=lambda studio: equal(studio.news(), (["ev-1"], True)), controls=("CONT-10", "EVT-01")),
    call("close the session of a player who leaves", "POST",
         lambda: path_of_state("/v1/sessions/session_id-1/close", "/v1/sessions/${session_id}/close"),
         given=[("an open session", {"balance": 100_000, **_EUR, "game_id": _TABLE})],
         body=lambda: {"reason": "left the table"}, status=200,
         answer=lambda: {"session_id": an_id("session_id-1"), "status": one_of("closed", "expired")},
         use=lambda studio: equal(studio.rise("session_id-1"), "closed")),
)


class Table:
    """What the studio does when an event comes: bets of a round, put in order by key and sequence."""

    def __init__(self, _: str = "") -> None:
        self.places: list[tuple[str, int, str]] = []
        self.seats: dict[str, str] = {}

    def __call__(self, event: dict[str, Any]) -> Table:
        data = event["data"]
        self.places.append((event["key"], event["sequence"] + 0, event["type"]))
        if event["type"] == "session.started":
            self.seats[data["session_id"]] = data["player_id"]
        elif event["type"] == "session.ended":
            self.seats[data["session_id"]] = ""
        return self


def _in_order() -> Mapping[str, Any]:
    return {"key": typed("key-1"), "sequence": an_integer(1)}


def _money() -> Mapping[str, Any]:
    return {"amount": an_integer(1_000), "currency": like("EUR", "^[A-Z]{3}$")}


def _placed(kind: str) -> Any:
    return lambda table: equal(table.places, [("key-1", 1, kind)])


EVENTS = (
    event("session.started", lambda: {"session_id": an_id("session-1"), "player_id": an_id("player-1"),
                                      "game_id": typed(_TABLE)},
          lambda table: equal(table.seats, {"session-1": "player-1"}), more=_in_order),
    event("session.ended", lambda: {"session_id": an_id("session-1"), "player_id": an_id("player-1")},
          lambda table: equal(table.seats, {"session-1": ""}), more=_in_order),
    event("bet.authorized", lambda: {
        "bet_id": an_id("bet-1"), "round_id": an_id("round-1"), "session_id": an_id("session-1"),
        "player_id": an_id("player-1"), "hold_id": an_id("hold-1"), "amount": _money()},
        _placed("bet.authorized"), more=_in_order),
    event("bet.settled", lambda: {
        "bet_id": an_id("bet-1"), "round_id": an_id("round-1"), "player_id": an_id("player-1"),
        "settlement_id": an_id("settlement-1"), "win": _money()}, _placed("bet.settled"), more=_in_order),
    event("bet.rolled_back", lambda: {"bet_id": an_id("bet-1"), "rollback_id": an_id("rollback-1")},
          _placed("bet.rolled_back"), more=_in_order),
)

PACTS = ((NAME, PLATFORM, _CALLS, LiveStudio), (NAME, PLATFORM_EVENTS, EVENTS, Table))
