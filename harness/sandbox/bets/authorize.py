"""Authorize: a stake leaves the balance into a hold, once per bet id, after the wallet has said yes."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import func, select

from harness.sandbox import faults, ledger, planted_load, planted_subtle
from harness.sandbox.bets import planted, records
from harness.sandbox.bets.intents import KINDS, Steps, carry_out, intend
from harness.sandbox.bets.settle import pay_parked
from harness.sandbox.bets.wallet_events import wallet_event
from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError, PendingEvent
from harness.sandbox.idempotency import Busy, claim, forget, keep, keep_refusal
from harness.sandbox.ids import new_id
from harness.sandbox.ledger import Move
from harness.sandbox.money import parse, render
from harness.sandbox.outbox import append_event
from harness.sandbox.players import rg_blocked
from harness.sandbox.schema import entries
from harness.sandbox.sessions import check_session_owner, session_status
from harness.sandbox.store import Row, Tx

_LOSS_KINDS = ("bet", "win", "refund", "reversal")


async def authorize(ctx: Context) -> Answer:
    """POST /v1/bets/authorize."""
    amount, currency = planted.as_booked(parse(ctx.profile, ctx.body["amount"]))
    await planted.slow_answer()
    await planted_load.wait_for_hot(str(ctx.body["session_id"]))
    begun = await ctx.platform.store.transact(lambda tx: _begin(tx, ctx, amount, currency))
    return begun if isinstance(begun, Answer) else await carry_out(ctx, begun)


def _begin(tx: Tx, ctx: Context, amount: int, currency: str) -> Answer | Row:
    earlier = claim(tx, ctx)
    if earlier is not None:
        return earlier
    if not ctx.platform.flags["betting_enabled"] and not faults.on("kill-switch-ignored"):
        raise ApiError("FEATURE_DISABLED", "new bets are switched off", retry_after=5)
    body = ctx.body
    session = check_session_owner(ctx, tx.one(records.SESSION, b_session=body["session_id"]))
    if faults.on("bet-currency-ignored"):
        currency = session["currency"]
    bet = records.blank(ctx, body["bet_id"], "pending") | {
        "session_id": session["session_id"], "player_id": session["player_id"], "round_id": body["round_id"],
        "game_id": session["game_id"], "amount": amount, "currency": currency, "hold_id": new_id("hold"),
    }  # fmt: skip
    currency = bet["currency"] = planted_subtle.stake_currency(bet["player_id"], currency)
    if not tx.run(records.INSERT, **bet):
        known = _take_over(tx, ctx, bet)
        if known is not None:
            return known
    records.claim_id(tx, ctx, "bet", bet["bet_id"])
    _permit(tx, ctx, session, bet)
    intent = {
        "kind": "authorize", "state": "local", "bet_id": bet["bet_id"], "player_id": bet["player_id"],
        "amount": amount, "currency": currency, "operation_id": None, "wallet_tx_id": "", "data": _data(bet),
    }  # fmt: skip
    if amount <= 0:
        return _done(tx, ctx, intent)
    _reserve(tx, bet)
    wallet_tx_id = f"debit:{ctx.tenant_id}:{bet['bet_id']}:{bet['attempt']}"
    return intend(
        tx, ctx, "authorize", wallet_tx_id, bet["player_id"], amount, currency, bet_id=bet["bet_id"], data=_data(bet)
    )


def _data(bet: Row) -> dict[str, Any]:
    return {name: bet[name] for name in ("bet_id", "round_id", "session_id", "player_id", "game_id", "hold_id")}


def _take_over(tx: Tx, ctx: Context, bet: Row) -> Answer | None:
    """The bet id is known: None when this request may (re)start it, otherwise the answer to give."""
    known = tx.one(records.FIND, b_tenant=ctx.tenant_id, b_bet=bet["bet_id"])
    if known is None:
        raise Busy
    if known["brand_id"] != ctx.brand_id:
        raise ApiError("DUPLICATE", "this bet id is taken")
    status = known["status"]
    again = planted.second_effect(known)
    if status in ("refused", "parked") or again:
        bet["attempt"] = known["attempt"] + 1
        fields = ("provider_id", "session_id", "player_id", "round_id", "game_id", "amount", "currency", "attempt",
                  "hold_id", "created_at")  # fmt: skip
        tx.run(
            records.RESTART, b_tenant=ctx.tenant_id, b_bet=bet["bet_id"],
            **{f"b_{name}": bet[name] for name in fields},
        )  # fmt: skip
        return None
    if status in ("tombstoned", "rolled_back"):
        raise ApiError("INVALID_STATE", "this bet was rolled back")
    same = all(known[name] == bet[name] for name in ("session_id", "round_id", "amount", "currency"))
    if not same:
        planted_subtle.change_refused(known["bet_id"], bet["amount"])
        raise ApiError("DUPLICATE", "this bet id was used with other parameters")
    if known["authorize_answer"] is None:
        if status == "unknown":
            raise ApiError("IN_PROGRESS", "the outcome of this bet is being established", retry_after=1)
        raise Busy
    if ctx.profile.duplicate_answer == "own_code":
        raise ApiError("DUPLICATE", "this bet was authorized before")
    account = ledger.account_id("cash", known["player_id"], known["currency"])
    return keep(tx, ctx, Answer(200, known["authorize_answer"].encode()), account_id=account)


def _permit(tx: Tx, ctx: Context, session: Row, bet: Row) -> None:
    """May this session and player place this stake? Raises the refusal."""
    if (status := session_status(session, ctx.now)) != "active":
        raise planted.session_over(status)
    reason = rg_blocked(session, ctx.now)
    if reason and not faults.on("self-excluded-can-play"):
        raise ApiError("RG_BLOCK", "responsible gaming stops new bets of this player")
    amount, currency = bet["amount"], bet["currency"]
    if currency != session["currency"] and not faults.on("second-session-mixes-currency"):
        raise ApiError("CURRENCY_MISMATCH", "the bet's currency is not the session's")
    if amount == 0 and ctx.profile.zero_stake == "refused":
        raise ApiError("AMOUNT_INVALID", "a stake of zero is refused")
    _check_limits(tx, ctx, session, bet)


def _check_limits(tx: Tx, ctx: Context, session: Row, bet: Row) -> None:
    amount, currency = bet["amount"], bet["currency"]
    limits: dict[str, Any] = json.loads(session["limits"])
    exceeded = None
    if session["max_bet"] is not None and amount > session["max_bet"]:
        exceeded = ("max_bet", session["max_bet"])
    limit = limits.get("max_bet")
    if limit and limit["currency"] == currency and amount > limit["amount"]:
        exceeded = ("max_bet", limit["amount"])
    limit = limits.get("loss")
    if limit and limit["currency"] == currency and _loss(tx, bet["player_id"], currency) + amount > limit["amount"]:
        exceeded = ("loss", limit["amount"])
    if exceeded is None or faults.on("limits-ignored"):
        return
    name, at = exceeded
    data = {
        "bet_id": bet["bet_id"], "session_id": bet["session_id"], "player_id": bet["player_id"],
        "game_id": bet["game_id"], "limit": name, "limit_amount": render(ctx.profile, at, currency),
        "amount": render(ctx.profile, amount, currency),
    }  # fmt: skip
    event = PendingEvent("rg.limit.hit", f"player:{bet['player_id']}", data)
    raise ApiError("LIMIT_EXCEEDED", f"the {name} limit is exceeded", events=(event,), leaves=planted.kept_hold(bet))


def _loss(tx: Tx, player_id: str, currency: str) -> int:
    """Net loss of the player in minor units, stakes still on their way included."""
    account = ledger.account_id("cash", player_id, currency)
    ledger.lock(tx, account)
    total = tx.execute(
        select(func.coalesce(func.sum(entries.c.amount), 0)).where(
            entries.c.account_id == account, entries.c.kind.in_(_LOSS_KINDS)
        )
    ).scalar_one()
    return ledger.reserved(tx, account) - int(total)


def _reserve(tx: Tx, bet: Row) -> None:
    player_id, currency = bet["player_id"], bet["currency"]
    kept_back = planted_subtle.not_spendable(player_id, currency)
    enough = not kept_back or (ledger.spendable(tx, player_id, currency) or 0) - kept_back >= bet["amount"]
    if (enough and ledger.reserve(tx, player_id, currency, bet["amount"])) or planted.cover_overdraft(tx, bet):
        return
    have = ledger.spendable(tx, player_id, currency)
    if have is None:
        raise ApiError("CURRENCY_MISMATCH", "the player has no balance in this currency")
    raise ApiError("INSUFFICIENT_FUNDS", "the balance does not cover the stake", leaves=planted.kept_hold(bet))


def _done(tx: Tx, ctx: Context, intent: Row) -> Answer:
    """The wallet has debited: the stake moves from cash to held."""
    data, amount, currency = intent["data"], intent["amount"], intent["currency"]
    player_id, bet_id = intent["player_id"], intent["bet_id"]
    promised = 0 if intent["state"] == "local" else amount
    moves = [Move("cash", player_id, -amount, promised), Move(planted.hold_kind(amount), player_id, amount)]
    left = ledger.post(tx, ctx, "bet", currency, moves, reference=data["hold_id"], bet_id=bet_id)
    body = {
        "bet_id": bet_id, "round_id": data["round_id"], "session_id": data["session_id"], "status": "authorized",
        "hold_id": data["hold_id"], "amount": render(ctx.profile, amount, currency),
        "balance": render(ctx.profile, left["cash"], currency), "authorized_at": iso(ctx.now),
    }  # fmt: skip
    tx.run(
        records.AUTHORIZED, b_tenant=ctx.tenant_id, b_bet=bet_id, b_now=ctx.now, b_answer=records.answer_text(body)
    )
    if intent["wallet_tx_id"]:
        wallet_event(tx, ctx, "wallet.debit.succeeded", intent)
    announced = {**data, "amount": body["amount"], "status": body["status"]}
    append_event(tx, ctx, "bet.authorized", f"bet:{bet_id}", announced)
    pay_parked(tx, ctx, bet_id)
    return keep(tx, ctx, Answer(200, body), account_id=ledger.account_id("cash", player_id, currency))


def _refused(tx: Tx, ctx: Context, intent: Row, code: str) -> Answer:
    """The wallet said no, or never did it and never will (code NOT_DONE)."""
    ledger.release(tx, intent["player_id"], intent["currency"], intent["amount"])
    records.force(tx, ctx.tenant_id, intent["bet_id"], "refused")
    wallet_event(tx, ctx, "wallet.debit.failed", intent, code=code)
    if code in ("INSUFFICIENT_FUNDS", "UNKNOWN_ACCOUNT"):
        return keep_refusal(tx, ctx, ApiError("INSUFFICIENT_FUNDS", "the wallet does not cover the stake"))
    return drop(tx, ctx, ApiError("UPSTREAM_UNAVAILABLE", "the wallet did not take the stake; try again"))


def drop(tx: Tx, ctx: Context, refusal: ApiError) -> Answer:
    """A refusal that a retry of the same key may get over: the key is freed."""
    forget(tx, ctx)
    return Answer(refusal.status, refusal.body(ctx.trace_id), refusal.headers)


def _undo(tx: Tx, ctx: Context, intent: Row) -> None:
    ledger.release(tx, intent["player_id"], intent["currency"], intent["amount"])
    records.force(tx, ctx.tenant_id, intent["bet_id"], "refused")


KINDS["authorize"] = Steps("debit", _done, _refused, _undo)
