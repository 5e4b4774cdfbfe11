"""Test players of the sandbox: made, funded and put under responsible-gaming limits by its administration."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select, update

from harness.sandbox import audit, ledger
from harness.sandbox.clock import parse_iso
from harness.sandbox.context import Answer, Context
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
_FIND_READ = Query(select(players).where(players.c.player_id == bindparam("b_player")))
_FIND = Query(select(players).where(players.c.player_id == bindparam("b_player")).with_for_update())
_SET_RG = Query(
    update(players)
    .where(players.c.player_id == bindparam("b_player"))
    .values(
        self_excluded=bindparam("b_excluded"), cool_off_until=bindparam("b_until"), limits=bindparam("b_limits")
    )
)  # fmt: skip


async def create_player(ctx: Context) -> Answer:
    """POST /sandbox/players."""
    body = json_object(ctx.body, {"player_id", "tenant_id", "brand_id", "region", "geo", "balances", "rg"})
    tenant = ctx.platform.settings.tenant(_tenant_of(ctx, body))
    if tenant is None or body.get("region") not in tenant.regions:
        raise field_error("region", "is not a region of the tenant")
    balances = [parse(ctx.profile, one, f"balances.{index}") for index, one in enumerate(body.get("balances") or [])]
    rg = _rg(ctx, body.get("rg") or {}, {"self_excluded": 0, "cool_off_until": None, "limits": "{}"})
    row: Row = {
        "player_id": body.get("player_id") or new_id("player"), "tenant_id": tenant.tenant_id,
        "brand_id": body["brand_id"], "region": body["region"], "geo": body.get("geo"), "created_at": ctx.now, **rg,
    }  # fmt: skip
    if await ctx.platform.store.read(lambda tx: tx.one(_FIND_READ, b_player=row["player_id"])) is not None:
        raise ApiError("DUPLICATE", "this player id is taken")
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
    body = json_object(ctx.body, {"rg"})

    def work(tx: Tx) -> Answer:
        row = _player(tx, ctx)
        changed = _rg(ctx, body.get("rg") or {}, row)
        row |= changed
        tx.run(
            _SET_RG, b_player=row["player_id"], b_excluded=row["self_excluded"], b_until=row["cool_off_until"],
            b_limits=row["limits"],
        )  # fmt: skip
        audit.record(tx, ctx, "player.rg_changed", {"player_id": row["player_id"], "rg": body.get("rg") or {}})
        return Answer(200, player_body(tx, ctx.profile, row))

    return await ctx.platform.store.transact(work)


async def fund_player(ctx: Context) -> Answer:
    """POST /sandbox/players/{player_id}/funds: fake money, to wallet and ledger."""
    amount, currency = parse(ctx.profile, json_object(ctx.body, {"amount", "currency"}), "body")
    row = await ctx.platform.store.transact(lambda tx: _fundable(tx, ctx, currency, amount))
    await _fund_wallet(ctx, row["player_id"], currency, amount)
    _speak_for(ctx, row)

    def work(tx: Tx) -> Answer:
        _fund(tx, ctx, row["player_id"], currency, amount)
        shown = ledger.balances_body(tx, ctx.profile, row["player_id"])
        return Answer(200, {"player_id": row["player_id"], "balances": shown})

    return await ctx.platform.store.transact(work)


def json_object(body: Any, known: set[str]) -> Row:
    """The body as an object with no names but `known`; raises the refusal."""
    if not isinstance(body, dict):
        raise ApiError("MALFORMED_REQUEST", "a JSON object is required")
    unknown = sorted(set(body) - known)
    if unknown:
        raise field_error(unknown[0][:64], "is not known here")
    return body


def _tenant_of(ctx: Context, body: Row) -> str:
    brand, wanted = body.get("brand_id"), body.get("tenant_id")
    for tenant in ctx.platform.settings.tenants:
        if brand in tenant.brands and wanted in (None, tenant.tenant_id):
            return tenant.tenant_id
    raise field_error("brand_id", "is not a brand of the tenant")


def _rg(ctx: Context, rg: Any, before: Row) -> Row:
    """The player's responsible-gaming columns after a change; what is not named stays."""
    json_object(rg, {"self_excluded", "cool_off_until", "limits"})
    until = before["cool_off_until"]
    if "cool_off_until" in rg:
        try:
            until = None if rg["cool_off_until"] is None else parse_iso(rg["cool_off_until"])
        except (ValueError, TypeError):
            raise field_error("rg.cool_off_until", "must be an RFC 3339 time") from None
    limits = before["limits"]
    if "limits" in rg:
        chosen = {}
        for name, money in json_object(rg["limits"] or {}, {"max_bet", "loss"}).items():
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
    Operation("POST", "/sandbox/players", "createSandboxPlayer", ADMIN_SCOPE, create_player, OPEN),
    Operation("PATCH", "/sandbox/players/{player_id}", "updateSandboxPlayer", ADMIN_SCOPE, change_player, OPEN),
    Operation("POST", "/sandbox/players/{player_id}/funds", "fundSandboxPlayer", ADMIN_SCOPE, fund_player, OPEN),
]
