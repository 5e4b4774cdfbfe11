"""Payments: accepted with 202, carried out by a worker through wallet and ledger, final at the operation's address."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine
from typing import Any

from sqlalchemy import bindparam, select, update

from harness.sandbox import faults, ledger
from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context, Platform, thawed
from harness.sandbox.errors import ApiError
from harness.sandbox.ids import new_id
from harness.sandbox.ledger import Move
from harness.sandbox.money import parse, render, scale_of
from harness.sandbox.outbox import append_event
from harness.sandbox.players import find_player
from harness.sandbox.routing import READ, WRITE, Operation
from harness.sandbox.schema import operations
from harness.sandbox.schema_rooms import payments
from harness.sandbox.store import Query, Row, Tx, binds
from harness.sandbox.wallet.client import OK, REFUSED

log = logging.getLogger("sandbox")
_P, _O = payments.c, operations.c
_INSERT = Query(lambda insert: insert(payments).values(binds(payments)).on_conflict_do_nothing())
_OPERATION = Query(lambda insert: insert(operations).values(binds(operations)))
_FIND = Query(select(payments).where(_P.tenant_id == bindparam("b_tenant"), _P.payment_id == bindparam("b_payment")))
_OPEN = Query(select(payments).where((_P.status == "pending") | (_P.status == "running")).order_by(_P.created_at))
_MOVE = Query(update(payments).where(_P.operation_id == bindparam("b_id"), _P.status == bindparam("b_from"))
              .values(status=bindparam("b_to")))  # fmt: skip
_STATUS = Query(update(operations).where(_O.operation_id == bindparam("b_id")).values(
    status=bindparam("b_status"), error_code=bindparam("b_code"), error_message=bindparam("b_message"),
    updated_at=bindparam("b_now")))  # fmt: skip
_READ = Query(select(operations).where(_O.operation_id == bindparam("b_id"), _O.tenant_id == bindparam("b_tenant")))
_PAUSE_SECONDS = 0.25


def create_payment(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/payments."""
    body = ctx.body
    amount, currency = parse(ctx.profile, body["amount"])
    scale_of(currency)
    player = find_player(tx, ctx, body["player_id"])
    if amount == 0:
        raise ApiError("AMOUNT_INVALID", "a payment of nothing")
    if ledger.spendable(tx, player["player_id"], currency) is None:
        raise ApiError("CURRENCY_MISMATCH", "the player has no balance in this currency")
    row: Row = {
        "tenant_id": ctx.tenant_id, "payment_id": body["payment_id"], "brand_id": ctx.brand_id, "region": ctx.region,
        "player_id": player["player_id"], "direction": body["direction"], "amount": amount, "currency": currency,
        "status": "pending", "operation_id": new_id("op"), "context": json.dumps(ctx.frozen()), "created_at": ctx.now,
    }  # fmt: skip
    if not tx.run(_INSERT, **row):
        return _known(tx, ctx, row)
    if row["direction"] == "deposit":
        ledger.check_room(tx, player["player_id"], currency, amount)
    tx.run(_OPERATION, operation_id=row["operation_id"], tenant_id=ctx.tenant_id, brand_id=ctx.brand_id,
           region=ctx.region, kind="payment", status="pending", resource_id=row["payment_id"], error_code=None,
           error_message=None, created_at=ctx.now, updated_at=ctx.now)  # fmt: skip
    tx.after_commit(ctx.platform.memory["payments_signal"].set)
    return _accepted(row)


def _known(tx: Tx, ctx: Context, row: Row) -> Answer:
    known = tx.one(_FIND, b_tenant=ctx.tenant_id, b_payment=row["payment_id"])
    same = known and all(known[n] == row[n] for n in ("player_id", "direction", "amount", "currency"))
    if known is None or not same or ctx.profile.duplicate_answer == "own_code":
        raise ApiError("DUPLICATE", "this payment id is known")
    return _accepted(known)


def _accepted(row: Row) -> Answer:
    headers = {"Location": f"/v1/ops/{row['operation_id']}/status"}
    if faults.on("accepted-without-location"):
        headers = {}
    return Answer(202, {"operation_id": row["operation_id"], "status": "pending"}, headers)


def get_operation(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/ops/{operation_id}/status."""
    row = tx.one(_READ, b_id=ctx.path["operation_id"], b_tenant=ctx.tenant_id)
    if row is None or row["brand_id"] != ctx.brand_id:
        raise ApiError("NOT_FOUND", "there is no such operation")
    if row["region"] != ctx.region and not faults.on("region-not-enforced"):
        raise ApiError("REGION_MISMATCH", "the operation's data belongs to another region")
    body: dict[str, Any] = {
        "operation_id": row["operation_id"], "kind": row["kind"], "status": row["status"],
        "resource_id": row["resource_id"], "created_at": iso(row["created_at"]), "updated_at": iso(row["updated_at"]),
    }  # fmt: skip
    if row["error_code"]:
        body["error"] = {"code": row["error_code"], "message": row["error_message"]}
    return Answer(200, body)


async def work_for_ever(platform: Platform) -> None:
    """Carries payments out; what a crash interrupted is taken up again, the wallet call idempotent by its id."""
    signal = platform.memory["payments_signal"]
    while True:
        signal.clear()
        left = False
        if not faults.on("operation-never-final"):
            for row in await platform.store.read(lambda tx: tx.all(_OPEN)):
                try:
                    left = not await _carry_out(platform, row) or left
                except Exception:
                    left = True
                    log.exception("a payment could not be carried out")
        try:
            await asyncio.wait_for(signal.wait(), _PAUSE_SECONDS if left else None)
        except TimeoutError:
            continue


async def _carry_out(platform: Platform, row: Row) -> bool:
    """One payment; False when the wallet gives no clear word yet."""
    ctx = thawed(platform, json.loads(row["context"]))
    player, currency, amount = row["player_id"], row["currency"], row["amount"]
    if row["status"] == "pending":
        def start(tx: Tx) -> bool:
            if row["direction"] == "withdrawal" and not ledger.reserve(tx, player, currency, amount):
                _end(tx, ctx, row, "pending", "INSUFFICIENT_FUNDS")
                return False
            tx.run(_MOVE, b_id=row["operation_id"], b_from="pending", b_to="running")
            tx.run(_STATUS, b_id=row["operation_id"], b_status="running", b_code=None, b_message=None, b_now=ctx.now)
            return True

        if not await platform.store.transact(start):
            return True
    action = "credit" if row["direction"] == "deposit" else "debit"
    outcome = await platform.wallet.move(action, f"payment:{row['tenant_id']}:{row['payment_id']}", player, currency,
                                         amount, row["payment_id"], trace_id=ctx.trace_id)
    if outcome.kind not in (OK, REFUSED):
        return False
    await platform.store.transact(lambda tx: _end(tx, ctx, row, "running", outcome.code if outcome.kind == REFUSED
                                                  else ""))
    return True


def _end(tx: Tx, ctx: Context, row: Row, before: str, code: str) -> None:
    """The final state with its money and its event, in one transaction; once, whoever comes first."""
    status = "failed" if code else "succeeded"
    if not tx.run(_MOVE, b_id=row["operation_id"], b_from=before, b_to=status):
        return
    player, currency, amount = row["player_id"], row["currency"], row["amount"]
    if code and before == "running" and row["direction"] == "withdrawal":
        ledger.release(tx, player, currency, amount)
    if not code:
        signed = amount if row["direction"] == "deposit" else -amount
        if faults.on("payment-booked-twice"):
            signed *= 2
        moves = [Move("world", ctx.tenant_id, -signed),
                 Move("cash", player, signed, release=0 if row["direction"] == "deposit" else amount)]
        ledger.post(tx, ctx, row["direction"], currency, moves, reference=row["payment_id"])
    tx.run(_STATUS, b_id=row["operation_id"], b_status=status, b_code=code or None,
           b_message="the wallet refused it" if code else None, b_now=ctx.now)  # fmt: skip
    data = {"payment_id": row["payment_id"], "operation_id": row["operation_id"], "player_id": player,
            "direction": row["direction"], "status": status, "amount": render(ctx.profile, amount, currency)}
    append_event(tx, ctx, f"payment.{status}", f"payment:{row['payment_id']}", data)


def install(platform: Platform) -> None:
    """The worker's alarm clock, there before the first request."""
    platform.memory["payments_signal"] = asyncio.Event()
    platform.memory["payments_signal"].set()


def background(platform: Platform) -> list[Coroutine[Any, Any, None]]:
    """The worker."""
    return [work_for_ever(platform)]


routes = [
    Operation("POST", "/v1/payments", "createPayment", "payments:write", create_payment, WRITE),
    Operation("GET", "/v1/ops/{operation_id}/status", "getOperationStatus", "payments:read", get_operation, READ),
]
