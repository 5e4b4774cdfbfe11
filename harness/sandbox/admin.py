"""Sandbox administration (never in production): test players, funds, tokens, clock, faults, reset, restart."""

from __future__ import annotations

import asyncio
import os
import signal

from sqlalchemy import delete, select

from harness.sandbox import admin_players, audit, faults, ledger, schema
from harness.sandbox.admin_players import json_object
from harness.sandbox.auth import token_answer
from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context, set_state
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.routing import OPEN, Operation
from harness.sandbox.schema_rooms import audit_trail
from harness.sandbox.settings import ADMIN_SCOPE
from harness.sandbox.store import Query, Tx
from harness.sandbox.wallet.client import OK

_RESTART_DELAY = 0.05


async def info(ctx: Context) -> Answer:
    """GET /sandbox/info: what this is, for anybody."""
    settings = ctx.platform.settings
    return Answer(200, {
        "sandbox": True, "api_version": "1.7", "versions": ["1.6", "1.7"], "build": settings.build,
        "started_at": iso(ctx.platform.started_at), "contract_profile": settings.profile.as_dict(),
    })  # fmt: skip


async def make_token(ctx: Context) -> Answer:
    """POST /sandbox/tokens: a token of any lifetime, also one that has ended already."""
    body = json_object(ctx.body, {"client_id", "scope", "expires_in"})
    client = ctx.platform.settings.client(str(body.get("client_id")))
    if client is None:
        raise field_error("client_id", "is not known")
    lifetime = body.get("expires_in", ctx.platform.settings.token_ttl_seconds)
    if type(lifetime) is not int or abs(lifetime) > 10**9:
        raise field_error("expires_in", "must be an integer of seconds")
    scope = body.get("scope")
    scopes = frozenset(client.scopes) if scope is None else frozenset(str(scope).split())
    if not scopes <= frozenset(client.scopes):
        raise field_error("scope", "not granted to this client")
    return token_answer(ctx, client, scopes, lifetime)


async def clock(ctx: Context) -> Answer:
    """GET and POST /sandbox/clock: reads or moves the platform's time."""
    moving = ctx.platform.clock
    if ctx.body is not None:
        seconds = json_object(ctx.body, {"advance_seconds"}).get("advance_seconds")
        if type(seconds) is not int or abs(seconds) > 10**9:
            raise field_error("advance_seconds", "must be an integer of seconds")
        moving.advance(seconds)

        def work(tx: Tx) -> None:
            set_state(tx, "clock_offset_ms", moving.offset_ms)
            audit.record(tx, ctx, "clock.moved", {"advance_seconds": seconds})

        await ctx.platform.store.transact(work)
    return Answer(200, {"now": iso(moving.now_ms()), "offset_seconds": moving.offset_ms // 1000})


async def reset(ctx: Context) -> Answer:
    """POST /sandbox/reset: forgets all data; clients, their secrets, the faults and the audit trail stay."""
    outcome = await ctx.platform.wallet.reset()
    if outcome.kind != OK:
        raise ApiError("UPSTREAM_UNAVAILABLE", "the wallet could not be reset")

    def work(tx: Tx) -> None:
        for table in reversed(schema.metadata.sorted_tables):
            if table not in (schema.platform_state, audit_trail):
                tx.execute(delete(table))
        set_state(tx, "clock_offset_ms", 0)
        set_state(tx, "flags", {})
        audit.record(tx, ctx, "sandbox.reset", {})

    await ctx.platform.store.transact(work)
    ctx.platform.clock.offset_ms = 0
    ctx.platform.flags.update(dict.fromkeys(ctx.platform.flags, True))
    for hook in ctx.platform.reset_hooks:
        hook()
    return Answer(204)


async def list_faults(ctx: Context) -> Answer:
    """GET /sandbox/faults."""
    del ctx
    available = [
        {"name": one.name, "title": one.title, "proves": list(one.proves), "also": list(one.also)}
        for one in faults.catalogue().values()
    ]
    return Answer(200, {"available": available, "enabled": list(faults.active())})


async def set_faults(ctx: Context) -> Answer:
    """PUT /sandbox/faults: replaces the set of planted defects."""
    names = json_object(ctx.body, {"enabled"}).get("enabled")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise field_error("enabled", "must be a list of fault names")
    try:
        faults.activate(names)
    except ValueError:
        raise field_error("enabled", "holds a name that is not known") from None

    def work(tx: Tx) -> None:
        set_state(tx, "faults", list(faults.active()))
        audit.record(tx, ctx, "faults.changed", {"enabled": list(faults.active())})

    await ctx.platform.store.transact(work)
    return await list_faults(ctx)


async def restart(ctx: Context) -> Answer:
    """POST /sandbox/restart {mode: kill}: answers, then SIGKILLs its own process as a crash would."""
    if json_object(ctx.body, {"mode"}).get("mode", "kill") != "kill":
        raise field_error("mode", "only kill")
    asyncio.get_running_loop().call_later(_RESTART_DELAY, os.kill, os.getpid(), signal.SIGKILL)
    return Answer(202, {"status": "restarting"})


async def show_ledger(ctx: Context) -> Answer:
    """GET /sandbox/ledger: totals per account kind and currency, and whether they balance."""
    rows, balanced = await ctx.platform.store.read(ledger.trial_balance)
    accounts = [{"kind": row["account_kind"], "currency": row["currency"], "total": row["total"]} for row in rows]
    return Answer(200, {"accounts": accounts, "balanced": balanced})


async def health(ctx: Context) -> Answer:
    """GET /healthz: the process answers."""
    del ctx
    return Answer(200, {"status": "ok"})


async def ready(ctx: Context) -> Answer:
    """GET /readyz: the database answers and the wallet's breaker is not open."""
    await ctx.platform.store.read(lambda tx: tx.one(_FIND_ANY))
    state = ctx.platform.wallet.breaker.state
    body = {"status": "ok" if state == "closed" else "degraded", "wallet_breaker": state}
    return Answer(200 if state != "open" else 503, body)


_FIND_ANY = Query(select(schema.platform_state.c.name).limit(1))


routes = [
    *admin_players.routes,
    Operation("GET", "/sandbox/info", "getSandboxInfo", None, info, OPEN),
    Operation("POST", "/sandbox/tokens", "issueSandboxToken", ADMIN_SCOPE, make_token, OPEN),
    Operation("GET", "/sandbox/clock", "getSandboxClock", ADMIN_SCOPE, clock, OPEN),
    Operation("POST", "/sandbox/clock", "moveSandboxClock", ADMIN_SCOPE, clock, OPEN),
    Operation("POST", "/sandbox/reset", "resetSandbox", ADMIN_SCOPE, reset, OPEN),
    Operation("GET", "/sandbox/faults", "getSandboxFaults", ADMIN_SCOPE, list_faults, OPEN),
    Operation("PUT", "/sandbox/faults", "setSandboxFaults", ADMIN_SCOPE, set_faults, OPEN),
    Operation("POST", "/sandbox/restart", "restartSandbox", ADMIN_SCOPE, restart, OPEN),
    Operation("GET", "/sandbox/ledger", "getSandboxLedger", ADMIN_SCOPE, show_ledger, OPEN),
    Operation("GET", "/healthz", "getHealth", None, health, OPEN),
    Operation("GET", "/readyz", "getReadiness", None, ready, OPEN),
]
