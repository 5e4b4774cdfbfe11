"""Reading bets and settlements."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select

from harness.sandbox.bets import records
from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError
from harness.sandbox.money import render
from harness.sandbox.schema import bets
from harness.sandbox.store import Query, Tx

_BY_SETTLEMENT = Query(
    select(bets).where(
        bets.c.settlement_id == bindparam("b_settlement"), bets.c.tenant_id == bindparam("b_tenant")
    )
)  # fmt: skip


def get_bet(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/bets/{bet_id}."""
    return Answer(200, records.bet_body(ctx.profile, records.read(tx, ctx, ctx.path["bet_id"])))


def get_settlement(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/settlements/{settlement_id}: there once the bet is settled."""
    row = tx.one(_BY_SETTLEMENT, b_settlement=ctx.path["settlement_id"], b_tenant=ctx.tenant_id)
    if row is None or row["settled_at"] is None:
        raise ApiError("NOT_FOUND", "there is no such settlement")
    records.check_owner(ctx, row)
    body: dict[str, Any] = {
        "settlement_id": row["settlement_id"], "bet_id": row["bet_id"], "round_id": row["round_id"],
        "player_id": row["player_id"], "status": "credited",
        "win": render(ctx.profile, row["win"], row["win_currency"]), "settled_at": iso(row["settled_at"]),
    }  # fmt: skip
    if row["bonus_state"]:
        body["bonus_state"] = json.loads(row["bonus_state"])
    return Answer(200, body)
