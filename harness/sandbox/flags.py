"""Feature flags and the kill switch: new risk is refused, settle and rollback always flow; every change is audited."""

from __future__ import annotations

from harness.sandbox import audit
from harness.sandbox.context import Answer, Context, set_state
from harness.sandbox.errors import field_error
from harness.sandbox.routing import OPEN, Operation
from harness.sandbox.settings import ADMIN_SCOPE
from harness.sandbox.store import Tx


async def get_flags(ctx: Context) -> Answer:
    """GET /sandbox/flags."""
    return Answer(200, dict(ctx.platform.flags))


async def set_flags(ctx: Context) -> Answer:
    """PUT /sandbox/flags: flags that are not named stay."""
    body = ctx.body
    flags = ctx.platform.flags
    if not isinstance(body, dict) or not all(name in flags and type(value) is bool for name, value in body.items()):
        raise field_error("flags", f"must be booleans of {', '.join(flags)}")
    changed = {**flags, **body}

    def work(tx: Tx) -> None:
        set_state(tx, "flags", changed)
        audit.record(tx, ctx, "flags.changed", body)

    await ctx.platform.store.transact(work)
    flags.update(changed)
    return Answer(200, dict(flags))


routes = [
    Operation("GET", "/sandbox/flags", "getSandboxFlags", ADMIN_SCOPE, get_flags, OPEN),
    Operation("PUT", "/sandbox/flags", "setSandboxFlags", ADMIN_SCOPE, set_flags, OPEN),
]
