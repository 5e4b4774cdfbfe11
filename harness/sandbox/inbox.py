"""The inbox: events that providers publish, verified over the raw bytes and taken once by their signed event id."""

from __future__ import annotations

import hashlib

from sqlalchemy import bindparam, select

from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.routing import WRITE, Operation
from harness.sandbox.schema_rooms import inbox
from harness.sandbox.store import Query, Tx, binds
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
    digest = hashlib.sha256(ctx.raw).hexdigest()
    if tx.run(_INSERT, tenant_id=ctx.tenant_id, provider_id=ctx.provider_id, event_id=event_id, body_hash=digest,
              body=ctx.raw.decode(), received_at=ctx.now):
        return Answer(202, {"event_id": event_id, "status": "accepted"})
    known = tx.one(_FIND, b_tenant=ctx.tenant_id, b_provider=ctx.provider_id, b_event=event_id)
    if known is None or known["body_hash"] != digest:
        raise ApiError("DUPLICATE", "this event id was published with another body")
    return Answer(200, {"event_id": event_id, "status": "duplicate"})


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
