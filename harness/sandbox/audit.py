"""The audit trail: write-once rows in a hash chain; an edited row breaks the chain visibly."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import bindparam, desc, select

from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context
from harness.sandbox.routing import OPEN, Operation
from harness.sandbox.schema_rooms import audit_trail
from harness.sandbox.settings import ADMIN_SCOPE
from harness.sandbox.store import Query, Row, Tx, binds

_A = audit_trail.c
_COLUMNS = [column.name for column in audit_trail.columns if column.name != "position"]
_LAST = Query(select(_A.hash).order_by(desc(_A.position)).limit(1))
_INSERT = Query(lambda insert: insert(audit_trail).values(binds(audit_trail, *_COLUMNS)))
_ALL = Query(select(audit_trail).order_by(_A.position).limit(bindparam("b_limit")))
_MOST = 10_000
_CHAIN_LOCK = "SELECT pg_advisory_xact_lock(7018)"


def record(tx: Tx, ctx: Context, action: str, detail: Any) -> None:
    """Append one entry in the transaction of the change that it tells of; `detail` holds no secrets."""
    if tx.is_postgres:  # two entries after the same one would fork the chain; SQLite has one writer anyway
        tx.command(_CHAIN_LOCK)
    last = tx.one(_LAST)
    row: Row = {"occurred_at": ctx.now, "actor": ctx.client_id or "system", "action": action,
                "detail": json.dumps(detail, sort_keys=True), "previous_hash": last["hash"] if last else ""}
    tx.run(_INSERT, **row, hash=digest(row))


def digest(row: Row) -> str:
    """sha256 over the entry and the hash before it."""
    text = "\n".join(str(row[n]) for n in ("previous_hash", "occurred_at", "actor", "action", "detail"))
    return hashlib.sha256(text.encode()).hexdigest()


def intact(rows: list[Row]) -> bool:
    """Whether every entry's hash fits its content and the entry before."""
    before = ""
    for row in rows:
        if row["previous_hash"] != before or row["hash"] != digest(row):
            return False
        before = row["hash"]
    return True


async def show(ctx: Context) -> Answer:
    """GET /sandbox/audit."""
    rows = await ctx.platform.store.read(lambda tx: tx.all(_ALL, b_limit=_MOST))
    items = [{"occurred_at": iso(row["occurred_at"]), "actor": row["actor"], "action": row["action"],
              "detail": json.loads(row["detail"]), "hash": row["hash"]} for row in rows]
    return Answer(200, {"items": items, "intact": intact(rows)})


routes = [Operation("GET", "/sandbox/audit", "getSandboxAudit", ADMIN_SCOPE, show, OPEN)]
