"""The outbox: an event is written in the transaction of the change that it announces, or not at all."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from sqlalchemy import bindparam

from harness.sandbox import faults, planted_queues, schema
from harness.sandbox.clock import iso
from harness.sandbox.context import Context
from harness.sandbox.store import Query, Row, Tx, binds

_NEXT = Query(
    lambda insert: (
        insert(schema.event_sequences)
        .values(tenant_id=bindparam("tenant_id"), key=bindparam("key"), last=1)
        .on_conflict_do_update(
            index_elements=["tenant_id", "key"], set_={"last": schema.event_sequences.c.last + 1}
        )
        .returning(schema.event_sequences.c.last)
    )
)
_COLUMNS = [column.name for column in schema.events.columns if column.name != "position"]
_INSERT = Query(lambda insert: insert(schema.events).values(binds(schema.events, *_COLUMNS)))
# Feed positions must appear in commit order, or a reader would skip a late lower one. SQLite has one writer.
_LATER_SECONDS = 0.4
_LOST = {"bet.rolled_back": "event-missing-for-rollback", "bet.settled": "event-lost-for-settlement"}
_ORDER_LOCK = "SELECT pg_advisory_xact_lock(7017)"


def append_event(tx: Tx, ctx: Context, type_: str, key: str, data: dict[str, Any]) -> Row:
    """Writes one event of `type_` about `key` ("bet:<id>", "session:<id>", ...) and returns its row.

    `data` carries the ids of the API answer; bet_id, game_id, player_id and status in it become feed filters.
    The sequence counts from 1 per tenant and key. Senders are woken after the commit.
    """
    if (type_ in _LOST and faults.on(_LOST[type_])) or (faults.some() and planted_queues.lost(type_)):
        return {}
    if type_ == "bet.rolled_back" and faults.on("event-missing-for-reason") and b'"reason"' in ctx.raw:
        return {}
    if tx.is_postgres:
        tx.command(_ORDER_LOCK)
    counted = tx.one(_NEXT, tenant_id=ctx.tenant_id, key=key)
    assert counted is not None
    event_id = str(uuid.uuid4())
    envelope = {
        "event_id": event_id, "type": type_, "schema_version": "1.7", "occurred_at": iso(ctx.now),
        "tenant_id": ctx.tenant_id, "brand_id": ctx.brand_id, "region": ctx.region, "trace_id": ctx.trace_id,
        "idempotency_key": ctx.idempotency_key, "key": key, "sequence": counted["last"], "data": data,
    }  # fmt: skip
    _plant(envelope)
    row: Row = {
        "event_id": event_id, "tenant_id": ctx.tenant_id, "brand_id": ctx.brand_id, "region": ctx.region,
        "type": type_, "key": key, "sequence": counted["last"], "occurred_at": ctx.now, "trace_id": ctx.trace_id,
        "bet_id": data.get("bet_id"), "game_id": data.get("game_id"), "player_id": data.get("player_id"),
        "status": data.get("status"),
        "body": json.dumps(envelope, separators=(",", ":"), ensure_ascii=False),
    }  # fmt: skip
    if faults.on("event-outside-transaction"):
        tx.after_commit(lambda: _write_later(ctx, row))
        return row
    tx.run(_INSERT, **row)
    if faults.on("event-written-twice") and type_ == "bet.settled":
        again = {**envelope, "event_id": str(uuid.uuid4())}
        tx.run(_INSERT, **{**row, "event_id": again["event_id"], "body": json.dumps(again)})
    tx.after_commit(ctx.platform.outbox_signal.set)
    return row


def _plant(envelope: dict[str, Any]) -> None:
    """Planted defects of the envelope."""
    if faults.on("event-without-schema-version"):
        del envelope["schema_version"]
    if faults.on("event-of-next-major"):
        envelope["schema_version"] = "2.0"
    if faults.on("event-without-trace-id"):
        envelope["trace_id"] = uuid.uuid4().hex
    if faults.on("event-local-time"):
        envelope["occurred_at"] = envelope["occurred_at"].removesuffix("Z")
    if faults.on("event-other-settlement-id") and "settlement_id" in envelope["data"]:
        envelope["data"] = {**envelope["data"], "settlement_id": str(uuid.uuid4())}
    win = envelope["data"].get("win")
    if faults.on("event-amount-off") and win and type(win["amount"]) is int and win["amount"] > 0:
        envelope["data"] = {**envelope["data"], "win": {**win, "amount": win["amount"] - 1}}
    if faults.on("event-sequence-frozen"):
        envelope["sequence"] = 1


def _write_later(ctx: Context, row: Row) -> None:
    """Planted: the event waits in memory, after the commit, for a batch that a crash never writes."""

    async def write() -> None:
        await ctx.platform.store.transact(lambda tx: tx.run(_INSERT, **row))
        ctx.platform.outbox_signal.set()

    loop = asyncio.get_running_loop()
    loop.call_later(_LATER_SECONDS, lambda: loop.create_task(write()))
