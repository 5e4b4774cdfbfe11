"""Rules of the model ledger for players, sessions and the life of a bet."""

from __future__ import annotations

from dataclasses import replace

from harness.judges.ledger_world import (
    Bet,
    Call,
    Impossible,
    Next,
    Place,
    Said,
    World,
    amount_of,
    permitted,
    refusal,
    rule,
)
from harness.model import money
from harness.model.profile import ContractProfile


@rule("createSandboxPlayer")
def _player(world: World, call: Call, profile: ContractProfile) -> Next:
    start = money.balances(call.sent, profile.money_form)
    if call.said is Said.DONE and start:
        for currency, amount in start.items():
            world = world.put("cash", (str(call.sent.get("player_id")), currency), amount)
    return (world,)


@rule("createSession")
def _open(world: World, call: Call, profile: ContractProfile) -> Next:
    del profile
    if call.said is not Said.DONE:
        return (world,)
    opened = (str(call.sent.get("player_id")), str(call.sent.get("currency")), True)
    return (world.put("sessions", str(call.got.get("session_id")), opened),)


@rule("closeSession")
def _close(world: World, call: Call, profile: ContractProfile) -> Next:
    del profile
    session = str(call.sent.get("session_id"))
    if call.said is not Said.DONE or session not in world.sessions:
        return (world,)
    return (world.put("sessions", session, (*world.sessions[session][:2], False)),)


@rule("authorizeBet")
def _authorize(world: World, call: Call, profile: ContractProfile) -> Next:
    place = (call.tenant, str(call.sent.get("bet_id")))
    stake, currency = amount_of(call, "amount", profile)
    player, session_currency, is_open = world.sessions.get(str(call.sent.get("session_id")), ("", "", False))
    bet, account = world.bets.get(place), (player, currency)
    if bet and bet.status == "tombstoned":
        return refusal(world, call, "the bet was rolled back before it arrived")
    if bet and bet.status != "parked":
        return (world,) if bet.request == call.request else \
            refusal(world, call, "the bet id is in use with other parameters")
    if not is_open:
        return refusal(world, call, "the session has ended")
    if currency != session_currency:
        return refusal(world, call, f"the session is in {session_currency}")
    if stake == 0 and profile.zero_stake == "refused":
        return refusal(world, call, "the profile refuses a stake of zero")
    if (have := world.cash.get(account, 0)) < stake:
        return refusal(world, call, f"the balance is {have}, the stake {stake}")
    held = Bet(status="authorized", account=account, stake=stake, request=call.request)
    done = world.pay(account, -stake).put("bets", place, held)
    if bet and bet.account[1] == currency:
        settled = replace(held, status="settled", win=bet.win)
        done = replace(done.pay(account, bet.win).put("bets", place, settled), late=True)
    return permitted(world, call, done, "authorized")


@rule("settleBet")
def _settle(world: World, call: Call, profile: ContractProfile) -> Next:
    place = (call.tenant, str(call.sent.get("bet_id")))
    win, currency = amount_of(call, "win", profile)
    bet = world.bets.get(place)
    if bet is None:
        if profile.settle_without_authorize == "parked" and call.said is Said.LATER:
            return (world.put("bets", place, Bet(status="parked", account=("", currency), win=win)),)
        return refusal(world, call, "the bet was never authorized")
    if bet.status in ("parked", "settled"):
        same = (bet.win, bet.account[1]) == (win, currency)
        return (world,) if same else refusal(world, call, "it was settled with another win")
    if bet.status != "authorized":
        return refusal(world, call, "the bet was rolled back")
    if currency != bet.account[1]:
        return refusal(world, call, f"the bet is in {bet.account[1]}")
    paid = 0 if call.got.get("status") == "forfeited" else win
    done = world.pay(bet.account, paid).put("bets", place, replace(bet, status="settled", win=win))
    return permitted(world, call, done, "settled")


@rule("rollbackBet")
def _rollback(world: World, call: Call, profile: ContractProfile) -> Next:
    place = (call.tenant, str(call.sent.get("bet_id")))
    bet = world.bets.get(place)
    if bet is None or bet.status in ("parked", "tombstoned"):
        buried = world.put("bets", place, replace(bet or Bet(status=""), status="tombstoned"))
        return (buried,) if call.said is Said.DONE else (buried, world)
    if bet.status == "authorized":
        done = world.pay(bet.account, bet.stake).put("bets", place, replace(bet, status="rolled_back"))
        return _each(permitted(world, call, done, "rolled back"), place, certain=True)
    if bet.status == "settled":
        if profile.rollback_after_settle == "refused":
            return refusal(world, call, "the bet is settled, and the profile refuses that")
        if call.said is Said.DONE:
            done = world.pay(bet.account, bet.stake - bet.win)
            return _each((done.put("bets", place, replace(bet, status="rolled_back")),), place, certain=False)
    return (world,)


def _each(worlds: Next, bet: Place, *, certain: bool) -> Next:
    """What hung on a bet that was rolled back goes with it; where the contract is silent, either may be."""
    if isinstance(worlds, Impossible):
        return worlds
    found: list[World] = []
    for world in worlds:
        without = _without(world, bet)
        found += [without] if certain or without == world else [without, world]
    return tuple(found)


def _without(world: World, place: Place) -> World:
    bet = world.bets[place]
    if bet.status != "rolled_back":
        return world
    for name, bonus in world.bonuses.items():
        if place in bonus.counted and not bonus.completed:
            left = replace(bonus, wagered=bonus.wagered - bet.stake, counted=bonus.counted - {place})
            world = replace(world.put("bonuses", name, left), late=True)
    for name, jackpot in world.jackpots.items():
        if out := frozenset(c for c in jackpot.inside if c[1] == place):
            pool = jackpot.pool - sum(c[2] for c in out)
            left_in = replace(jackpot, pool=pool, inside=jackpot.inside - out)
            world = replace(world.put("jackpots", name, left_in), late=True)
    return world
