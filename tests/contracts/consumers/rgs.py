"""A typical remote game server: slots of single bets, each with a round of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.contracts.consumers.platform_api import PlatformApi, RefusedError, equal, refused
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
    money,
    of_state,
    one_of,
    path_of_state,
    refusal,
)

NAME = "rgs"
_EUR = {"currency": "EUR"}
_SETTLED, _UNDONE = ("credited", "forfeited"), ("rolled_back", "tombstoned")


class Rgs:
    """What the game server does with the platform."""

    def __init__(self, url: str) -> None:
        self._api = PlatformApi(url)

    def open_session(self, player: str) -> tuple[str, datetime]:
        """(session, its end) of a new session."""
        said = self._api.write("/v1/sessions", {"player_id": player, "game_id": "studio:slot_forge_02",
                                                "currency": "EUR", "locale": "de-DE"})
        return said["session_id"], datetime.fromisoformat(said["expires_at"]).astimezone(UTC)

    def session_is_open(self, session: str) -> bool:
        """May the player go on?"""
        return bool(self._api.read(f"/v1/sessions/{session}")["status"] == "active")

    def close(self, session: str) -> str:
        """The session's last status."""
        return str(self._api.write(f"/v1/sessions/{session}/close", {})["status"])

    def stake(self, session: str, amount: int = 1_000, key: str = "") -> str:
        """The hold of a new bet; "" where the player cannot pay it."""
        try:
            said = self._api.write("/v1/bets/authorize", {
                "session_id": session, "bet_id": "bet_id-1", "round_id": "round_id-1",
                "amount": {"amount": amount, "currency": "EUR"}}, key)
        except RefusedError as no:
            if no.code != "INSUFFICIENT_FUNDS":
                raise
            return ""
        assert said["status"] == "authorized"
        return str(said["hold_id"])

    def pay(self, win: int, key: str = "", **more: Any) -> str:
        """The settlement of the bet."""
        said = self._api.write("/v1/bets/settle", {"bet_id": "bet_id-1", "round_id": "round_id-1",
                                                   "win": {"amount": win, "currency": "EUR"}, **more}, key)
        assert said["status"] in _SETTLED
        return str(said["settlement_id"])

    def undo(self, key: str = "") -> str:
        """The rollback of the bet."""
        said = self._api.write("/v1/bets/rollback", {"bet_id": "bet_id-1"}, key)
        assert said["status"] in _UNDONE
        return str(said["rollback_id"])

    def fate(self) -> str:
        """What became of the bet; "" where nobody knows it."""
        try:
            return str(self._api.read("/v1/bets/bet_id-1")["status"])
        except RefusedError as no:
            if no.code != "NOT_FOUND":
                raise
            return ""

    def funds(self, player: str) -> dict[str, int]:
        """Minor units by currency."""
        return {b["currency"]: b["amount"] for b in self._api.read(f"/v1/players/{player}/balances")["balances"]}


def _stake(amount: int = 1_000) -> dict[str, Any]:
    return {"session_id": of_state("session_id-1"), "bet_id": fresh("bet_id-1"), "round_id": fresh("round_id-1"),
            "amount": {"amount": amount, "currency": "EUR"}}


def _same_stake(amount: int = 1_000) -> dict[str, Any]:
    return {name: of_state(f"{name}-1") for name in ("session_id", "bet_id", "round_id")} | {
        "amount": {"amount": amount, "currency": "EUR"}}


def _win(amount: int) -> dict[str, Any]:
    return {"bet_id": of_state("bet_id-1"), "round_id": of_state("round_id-1"),
            "win": {"amount": amount, "currency": "EUR"}}


def _held() -> dict[str, Any]:
    return {"bet_id": an_id("bet_id-1"), "status": "authorized", "hold_id": an_id("hold-1")}


def _settlement() -> dict[str, Any]:
    return {"bet_id": an_id("bet_id-1"), "status": one_of(*_SETTLED), "settlement_id": an_id("settlement-1")}


def _rollback() -> dict[str, Any]:
    return {"bet_id": an_id("bet_id-1"), "status": one_of(*_UNDONE), "rollback_id": an_id("rollback-1")}


def _used_key() -> Any:
    return of_state("key-1", "${idempotency_key}")


def _same_key(use: Any) -> None:
    """Under the key of the state's own call the answer is that call's."""
    assert use("key-1")


_AUTHORIZED = (("an authorized bet", {"amount": 1_000, **_EUR}),)
_PAID = (("a settled bet", {"amount": 1_000, "win": 1_500, **_EUR}),)
_CANCELLED = (("a rolled back bet", {"amount": 1_000, **_EUR}),)
_OPEN = (("an open session", {"balance": 100_000, **_EUR}),)


def _bet(status: str) -> Any:
    return lambda: {"bet_id": an_id("bet_id-1"), "status": status}


def _read_bet(given: Any, what: str, status: str) -> Promise:
    return call(f"read {what}", "GET", lambda: path_of_state("/v1/bets/bet_id-1", "/v1/bets/${bet_id}"), given=given,
                status=200, answer=_bet(status), use=lambda rgs: equal(rgs.fate(), status), controls=("CONT-02",))


_SESSIONS = (
    call("open a session", "POST", "/v1/sessions", given=[("a player with a balance", {"amount": 100_000, **_EUR})],
         body=lambda: {"player_id": of_state("player_id-1"), "game_id": "studio:slot_forge_02", "currency": "EUR",
                       "locale": "de-DE"}, status=201,
         answer=lambda: {"session_id": an_id("session_id-1"), "status": "active", "expires_at": a_time()},
         use=lambda rgs: equal(rgs.open_session("player_id-1")[0], "session_id-1")),
    call("read a session", "GET", lambda: path_of_state("/v1/sessions/session_id-1", "/v1/sessions/${session_id}"),
         given=_OPEN, status=200, answer=lambda: {"session_id": an_id("session_id-1"), "status": "active",
                                                  "currency": like("EUR", "^EUR$"), "expires_at": a_time()},
         use=lambda rgs: equal(rgs.session_is_open("session_id-1"), True)),
    call("close a session", "POST",
         lambda: path_of_state("/v1/sessions/session_id-1/close", "/v1/sessions/${session_id}/close"), given=_OPEN,
         body=dict, status=200,
         answer=lambda: {"session_id": an_id("session_id-1"), "status": one_of("closed", "expired")},
         use=lambda rgs: equal(rgs.close("session_id-1"), "closed")),
    call("read a player's balances", "GET",
         lambda: path_of_state("/v1/players/player_id-1/balances", "/v1/players/${player_id}/balances"),
         given=[("a player with a balance", {"amount": 100_000, **_EUR})], status=200,
         answer=lambda: {"player_id": an_id("player_id-1"), "balances": any_number_of(money(100_000))},
         use=lambda rgs: equal(rgs.funds("player_id-1"), {"EUR": 100_000}), since="1.7"),
)

_STAKES = (
    call("authorize a bet", "POST", "/v1/bets/authorize", given=_OPEN, body=_stake, status=200, answer=_held,
         use=lambda rgs: equal(rgs.stake("session_id-1"), "hold-1"), controls=("CONT-02", "MONEY-01")),
    call("authorize a bet again under its key", "POST", "/v1/bets/authorize", given=_AUTHORIZED, body=_same_stake,
         key=_used_key, status=200, answer=_held, controls=("CONT-02", "IDEM-03"),
         use=lambda rgs: _same_key(lambda key: rgs.stake("session_id-1", key=key))),
    call("authorize another amount under a used key", "POST", "/v1/bets/authorize", given=_AUTHORIZED,
         body=lambda: _same_stake(2_000), key=_used_key, status=409, statuses=(422,),
         answer=lambda: refusal("IDEMPOTENCY_MISMATCH", "DUPLICATE"), controls=("CONT-04", "IDEM-04"),
         use=lambda rgs: refused(lambda: rgs.stake("session_id-1", 2_000, "key-1"), "IDEMPOTENCY_MISMATCH")),
    call("authorize more than the player has", "POST", "/v1/bets/authorize",
         given=[("an open session", {"balance": 500, **_EUR})], body=lambda: _stake(1_000), status=422,
         answer=lambda: refusal("INSUFFICIENT_FUNDS"), controls=("CONT-04", "MONEY-02"),
         use=lambda rgs: equal(rgs.stake("session_id-1"), "")),
    call("authorize a bet in a closed session", "POST", "/v1/bets/authorize", given=[("a closed session", _EUR)],
         body=_stake, status=409, statuses=(403, 404, 422), controls=("CONT-04",),
         answer=lambda: refusal("INVALID_STATE", "SESSION_EXPIRED", "NOT_FOUND", "FORBIDDEN"),
         use=lambda rgs: refused(lambda: rgs.stake("session_id-1"), "INVALID_STATE")),
)

_ENDS = (
    call("settle a bet that won", "POST", "/v1/bets/settle", given=_AUTHORIZED, body=lambda: _win(1_500), status=200,
         answer=_settlement, use=lambda rgs: equal(rgs.pay(1_500), "settlement-1"), controls=("CONT-02", "MONEY-01")),
    call("settle a bet that lost", "POST", "/v1/bets/settle", given=_AUTHORIZED, body=lambda: _win(0), status=200,
         answer=_settlement, use=lambda rgs: equal(rgs.pay(0), "settlement-1"), controls=("CONT-02", "MONEY-01")),
    call("settle a bet with the state of the bonus", "POST", "/v1/bets/settle", given=_AUTHORIZED, status=200,
         answer=_settlement, controls=("CONT-02",), since="1.7",
         body=lambda: _win(500) | {"bonus_state": {"in_bonus": False, "freespins_left": 0}},
         use=lambda rgs: equal(rgs.pay(500, bonus_state={"in_bonus": False, "freespins_left": 0}), "settlement-1")),
    call("settle a bet again under its key", "POST", "/v1/bets/settle", given=_PAID, body=lambda: _win(1_500),
         key=_used_key, status=200, answer=_settlement, controls=("CONT-02", "IDEM-03"),
         use=lambda rgs: _same_key(lambda key: rgs.pay(1_500, key))),
    call("roll a bet back", "POST", "/v1/bets/rollback", given=_AUTHORIZED,
         body=lambda: {"bet_id": of_state("bet_id-1")}, status=200, answer=_rollback, controls=("CONT-02", "MONEY-10"),
         use=lambda rgs: equal(rgs.undo(), "rollback-1")),
    call("roll a bet back again under its key", "POST", "/v1/bets/rollback", given=_CANCELLED,
         body=lambda: {"bet_id": of_state("bet_id-1")}, key=_used_key, status=200, answer=_rollback,
         controls=("CONT-02", "IDEM-03"), use=lambda rgs: _same_key(rgs.undo)),
    call("roll a bet back that the platform never heard of", "POST", "/v1/bets/rollback",
         given=[("an unknown bet", {})], body=lambda: {"bet_id": of_state("bet_id-1")}, status=200,
         answer=_rollback, controls=("CONT-02", "MONEY-10"), when={"unknown_rollback": "accepted"},
         use=lambda rgs: equal(rgs.undo(), "rollback-1")),
    _read_bet(_AUTHORIZED, "an authorized bet", "authorized"),
    _read_bet(_PAID, "a settled bet", "settled"),
    _read_bet(_CANCELLED, "a rolled back bet", "rolled_back"),
    call("read a bet that the platform never heard of", "GET",
         lambda: path_of_state("/v1/bets/bet_id-1", "/v1/bets/${bet_id}"), given=[("an unknown bet", {})], status=404,
         answer=lambda: refusal("NOT_FOUND"), use=lambda rgs: equal(rgs.fate(), ""), controls=("CONT-04",)),
)

PROMISES = (*_SESSIONS, *_STAKES, *_ENDS)


class Reels:
    """What the game server does when an event comes."""

    def __init__(self, _: str = "") -> None:
        self.stopped: set[str] = set()
        self.won: dict[str, int] = {}
        self.undone: set[str] = set()

    def __call__(self, event: dict[str, Any]) -> Reels:
        data, kind = event["data"], event["type"]
        if kind == "session.ended":
            self.stopped.add(data["session_id"])
        elif kind == "bet.settled":
            self.won[data["bet_id"]] = data["win"]["amount"] + 0
        elif kind == "bet.rolled_back":
            self.undone.add(data["bet_id"])
        return self


EVENTS = (
    event("session.ended", lambda: {"session_id": an_id("session-1"), "player_id": an_id("player-1")},
          lambda reels: equal(reels.stopped, {"session-1"})),
    event("bet.settled", lambda: {
        "bet_id": an_id("bet-1"), "round_id": an_id("round-1"), "player_id": an_id("player-1"),
        "settlement_id": an_id("settlement-1"),
        "win": {"amount": an_integer(1_500), "currency": like("EUR", "^[A-Z]{3}$")}},
        lambda reels: equal(reels.won, {"bet-1": 1_500})),
    event("bet.rolled_back", lambda: {"bet_id": an_id("bet-1"), "rollback_id": an_id("rollback-1")},
          lambda reels: equal(reels.undone, {"bet-1"})),
)

PACTS = ((NAME, PLATFORM, PROMISES, Rgs), (NAME, PLATFORM_EVENTS, EVENTS, Reels))
