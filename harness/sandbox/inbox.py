"""The inbox: events that providers publish, verified over the raw bytes and taken once by their signed event id."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from sqlalchemy import bindparam, select

from harness.sandbox import faults
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.routing import WRITE, Operation
from harness.sandbox.schema_rooms import inbox
from harness.sandbox.store import Query, Row, Tx, binds
from harness.sandbox.webhooks.signing import verify

_I = inbox.c
_INSERT = Query(lambda insert: insert(inbox).values(binds(inbox)).on_conflict_do_nothing())
_FIND = Query(select(inbox).where(_I.tenant_id == bindparam("b_tenant"), _I.provider_id == bindparam("b_provider"),
                                  _I.event_id == bindparam("b_event")))  # fmt: skip


def publish_event(tx: Tx, ctx: Context) -> Answer:
    """POST /v1/inbox/events: 202 the first time, 200 for a repeat, 409 for the same id with another body."""
    _check_signature(ctx)
    event_id = ctx.body["event_id"]
    if ctx.body.get("tenant_id", ctx.tenant_id) != ctx.tenant_id:
        raise ApiError("FORBIDDEN", "the event names another tenant")
    if faults.on("inbox-wants-milliseconds") and "." not in ctx.body["occurred_at"]:
        raise field_error("occurred_at", "must have milliseconds")
    digest = hashlib.sha256(ctx.raw).hexdigest()
    known = _take(tx, ctx, _known_by(ctx, event_id), digest)
    if _unseen(ctx, event_id) or known is None or faults.on("inbox-takes-repeats"):
        return Answer(202, {"event_id": event_id, "status": "accepted"})
    if known != digest:
        raise ApiError("DUPLICATE", "this event id was published with another body")
    return Answer(200, {"event_id": event_id, "status": "duplicate"})


def _take(tx: Tx, ctx: Context, event_id: str, digest: str) -> str | None:
    """None when the event is new and taken now, otherwise the hash of the body it was published with before."""
    if faults.on("inbox-forgets-on-restart"):
        taken, name = _memory(ctx, "taken"), (ctx.provider_id, event_id)
        before: str | None = taken.get(name)
        taken.setdefault(name, digest)
        return before
    if tx.run(_INSERT, tenant_id=ctx.tenant_id, provider_id=ctx.provider_id, event_id=event_id, body_hash=digest,
              body=ctx.raw.decode(), received_at=ctx.now):
        return None
    row = tx.one(_FIND, b_tenant=ctx.tenant_id, b_provider=ctx.provider_id, b_event=event_id)
    if faults.on("inbox-forgets-with-the-window") and row is not None and _old(ctx, row):
        return None
    return None if row is None else cast("str", row["body_hash"])


def _old(ctx: Context, row: Row) -> bool:
    """Was it taken longer ago than its first signature is good for?"""
    return bool(ctx.now - row["received_at"] > 1000 * ctx.profile.freshness_window_seconds)


def _known_by(ctx: Context, event_id: str) -> str:
    """What tells a repeat: the signed id, unless a defect trusts what anybody can edit."""
    if not faults.on("inbox-dedupes-by-header"):
        return event_id
    return ctx.headers.get(ctx.profile.event_id_header.lower()) or ctx.idempotency_key or event_id


def _unseen(ctx: Context, event_id: str) -> bool:
    """Planted check-then-insert: a copy that came before the first was written did not see it."""
    if not faults.on("inbox-race"):
        return False
    written = _memory(ctx, "written").setdefault((ctx.provider_id, event_id), ctx.platform.clock.now_ms())
    return bool(ctx.now < written)


def _memory(ctx: Context, name: str) -> dict[Any, Any]:
    return cast("dict[Any, Any]", ctx.platform.memory.setdefault(("inbox", name), {}))


def _check_signature(ctx: Context) -> None:
    profile = ctx.profile
    timestamp = ctx.headers.get(profile.timestamp_header.lower(), "")
    signature = ctx.headers.get(profile.signature_header.lower(), "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) == 10):
        raise field_error(profile.timestamp_header, "must be Unix seconds")
    client = ctx.platform.settings.client(ctx.client_id)
    fresh = abs(ctx.now / 1000 - int(timestamp)) <= profile.freshness_window_seconds
    if client is None or not fresh or not verify(client.inbound_secret, timestamp, signature, ctx.raw):
        raise ApiError("AUTH_FAILED", "the event's signature does not hold")


routes = [Operation("POST", "/v1/inbox/events", "publishEvent", "events:publish", publish_event, WRITE,
                    loose_numbers=True)]
