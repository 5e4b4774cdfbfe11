"""Rollback: gives the stake back, leaves a tombstone for a bet not seen yet, reverses a settled one by profile."""

from __future__ import annotations

from typing import Any

from harness.sandbox import faults, ledger, planted_subtle
from harness.sandbox.bets import planted, records
from harness.sandbox.bets.intents import KINDS, Steps, adopt, carry_out, end_operation, intend
from harness.sandbox.bets.wallet_events import wallet_event
from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context, thawed
from harness.sandbox.errors import ApiError
from harness.sandbox.idempotency import Busy, claim, forget, keep, keep_refusal
from harness.sandbox.ids import new_id
from harness.sandbox.ledger import Move
from harness.sandbox.money import render
from harness.sandbox.outbox import append_event
from harness.sandbox.store import Row, Tx


async def rollback(ctx: Context) -> Answer:
    """POST /v1/bets/rollback."""
    begun = await ctx.platform.store.transact(lambda tx: _begin(tx, ctx))
    return begun if isinstance(begun, Answer) else await carry_out(ctx, begun)


def _begin(tx: Tx, ctx: Context) -> Answer | Row:
    earlier = claim(tx, ctx)
    if earlier is not None:
        return earlier
    bet = records.find(tx, ctx, ctx.body["bet_id"])
    if bet is None:
        bet = planted.bet_for_foreign_rollback(tx, ctx)
        if bet is None:
            return _unknown_bet(tx, ctx)
    status = bet["status"]
    if status == "authorized" or planted.refunds_again(bet):
        return _refund(tx, ctx, bet)
    if status == "settled":
        if ctx.profile.rollback_after_settle == "refused":
            raise ApiError("INVALID_STATE", "this bet is settled")
        return _reverse(tx, ctx, bet)
    if status == "rolled_back":
        planted_subtle.repeated("rollback", bet)
        account = ledger.account_id("cash", bet["player_id"], bet["currency"])
        return keep(tx, ctx, Answer(200, bet["rollback_answer"].encode()), account_id=account)
    if status in ("tombstoned", "refused", "parked"):
        return _bury(tx, ctx, bet)
    if status == "unknown":
        return _cancel(tx, ctx, bet)
    raise Busy


def _unknown_bet(tx: Tx, ctx: Context) -> Answer:
    """Nothing to give back; a tombstone keeps a late authorize from taking money."""
    bet = records.blank(ctx, ctx.body["bet_id"], "tombstoned")
    if not faults.on("rollback-leaves-no-tombstone"):
        records.claim_id(tx, ctx, "bet", bet["bet_id"])
        if not tx.run(records.INSERT, **bet):
            raise Busy
    return _bury(tx, ctx, bet)


def _bury(tx: Tx, ctx: Context, bet: Row) -> Answer:
    """The bet has no money in it and never will have; one rollback id for every repeat."""
    rollback_id = bet["rollback_id"] or new_id("rb")
    tx.run(
        records.ROLLED_BACK, b_tenant=ctx.tenant_id, b_bet=bet["bet_id"], b_status="tombstoned", b_now=ctx.now,
        b_answer=None, b_rollback=rollback_id,
    )  # fmt: skip
    if bet["session_id"] is None and bet["status"] != "parked" and ctx.profile.unknown_rollback == "not_found":
        # Stored here and not raised: the tombstone must stay.
        return keep_refusal(tx, ctx, ApiError("NOT_FOUND", "there is no such bet"))
    return keep(tx, ctx, Answer(200, {"bet_id": bet["bet_id"], "status": "tombstoned", "rollback_id": rollback_id}))


def _data(bet: Row) -> dict[str, Any]:
    data = {name: bet[name] for name in ("bet_id", "round_id", "session_id", "player_id", "game_id", "settlement_id")}
    data["tenant_id"] = bet["tenant_id"]
    return data | {"rollback_id": new_id("rb"), "stake": bet["amount"], "win": bet["win"] or 0}


def _refund(tx: Tx, ctx: Context, bet: Row) -> Answer | Row:
    """An open hold: the wallet gets the stake back."""
    if bet["amount"] == 0:
        return _refunded(tx, ctx, _local("rollback", bet))
    if not records.move(tx, bet, "authorized", "rolling_back") and not planted.refunds_again(bet):
        raise Busy
    wallet_tx_id = f"refund:{bet['tenant_id']}:{bet['bet_id']}" + planted.repeat_suffix()
    return intend(
        tx, ctx, "rollback", wallet_tx_id, bet["player_id"], bet["amount"], bet["currency"], bet_id=bet["bet_id"],
        data=_data(bet),
    )  # fmt: skip


def _reverse(tx: Tx, ctx: Context, bet: Row) -> Answer | Row:
    """A settled bet: the difference of stake and win moves, after a shortage is ruled out."""
    net = bet["amount"] - (bet["win"] or 0)
    if net == 0:
        return _reversed(tx, ctx, _local("reverse-credit", bet))
    if not records.move(tx, bet, "settled", "reversing"):
        raise Busy
    if net < 0 and not ledger.reserve(tx, bet["player_id"], bet["currency"], -net):
        raise ApiError("INSUFFICIENT_FUNDS", "the win cannot be taken back: it was spent")
    kind = "reverse-credit" if net > 0 else "reverse-debit"
    wallet_tx_id = f"reverse:{ctx.tenant_id}:{bet['bet_id']}"
    return intend(
        tx, ctx, kind, wallet_tx_id, bet["player_id"], abs(net), bet["currency"], bet_id=bet["bet_id"],
        data=_data(bet),
    )  # fmt: skip


def _cancel(tx: Tx, ctx: Context, bet: Row) -> Row:
    """An authorize of unknown outcome: the wallet shall forget the debit, whatever became of it."""
    wallet_tx_id = f"debit:{ctx.tenant_id}:{bet['bet_id']}:{bet['attempt']}"
    intent = adopt(tx, ctx, wallet_tx_id, "cancel", _data(bet))
    if intent is None:
        raise ApiError("IN_PROGRESS", "the outcome of this bet is being established", retry_after=1)
    return intent


def _local(kind: str, bet: Row) -> Row:
    return {
        "kind": kind, "state": "local", "bet_id": bet["bet_id"], "player_id": bet["player_id"], "amount": 0,
        "currency": bet["currency"], "operation_id": None, "wallet_tx_id": "", "data": _data(bet),
    }  # fmt: skip


def _refunded(tx: Tx, ctx: Context, intent: Row) -> Answer:
    """The wallet has refunded: the hold goes back to cash."""
    stake, player_id = planted_subtle.stake_refunded(intent["bet_id"], intent["data"]["stake"]), intent["player_id"]
    planted_subtle.refunded(player_id, intent["currency"], stake)
    held = planted.stake_left(tx, player_id, intent["currency"], stake)
    moves = [Move("held", player_id, -held), Move("cash", player_id, stake)]
    if held != stake:
        moves.append(Move("house", ctx.tenant_id, held - stake))
    ledger.post(
        tx, ctx, "refund", intent["currency"], moves, reference=intent["data"]["rollback_id"], bet_id=intent["bet_id"]
    )
    if intent["wallet_tx_id"]:
        wallet_event(tx, ctx, "wallet.credit.succeeded", intent)
    return _ended(tx, ctx, intent)


def _reversed(tx: Tx, ctx: Context, intent: Row) -> Answer:
    """Stake back, win taken back: the player stands where they stood before the bet."""
    data, player_id, currency = intent["data"], intent["player_id"], intent["currency"]
    promised = intent["amount"] if intent["kind"] == "reverse-debit" else 0
    for kind, amount, release in (("refund", data["stake"], promised), ("reversal", -data["win"], 0)):
        moves = [Move("house", ctx.tenant_id, -amount), Move("cash", player_id, amount, release)]
        ledger.post(tx, ctx, kind, currency, moves, reference=data["rollback_id"], bet_id=intent["bet_id"])
    if intent["wallet_tx_id"]:
        side = "debit" if intent["kind"] == "reverse-debit" else "credit"
        wallet_event(tx, ctx, f"wallet.{side}.succeeded", intent)
    return _ended(tx, ctx, intent)


def _cancelled(tx: Tx, ctx: Context, intent: Row) -> Answer:
    """The debit is undone or forbidden: the reservation is free, the first caller learns it too."""
    data = intent["data"]
    ledger.release(tx, intent["player_id"], intent["currency"], intent["amount"])
    first = thawed(ctx.platform, data["first"]["ctx"])
    told = keep_refusal(tx, first, ApiError("INVALID_STATE", "this bet was rolled back before it was authorized"))
    if data["first_operation"] is not None:
        end_operation(tx, first, data["first_operation"], told)
    return _ended(tx, ctx, intent)


def _ended(tx: Tx, ctx: Context, intent: Row) -> Answer:
    data, player_id, currency = intent["data"], intent["player_id"], intent["currency"]
    refund = render(ctx.profile, data["stake"], currency)
    left = ledger.spendable(tx, player_id, currency) or 0
    body = {
        "bet_id": intent["bet_id"], "status": "rolled_back", "rollback_id": data["rollback_id"], "refund": refund,
        "balance": render(ctx.profile, left, currency), "rolled_back_at": iso(ctx.now),
    }  # fmt: skip
    tx.run(
        records.ROLLED_BACK, b_tenant=data["tenant_id"], b_bet=intent["bet_id"], b_status="rolled_back",
        b_now=ctx.now, b_answer=records.answer_text(body), b_rollback=data["rollback_id"],
    )  # fmt: skip
    announced = {name: data[name] for name in ("bet_id", "round_id", "session_id", "player_id", "game_id",
                                               "rollback_id")}  # fmt: skip
    append_event(
        tx, ctx, "bet.rolled_back", f"bet:{intent['bet_id']}", {**announced, "refund": refund, "status": "rolled_back"}
    )
    bet = tx.one(records.FIND, b_tenant=data["tenant_id"], b_bet=intent["bet_id"])
    if bet is not None:
        for hook in ctx.platform.rollback_hooks:
            hook(tx, ctx, bet)
    return keep(tx, ctx, Answer(200, body), account_id=ledger.account_id("cash", player_id, currency))


def _refused(tx: Tx, ctx: Context, intent: Row, code: str) -> Answer:
    """The wallet cannot give back or take back now: the bet is as it was, the rollback can be tried again."""
    _undo(tx, ctx, intent)
    if code == "INSUFFICIENT_FUNDS":
        return keep_refusal(tx, ctx, ApiError("INSUFFICIENT_FUNDS", "the win cannot be taken back: it was spent"))
    forget(tx, ctx)
    refusal = ApiError("UPSTREAM_UNAVAILABLE", "the wallet did not take the refund; try again", retry_after=1)
    return Answer(refusal.status, refusal.body(ctx.trace_id), refusal.headers)


def _undo(tx: Tx, ctx: Context, intent: Row) -> None:
    del ctx  # a planted defect may undo another tenant's bet
    settled = intent["kind"].startswith("reverse")
    if intent["kind"] == "reverse-debit":
        ledger.release(tx, intent["player_id"], intent["currency"], intent["amount"])
    records.force(tx, intent["data"]["tenant_id"], intent["bet_id"], "settled" if settled else "authorized")


def _still_unknown(tx: Tx, ctx: Context, intent: Row) -> None:
    """The cancel never reached the wallet: the first intent stays in doubt, with the rollback as its aim."""
    data = intent["data"]
    frozen = thawed(ctx.platform, data["first"]["ctx"])
    intend(
        tx, frozen, "authorize", intent["wallet_tx_id"], intent["player_id"], intent["amount"], intent["currency"],
        bet_id=intent["bet_id"], data=data["first"]["data"], state="unknown", operation_id=data["first_operation"],
    )  # fmt: skip


def _cancel_refused(tx: Tx, ctx: Context, intent: Row, code: str) -> Answer:
    del code
    _still_unknown(tx, ctx, intent)
    forget(tx, ctx)
    refusal = ApiError("UPSTREAM_UNAVAILABLE", "the wallet cannot be reached; nothing was done", retry_after=1)
    return Answer(refusal.status, refusal.body(ctx.trace_id), refusal.headers)


KINDS["rollback"] = Steps("refund", _refunded, _refused, _undo)
KINDS["reverse-credit"] = Steps("credit", _reversed, _refused, _undo)
KINDS["reverse-debit"] = Steps("debit", _reversed, _refused, _undo)
KINDS["cancel"] = Steps("cancel", _cancelled, _cancel_refused, _still_unknown)
