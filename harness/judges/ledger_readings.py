"""What the observer's readings say to the model ledger: a player's cash, the state of a bet, a bonus, a jackpot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from harness.judges.answers import saw
from harness.judges.ledger_world import World
from harness.model import money
from harness.model.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Shown:
    """A reading: what was seen, what a world would have shown, and whether the two agree."""

    seen: str
    wanted: Callable[[World], str]
    agrees: Callable[[World], bool]


def segments(e: Exchange) -> list[str]:
    """The unquoted segments of the request's path."""
    return [unquote(part) for part in urlsplit(e.url).path.rstrip("/").split("/")]


def shown(e: Exchange, tenant: str, form: str) -> Shown:
    """What a reading of the observer shows; `tenant` is the reader's, `form` the profile's money form.

    Raises:
        KeyError: the model has nothing to compare with this operation.
    """
    match e.operation:
        case "getPlayerBalances":
            return _balances(e, form)
        case "getBet":
            return _bet(e, tenant)
        case "getBonus":
            return _bonus(e, form)
        case "getJackpot":
            return _jackpot(e, form)
    raise KeyError(e.operation)


def _balances(e: Exchange, form: str) -> Shown:
    player, read = segments(e)[-2], money.balances(e.json(), form)

    def wanted(world: World) -> dict[str, int]:
        return {c: amount for (who, c), amount in world.cash.items() if who == player}

    def agrees(world: World) -> bool:
        return read is not None and all(read.get(c, 0) == amount for c, amount in wanted(world).items())

    return Shown(_money(read) if read is not None else f"no balances ({saw(e)})", lambda w: _money(wanted(w)), agrees)


def _money(amounts: Mapping[str, int]) -> str:
    return ", ".join(f"{c} {amount}" for c, amount in sorted(amounts.items())) or "nothing"


_SAME = {"authorized": ("authorized",), "settled": ("settled",), "rolled_back": ("rolled_back", "tombstoned"),
         "tombstoned": ("tombstoned", "rolled_back", "refused")}
"""What a platform may call the state; a tombstone may be called rolled back."""


def _bet(e: Exchange, tenant: str) -> Shown:
    place = (tenant, segments(e)[-1])
    status = e.field("status") if e.status == 200 else None

    def names(world: World) -> tuple[str, ...]:
        bet = world.bets.get(place)
        return _SAME.get(bet.status, ()) if bet else ()

    def agrees(world: World) -> bool:
        told = names(world)
        return not told or status in told or (status is None and told == _SAME["tombstoned"])

    return Shown(f"bet {status or saw(e)}", lambda w: "bet " + " or ".join(names(w)), agrees)


def _bonus(e: Exchange, form: str) -> Shown:
    name = segments(e)[-1]
    wagered = money.from_wire(e.field("wagered"), form)
    seen = {"freespins_left": e.field("freespins_left"), "wagered": wagered[0] if wagered else None,
            "completed": e.field("status") == "completed"}

    def wanted(world: World) -> dict[str, Any]:
        bonus = world.bonuses.get(name)
        if bonus is None:
            return {}
        told = {"freespins_left": bonus.spins_left, "completed": bonus.completed}
        return told if bonus.completed else {**told, "wagered": bonus.wagered}

    return Shown(f"bonus {_facts(seen)}", lambda w: f"bonus {_facts(wanted(w))}",
                  lambda w: all(seen[k] == v for k, v in wanted(w).items()))


def _facts(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{k} {v}" for k, v in sorted(facts.items()))


def _jackpot(e: Exchange, form: str) -> Shown:
    name, pool = segments(e)[-1], money.from_wire(e.field("pool"), form)

    def wanted(world: World) -> int | None:
        return world.jackpots[name].pool if name in world.jackpots else None

    def agrees(world: World) -> bool:
        known = wanted(world)
        return (pool[0] if pool else None) == known or (known is None and pool is not None and pool[0] == 0)

    return Shown(f"pool {pool[0] if pool else saw(e)}", agrees=agrees,
                 wanted=lambda w: "no such pool" if wanted(w) is None else f"pool {wanted(w)}")
