"""Webhook endpoints, their deliveries and dead letters: the administration that partners see."""

from __future__ import annotations

import ipaddress
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import bindparam, delete, func, select, update

from harness.sandbox import audit
from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.ids import new_id
from harness.sandbox.players import decode_cursor, encode_cursor, page_limit
from harness.sandbox.routing import READ, WRITE, Operation
from harness.sandbox.schema import events
from harness.sandbox.schema_rooms import dead_letters, deliveries, webhook_endpoints
from harness.sandbox.store import Query, Row, Tx, binds
from harness.sandbox.webhooks import defects

_W, _D = webhook_endpoints.c, deliveries.c
_INSERT = Query(lambda insert: insert(webhook_endpoints).values(binds(webhook_endpoints)))
_FIND = Query(select(webhook_endpoints).where(
    _W.endpoint_id == bindparam("b_id"), _W.tenant_id == bindparam("b_tenant"), _W.status != "deleted"))
_LIST = Query(select(webhook_endpoints).where(
    _W.tenant_id == bindparam("b_tenant"), _W.provider_id == bindparam("b_provider"),
    _W.status != "deleted").order_by(_W.created_at))
_OF_DEAD = Query(select(_W.status).join(deliveries, _D.endpoint_id == _W.endpoint_id).where(
    _D.delivery_id == bindparam("b_delivery"), _D.status == "dead",
    _W.tenant_id == bindparam("b_tenant"), _W.provider_id == bindparam("b_provider")))  # fmt: skip
_NEWEST = Query(select(func.max(events.c.position).label("newest")))
_OVERLAP_SECONDS = 86_400


def create_endpoint(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/webhooks/endpoints: the secret is in this answer and never again."""
    _check_url(ctx.body["url"])
    newest = tx.one(_NEWEST)
    row: Row = {
        "endpoint_id": new_id("we"), "tenant_id": ctx.tenant_id, "provider_id": ctx.provider_id,
        "url": ctx.body["url"], "event_types": json.dumps(ctx.body["event_types"]),
        "description": ctx.body.get("description"), "status": "enabled", "secret": secrets.token_urlsafe(32),
        "previous_secret": None, "previous_valid_until": None, "created_at": ctx.now,
        "from_position": (newest["newest"] if newest else None) or 0,
    }  # fmt: skip
    tx.run(_INSERT, **row)
    audit.record(tx, ctx, "webhook_endpoint.created", {"endpoint_id": row["endpoint_id"], "url": row["url"]})
    tx.after_commit(ctx.platform.outbox_signal.set)
    location = {"Location": f"/v1/webhooks/endpoints/{row['endpoint_id']}"}
    return Answer(201, {**_body(row), "secret": row["secret"]}, location)


def _check_url(url: str) -> None:
    """Only http(s) to public hosts; loopback is let through because this is the sandbox."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise field_error("url", "is not a URL") from None
    if parts.scheme not in ("http", "https") or not host:
        raise field_error("url", "must be an http or https URL")
    try:
        address = ipaddress.ip_address(int(host, 0) if host.isdigit() or host.startswith("0x") else host)
    except ValueError:
        return
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if not address.is_global and not address.is_loopback:
        raise field_error("url", "points into a private network")


def _find(tx: Tx, ctx: Context) -> Row:
    row = tx.one(_FIND, b_id=ctx.path["endpoint_id"], b_tenant=ctx.tenant_id)
    if row is None or row["provider_id"] != ctx.provider_id:
        raise ApiError("NOT_FOUND", "there is no such endpoint")
    return row


def _body(row: Row) -> dict[str, Any]:
    body = {"endpoint_id": row["endpoint_id"], "url": row["url"], "event_types": json.loads(row["event_types"]),
            "status": row["status"], "created_at": iso(row["created_at"])}  # fmt: skip
    return body | ({"description": row["description"]} if row["description"] else {})


def list_endpoints(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/webhooks/endpoints."""
    rows = tx.all(_LIST, b_tenant=ctx.tenant_id, b_provider=ctx.provider_id)
    return Answer(200, {"items": [_body(row) for row in rows]})


def get_endpoint(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/webhooks/endpoints/{endpoint_id}."""
    return Answer(200, _body(_find(tx, ctx)))


def delete_endpoint(tx: Tx, ctx: Context) -> Answer:
    """DELETE /v1/webhooks/endpoints/{endpoint_id}: open deliveries end with it."""
    row = _find(tx, ctx)
    tx.execute(update(webhook_endpoints).where(_W.endpoint_id == row["endpoint_id"]).values(status="deleted"))
    tx.execute(delete(deliveries).where(_D.endpoint_id == row["endpoint_id"], _D.status.in_(("pending", "retrying"))))
    audit.record(tx, ctx, "webhook_endpoint.deleted", {"endpoint_id": row["endpoint_id"]})
    return Answer(204)


def rotate_secret(tx: Tx, ctx: Context) -> Answer:
    """POST …/rotate-secret: both secrets sign during the overlap."""
    row = _find(tx, ctx)
    seconds = (ctx.body or {}).get("overlap_seconds", _OVERLAP_SECONDS)
    secret, until = secrets.token_urlsafe(32), ctx.now + seconds * 1000
    tx.execute(update(webhook_endpoints).where(_W.endpoint_id == row["endpoint_id"]).values(
        secret=secret, previous_secret=row["secret"], previous_valid_until=until))
    audit.record(tx, ctx, "webhook_secret.rotated", {"endpoint_id": row["endpoint_id"], "overlap_seconds": seconds})
    return Answer(200, {"endpoint_id": row["endpoint_id"], "secret": secret, "previous_valid_until": iso(until)})


def list_deliveries(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/webhooks/deliveries."""
    wanted = {name: ctx.query[name] for name in ("endpoint_id", "event_id", "status") if name in ctx.query}
    return _page(tx, ctx, wanted)


def list_dead_letters(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/webhooks/dead-letters."""
    return _page(tx, ctx, {"status": "dead"})


def _page(tx: Tx, ctx: Context, wanted: dict[str, str]) -> Answer:
    limit, after = page_limit(ctx, 50), decode_cursor(ctx.query.get("cursor"))
    statement = (select(deliveries, events.c.type).join(events, events.c.event_id == _D.event_id)
                 .join(webhook_endpoints, _W.endpoint_id == _D.endpoint_id)
                 .where(_D.tenant_id == ctx.tenant_id, _W.provider_id == ctx.provider_id))
    for name, value in wanted.items():
        statement = statement.where(getattr(_D, name) == value)
    offset = statement.order_by(_D.position, _D.endpoint_id).offset(after).limit(limit + 1)
    rows = [dict(one) for one in tx.execute(offset).mappings()]
    more = len(rows) > limit
    items = [{
        "delivery_id": row["delivery_id"], "endpoint_id": row["endpoint_id"], "event_id": row["event_id"],
        "event_type": row["type"], "status": row["status"], "attempts": row["attempts"],
        "last_status": row["last_status"],
        "next_attempt_at": None if row["next_attempt_at"] is None else iso(row["next_attempt_at"]),
    } for row in rows[:limit]]  # fmt: skip
    return Answer(200, {"items": defects.shown(items), "next_cursor": encode_cursor(after + limit) if more else None,
                        "has_more": more})


def redrive(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/webhooks/dead-letters/{delivery_id}/redrive: same event id, same body, fresh signature."""
    delivery_id = ctx.path["delivery_id"]
    endpoint = tx.one(_OF_DEAD, b_delivery=delivery_id, b_tenant=ctx.tenant_id, b_provider=ctx.provider_id)
    if endpoint is None:
        raise ApiError("NOT_FOUND", "there is no such dead letter")
    if endpoint["status"] != "enabled":
        raise ApiError("INVALID_STATE", "its endpoint is disabled or deleted")
    tx.execute(update(deliveries).where(_D.delivery_id == delivery_id, _D.status == "dead").values(
        status="pending", attempts=0, next_attempt_at=ctx.now, updated_at=ctx.now))
    tx.execute(delete(dead_letters).where(dead_letters.c.delivery_id == delivery_id))
    defects.redriven(ctx.platform, delivery_id)
    audit.record(tx, ctx, "dead_letter.redriven", {"delivery_id": delivery_id})
    tx.after_commit(ctx.platform.outbox_signal.set)
    return Answer(202, {"delivery_id": delivery_id, "status": "pending"})


_ENDPOINTS = "/v1/webhooks/endpoints"
_ONE = _ENDPOINTS + "/{endpoint_id}"
_DEAD = "/v1/webhooks/dead-letters"
routes = [
    Operation("POST", _ENDPOINTS, "createWebhookEndpoint", "webhooks:write", create_endpoint, WRITE),
    Operation("GET", _ENDPOINTS, "listWebhookEndpoints", "webhooks:read", list_endpoints, READ),
    Operation("GET", _ONE, "getWebhookEndpoint", "webhooks:read", get_endpoint, READ),
    Operation("DELETE", _ONE, "deleteWebhookEndpoint", "webhooks:write", delete_endpoint, WRITE),
    Operation("POST", _ONE + "/rotate-secret", "rotateWebhookSecret", "webhooks:write", rotate_secret, WRITE),
    Operation("GET", "/v1/webhooks/deliveries", "listWebhookDeliveries", "webhooks:read", list_deliveries, READ),
    Operation("GET", _DEAD, "listDeadLetters", "webhooks:read", list_dead_letters, READ),
    Operation("POST", _DEAD + "/{delivery_id}/redrive", "redriveDeadLetter", "webhooks:write", redrive, WRITE),
]
