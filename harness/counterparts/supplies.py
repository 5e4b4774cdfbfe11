"""Supplies for fuzzing: identifiers that exist, so that made-up requests reach the code behind the first check.

A recipe says, for a member of an operation's request, where a value comes from that the platform knows. Operations
of other APIs than the unified one get what their own earlier answers named.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from harness.counterparts.acting import Bet, Player
from harness.counterparts.dead_letters import DeadLetters
from harness.counterparts.lab import Lab
from harness.model.errors import CheckStopped
from harness.model.exchange import Exchange

_FUNDS = 500_000_000
_KEPT = 20
_STOCK = 5
"""Bets made at once."""
_SUMS = range(1, 101)
_STAKES = range(100, 301)
"""Minor units. No sum is above a stake: a contribution of more than its bet may be refused, and then tries nothing."""


class Supplies:
    """What one player owns; made when first needed, and made anew when used up."""

    def __init__(self, lab: Lab, chance: random.Random, before_move: Callable[[], None] = lambda: None,
                 dead_letters: DeadLetters | None = None) -> None:
        self._lab = lab
        self._dead_letters = dead_letters or DeadLetters(lab, self._new_bonus)
        self.patient = False
        """Wait for what the platform takes its time for."""
        self._chance = chance
        self._before_move = before_move
        """Told before the player's money is moved by us."""
        self._bets: list[Bet] = []
        self._player: Player | None = None
        self._session = ""
        self._bet: Bet | None = None
        self._made: dict[str, str] = {}
        self._learnt: dict[str, deque[str]] = {}
        self.missing: dict[str, str] = {}
        """By member: why there is no supply of it."""

    @property
    def player(self) -> Player:
        """The player whose money is at stake."""
        if self._player is None:
            self._player = self._lab.player({"EUR": _FUNDS})
        return self._player

    def value(self, operation: str, member: str) -> str | None:
        """A known value for a member of an operation's request; None: leave what was made up."""
        recipe = _RECIPES.get((operation, member)) or _RECIPES.get(("", member) if operation in _READS else ("-", ""))
        if recipe is not None:
            try:
                return recipe(self)
            except CheckStopped as error:
                self.missing.setdefault(operation, error.line())
                return None
        if new := self.new(operation, member):
            return new
        known = self._learnt.get(_plain(member))
        return self._chance.choice(known) if known else None

    def new(self, operation: str, member: str) -> str | None:
        """An identifier of its own for what the operation makes: another check may make up the same one."""
        return self._lab.fresh(member.removesuffix("_id")) if operation in _CREATES.get(member, ()) else None

    def heir(self, before_move: Callable[[], None]) -> Supplies:
        """Supplies of another player; what belongs to no player is shared."""
        return Supplies(self._lab, self._chance, before_move, self._dead_letters)

    def seen(self, value: str) -> bool:
        """Did an answer to one of our writes name it?"""
        return any(value in known for known in self._learnt.values())

    def amount(self) -> dict[str, Any]:
        """A sum that the player can pay, in the target's money form."""
        return self._lab.money(self._chance.choice(_SUMS))

    def learn(self, exchange: Exchange) -> None:
        """Remember the identifiers that a write made, and that what it was given may be used up."""
        if not 400 <= (exchange.status or 0) < 500 or exchange.status in TOO_LATE:
            self.use_up(exchange.operation)
        body = exchange.json()
        if exchange.method == "GET" or not 200 <= (exchange.status or 0) < 300 or not isinstance(body, dict):
            return
        for name, value in body.items():
            if isinstance(value, str | int) and not isinstance(value, bool) and _plain(name).endswith("id"):
                known = _plain(name) if _plain(name) != "id" else _thing_of(exchange.url) + "id"
                self._learnt.setdefault(known, deque(maxlen=_KEPT)).append(str(value))

    # -- recipes --------------------------------------------------------------------------------
    def use_up(self, operation: str) -> None:
        """What the operation needs anew each time is made anew when it is needed next."""
        for kind in _USED_UP_BY.get(operation, ()):
            self._made.pop(kind, None)

    def player_id(self) -> str:
        """The player."""
        return self.player.player_id

    def session(self) -> str:
        """An open session of the player."""
        if not self._session:
            self._session = self._lab.session(self.player)
        return self._session

    def new_session(self) -> str:
        """A session to be closed."""
        return self._once("session to close", lambda: self._lab.session(self.player))

    def bet(self) -> str:
        """An open bet."""
        return self._once("bet", self._next_bet)

    def _next_bet(self) -> str:
        if not self._bets:
            self._before_move()
            session = self.session()
            for _ in range(_STOCK):
                bet = self._lab.bet(session, self.player, amount=self._chance.choice(_STAKES))
                self._lab.must(self._lab.authorize(bet), 200)
                self._bets.append(bet)
        self._bet = self._bets.pop()
        return self._bet.bet_id

    def round(self) -> str:
        """The round of the last bet."""
        return self._bet.round_id if self._bet else self._lab.fresh("round")

    def bonus(self) -> str:
        """A bonus with many free spins."""
        return self._once("bonus", self._new_bonus)

    def _new_bonus(self) -> str:
        self._before_move()  # some platforms credit a bonus as soon as it is issued
        return self._create("issueBonus", "bonus_id", {
            "player_id": self.player.player_id, "freespins": 1_000, "amount": self._lab.money(500),
            "wager_requirement": self._lab.money(100_000_000)})

    def jackpot(self) -> str:
        """A pool with money in it."""
        return self._once("jackpot", self._new_jackpot)

    def _new_jackpot(self) -> str:
        body = {"tenant_id": self._lab.provider.credential.tenant_id, "jackpot_id": self._lab.fresh("jackpot"),
                "currency": "EUR", "seed": 5_000}
        self._lab.must(self._lab.call("createSandboxJackpot", body, by=self._lab.admin))
        return str(body["jackpot_id"])

    def trigger(self) -> str:
        """A pool that the player has won, not paid yet."""
        return self._once("trigger", lambda: self._create("triggerJackpot", "trigger_id", {
            "jackpot_id": self._new_jackpot(), "player_id": self.player.player_id,
            "round_id": self._lab.fresh("round")}))

    def settlement(self) -> str:
        """A settlement of the player's."""
        def make() -> str:
            self._next_bet()
            assert self._bet is not None
            self._before_move()
            return str(self._lab.must(self._lab.settle(self._bet, 100)).field("settlement_id"))

        return self._once("settlement", make)

    def payment_operation(self) -> str:
        """An accepted payment."""
        body = {"payment_id": self._lab.fresh("payment"), "player_id": self.player.player_id, "direction": "deposit",
                "amount": self._lab.money(100)}
        self._before_move()
        return self._once("operation", lambda: str(self._lab.must(self._lab.call("createPayment", body))
                                                   .field("operation_id")))

    def endpoint(self) -> str:
        """A webhook endpoint of our own that takes no delivery."""
        return self._once("endpoint", lambda: self._lab.refusing_endpoint(["rg.reality_check"]))

    def dead_letter(self) -> str:
        """A delivery that was given up; an unknown one until then, unless we have to be patient."""
        if "dead letter" not in self._made:
            found = self._dead_letters.another(patient=self.patient)
            if found is None:
                return self._lab.fresh("delivery")
            self._made["dead letter"] = found
        return self._made["dead letter"]

    def tenant(self) -> str:
        """The provider's tenant."""
        return self._lab.provider.credential.tenant_id

    def _once(self, kind: str, make: Callable[[], str]) -> str:
        if kind not in self._made:
            self._made[kind] = make()
        return self._made[kind]

    def _create(self, operation: str, member: str, body: dict[str, Any]) -> str:
        name = self._lab.fresh(member.removesuffix("_id"))
        self._lab.must(self._lab.call(operation, {member: name, **body}))
        return name


def _plain(name: str) -> str:
    """`order_id`, `orderId` and `order-id` are one name."""
    return name.lower().replace("_", "").replace("-", "")


def _thing_of(url: str) -> str:
    """What a POST to `/orders` makes: an `order`."""
    last = url.partition("?")[0].rstrip("/").rpartition("/")[2].lower()
    return _plain(last[:-3] + "y" if last.endswith("ies") else last.removesuffix("s"))


Recipe = Callable[[Supplies], str]
_READS = frozenset({"getSession", "getBet", "getSettlement", "getPlayer", "getPlayerBalances", "getPlayerBalance",
                    "listPlayerTransactions", "getBonus", "getJackpot", "getOperationStatus", "getWebhookEndpoint"})
_RECIPES: Mapping[tuple[str, str], Recipe] = {
    ("", "player_id"): Supplies.player_id, ("", "session_id"): Supplies.session,
    ("", "bet_id"): lambda s: s._bet.bet_id if s._bet else s.bet(),
    ("", "settlement_id"): Supplies.settlement, ("", "bonus_id"): Supplies.bonus,
    ("", "jackpot_id"): Supplies.jackpot, ("", "operation_id"): Supplies.payment_operation,
    ("", "endpoint_id"): Supplies.endpoint,
    ("createSession", "player_id"): Supplies.player_id, ("createSession", "currency"): lambda _: "EUR",
    ("closeSession", "session_id"): Supplies.new_session, ("authorizeBet", "session_id"): Supplies.session,
    ("settleBet", "bet_id"): Supplies.bet, ("settleBet", "round_id"): Supplies.round,
    ("rollbackBet", "bet_id"): Supplies.bet, ("issueBonus", "player_id"): Supplies.player_id,
    ("consumeBonus", "bonus_id"): Supplies.bonus, ("reportWagerProgress", "bonus_id"): Supplies.bonus,
    ("reportWagerProgress", "bet_id"): Supplies.bet, ("contributeToJackpot", "jackpot_id"): Supplies.jackpot,
    ("contributeToJackpot", "bet_id"): Supplies.bet, ("triggerJackpot", "jackpot_id"): Supplies.jackpot,
    ("triggerJackpot", "player_id"): Supplies.player_id, ("payJackpot", "trigger_id"): Supplies.trigger,
    ("payJackpot", "player_id"): Supplies.player_id, ("createPayment", "player_id"): Supplies.player_id,
    ("publishEvent", "tenant_id"): Supplies.tenant, ("deleteWebhookEndpoint", "endpoint_id"): Supplies.endpoint,
    ("rotateWebhookSecret", "endpoint_id"): Supplies.endpoint,
    ("redriveDeadLetter", "delivery_id"): Supplies.dead_letter}
TOO_LATE = (409, 422)
"""What a platform answers where the state of a thing is against it: something used it up unseen."""
_USED_UP_BY: Mapping[str, tuple[str, ...]] = {
    "closeSession": ("session to close",), "settleBet": ("bet",), "rollbackBet": ("bet",),
    "reportWagerProgress": ("bet",), "triggerJackpot": ("jackpot",), "payJackpot": ("trigger",),
    "deleteWebhookEndpoint": ("endpoint",), "redriveDeadLetter": ("dead letter",)}
"""Supplies that an operation needs anew once it was carried out, or may have been."""
_CREATES: Mapping[str, tuple[str, ...]] = {
    "bet_id": ("authorizeBet",), "round_id": ("authorizeBet",), "bonus_id": ("issueBonus",),
    "consumption_id": ("consumeBonus",), "contribution_id": ("contributeToJackpot",), "payout_id": ("payJackpot",),
    "trigger_id": ("triggerJackpot",), "payment_id": ("createPayment",), "event_id": ("publishEvent",),
    "partner_request_id": ("authorizeBet",), "player_id": (), "tenant_id": ()}
"""Operations whose own new identifier this is: it must stay new."""
