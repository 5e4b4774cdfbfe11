"""Sessions: the channel between a provider's game and the platform, with currency, limits and a lifetime."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select, update

from harness.sandbox import faults, ledger
from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError
from harness.sandbox.ids import new_id
from harness.sandbox.money import parse, render, scale_of
from harness.sandbox.outbox import append_event
from harness.sandbox.players import find_player, rg_blocked
from harness.sandbox.profile import Profile
from harness.sandbox.routing import READ, WRITE, Operation
from harness.sandbox.schema import sessions
from harness.sandbox.store import Query, Row, Tx, binds

_FIND = Query(select(sessions).where(sessions.c.session_id == bindparam("b_session")))
_INSERT = Query(lambda insert: insert(sessions).values(binds(sessions)))
_CLOSE = Query(
    update(sessions)
    .where(sessions.c.session_id == bindparam("b_session"), sessions.c.status == "active")
    .values(status="closed", closed_at=bindparam("b_now"))
)


def find_session(tx: Tx, ctx: Context, session_id: str) -> Row:
    """The session's row; NOT_FOUND or REGION_MISMATCH as for players."""
    return check_session_owner(ctx, tx.one(_FIND, b_session=session_id))


def check_session_owner(ctx: Context, row: Row | None) -> Row:
    """The row if this caller may know of it; another tenant's or brand's session does not exist for it."""
    if row is None or (row["tenant_id"] != ctx.tenant_id and not faults.on("tenant-unchecked-session")):
        raise ApiError("NOT_FOUND", "there is no such session")
    if row["tenant_id"] == ctx.tenant_id and row["brand_id"] != ctx.brand_id:
        raise ApiError("NOT_FOUND", "there is no such session")
    if row["region"] != ctx.region and not faults.on("region-not-enforced"):
        raise ApiError("REGION_MISMATCH", "the session's data belongs to another region")
    return row


def session_status(row: Row, now: int) -> str:
    """active, expired or closed."""
    if row["status"] == "active" and row["expires_at"] <= now:
        return "expired"
    status: str = row["status"]
    return status


def session_body(profile: Profile, row: Row, now: int) -> dict[str, Any]:
    """The Session of the contract."""
    body = {
        "session_id": row["session_id"],
        "player_id": row["player_id"],
        "game_id": row["game_id"],
        "currency": row["currency"],
        "locale": row["locale"],
        "status": session_status(row, now),
        "expires_at": iso(row["expires_at"]),
        "created_at": iso(row["created_at"]),
    }
    constraints: dict[str, Any] = {}
    if row["max_bet"] is not None:
        constraints["max_bet"] = render(profile, row["max_bet"], row["currency"])
    flags = json.loads(row["rg_flags"])
    if flags:
        constraints["rg_flags"] = flags
    if constraints:
        body["constraints"] = constraints
    return body


def create_session(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/sessions."""
    body = ctx.body
    if not ctx.platform.flags["sessions_enabled"]:
        raise ApiError("FEATURE_DISABLED", "new sessions are switched off", retry_after=5)
    player = find_player(tx, ctx, body["player_id"])
    if rg_blocked(player, ctx.now) and not faults.on("self-excluded-can-play"):
        raise ApiError("RG_BLOCK", "responsible gaming stops new sessions of this player")
    currency = body["currency"]
    scale_of(currency)
    if ledger.spendable(tx, player["player_id"], currency) is None:
        raise ApiError("CURRENCY_MISMATCH", "the player has no balance in this currency")
    constraints = body.get("constraints") or {}
    max_bet = None
    if constraints.get("max_bet") is not None:
        max_bet, limit_currency = parse(ctx.profile, constraints["max_bet"], "constraints.max_bet")
        if limit_currency != currency:
            raise ApiError("CURRENCY_MISMATCH", "constraints.max_bet is in another currency than the session")
    row: Row = {
        "session_id": new_id("ses"), "tenant_id": ctx.tenant_id, "brand_id": ctx.brand_id, "region": ctx.region,
        "provider_id": ctx.provider_id, "player_id": player["player_id"], "game_id": body["game_id"],
        "currency": currency, "locale": body["locale"], "max_bet": max_bet,
        "rg_flags": json.dumps(constraints.get("rg_flags") or []), "status": "active", "created_at": ctx.now,
        "expires_at": ctx.now + ctx.platform.settings.session_ttl_seconds * 1000, "closed_at": None,
    }  # fmt: skip
    tx.run(_INSERT, **row)
    _announce(tx, ctx, "session.started", row)
    location = {"Location": f"/v1/sessions/{row['session_id']}"}
    return Answer(201, session_body(ctx.profile, row, ctx.now), location)


def get_session(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/sessions/{session_id}."""
    return Answer(200, session_body(ctx.profile, find_session(tx, ctx, ctx.path["session_id"]), ctx.now))


def close_session(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/sessions/{session_id}/close: idempotent on the state; one session.ended event."""
    row = find_session(tx, ctx, ctx.path["session_id"])
    if tx.run(_CLOSE, b_session=row["session_id"], b_now=ctx.now):
        _announce(tx, ctx, "session.ended", row)
    row["status"] = "closed"
    return Answer(200, session_body(ctx.profile, row, ctx.now))


def _announce(tx: Tx, ctx: Context, type_: str, row: Row) -> None:
    data = {name: row[name] for name in ("session_id", "player_id", "game_id", "currency", "locale")}
    if type_ == "session.ended":
        data["reason"] = (ctx.body or {}).get("reason") or "closed"
    append_event(tx, ctx, type_, f"session:{row['session_id']}", data)


routes = [
    Operation("POST", "/v1/sessions", "createSession", "sessions:write", create_session, WRITE),
    Operation("GET", "/v1/sessions/{session_id}", "getSession", "sessions:read", get_session, READ),
    Operation(
        "POST", "/v1/sessions/{session_id}/close", "closeSession", "sessions:write", close_session, WRITE
    ),
]
