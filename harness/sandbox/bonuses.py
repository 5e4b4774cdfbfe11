"""Bonuses: issued once, free spins consumed once each, stakes counted once towards the wager, released once."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select, update

from harness.sandbox import faults, ledger, planted_subtle
from harness.sandbox.bets import records
from harness.sandbox.bets.intents import KINDS, Steps, carry_out, intend
from harness.sandbox.context import Answer, Context, Platform
from harness.sandbox.errors import ApiError
from harness.sandbox.idempotency import claim, forget, keep
from harness.sandbox.ledger import Move
from harness.sandbox.money import parse, render
from harness.sandbox.outbox import append_event
from harness.sandbox.players import find_player, rg_blocked
from harness.sandbox.routing import READ, SAGA, WRITE, Operation
from harness.sandbox.schema_rooms import bonuses, consumptions, wager_progress
from harness.sandbox.store import Query, Row, Tx, binds

_B, _C, _W = bonuses.c, consumptions.c, wager_progress.c
_ONE = (_B.tenant_id == bindparam("b_tenant"), _B.bonus_id == bindparam("b_bonus"))
_FIND = Query(select(bonuses).where(*_ONE).with_for_update())
_READ = Query(select(bonuses).where(*_ONE))
_INSERT = Query(lambda insert: insert(bonuses).values(binds(bonuses)).on_conflict_do_nothing())
_SPIN = Query(update(bonuses).where(*_ONE, _B.freespins_left > 0).values(freespins_left=_B.freespins_left - 1))
_SPIN_BACK = Query(update(bonuses).where(*_ONE).values(freespins_left=_B.freespins_left + 1))
_COUNT = Query(update(bonuses).where(*_ONE).values(wagered=_B.wagered + bindparam("b_amount")))
_COMPLETE = Query(update(bonuses).where(*_ONE, _B.status == "issued", _B.wagered >= _B.wager_requirement)
                  .values(status="completed", completed_at=bindparam("b_now")))  # fmt: skip
_CONSUME = Query(lambda insert: insert(consumptions).values(binds(consumptions)).on_conflict_do_nothing())
_CONSUMED = Query(select(consumptions).where(
    _C.tenant_id == bindparam("b_tenant"), _C.consumption_id == bindparam("b_id")))  # fmt: skip
_PROGRESS = Query(lambda insert: insert(wager_progress).values(binds(wager_progress)).on_conflict_do_nothing())
_COUNTED = Query(select(wager_progress).where(
    _W.tenant_id == bindparam("b_tenant"), _W.bet_id == bindparam("b_bet"), _W.status == "counted"))  # fmt: skip
_REVERSE = Query(update(wager_progress).where(
    _W.tenant_id == bindparam("b_tenant"), _W.bonus_id == bindparam("b_bonus"), _W.bet_id == bindparam("b_bet"),
    _W.status == "counted").values(status="reversed"))  # fmt: skip
_LIVE_BETS = ("authorized", "settled", "settling")


def issue_bonus(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/bonuses: bonus money waits in its own account until the wager is met."""
    body = ctx.body
    if not ctx.platform.flags["bonuses_enabled"]:
        raise ApiError("FEATURE_DISABLED", "new bonuses are switched off", retry_after=5)
    player = find_player(tx, ctx, body["player_id"])
    if rg_blocked(player, ctx.now):
        raise ApiError("RG_BLOCK", "responsible gaming stops bonuses of this player")
    amount, currency = parse(ctx.profile, body["amount"])
    requirement, required_currency = parse(ctx.profile, body["wager_requirement"], "wager_requirement")
    if required_currency != currency or ledger.spendable(tx, player["player_id"], currency) is None:
        raise ApiError("CURRENCY_MISMATCH", "bonus, wager requirement and the player's balance need one currency")
    row: Row = {
        "tenant_id": ctx.tenant_id, "bonus_id": body["bonus_id"], "brand_id": ctx.brand_id, "region": ctx.region,
        "player_id": player["player_id"], "amount": amount, "currency": currency, "freespins": body["freespins"],
        "freespins_left": body["freespins"], "wager_requirement": requirement, "wagered": 0, "status": "issued",
        "created_at": ctx.now, "completed_at": None,
    }  # fmt: skip
    if not tx.run(_INSERT, **row):
        known = tx.one(_FIND, b_tenant=ctx.tenant_id, b_bonus=row["bonus_id"])
        same = known and all(known[n] == row[n] for n in ("player_id", "amount", "currency", "freespins",
                                                          "wager_requirement", "brand_id"))  # fmt: skip
        if known is None or not same or ctx.profile.duplicate_answer == "own_code":
            raise ApiError("DUPLICATE", "this bonus id is known")
        return Answer(201, bonus_body(ctx, known), _location(known))
    if amount:
        ledger.check_room(tx, player["player_id"], currency, amount)
        ledger.open_account(tx, ctx.tenant_id, "bonus", player["player_id"], currency)
        moves = [Move("house", ctx.tenant_id, -amount), Move("bonus", player["player_id"], amount)]
        ledger.post(tx, ctx, "bonus", currency, moves, reference=row["bonus_id"])
    _announce(tx, ctx, "bonus.issued", row, {"amount": render(ctx.profile, amount, currency), "status": "issued"})
    return Answer(201, bonus_body(ctx, row), _location(row))


def _location(row: Row) -> dict[str, str]:
    return {"Location": f"/v1/bonuses/{row['bonus_id']}"}


def bonus_body(ctx: Context, row: Row) -> dict[str, Any]:
    """The Bonus of the contract."""
    currency = row["currency"]
    return {"bonus_id": row["bonus_id"], "player_id": row["player_id"], "status": row["status"],
            "amount": render(ctx.profile, row["amount"], currency), "freespins_left": row["freespins_left"],
            "wagered": render(ctx.profile, row["wagered"], currency),
            "wager_requirement": render(ctx.profile, row["wager_requirement"], currency)}  # fmt: skip


def find_bonus(tx: Tx, ctx: Context, bonus_id: str, query: Query = _FIND) -> Row:
    """The caller's bonus, locked unless `query` only reads.

    Raises NOT_FOUND for another tenant's or brand's, REGION_MISMATCH for another region's.
    """
    row = tx.one(query, b_tenant=ctx.tenant_id, b_bonus=bonus_id)
    if row is None or row["brand_id"] != ctx.brand_id:
        raise ApiError("NOT_FOUND", "there is no such bonus")
    if row["region"] != ctx.region and not faults.on("region-not-enforced"):
        raise ApiError("REGION_MISMATCH", "the bonus belongs to another region")
    return row


def get_bonus(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/bonuses/{bonus_id}."""
    return Answer(200, bonus_body(ctx, find_bonus(tx, ctx, ctx.path["bonus_id"], _READ)))


async def consume(ctx: Context) -> Answer:
    """POST /v1/bonuses/consume: one spin, its win through the wallet."""
    win, currency = parse(ctx.profile, ctx.body["win"], "win")
    begun = await ctx.platform.store.transact(lambda tx: _begin_consume(tx, ctx, win, currency))
    return begun if isinstance(begun, Answer) else await carry_out(ctx, begun)


def _begin_consume(tx: Tx, ctx: Context, win: int, currency: str) -> Answer | Row:
    earlier = claim(tx, ctx)
    if earlier is not None:
        return earlier
    body = ctx.body
    bonus = find_bonus(tx, ctx, body["bonus_id"])
    if currency != bonus["currency"]:
        raise ApiError("CURRENCY_MISMATCH", "the win's currency is not the bonus's")
    row: Row = {"tenant_id": ctx.tenant_id, "consumption_id": body["consumption_id"], "bonus_id": bonus["bonus_id"],
                "round_id": body["round_id"], "win": win, "currency": currency, "answer": "", "created_at": ctx.now}
    again = planted_subtle.spins_again(bonus["bonus_id"], row["consumption_id"]) or faults.on("freespin-consumed-twice")
    if not tx.run(_CONSUME, **row) and not again:
        known = tx.one(_CONSUMED, b_tenant=ctx.tenant_id, b_id=row["consumption_id"])
        same = known and all(known[n] == row[n] for n in ("bonus_id", "round_id", "win"))
        if known is None or not same or ctx.profile.duplicate_answer == "own_code":
            raise ApiError("DUPLICATE", "this consumption id is known")
        if not known["answer"]:
            raise ApiError("IN_PROGRESS", "this spin is being consumed", retry_after=1)
        return keep(tx, ctx, Answer(200, known["answer"].encode()))
    if not tx.run(_SPIN, b_tenant=ctx.tenant_id, b_bonus=bonus["bonus_id"]) and not faults.on("freespins-below-zero"):
        raise ApiError("INVALID_STATE", "no free spin is left")
    ledger.check_room(tx, bonus["player_id"], currency, win)
    data = {**row, "player_id": bonus["player_id"], "left": max(0, bonus["freespins_left"] - 1)}
    if win == 0:
        return _consumed(tx, ctx, {"data": data, "player_id": bonus["player_id"], "amount": 0, "currency": currency})
    wallet_tx = f"spin:{ctx.tenant_id}:{row['consumption_id']}"
    if again:
        wallet_tx += f":{ctx.idempotency_key}"
    return intend(tx, ctx, "consume", wallet_tx, bonus["player_id"], win, currency, bet_id=None, data=data)


def _consumed(tx: Tx, ctx: Context, intent: Row) -> Answer:
    data, win, currency, player = intent["data"], intent["amount"], intent["currency"], intent["player_id"]
    if win:
        moves = [Move("house", ctx.tenant_id, -win), Move("cash", player, win)]
        ledger.post(tx, ctx, "bonus", currency, moves, reference=data["consumption_id"])
    body = {"consumption_id": data["consumption_id"], "bonus_id": data["bonus_id"], "freespins_left": data["left"],
            "win": render(ctx.profile, win, currency),
            "balance": render(ctx.profile, ledger.spendable(tx, player, currency) or 0, currency)}  # fmt: skip
    tx.execute(update(consumptions).where(
        _C.tenant_id == ctx.tenant_id, _C.consumption_id == data["consumption_id"]).values(answer=json.dumps(body)))
    _announce(tx, ctx, "bonus.consumed", data, {"consumption_id": data["consumption_id"], "win": body["win"],
                                                "freespins_left": data["left"], "round_id": data["round_id"]})
    return keep(tx, ctx, Answer(200, body), account_id=ledger.account_id("cash", player, currency))


def _undo_consume(tx: Tx, ctx: Context, intent: Row) -> None:
    del ctx  # the intent names its tenant itself
    data = intent["data"]
    tx.run(_SPIN_BACK, b_tenant=data["tenant_id"], b_bonus=data["bonus_id"])
    tx.execute(consumptions.delete().where(
        _C.tenant_id == data["tenant_id"], _C.consumption_id == data["consumption_id"]))


def _refused(tx: Tx, ctx: Context, intent: Row, code: str) -> Answer:
    """A wallet that refuses a credit is broken: everything is as before, the call can be tried again."""
    del code
    KINDS[intent["kind"]].undo(tx, ctx, intent)
    forget(tx, ctx)
    refusal = ApiError("UPSTREAM_UNAVAILABLE", "the wallet did not take the credit; try again", retry_after=1)
    return Answer(refusal.status, refusal.body(ctx.trace_id), refusal.headers)


def report_progress(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/wager/progress: the bet's stake counts once; the last one releases the bonus."""
    bonus = find_bonus(tx, ctx, ctx.body["bonus_id"])
    bet = records.read(tx, ctx, ctx.body["bet_id"])
    if bet["player_id"] != bonus["player_id"] or bet["status"] not in _LIVE_BETS:
        raise ApiError("INVALID_STATE", "only an authorized or settled bet of the bonus's player counts")
    if bet["currency"] != bonus["currency"]:
        raise ApiError("CURRENCY_MISMATCH", "the bet's currency is not the bonus's")
    new = tx.run(_PROGRESS, tenant_id=ctx.tenant_id, bonus_id=bonus["bonus_id"], bet_id=bet["bet_id"],
                 amount=bet["amount"], currency=bet["currency"], status="counted", answer="", created_at=ctx.now)
    again = planted_subtle.counts_again(bonus["bonus_id"], bet["bet_id"])
    if new or again or faults.on("wager-counted-twice"):
        tx.run(_COUNT, b_tenant=ctx.tenant_id, b_bonus=bonus["bonus_id"], b_amount=bet["amount"])
        bonus = find_bonus(tx, ctx, bonus["bonus_id"])
        completed = tx.run(_COMPLETE, b_tenant=ctx.tenant_id, b_bonus=bonus["bonus_id"], b_now=ctx.now)
        bonus["status"] = "completed" if completed else bonus["status"]
        wagered = render(ctx.profile, bonus["wagered"], bonus["currency"])
        _announce(tx, ctx, "wager.progress.updated", bonus, {"wagered": wagered, "bet_id": bet["bet_id"],
                                                             "status": bonus["status"]})
        if bonus["amount"] and (completed or (faults.on("bonus-released-twice") and bonus["status"] == "completed")):
            _release(tx, ctx, bonus, suffix="" if completed else f":{bet['bet_id']}")
    return Answer(200, {"bonus_id": bonus["bonus_id"], "status": bonus["status"],
                        "wagered": render(ctx.profile, bonus["wagered"], bonus["currency"])})


def _release(tx: Tx, ctx: Context, bonus: Row, suffix: str) -> None:
    """Bonus money becomes cash: queued for the reconcile loop, which does the wallet call once."""
    quiet = Context(**{**{name: getattr(ctx, name) for name in Context.__slots__}, "idempotency_key": None})
    intend(tx, quiet, "release-bonus", f"bonus:{ctx.tenant_id}:{bonus['bonus_id']}{suffix}", bonus["player_id"],
           bonus["amount"], bonus["currency"], bet_id=None, data={"bonus_id": bonus["bonus_id"], "extra": bool(suffix)},
           state="queued")  # fmt: skip
    tx.after_commit(ctx.platform.reconcile_signal.set)


def _released(tx: Tx, ctx: Context, intent: Row) -> Answer:
    amount, player = intent["amount"], intent["player_id"]
    source = Move("house", ctx.tenant_id, -amount) if intent["data"]["extra"] else Move("bonus", player, -amount)
    ledger.post(tx, ctx, "bonus", intent["currency"], [source, Move("cash", player, amount)],
                reference=intent["data"]["bonus_id"])
    return Answer(200, {})


def on_rollback(tx: Tx, ctx: Context, bet: Row) -> None:
    """A bet that was rolled back counts towards no wager; a bonus that is complete stays complete."""
    if faults.on("rollback-keeps-wager"):
        return
    for row in tx.all(_COUNTED, b_tenant=bet["tenant_id"], b_bet=bet["bet_id"]):
        bonus = tx.one(_FIND, b_tenant=bet["tenant_id"], b_bonus=row["bonus_id"])
        if bonus is None or bonus["status"] != "issued":
            continue
        tx.run(_REVERSE, b_tenant=bet["tenant_id"], b_bonus=row["bonus_id"], b_bet=bet["bet_id"])
        tx.run(_COUNT, b_tenant=bet["tenant_id"], b_bonus=row["bonus_id"], b_amount=-row["amount"])
        wagered = render(ctx.profile, bonus["wagered"] - row["amount"], bonus["currency"])
        _announce(tx, ctx, "wager.progress.updated", bonus, {"wagered": wagered, "bet_id": bet["bet_id"],
                                                             "status": "issued"})


def _announce(tx: Tx, ctx: Context, type_: str, row: Row, more: dict[str, Any]) -> None:
    data = {"bonus_id": row["bonus_id"], "player_id": row["player_id"], **more}
    append_event(tx, ctx, type_, f"bonus:{row['bonus_id']}", data)


def install(platform: Platform) -> None:
    """Bets that are rolled back take their wager progress along."""
    platform.rollback_hooks.append(on_rollback)


def _nothing(tx: Tx, ctx: Context, intent: Row) -> None:
    """A queued release stays owed until the wallet takes it."""


KINDS["consume"] = Steps("credit", _consumed, _refused, _undo_consume)
KINDS["release-bonus"] = Steps("credit", _released, _refused, _nothing)
routes = [
    Operation("POST", "/v1/bonuses", "issueBonus", "bonuses:write", issue_bonus, WRITE),
    Operation("GET", "/v1/bonuses/{bonus_id}", "getBonus", "bonuses:read", get_bonus, READ),
    Operation("POST", "/v1/bonuses/consume", "consumeBonus", "bonuses:write", consume, SAGA),
    Operation("POST", "/v1/wager/progress", "reportWagerProgress", "bonuses:write", report_progress, WRITE),
]
