"""Jackpots: contributions of bets into a pool, a trigger that reserves it whole, one payout per trigger."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select, update

from harness.sandbox import audit, faults, ledger, planted_load
from harness.sandbox.bets import records
from harness.sandbox.bets.intents import KINDS, Steps, carry_out, intend
from harness.sandbox.bonuses import _refused
from harness.sandbox.context import Answer, Context, Platform
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.idempotency import claim, keep
from harness.sandbox.ids import new_id
from harness.sandbox.ledger import Move
from harness.sandbox.money import parse, render, scale_of
from harness.sandbox.outbox import append_event
from harness.sandbox.players import find_player
from harness.sandbox.routing import OPEN, READ, SAGA, WRITE, Operation
from harness.sandbox.schema_rooms import contributions, jackpots, payouts, triggers
from harness.sandbox.settings import ADMIN_SCOPE
from harness.sandbox.store import Query, Row, Tx, binds

_J, _C, _T, _P = jackpots.c, contributions.c, triggers.c, payouts.c
_ONE = (_J.tenant_id == bindparam("b_tenant"), _J.jackpot_id == bindparam("b_id"))
_FIND = Query(select(jackpots).where(*_ONE).with_for_update())
_READ = Query(select(jackpots).where(*_ONE))
_INSERT = Query(lambda insert: insert(jackpots).values(binds(jackpots)).on_conflict_do_nothing())
_ADD = Query(update(jackpots).where(*_ONE, _J.pool + bindparam("b_amount") >= 0)
             .values(pool=_J.pool + bindparam("b_amount")))  # fmt: skip
_CONTRIBUTE = Query(lambda insert: insert(contributions).values(binds(contributions)).on_conflict_do_nothing())
_CONTRIBUTION = Query(select(contributions).where(
    _C.tenant_id == bindparam("b_tenant"), _C.contribution_id == bindparam("b_id")))  # fmt: skip
_OF_BET = Query(select(contributions).where(
    _C.tenant_id == bindparam("b_tenant"), _C.bet_id == bindparam("b_bet"), _C.status == "counted"))  # fmt: skip
_WON = Query(update(contributions).where(
    _C.tenant_id == bindparam("b_tenant"), _C.jackpot_id == bindparam("b_jackpot"), _C.status == "counted",
).values(status="won"))  # fmt: skip
_TRIGGER = Query(lambda insert: insert(triggers).values(binds(triggers)).on_conflict_do_nothing())
_TRIGGERED = Query(select(triggers).where(
    _T.tenant_id == bindparam("b_tenant"), _T.trigger_id == bindparam("b_id")).with_for_update())  # fmt: skip
_PAY = Query(lambda insert: insert(payouts).values(binds(payouts)).on_conflict_do_nothing())
_PAID = Query(select(payouts).where(_P.tenant_id == bindparam("b_tenant"), _P.payout_id == bindparam("b_id")))
_LIVE_BETS = ("authorized", "settled", "settling")


def find_jackpot(tx: Tx, ctx: Context, jackpot_id: str, query: Query = _FIND) -> Row:
    """The tenant's jackpot, locked unless `query` only reads; NOT_FOUND otherwise."""
    row = tx.one(query, b_tenant=ctx.tenant_id, b_id=jackpot_id)
    if row is None:
        raise ApiError("NOT_FOUND", "there is no such jackpot")
    return row


async def create_jackpot(ctx: Context) -> Answer:
    """POST /sandbox/jackpots: a pool with a seed of fake money, in minor units whatever the money form."""
    body = ctx.body if isinstance(ctx.body, dict) else {}
    currency, seed = str(body.get("currency")), body.get("seed", 0)
    scale_of(currency)
    tenant = str(body.get("tenant_id") or ctx.platform.settings.tenants[0].tenant_id)
    if ctx.platform.settings.tenant(tenant) is None or type(seed) is not int or seed < 0:
        raise field_error("tenant_id" if type(seed) is int else "seed", "is not usable")
    row: Row = {"tenant_id": tenant, "jackpot_id": body.get("jackpot_id") or new_id("jp"), "currency": currency,
                "pool": seed, "status": "open", "created_at": ctx.now}  # fmt: skip
    ctx.tenant_id = tenant

    def work(tx: Tx) -> Answer:
        if not tx.run(_INSERT, **row):
            raise ApiError("DUPLICATE", "this jackpot id is taken")
        ledger.open_account(tx, tenant, "jackpot", row["jackpot_id"], currency)
        if seed:
            moves = [Move("world", tenant, -seed), Move("jackpot", row["jackpot_id"], seed)]
            ledger.post(tx, ctx, "jackpot", currency, moves, reference=row["jackpot_id"])
        audit.record(tx, ctx, "jackpot.created", {n: row[n] for n in ("tenant_id", "jackpot_id", "currency", "pool")})
        return Answer(201, _body(ctx, row))

    return await ctx.platform.store.transact(work)


def _body(ctx: Context, row: Row) -> dict[str, Any]:
    return {"jackpot_id": row["jackpot_id"], "pool": render(ctx.profile, row["pool"], row["currency"]),
            "status": row["status"]}  # fmt: skip


def get_jackpot(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/jackpots/{jackpot_id}."""
    return Answer(200, _body(ctx, find_jackpot(tx, ctx, ctx.path["jackpot_id"], _READ)))


def contribute(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/jackpots/contributions: a part of a live bet's stake, out of the house into the pool."""
    body = ctx.body
    amount, currency = parse(ctx.profile, body["amount"])
    jackpot = find_jackpot(tx, ctx, body["jackpot_id"])
    bet = records.read(tx, ctx, body["bet_id"])
    row: Row = {"tenant_id": ctx.tenant_id, "contribution_id": body["contribution_id"], "status": "counted",
                "jackpot_id": jackpot["jackpot_id"], "bet_id": bet["bet_id"], "amount": amount, "currency": currency,
                "answer": "", "created_at": ctx.now}  # fmt: skip
    known = tx.one(_CONTRIBUTION, b_tenant=ctx.tenant_id, b_id=row["contribution_id"])
    if known is not None:
        same = all(known[n] == row[n] for n in ("jackpot_id", "bet_id", "amount", "currency"))
        if not same or ctx.profile.duplicate_answer == "own_code":
            raise ApiError("DUPLICATE", "this contribution id is known")
        status = "reversed" if known["status"] == "reversed" else "counted"
        return Answer(201, {**json.loads(known["answer"]), "status": status}, _where(jackpot))
    if bet["status"] not in _LIVE_BETS:
        raise ApiError("INVALID_STATE", "only an authorized or settled bet contributes")
    if currency != jackpot["currency"] or currency != bet["currency"]:
        raise ApiError("CURRENCY_MISMATCH", "bet, contribution and jackpot need one currency")
    if amount > bet["amount"]:
        raise ApiError("AMOUNT_INVALID", "a contribution is at most the stake")
    if not (faults.on("jackpot-forgets-under-load") and planted_load.its_turn()):
        _shift(tx, ctx, jackpot["jackpot_id"], amount, currency, row["contribution_id"])
    pool = jackpot["pool"] + amount
    answer = {"contribution_id": row["contribution_id"], "jackpot_id": jackpot["jackpot_id"],
              "pool": render(ctx.profile, pool, currency), "status": "counted"}  # fmt: skip
    tx.run(_CONTRIBUTE, **{**row, "answer": json.dumps(answer)})
    _announce(tx, ctx, "jackpot.contribution", jackpot["jackpot_id"], {
        "contribution_id": row["contribution_id"], "bet_id": bet["bet_id"], "status": "counted",
        "amount": render(ctx.profile, amount, currency), "pool": answer["pool"]})
    return Answer(201, answer, _where(jackpot))


def _where(jackpot: Row) -> dict[str, str]:
    return {"Location": f"/v1/jackpots/{jackpot['jackpot_id']}"}


def _shift(tx: Tx, ctx: Context, jackpot_id: str, amount: int, currency: str, reference: str) -> bool:
    """House to pool (or back when negative); False when the pool holds less."""
    if not tx.run(_ADD, b_tenant=ctx.tenant_id, b_id=jackpot_id, b_amount=amount):
        return False
    if amount:
        moves = [Move("house", ctx.tenant_id, -amount), Move("jackpot", jackpot_id, amount)]
        ledger.post(tx, ctx, "jackpot", currency, moves, reference=reference)
    return True


def trigger(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/jackpots/triggers: the whole pool is set aside for one winner."""
    body = ctx.body
    jackpot = find_jackpot(tx, ctx, body["jackpot_id"])
    player = find_player(tx, ctx, body["player_id"])
    known = tx.one(_TRIGGERED, b_tenant=ctx.tenant_id, b_id=body["trigger_id"])
    if known is not None:
        same = all(known[n] == body[n] for n in ("jackpot_id", "player_id", "round_id"))
        if not same or ctx.profile.duplicate_answer == "own_code":
            raise ApiError("DUPLICATE", "this trigger id is known")
        return Answer(201, json.loads(known["answer"]))
    amount, currency = jackpot["pool"], jackpot["currency"]
    if amount <= 0:
        raise ApiError("INVALID_STATE", "the pool is empty")
    if ledger.spendable(tx, player["player_id"], currency) is None:
        raise ApiError("CURRENCY_MISMATCH", "the player has no balance in the jackpot's currency")
    set_aside = f"won-{body['trigger_id']}"
    ledger.open_account(tx, ctx.tenant_id, "jackpot", set_aside, currency)
    if faults.on("trigger-keeps-pool"):
        moves = [Move("house", ctx.tenant_id, -amount), Move("jackpot", set_aside, amount)]
    else:
        tx.run(_ADD, b_tenant=ctx.tenant_id, b_id=jackpot["jackpot_id"], b_amount=-amount)
        tx.run(_WON, b_tenant=ctx.tenant_id, b_jackpot=jackpot["jackpot_id"])
        moves = [Move("jackpot", jackpot["jackpot_id"], -amount), Move("jackpot", set_aside, amount)]
    ledger.post(tx, ctx, "jackpot", currency, moves, reference=body["trigger_id"])
    answer = {"trigger_id": body["trigger_id"], "jackpot_id": jackpot["jackpot_id"], "player_id": player["player_id"],
              "amount": render(ctx.profile, amount, currency), "status": "triggered"}  # fmt: skip
    tx.run(_TRIGGER, tenant_id=ctx.tenant_id, trigger_id=body["trigger_id"], jackpot_id=jackpot["jackpot_id"],
           brand_id=ctx.brand_id, region=ctx.region, player_id=player["player_id"], round_id=body["round_id"],
           amount=amount, currency=currency, status="triggered", answer=json.dumps(answer), created_at=ctx.now)
    _announce(tx, ctx, "jackpot.triggered", jackpot["jackpot_id"], answer)
    return Answer(201, answer)


async def pay(ctx: Context) -> Answer:
    """POST /v1/jackpots/payouts: once per trigger, through the wallet."""
    begun = await ctx.platform.store.transact(lambda tx: _begin_pay(tx, ctx))
    return begun if isinstance(begun, Answer) else await carry_out(ctx, begun)


def _begin_pay(tx: Tx, ctx: Context) -> Answer | Row:
    earlier = claim(tx, ctx)
    if earlier is not None:
        return earlier
    body = ctx.body
    won = tx.one(_TRIGGERED, b_tenant=ctx.tenant_id, b_id=body["trigger_id"])
    if won is None or won["brand_id"] != ctx.brand_id:
        raise ApiError("NOT_FOUND", "there is no such trigger")
    if won["player_id"] != body["player_id"]:
        raise ApiError("INVALID_STATE", "another player won this jackpot")
    known = tx.one(_PAID, b_tenant=ctx.tenant_id, b_id=body["payout_id"])
    if known is not None:
        if known["trigger_id"] != won["trigger_id"] or ctx.profile.duplicate_answer == "own_code":
            raise ApiError("DUPLICATE", "this payout id is known")
        if not known["answer"]:
            raise ApiError("IN_PROGRESS", "this payout is being made", retry_after=1)
        return keep(tx, ctx, Answer(200, known["answer"].encode()))
    twice = faults.on("jackpot-paid-twice")
    row: Row = {"tenant_id": ctx.tenant_id, "payout_id": body["payout_id"], "trigger_id": won["trigger_id"],
                "player_id": won["player_id"], "amount": won["amount"], "currency": won["currency"], "answer": "",
                "created_at": ctx.now}  # fmt: skip
    if not tx.run(_PAY, **row) and not twice:
        raise ApiError("INVALID_STATE", "this trigger was paid already")
    ledger.check_room(tx, won["player_id"], won["currency"], won["amount"])
    wallet_tx = f"jackpot:{ctx.tenant_id}:{won['trigger_id']}" + (f":{row['payout_id']}" if twice else "")
    data = {"jackpot_id": won["jackpot_id"], "trigger_id": won["trigger_id"], "payout_id": row["payout_id"],
            "tenant_id": ctx.tenant_id}  # fmt: skip
    return intend(tx, ctx, "jackpot", wallet_tx, won["player_id"], won["amount"], won["currency"], bet_id=None,
                  data=data)


def _paid(tx: Tx, ctx: Context, intent: Row) -> Answer:
    data, amount, currency, player = intent["data"], intent["amount"], intent["currency"], intent["player_id"]
    source = Move("jackpot", f"won-{data['trigger_id']}", -amount)
    if faults.on("jackpot-paid-twice"):
        source = Move("house", ctx.tenant_id, -amount)
    left = ledger.post(tx, ctx, "jackpot", currency, [source, Move("cash", player, amount)],
                       reference=data["payout_id"])
    body = {"payout_id": data["payout_id"], "trigger_id": data["trigger_id"], "status": "paid",
            "amount": render(ctx.profile, amount, currency),
            "balance": render(ctx.profile, left["cash"], currency)}  # fmt: skip
    tx.execute(update(payouts).where(
        _P.tenant_id == ctx.tenant_id, _P.payout_id == data["payout_id"]).values(answer=json.dumps(body)))
    tx.execute(update(triggers).where(
        _T.tenant_id == ctx.tenant_id, _T.trigger_id == data["trigger_id"]).values(status="paid"))
    announced = {n: body[n] for n in ("payout_id", "trigger_id", "amount", "status")}
    _announce(tx, ctx, "jackpot.paid", data["jackpot_id"], announced | {"player_id": player})
    return keep(tx, ctx, Answer(200, body), account_id=ledger.account_id("cash", player, currency))


def _undo(tx: Tx, ctx: Context, intent: Row) -> None:
    del ctx
    data = intent["data"]
    tx.execute(payouts.delete().where(_P.tenant_id == data["tenant_id"], _P.payout_id == data["payout_id"]))


def on_rollback(tx: Tx, ctx: Context, bet: Row) -> None:
    """Contributions of a bet that was rolled back leave the pool, unless they were won in between."""
    if faults.on("rollback-keeps-contribution"):
        return
    for row in tx.all(_OF_BET, b_tenant=bet["tenant_id"], b_bet=bet["bet_id"]):
        if not _shift(tx, ctx, row["jackpot_id"], -row["amount"], row["currency"], row["contribution_id"]):
            continue
        tx.execute(update(contributions).where(
            _C.tenant_id == row["tenant_id"], _C.contribution_id == row["contribution_id"]).values(status="reversed"))
        _announce(tx, ctx, "jackpot.contribution", row["jackpot_id"], {
            "contribution_id": row["contribution_id"], "bet_id": bet["bet_id"], "status": "reversed",
            "amount": render(ctx.profile, row["amount"], row["currency"])})


def _announce(tx: Tx, ctx: Context, type_: str, jackpot_id: str, data: dict[str, Any]) -> None:
    append_event(tx, ctx, type_, f"jackpot:{jackpot_id}", {**data, "jackpot_id": jackpot_id})


def install(platform: Platform) -> None:
    """Bets that are rolled back take their contributions along."""
    platform.rollback_hooks.append(on_rollback)


KINDS["jackpot"] = Steps("credit", _paid, _refused, _undo)
_JACKPOTS = "/v1/jackpots"
routes = [
    Operation("POST", "/sandbox/jackpots", "createSandboxJackpot", ADMIN_SCOPE, create_jackpot, OPEN),
    Operation("POST", _JACKPOTS + "/contributions", "contributeToJackpot", "jackpots:write", contribute, WRITE),
    Operation("POST", _JACKPOTS + "/triggers", "triggerJackpot", "jackpots:write", trigger, WRITE),
    Operation("POST", _JACKPOTS + "/payouts", "payJackpot", "jackpots:write", pay, SAGA),
    Operation("GET", _JACKPOTS + "/{jackpot_id}", "getJackpot", "jackpots:read", get_jackpot, READ),
]
