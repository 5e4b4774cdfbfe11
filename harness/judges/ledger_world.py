"""The model ledger: what players, bets, bonuses and jackpots must look like after a call, by contract and profile.

A `World` is one possible state. A call and its answer lead to the worlds that agree with both; where there is none
the answer contradicts the model (`Impossible`). Calls at the same time may have happened in either order: the judge
(`model_ledger`) keeps all worlds that remain and lets the observer's readings thin them out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from harness.model import money
from harness.model.profile import ContractProfile

Account = tuple[str, str]
"""(player id, currency)."""
Place = tuple[str, str]
"""(tenant, bet id): a bet's name, since tenants may use the same ids."""
_UNTRUE = frozenset(("INVALID_STATE", "DUPLICATE", "IDEMPOTENCY_MISMATCH", "INSUFFICIENT_FUNDS", "NOT_FOUND",
                     "CURRENCY_MISMATCH", "SESSION_EXPIRED", "AMOUNT_INVALID"))
"""Codes that state a fact of the model: a refusal with one of them is wrong where the model knows better.

Others (limits, responsible gaming, switched off, …) are the platform's own affair: refused, without effect.
"""


class Said(Enum):
    """What an answer says of its call."""

    DONE = "done"
    LATER = "accepted, not done yet"
    REFUSED = "refused"
    BUSY = "in progress"
    NOTHING = "nothing"
    CRASHED = "server error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A write and its answer, as the model reads them; `key` is unique per client."""

    operation: str
    tenant: str
    key: str
    sent: Mapping[str, Any]
    got: Mapping[str, Any]
    said: Said

    @property
    def code(self) -> str:
        """The error code of a refusal."""
        return str(self.got.get("code", ""))

    @property
    def request(self) -> str:
        """What the idempotency key is bound to."""
        return f"{self.operation} {json.dumps(self.sent, sort_keys=True)}"


@dataclass(frozen=True, slots=True)
class Impossible:
    """No world of the model permits this answer; `expected` says what it would have to be."""

    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bet:
    """A bet that the platform knows: `status` is parked, authorized, settled, rolled_back or tombstoned."""

    status: str
    account: Account = ("", "")
    stake: int = 0
    win: int = 0
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bonus:
    """`released`: its amount was credited; whether with the issue or with the wager met the contract leaves open."""

    account: Account
    amount: int
    required: int
    spins_left: int
    wagered: int = 0
    completed: bool = False
    released: bool = False
    counted: frozenset[Place] = frozenset()
    spins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Jackpot:
    """`inside` holds the contributions still in the pool: (id, bet, amount)."""

    currency: str
    pool: int
    inside: frozenset[tuple[str, Place, int]] = frozenset()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Win:
    """A triggered jackpot, paid or not."""

    account: Account
    amount: int
    paid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One possible state of everything that a play has touched; amounts in minor units."""

    cash: Mapping[Account, int] = field(default_factory=dict)
    sessions: Mapping[str, tuple[str, str, bool]] = field(default_factory=dict)
    """By id: (player, currency, open)."""
    bets: Mapping[Place, Bet] = field(default_factory=dict)
    bonuses: Mapping[str, Bonus] = field(default_factory=dict)
    jackpots: Mapping[str, Jackpot] = field(default_factory=dict)
    wins: Mapping[str, Win] = field(default_factory=dict)
    """By trigger id."""
    keys: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    """By idempotency key: (the request it is bound to, whether it was carried out)."""
    late: bool = False
    """The last call has effects that may show a little later (contract: events, releases, parked settles)."""

    def put(self, table: str, name: Any, value: Any) -> World:
        """This world with one entry of a table set."""
        changed: dict[str, Any] = {table: {**getattr(self, table), name: value}}
        return replace(self, **changed)

    def pay(self, account: Account, amount: int) -> World:
        """This world with `amount` more (or less) cash."""
        return self.put("cash", account, self.cash.get(account, 0) + amount)


Next = tuple[World, ...] | Impossible
Rule = Callable[[World, Call, ContractProfile], Next]
_RULES: dict[str, Rule] = {}


def rule(operation: str) -> Callable[[Rule], Rule]:
    """Register the model's rule for an operation of the unified API."""
    def register(rule: Rule) -> Rule:
        _RULES[operation] = rule
        return rule

    return register


def knows(operation: str) -> bool:
    """Whether the model has a rule for the operation."""
    return operation in _RULES


def after(world: World, call: Call, profile: ContractProfile) -> Next:
    """The worlds that a call with this answer may have led to, idempotency included."""
    bound = world.keys.get(call.key)
    if bound is not None and bound[0] != call.request:
        return refusal(world, call, "the key is bound to another request")
    if bound is not None and bound[1]:
        return _first_again(world, call, profile)
    if bound is not None and call.said is Said.REFUSED:
        return (world,)
    found = _RULES[call.operation](replace(world, late=False), call, profile)
    if isinstance(found, Impossible) or not call.key or call.said not in (Said.DONE, Said.LATER, Said.REFUSED):
        return found
    return tuple(w.put("keys", call.key, (call.request, call.said is not Said.REFUSED)) for w in found)


def refusal(world: World, call: Call, why: str) -> Next:
    """Only a refusal is right, and it has no effect."""
    return Impossible(f"a refusal ({why})") if call.said in (Said.DONE, Said.LATER) else (world,)


def _first_again(world: World, call: Call, profile: ContractProfile) -> Next:
    """Same key, same request: the first result again, no second effect."""
    if call.said is Said.REFUSED and call.code in _UNTRUE \
            and not (profile.duplicate_answer == "own_code" and call.code == "DUPLICATE"):
        return Impossible("the first result again (same key, same request)")
    return (world,)


def permitted(world: World, call: Call, done: World, what: str) -> Next:
    """The model permits it: done it leads to `done`; a refusal must not give a reason that is not true."""
    if call.said in (Said.DONE, Said.LATER):
        return (done,)
    if call.said is Said.REFUSED and call.code in _UNTRUE:
        return Impossible(f"{what}: {call.code} is not true here")
    return (world,)


def amount_of(call: Call, member: str, profile: ContractProfile) -> tuple[int, str]:
    """(minor units, currency) of a money member of the request; (0, "") where it is none."""
    return money.from_wire(call.sent.get(member), profile.money_form) or (0, "")
