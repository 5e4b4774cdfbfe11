"""A typical jackpot provider: it takes a share of bets, says who won, and has the platform pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contracts.consumers.platform_api import PlatformApi, equal
from tests.contracts.consumers.promising import (
    PLATFORM,
    PLATFORM_EVENTS,
    an_id,
    an_integer,
    call,
    event,
    fresh,
    like,
    money,
    of_state,
    one_of,
    path_of_state,
)

NAME = "jackpot-provider"
_NEEDS = ("jackpots",)
_POOL = ("a jackpot", {"seed": 50_000, "currency": "EUR"})
_WON = ("a triggered jackpot", {"seed": 50_000, "currency": "EUR"})
_PAID = ("a paid jackpot", {"seed": 50_000, "currency": "EUR"})


class JackpotProvider:
    """What the provider does with the platform."""

    def __init__(self, url: str) -> None:
        self._api = PlatformApi(url)

    def contribute(self, jackpot: str, bet: str, amount: int) -> bool:
        """A share of the bet goes to the pool: was it counted?"""
        said = self._api.write("/v1/jackpots/contributions", {
            "contribution_id": "contribution_id-1", "jackpot_id": jackpot, "bet_id": bet,
            "amount": {"amount": amount, "currency": "EUR"}})
        return bool(said["status"] == "counted")

    def trigger(self, jackpot: str, player: str) -> int:
        """Minor units that the player has won."""
        said = self._api.write("/v1/jackpots/triggers", {
            "trigger_id": "trigger_id-1", "jackpot_id": jackpot, "player_id": player, "round_id": "round_id-1"})
        return int(said["amount"]["amount"])

    def pay(self, trigger: str, player: str) -> tuple[str, int]:
        """(status, minor units) of the payout."""
        said = self._api.write("/v1/jackpots/payouts", {"payout_id": "payout_id-1", "trigger_id": trigger,
                                                        "player_id": player})
        return said["status"], said["amount"]["amount"]

    def pool(self, jackpot: str) -> tuple[int, str]:
        """(minor units, currency) of the pool."""
        pool = self._api.read(f"/v1/jackpots/{jackpot}")["pool"]
        return pool["amount"], pool["currency"]

    def bet_is_open(self, bet: str) -> bool:
        """May a share be taken of it?"""
        return bool(self._api.read(f"/v1/bets/{bet}")["status"] == "authorized")


def _pool() -> Mapping[str, Any]:
    return {"jackpot_id": an_id("jackpot_id-1"), "pool": money(50_000)}


def _read_pool(what: str, given: tuple[str, Mapping[str, Any]], since: str = "") -> Any:
    return call(what, "GET", lambda: path_of_state("/v1/jackpots/jackpot_id-1", "/v1/jackpots/${jackpot_id}"),
                given=[given], status=200, answer=_pool, needs=_NEEDS, since=since,
                use=lambda provider: equal(provider.pool("jackpot_id-1"), (50_000, "EUR")))


_CALLS = (
    call("contribute to a jackpot", "POST", "/v1/jackpots/contributions", needs=_NEEDS, status=201,
         given=[_POOL, ("an authorized bet", {"amount": 1_000, "currency": "EUR"})],
         body=lambda: {"contribution_id": fresh("contribution_id-1"), "jackpot_id": of_state("jackpot_id-1"),
                       "bet_id": of_state("bet_id-1"), "amount": {"amount": 10, "currency": "EUR"}},
         answer=lambda: {"contribution_id": an_id("contribution_id-1"), "jackpot_id": an_id("jackpot_id-1"),
                         "status": one_of("counted", "reversed")},
         use=lambda provider: equal(provider.contribute("jackpot_id-1", "bet_id-1", 10), True),
         controls=("CONT-02", "MONEY-12")),
    call("trigger a jackpot", "POST", "/v1/jackpots/triggers", needs=_NEEDS, status=201,
         given=[_POOL, ("a player with a balance", {"amount": 100_000, "currency": "EUR"})],
         body=lambda: {"trigger_id": fresh("trigger_id-1"), "jackpot_id": of_state("jackpot_id-1"),
                       "player_id": of_state("player_id-1"), "round_id": fresh("round_id-1")},
         answer=lambda: {"trigger_id": an_id("trigger_id-1"), "jackpot_id": an_id("jackpot_id-1"),
                         "amount": money(50_000), "status": one_of("triggered", "paid")},
         use=lambda provider: equal(provider.trigger("jackpot_id-1", "player_id-1"), 50_000),
         controls=("CONT-02", "MONEY-12")),
    call("pay a triggered jackpot", "POST", "/v1/jackpots/payouts", needs=_NEEDS, status=200, given=[_WON],
         body=lambda: {"payout_id": fresh("payout_id-1"), "trigger_id": of_state("trigger_id-1"),
                       "player_id": of_state("player_id-1")},
         answer=lambda: {"payout_id": an_id("payout_id-1"), "trigger_id": an_id("trigger_id-1"),
                         "amount": money(50_000), "status": "paid"},
         use=lambda provider: equal(provider.pay("trigger_id-1", "player_id-1"), ("paid", 50_000)),
         controls=("CONT-02", "MONEY-12"), since="1.7"),
    _read_pool("read the pool of a jackpot", _POOL),
    _read_pool("read the pool of a jackpot that was won", _WON),
    _read_pool("read the pool of a jackpot that was paid", _PAID, since="1.7"),
    call("read the bet that a share is taken of", "GET",
         lambda: path_of_state("/v1/bets/bet_id-1", "/v1/bets/${bet_id}"),
         given=[("an authorized bet", {"amount": 1_000, "currency": "EUR"})], status=200,
         answer=lambda: {"bet_id": an_id("bet_id-1"), "status": "authorized"},
         use=lambda provider: equal(provider.bet_is_open("bet_id-1"), True)),
)


class Pools:
    """What the provider does when an event comes."""

    def __init__(self, _: str = "") -> None:
        self.told: list[tuple[str, str]] = []
        self.money: dict[str, int] = {}

    def __call__(self, event: dict[str, Any]) -> Pools:
        data = event["data"]
        self.told.append((event["type"], data.get("jackpot_id") or data["bet_id"]))
        if "trigger_id" in data:
            self.money[data["trigger_id"]] = data["amount"]["amount"] + 0
        return self


def _sum() -> Mapping[str, Any]:
    return {"amount": an_integer(50_000), "currency": like("EUR", "^[A-Z]{3}$")}


EVENTS = (
    event("jackpot.contribution", lambda: {"jackpot_id": an_id("jackpot-1"),
                                           "contribution_id": an_id("contribution-1")},
          lambda pools: equal(pools.told, [("jackpot.contribution", "jackpot-1")]), needs=_NEEDS),
    event("jackpot.triggered", lambda: {"jackpot_id": an_id("jackpot-1"), "trigger_id": an_id("trigger-1"),
                                        "amount": _sum()},
          lambda pools: equal(pools.money, {"trigger-1": 50_000}), needs=_NEEDS),
    event("jackpot.paid", lambda: {"jackpot_id": an_id("jackpot-1"), "trigger_id": an_id("trigger-1"),
                                   "payout_id": an_id("payout-1"), "amount": _sum()},
          lambda pools: equal(pools.money, {"trigger-1": 50_000}), needs=_NEEDS, since="1.7"),
    event("bet.rolled_back", lambda: {"bet_id": an_id("bet-1"), "rollback_id": an_id("rollback-1")},
          lambda pools: equal(pools.told, [("bet.rolled_back", "bet-1")])),
)

PACTS = ((NAME, PLATFORM, _CALLS, JackpotProvider), (NAME, PLATFORM_EVENTS, EVENTS, Pools))
