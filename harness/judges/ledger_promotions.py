"""Rules of the model ledger for bonuses, free spins, wager and jackpots (BJ1-8: the laws of bets hold for them too)."""

from __future__ import annotations

from dataclasses import replace

from harness.judges.ledger_world import (
    Bonus,
    Call,
    Jackpot,
    Next,
    Said,
    Win,
    World,
    amount_of,
    permitted,
    refusal,
    rule,
)
from harness.model.profile import ContractProfile


@rule("issueBonus")
def _issue(world: World, call: Call, profile: ContractProfile) -> Next:
    name = str(call.sent.get("bonus_id"))
    amount, currency = amount_of(call, "amount", profile)
    if call.said is not Said.DONE or name in world.bonuses:
        return (world,)
    bonus = Bonus(account=(str(call.sent.get("player_id")), currency), amount=amount,
                  required=amount_of(call, "wager_requirement", profile)[0],
                  spins_left=int(call.sent.get("freespins", 0)))
    at_once = world.pay(bonus.account, amount).put("bonuses", name, replace(bonus, released=True))
    return (world.put("bonuses", name, bonus), at_once) if amount else (at_once,)


@rule("consumeBonus")
def _consume(world: World, call: Call, profile: ContractProfile) -> Next:
    name, spin = str(call.sent.get("bonus_id")), str(call.sent.get("consumption_id"))
    bonus = world.bonuses.get(name)
    if bonus is None or spin in bonus.spins:
        return (world,)
    if not bonus.spins_left:
        return refusal(world, call, "no free spin is left")
    less = replace(bonus, spins_left=bonus.spins_left - 1, spins=bonus.spins | {spin})
    done = world.pay(bonus.account, amount_of(call, "win", profile)[0]).put("bonuses", name, less)
    return permitted(world, call, done, "consumed")


@rule("reportWagerProgress")
def _wager(world: World, call: Call, profile: ContractProfile) -> Next:
    del profile
    name, place = str(call.sent.get("bonus_id")), (call.tenant, str(call.sent.get("bet_id")))
    bonus, bet = world.bonuses.get(name), world.bets.get(place)
    live = bet is not None and bet.status in ("authorized", "settled")
    if bonus is None or bet is None or not live or place in bonus.counted or bet.account != bonus.account:
        return (world,)
    more = replace(bonus, wagered=bonus.wagered + bet.stake, counted=bonus.counted | {place})
    if bonus.completed or more.wagered < bonus.required:
        return permitted(world, call, world.put("bonuses", name, more), "counted")
    owed = 0 if bonus.released else bonus.amount
    released = world.pay(bonus.account, owed).put("bonuses", name, replace(more, completed=True, released=True))
    return permitted(world, call, replace(released, late=True), "counted, and the bonus released")


@rule("createSandboxJackpot")
def _jackpot(world: World, call: Call, profile: ContractProfile) -> Next:
    del profile
    if call.said is not Said.DONE:
        return (world,)
    pool = Jackpot(currency=str(call.sent.get("currency")), pool=int(call.sent.get("seed", 0)))
    return (world.put("jackpots", str(call.sent.get("jackpot_id")), pool),)


@rule("contributeToJackpot")
def _contribute(world: World, call: Call, profile: ContractProfile) -> Next:
    name, place = str(call.sent.get("jackpot_id")), (call.tenant, str(call.sent.get("bet_id")))
    given, (amount, currency) = str(call.sent.get("contribution_id")), amount_of(call, "amount", profile)
    jackpot, bet = world.jackpots.get(name), world.bets.get(place)
    if jackpot is None or bet is None or given in jackpot.known or bet.status not in ("authorized", "settled"):
        return (world,)
    if currency != jackpot.currency or currency != bet.account[1]:
        return refusal(world, call, f"bet and pool are in {bet.account[1]} and {jackpot.currency}")
    if amount > bet.stake and call.said is Said.REFUSED:  # the contract sets no bound: both are right
        return (world,)
    more = replace(jackpot, pool=jackpot.pool + amount, inside=jackpot.inside | {(given, place, amount)},
                   known=jackpot.known | {given})
    return permitted(world, call, world.put("jackpots", name, more), "counted")


@rule("triggerJackpot")
def _trigger(world: World, call: Call, profile: ContractProfile) -> Next:
    del profile
    name, trigger = str(call.sent.get("jackpot_id")), str(call.sent.get("trigger_id"))
    jackpot = world.jackpots.get(name)
    if jackpot is None or trigger in world.wins:
        return (world,)
    if jackpot.pool <= 0 and call.said is Said.REFUSED:  # won it pays nothing: both are right
        return (world,)
    win = Win(account=(str(call.sent.get("player_id")), jackpot.currency), amount=jackpot.pool)
    emptied = replace(jackpot, pool=0, inside=frozenset())
    done = world.put("jackpots", name, emptied).put("wins", trigger, win)
    return permitted(world, call, done, "triggered")


@rule("payJackpot")
def _pay(world: World, call: Call, profile: ContractProfile) -> Next:
    del profile
    trigger, player = str(call.sent.get("trigger_id")), str(call.sent.get("player_id"))
    win = world.wins.get(trigger)
    if win is None or win.paid:
        return (world,)
    if win.account[0] != player:
        return refusal(world, call, "another player won it")
    done = world.pay(win.account, win.amount).put("wins", trigger, replace(win, paid=True))
    return permitted(world, call, done, "paid")
