"""Settle: the hold goes to the house and the win to the player, once per bet."""

from __future__ import annotations

import json
from typing import Any

from harness.sandbox import faults, ledger, planted_subtle
from harness.sandbox.bets import planted, planted_trouble, records
from harness.sandbox.bets.intents import KINDS, Steps, carry_out, intend
from harness.sandbox.bets.wallet_events import wallet_event
from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError
from harness.sandbox.idempotency import Busy, claim, forget, keep
from harness.sandbox.ids import new_id
from harness.sandbox.ledger import Move
from harness.sandbox.money import parse, render
from harness.sandbox.outbox import append_event
from harness.sandbox.store import Row, Tx


async def settle(ctx: Context) -> Answer:
    """POST /v1/bets/settle."""
    win, currency = planted.as_booked(parse(ctx.profile, ctx.body["win"], "win"))
    begun = await ctx.platform.store.transact(lambda tx: _begin(tx, ctx, win, currency))
    return begun if isinstance(begun, Answer) else await carry_out(ctx, begun)


def _begin(tx: Tx, ctx: Context, win: int, currency: str) -> Answer | Row:
    earlier = claim(tx, ctx)
    if earlier is not None:
        return earlier
    if faults.on("kill-switch-stops-settle") and not ctx.platform.flags["betting_enabled"]:
        raise ApiError("FEATURE_DISABLED", "bets are switched off", retry_after=5)
    body = ctx.body
    bet = records.find(tx, ctx, body["bet_id"])
    if bet is None:
        planted_trouble.settle_before_bet(ctx)
        bet = planted.bet_for_unknown_settle(tx, ctx, win, currency)
        if bet is None:
            return _unknown_bet(tx, ctx, win, currency)
    planted_trouble.settle_known(ctx)
    known = _known(tx, ctx, bet, win, currency)
    if known is not None:
        return known
    planted.rg_blocks_settle(tx, ctx, bet)
    if currency != bet["currency"]:
        if not faults.on("win-currency-ignored"):
            raise ApiError("CURRENCY_MISMATCH", "the win's currency is not the bet's")
        currency = bet["currency"]
    ledger.check_room(tx, bet["player_id"], currency, win)
    return start(tx, ctx, bet, win, currency, body.get("bonus_state"))


def start(
    tx: Tx, ctx: Context, bet: Row, win: int, currency: str, bonus_state: Any, state: str = "calling"
) -> Answer | Row:
    """The settlement of an authorized bet: an Answer when no wallet call is needed, otherwise its intent."""
    data = {
        "bet_id": bet["bet_id"], "round_id": bet["round_id"], "session_id": bet["session_id"],
        "player_id": bet["player_id"], "game_id": bet["game_id"], "stake": bet["amount"],
        "settlement_id": bet["settlement_id"] or new_id("set"), "bonus_state": bonus_state,
        "seen": planted.seen_balance(tx, bet["player_id"], currency),
    }  # fmt: skip
    if win <= 0:
        local = {
            "kind": "settle", "state": "local", "bet_id": bet["bet_id"], "player_id": bet["player_id"],
            "amount": win, "currency": currency, "operation_id": None, "wallet_tx_id": "", "data": data,
        }  # fmt: skip
        return _done(tx, ctx, local)
    if not records.move(tx, bet, "authorized", "settling") and not planted.settles_again(bet):
        raise Busy
    wallet_tx_id = f"credit:{ctx.tenant_id}:{bet['bet_id']}" + planted.repeat_suffix()
    return intend(
        tx, ctx, "settle", wallet_tx_id, bet["player_id"], win, currency, bet_id=bet["bet_id"], data=data, state=state
    )


def _unknown_bet(tx: Tx, ctx: Context, win: int, currency: str) -> Answer:
    """No such bet: refused, or (by profile) parked until its authorize comes; nothing is paid."""
    if ctx.profile.settle_without_authorize == "refused":
        raise ApiError("INVALID_STATE", "this bet was never authorized")
    records.claim_id(tx, ctx, "bet", ctx.body["bet_id"])
    bonus_state = ctx.body.get("bonus_state")
    parked = records.blank(ctx, ctx.body["bet_id"], "parked") | {
        "round_id": ctx.body["round_id"], "win": win, "win_currency": currency, "settlement_id": new_id("set"),
        "bonus_state": json.dumps(bonus_state) if bonus_state else None,
    }  # fmt: skip
    if not tx.run(records.INSERT, **parked):
        raise Busy
    return keep(tx, ctx, Answer(202, {"bet_id": parked["bet_id"], "status": "parked"}))


def _known(tx: Tx, ctx: Context, bet: Row, win: int, currency: str) -> Answer | None:
    """None when the bet can be settled now; otherwise the answer of a repeat, or a refusal."""
    status = bet["status"]
    if bet["round_id"] is not None and bet["round_id"] != ctx.body["round_id"]:
        raise ApiError("INVALID_STATE", "the bet belongs to another round", [
            {"field": "round_id", "problem": "is not the round of this bet"}])  # fmt: skip
    if status == "authorized" or (
        planted.settles_again(bet) and status in ("settled", "rolling_back", "rolled_back")
    ):
        return None
    if status in ("rolled_back", "tombstoned"):
        raise ApiError("INVALID_STATE", "this bet was rolled back")
    if status == "refused":
        raise ApiError("INVALID_STATE", "this bet was refused")
    if status in ("pending", "settling", "rolling_back", "reversing"):
        raise Busy
    if status == "unknown":
        raise ApiError("IN_PROGRESS", "the outcome of this bet is being established", retry_after=1)
    if (bet["win"], bet["win_currency"]) != (win, currency):
        raise ApiError("DUPLICATE", "this bet was settled with another win")
    if status == "parked":
        return keep(tx, ctx, Answer(202, {"bet_id": bet["bet_id"], "status": "parked"}))
    planted_subtle.repeated("settle", bet)
    if ctx.profile.duplicate_answer == "own_code":
        raise ApiError("DUPLICATE", "this bet was settled before")
    account = ledger.account_id("cash", bet["player_id"], bet["currency"])
    return keep(tx, ctx, Answer(200, bet["settle_answer"].encode()), account_id=account)


def pay_parked(tx: Tx, ctx: Context, bet_id: str) -> None:
    """The authorize of a parked settlement has come: pays it once, through the reconcile loop."""
    if ctx.profile.settle_without_authorize != "parked":
        return
    bet = tx.one(records.FIND, b_tenant=ctx.tenant_id, b_bet=bet_id)
    if bet is None or bet["win"] is None or bet["win_currency"] != bet["currency"]:
        return
    quiet = _without_key(ctx)
    bonus_state = json.loads(bet["bonus_state"]) if bet["bonus_state"] else None
    start(tx, quiet, bet, bet["win"], bet["currency"], bonus_state, state="queued")
    tx.after_commit(ctx.platform.reconcile_signal.set)


def _without_key(ctx: Context) -> Context:
    return Context(**{**{name: getattr(ctx, name) for name in Context.__slots__}, "idempotency_key": None})


def _done(tx: Tx, ctx: Context, intent: Row) -> Answer:
    """The wallet has credited: held goes to the house, the win to cash."""
    data, win, currency = intent["data"], intent["amount"], intent["currency"]
    player_id, bet_id, stake = intent["player_id"], intent["bet_id"], data["stake"]
    taken, paid = planted.stake_left(tx, player_id, currency, stake), planted.paid(tx, win, data)
    moves = [
        Move("held", player_id, -taken), Move("house", ctx.tenant_id, taken - paid), Move("cash", player_id, paid),
    ]  # fmt: skip
    left = planted.post_win(tx, ctx, moves, currency, data, bet_id)
    money = render(ctx.profile, win, currency)
    body = {
        "bet_id": bet_id, "round_id": data["round_id"], "settlement_id": data["settlement_id"],
        "status": "credited", "win": money, "balance": render(ctx.profile, left["cash"], currency),
        "settled_at": iso(ctx.now),
    }  # fmt: skip
    bonus_state = data["bonus_state"]
    tx.run(
        records.SETTLED, b_tenant=ctx.tenant_id, b_bet=bet_id, b_now=ctx.now, b_answer=records.answer_text(body),
        b_win=win, b_win_currency=currency, b_settlement=data["settlement_id"],
        b_bonus_state=json.dumps(bonus_state) if bonus_state else None,
    )  # fmt: skip
    if intent["wallet_tx_id"]:
        wallet_event(tx, ctx, "wallet.credit.succeeded", intent)
    announced = {name: data[name] for name in ("bet_id", "round_id", "session_id", "player_id", "game_id",
                                               "settlement_id")}  # fmt: skip
    announced |= {"win": money, "amount": render(ctx.profile, stake, currency), "status": "credited"}
    if bonus_state:
        announced["bonus_state"] = bonus_state
    append_event(tx, ctx, "bet.settled", f"bet:{bet_id}", announced)
    return keep(tx, ctx, Answer(200, body), account_id=ledger.account_id("cash", player_id, currency))


def _refused(tx: Tx, ctx: Context, intent: Row, code: str) -> Answer:
    """A wallet that refuses a credit is broken: the bet stays open, the settle can be tried again."""
    _undo(tx, ctx, intent)
    wallet_event(tx, ctx, "wallet.credit.failed", intent, code=code)
    forget(tx, ctx)
    refusal = ApiError("UPSTREAM_UNAVAILABLE", "the wallet did not take the win; try again", retry_after=1)
    return Answer(refusal.status, refusal.body(ctx.trace_id), refusal.headers)


def _undo(tx: Tx, ctx: Context, intent: Row) -> None:
    records.force(tx, ctx.tenant_id, intent["bet_id"], "authorized")


KINDS["settle"] = Steps("credit", _done, _refused, _undo)
