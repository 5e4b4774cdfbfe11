"""The events feed: committed events of a tenant, page by page, in commit order."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Select, asc, desc, select

from harness.sandbox import faults, planted_queues
from harness.sandbox.clock import parse_iso
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.players import decode_cursor, encode_cursor, page_limit
from harness.sandbox.routing import READ, Operation
from harness.sandbox.schema import events
from harness.sandbox.store import Tx

_E = events.c
_COLUMNS = {"game_id": _E.game_id, "status": _E.status, "type": _E.type, "bet_id": _E.bet_id}


def list_events(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/events: the cursor is a position, so items that arrive later never shift a page."""
    limit = 50 if faults.on("limit-ignored") else page_limit(ctx, 50)
    order = ctx.query.get("order", "asc")
    if order not in ("asc", "desc"):
        raise field_error("order", "must be asc or desc")
    cursor = ctx.query.get("cursor")
    position = decode_cursor(cursor)
    backwards = order == "desc" and not faults.on("order-ignored")
    statement = _filtered(select(_E.position, _E.body), ctx)
    if faults.on("offset-pagination"):
        # The page is counted from the newest item: whatever arrives in between shifts it.
        newest_first = statement.order_by(desc(_E.position)).offset(position).limit(limit + 1)
        rows = [dict(one) for one in tx.execute(newest_first).mappings()]
        following = position + limit
    else:
        if cursor is not None:
            statement = statement.where(_E.position < position if backwards else _E.position > position)
        ordered = statement.order_by(desc(_E.position) if backwards else asc(_E.position))
        rows = [dict(one) for one in tx.execute(ordered.limit(limit + 1)).mappings()]
        following = rows[limit - 1]["position"] if len(rows) >= limit else 0
    more = len(rows) > limit
    if faults.on("has-more-wrong"):
        more = len(rows) >= limit
    items = [json.loads(row["body"]) for row in rows[:limit]]
    return Answer(200, {"items": items, "next_cursor": encode_cursor(following) if more else None, "has_more": more})


def _filtered(statement: Select[Any], ctx: Context) -> Select[Any]:
    """The caller's own events of its brand, and every filter of the query at once."""
    wanted = ctx.query.get("tenant_id")
    if wanted is not None and wanted != ctx.tenant_id:
        raise ApiError("FORBIDDEN", "another tenant's events are not yours to read")
    if not faults.on("feed-leaks-tenants"):
        statement = statement.where(_E.tenant_id == ctx.tenant_id, _E.brand_id == ctx.brand_id)
    if not faults.on("region-not-enforced"):
        statement = statement.where(_E.region == ctx.region)
    filters = {name: ctx.query[name] for name in _COLUMNS if name in ctx.query}
    if faults.on("filters-not-combined") and len(filters) > 1:
        filters = dict(list(filters.items())[:1])
    if faults.some() and (until := planted_queues.shown_until(ctx.now)) is not None:
        statement = statement.where(_E.occurred_at <= until)
    for name, value in filters.items():
        statement = statement.where(_COLUMNS[name] == value)
    first = _E.occurred_at.__gt__ if faults.on("window-start-excluded") else _E.occurred_at.__ge__
    last = _E.occurred_at.__le__ if faults.on("window-end-included") else _E.occurred_at.__lt__
    for name, bound in (("occurred_at_from", first), ("occurred_at_to", last)):
        if name in ctx.query:
            statement = statement.where(bound(_time(name, ctx.query[name])))
    return statement


def _time(name: str, text: str) -> int:
    try:
        return parse_iso(text.replace(" ", "+"))
    except ValueError:
        raise field_error(name, "must be a time with an offset, like 2026-11-21T12:00:00Z") from None


routes = [Operation("GET", "/v1/events", "listEvents", "events:read", list_events, READ)]
