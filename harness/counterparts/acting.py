"""Driving: the parties of a check, its players, sessions and bets, and calls at the same instant."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.counterparts.hangup import send_and_hang_up
from harness.counterparts.party import AUTO, Party
from harness.counterparts.raw_wire import send_frame
from harness.counterparts.workshop import Workshop
from harness.engine.ports import Request, Sent
from harness.model import money
from harness.model.claim import Claim
from harness.model.errors import Prerequisite
from harness.model.exchange import Exchange
from harness.model.operations import Operation
from harness.model.profile import ContractProfile, Target

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A player for one check; `party` is the client that plays for it."""

    player_id: str
    party: Party = field(repr=False)
    start: Mapping[str, int]
    created: Exchange = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bet:
    """A bet that a check may send: identifiers and stake (minor units), nothing sent yet."""

    bet_id: str
    round_id: str
    session_id: str
    player: Player
    amount: int
    currency: str


class Acting:
    """The driving half of a lab: parties, players, sessions and bets of one check; every call is recorded."""

    def __init__(self, workshop: Workshop, check: str, controls: tuple[str, ...]) -> None:
        self._workshop = workshop
        self.check = check
        self.controls = controls
        self.random = random.Random(f"{workshop.seed}:{check}")  # noqa: S311 - reproducible by seed
        self.claims: list[Claim] = []
        self.players: list[Player] = []
        self._seen: list[Exchange] = []

    def seen(self) -> tuple[Exchange, ...]:
        """The exchanges of this check so far (webhook deliveries that it asked for included)."""
        return tuple(self._seen)

    # -- who ------------------------------------------------------------------------------------
    @property
    def target(self) -> Target:
        """The target profile."""
        return self._workshop.target

    @property
    def profile(self) -> ContractProfile:
        """The target's legal choices."""
        return self._workshop.target.profile

    @property
    def contract(self) -> Mapping[str, Any]:
        """The target's OpenAPI document."""
        return self._workshop.contract

    @property
    def known(self) -> Mapping[str, Operation]:
        """The operations that are driven, by id: the unified API's, or those of a foreign API's own document."""
        return self._workshop.known

    @property
    def provider(self) -> Party:
        """The provider under its own tenant, all scopes."""
        return self._workshop.party("provider")

    @property
    def other(self) -> Party:
        """A provider of a second tenant."""
        return self._workshop.party("other")

    def has_party(self, name: str) -> bool:
        """Whether the profile has credentials for that party (`sibling` is optional)."""
        return name in self.target.credentials

    def party(self, name: str) -> Party:
        """Any other party of the profile; NoHook when it has no credentials."""
        return self._workshop.party(name)

    @property
    def observer(self) -> Party:
        """The independent, read-only view; the provider's own read calls where the profile has none."""
        return self._workshop.party("observer" if "observer" in self.target.credentials else "provider")

    @property
    def admin(self) -> Party:
        """The sandbox's administration; NoHook where the profile has no credentials for it."""
        return self._workshop.party("admin")

    @property
    def budget(self) -> str:
        """How much to try where trying more finds more: "quick", "standard" or "full"."""
        return self._workshop.budget

    # -- driving --------------------------------------------------------------------------------
    def fresh(self, kind: str) -> str:
        """A new identifier, unique in and across runs."""
        return self._workshop.fresh(kind)

    def money(self, amount: int, currency: str = "EUR") -> dict[str, Any]:
        """`amount` minor units in the target's money form."""
        return money.to_wire(amount, currency, self.profile.money_form)

    def call(self, operation: str, body: Any = None, *, by: Party | None = None, **options: Any) -> Exchange:
        """Send any operation (see `Party.call`) and record it under this check."""
        return self._keep((by or self.provider).call(operation, body, check=self.check, **options))

    def send(self, request: Request, *, by: Party, once: bool = False) -> Sent:
        """Send a request that was made up elsewhere; the raw body of its answer is for memory only.

        `once`: with no patience for "come back later".
        """
        sent = by.send_once(request) if once else by.send(request)
        self._keep(sent.exchange)
        return sent

    def call_once(self, operation: str, body: Any = None, *, by: Party | None = None, **options: Any) -> Exchange:
        """Like `call`, with no patience for "come back later": that answer counts, too."""
        by = by or self.provider
        return self._keep(by.send_once(by.prepared(operation, body, check=self.check, **options)).exchange)

    def authorize_once(self, bet: Bet, *, key: Any = AUTO) -> Exchange:
        """Authorize the bet, with no patience either."""
        body = {"session_id": bet.session_id, "bet_id": bet.bet_id, "round_id": bet.round_id,
                "amount": self.money(bet.amount, bet.currency)}
        return self.call_once("authorizeBet", body, by=bet.player.party, key=key)

    def must(self, exchange: Exchange, *statuses: int) -> Exchange:
        """A set-up step: it answered one of `statuses` (default any 2xx), or the check stops as inconclusive."""
        status = exchange.status or 0
        if exchange.answered and (status in statuses if statuses else 200 <= status < 300):
            return exchange
        code = exchange.field("code")
        raise Prerequisite(f"{exchange.operation} answered {exchange.status or exchange.failure}"
                           f"{f' {code}' if isinstance(code, str) else ''}", exchanges=(exchange.id,))

    def player(self, funds: Mapping[str, int] | None = None, *, by: Party | None = None,
               region: str = "", brand: str = "", rg: Mapping[str, Any] | None = None) -> Player:
        """A new test player with `funds` in minor units (default 1,000.00 EUR), of the party's tenant."""
        party = by or self.provider
        who = party.credential
        start = dict(funds if funds is not None else {"EUR": 100_000})
        body: dict[str, Any] = {
            "player_id": self.fresh("player"), "tenant_id": who.tenant_id, "brand_id": brand or who.brand_id,
            "region": region or who.region,
            "balances": [self.money(amount, currency) for currency, amount in start.items()]}
        if rg is not None:
            body["rg"] = dict(rg)
        created = self.must(self.call("createSandboxPlayer", body, by=self.admin), 200, 201)
        player = Player(player_id=body["player_id"], party=party, start=start, created=created)
        self.players.append(player)
        self._workshop.recorder.append("player", {
            "player_id": player.player_id, "check": self.check, "tenant_id": who.tenant_id,
            "brand_id": body["brand_id"], "region": body["region"], "start": start})
        return player

    def session(self, player: Player, currency: str = "EUR", *, by: Party | None = None,
                constraints: Mapping[str, Any] | None = None) -> str:
        """The id of a new session of the player; stops the check when it cannot be opened."""
        body: dict[str, Any] = {"player_id": player.player_id, "game_id": "studio:slot_forge_02",
                                "currency": currency, "locale": "de-DE"}
        if constraints is not None:
            body["constraints"] = dict(constraints)
        answer = self.must(self.call("createSession", body, by=by or player.party), 201)
        session_id = answer.field("session_id")
        if not isinstance(session_id, str):
            raise Prerequisite("createSession answered no session_id", exchanges=(answer.id,))
        return session_id

    def bet(self, session_id: str, player: Player, amount: int = 1_000, currency: str = "EUR") -> Bet:
        """Identifiers and stake of a bet; nothing is sent."""
        return Bet(bet_id=self.fresh("bet"), round_id=self.fresh("round"), session_id=session_id, player=player,
                   amount=amount, currency=currency)

    def authorize(self, bet: Bet, *, by: Party | None = None, amount: int | None = None, key: Any = AUTO,
                  **options: Any) -> Exchange:
        """Authorize the bet (hold its stake)."""
        stake = bet.amount if amount is None else amount
        body = {"session_id": bet.session_id, "bet_id": bet.bet_id, "round_id": bet.round_id,
                "amount": self.money(stake, bet.currency)}
        return self.call("authorizeBet", body, by=by or bet.player.party, key=key, **options)

    def settle(self, bet: Bet, win: int = 0, *, by: Party | None = None, key: Any = AUTO,
               **options: Any) -> Exchange:
        """Settle the bet with a win in minor units (0 is a loss)."""
        body = {"bet_id": bet.bet_id, "round_id": bet.round_id, "win": self.money(win, bet.currency)}
        return self.call("settleBet", body, by=by or bet.player.party, key=key, **options)

    def rollback(self, bet: Bet, *, by: Party | None = None, key: Any = AUTO, **options: Any) -> Exchange:
        """Roll the bet back."""
        return self.call("rollbackBet", {"bet_id": bet.bet_id}, by=by or bet.player.party, key=key, **options)

    def again(self, exchange: Exchange, *, by: Party | None = None, **options: Any) -> Exchange:
        """Send the same request again: same idempotency key, same body."""
        return self._keep((by or self._workshop.party(exchange.actor)).again(exchange, check=self.check, **options))

    def together(self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """Run the calls at the same instant, one thread each; answers in the order of `calls`."""
        gate = threading.Barrier(len(calls))

        def run(call: Callable[[], Result]) -> Result:
            gate.wait(10)
            return call()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(run, calls))

    def side_by_side(self, calls: Sequence[Callable[[], Any]], at_once: int = 8) -> list[Any]:
        """Run independent calls over a few threads; results in the order of `calls`."""
        with ThreadPoolExecutor(min(at_once, len(calls))) as pool:
            return list(pool.map(lambda call: call(), calls))

    def lose_reply(self, operation: str, body: Any, *, key: Any, party: Party,
                   meanwhile: Callable[[], object] = lambda: None, halved: bool = False, **options: Any) -> Exchange:
        """Send a write, or the first half of it, and cut the line without reading its answer, after `meanwhile`."""
        request = party.prepared(operation, body, key=key, check=self.check, **options)
        return self._keep(send_and_hang_up(request, meanwhile, recorder=self._workshop.recorder,
                                           redactor=self._workshop.redactor, halved=halved))

    def send_frame(self, operation: str, body: bytes, frame: Sequence[bytes], payload: bytes, *,
                   label: str = "") -> Exchange:
        """Send a write over a line of its own, its body framed by these header lines and bytes (see `raw_wire`)."""
        def send(request: Request) -> Sent:
            return Sent(send_frame(request, frame, payload, exchange_id=self.fresh("frame"),
                                   recorder=self._workshop.recorder, redactor=self._workshop.redactor,
                                   timeout=self.target.timeout_seconds))

        request = self.provider.prepared(operation, raw=body, check=self.check, label=label)
        return self._keep(self.provider.send(request, send).exchange)

    def _keep(self, exchange: Exchange) -> Exchange:
        self._seen.append(exchange)
        return exchange
