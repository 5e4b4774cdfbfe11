"""Sandbox administration (never in production): test players, funds, tokens, clock, faults, reset, restart."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from harness.sandbox import faults, ledger, schema
from harness.sandbox.auth import token_answer
from harness.sandbox.clock import iso, parse_iso
from harness.sandbox.context import Answer, Context, set_state
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.ids import new_id
from harness.sandbox.ledger import Move
from harness.sandbox.money import parse
from harness.sandbox.outbox import append_event
from harness.sandbox.players import player_body
from harness.sandbox.routing import OPEN, Operation
from harness.sandbox.schema import players
from harness.sandbox.settings import ADMIN_SCOPE
from harness.sandbox.store import Query, Row, Tx, binds
from harness.sandbox.wallet.client import OK

_INSERT = Query(lambda insert: insert(players).values(binds(players)).on_conflict_do_nothing())
_FIND = Query(select(players).where(players.c.player_id == bindparam("b_player")).with_for_update())
_SET_RG = Query(
    update(players)
    .where(players.c.player_id == bindparam("b_player"))
    .values(
        self_excluded=bindparam("b_excluded"), cool_off_until=bindparam("b_until"), limits=bindparam("b_limits")
    )
)  # fmt: skip
_RESTART_DELAY = 0.05


async def info(ctx: Context) -> Answer:
    """GET /sandbox/info: what this is, for anybody."""
    settings = ctx.platform.settings
    return Answer(200, {
        "sandbox": True, "api_version": "1.7", "versions": ["1.6", "1.7"], "build": settings.build,
        "started_at": iso(ctx.platform.started_at), "contract_profile": settings.profile.as_dict(),
    })  # fmt: skip


async def create_player(ctx: Context) -> Answer:
    """POST /sandbox/players."""
    body = _object(ctx.body, {"player_id", "tenant_id", "brand_id", "region", "geo", "balances", "rg"})
    tenant = ctx.platform.settings.tenant(_tenant_of(ctx, body))
    if tenant is None or body.get("region") not in tenant.regions:
        raise field_error("region", "is not a region of the tenant")
    balances = [parse(ctx.profile, one, f"balances.{index}") for index, one in enumerate(body.get("balances") or [])]
    rg = _rg(ctx, body.get("rg") or {}, {"self_excluded": 0, "cool_off_until": None, "limits": "{}"})
    row: Row = {
        "player_id": body.get("player_id") or new_id("player"), "tenant_id": tenant.tenant_id,
        "brand_id": body["brand_id"], "region": body["region"], "geo": body.get("geo"), "created_at": ctx.now, **rg,
    }  # fmt: skip
    for amount, currency in balances:
        await _fund_wallet(ctx, row["player_id"], currency, amount)
    _speak_for(ctx, row)

    def work(tx: Tx) -> Answer:
        if not tx.run(_INSERT, **row):
            raise ApiError("DUPLICATE", "this player id is taken")
        for amount, currency in balances:
            _fund(tx, ctx, row["player_id"], currency, amount)
        data = {name: row[name] for name in ("player_id", "geo")}
        append_event(tx, ctx, "player.registered", f"player:{row['player_id']}", data)
        return Answer(201, player_body(tx, ctx.profile, row))

    return await ctx.platform.store.transact(work)


async def change_player(ctx: Context) -> Answer:
    """PATCH /sandbox/players/{player_id}: responsible-gaming state only."""
    body = _object(ctx.body, {"rg"})

    def work(tx: Tx) -> Answer:
        row = _player(tx, ctx)
        changed = _rg(ctx, body.get("rg") or {}, row)
        row |= changed
        tx.run(
            _SET_RG, b_player=row["player_id"], b_excluded=row["self_excluded"], b_until=row["cool_off_until"],
            b_limits=row["limits"],
        )  # fmt: skip
        return Answer(200, player_body(tx, ctx.profile, row))

    return await ctx.platform.store.transact(work)


async def fund_player(ctx: Context) -> Answer:
    """POST /sandbox/players/{player_id}/funds: fake money, to wallet and ledger."""
    amount, currency = parse(ctx.profile, _object(ctx.body, {"amount", "currency"}), "body")
    row = await ctx.platform.store.read(lambda tx: _fundable(tx, ctx, currency, amount))
    await _fund_wallet(ctx, row["player_id"], currency, amount)
    _speak_for(ctx, row)

    def work(tx: Tx) -> Answer:
        _fund(tx, ctx, row["player_id"], currency, amount)
        shown = ledger.balances_body(tx, ctx.profile, row["player_id"])
        return Answer(200, {"player_id": row["player_id"], "balances": shown})

    return await ctx.platform.store.transact(work)


async def make_token(ctx: Context) -> Answer:
    """POST /sandbox/tokens: a token of any lifetime, also one that has ended already."""
    body = _object(ctx.body, {"client_id", "scope", "expires_in"})
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
        seconds = _object(ctx.body, {"advance_seconds"}).get("advance_seconds")
        if type(seconds) is not int or abs(seconds) > 10**9:
            raise field_error("advance_seconds", "must be an integer of seconds")
        moving.advance(seconds)
        await ctx.platform.store.transact(lambda tx: set_state(tx, "clock_offset_ms", moving.offset_ms))
    return Answer(200, {"now": iso(moving.now_ms()), "offset_seconds": moving.offset_ms // 1000})


async def reset(ctx: Context) -> Answer:
    """POST /sandbox/reset: forgets all data; clients, their secrets and the faults stay."""
    outcome = await ctx.platform.wallet.reset()
    if outcome.kind != OK:
        raise ApiError("UPSTREAM_UNAVAILABLE", "the wallet could not be reset")

    def work(tx: Tx) -> None:
        for table in reversed(schema.metadata.sorted_tables):
            if table is not schema.platform_state:
                tx.execute(delete(table))
        set_state(tx, "clock_offset_ms", 0)
        set_state(tx, "flags", {})

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
    names = _object(ctx.body, {"enabled"}).get("enabled")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise field_error("enabled", "must be a list of fault names")
    try:
        faults.activate(names)
    except ValueError:
        raise field_error("enabled", "holds a name that is not known") from None
    await ctx.platform.store.transact(lambda tx: set_state(tx, "faults", list(faults.active())))
    return await list_faults(ctx)


async def restart(ctx: Context) -> Answer:
    """POST /sandbox/restart {mode: kill}: answers, then SIGKILLs its own process as a crash would."""
    if _object(ctx.body, {"mode"}).get("mode", "kill") != "kill":
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


def _tenant_of(ctx: Context, body: Row) -> str:
    brand, wanted = body.get("brand_id"), body.get("tenant_id")
    for tenant in ctx.platform.settings.tenants:
        if brand in tenant.brands and wanted in (None, tenant.tenant_id):
            return tenant.tenant_id
    raise field_error("brand_id", "is not a brand of the tenant")


def _object(body: Any, known: set[str]) -> Row:
    if not isinstance(body, dict):
        raise ApiError("MALFORMED_REQUEST", "a JSON object is required")
    unknown = sorted(set(body) - known)
    if unknown:
        raise field_error(unknown[0][:64], "is not known here")
    return body


def _rg(ctx: Context, rg: Any, before: Row) -> Row:
    """The player's responsible-gaming columns after a change; what is not named stays."""
    _object(rg, {"self_excluded", "cool_off_until", "limits"})
    until = before["cool_off_until"]
    if "cool_off_until" in rg:
        try:
            until = None if rg["cool_off_until"] is None else parse_iso(rg["cool_off_until"])
        except (ValueError, TypeError):
            raise field_error("rg.cool_off_until", "must be an RFC 3339 time") from None
    limits = before["limits"]
    if "limits" in rg:
        chosen = {}
        for name, money in _object(rg["limits"] or {}, {"max_bet", "loss"}).items():
            if money is not None:
                amount, currency = parse(ctx.profile, money, f"rg.limits.{name}")
                chosen[name] = {"amount": amount, "currency": currency}
        limits = json.dumps(chosen)
    excluded = rg.get("self_excluded", bool(before["self_excluded"]))
    if not isinstance(excluded, bool):
        raise field_error("rg.self_excluded", "must be true or false")
    return {"self_excluded": int(excluded), "cool_off_until": until, "limits": limits}


def _player(tx: Tx, ctx: Context) -> Row:
    row = tx.one(_FIND, b_player=ctx.path["player_id"])
    if row is None:
        raise ApiError("NOT_FOUND", "there is no such player")
    return row


def _fundable(tx: Tx, ctx: Context, currency: str, amount: int) -> Row:
    row = _player(tx, ctx)
    ledger.check_room(tx, row["player_id"], currency, amount)
    return row


def _speak_for(ctx: Context, player: Row) -> None:
    """Administration acts in the name of the player's tenant, brand and region."""
    ctx.tenant_id, ctx.brand_id, ctx.region = player["tenant_id"], player["brand_id"], player["region"]


def _fund(tx: Tx, ctx: Context, player_id: str, currency: str, amount: int) -> None:
    for kind in ("cash", "held", "bonus"):
        ledger.open_account(tx, ctx.tenant_id, kind, player_id, currency)
    moves = [Move("world", ctx.tenant_id, -amount), Move("cash", player_id, amount)]
    ledger.post(tx, ctx, "deposit", currency, moves, reference=new_id("fund"))


async def _fund_wallet(ctx: Context, player_id: str, currency: str, amount: int) -> None:
    outcome = await ctx.platform.wallet.open_account(player_id, currency, amount)
    if outcome.kind != OK:
        raise ApiError("UPSTREAM_UNAVAILABLE", "the wallet did not open the account")


routes = [
    Operation("GET", "/sandbox/info", "getSandboxInfo", None, info, OPEN),
    Operation("POST", "/sandbox/players", "createSandboxPlayer", ADMIN_SCOPE, create_player, OPEN),
    Operation("PATCH", "/sandbox/players/{player_id}", "updateSandboxPlayer", ADMIN_SCOPE, change_player, OPEN),
    Operation("POST", "/sandbox/players/{player_id}/funds", "fundSandboxPlayer", ADMIN_SCOPE, fund_player, OPEN),
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
