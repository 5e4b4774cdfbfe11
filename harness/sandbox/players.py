"""Players as partners read them: profile, balances and the ledger view of their transactions."""

from __future__ import annotations

import base64
import json
from typing import Any

from sqlalchemy import bindparam, select

from harness.sandbox import faults, ledger, planted_subtle
from harness.sandbox.clock import iso
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.money import render, wire_amount
from harness.sandbox.profile import Profile
from harness.sandbox.routing import READ, Operation
from harness.sandbox.schema import entries, players
from harness.sandbox.store import Query, Row, Tx

# The single-balance read was replaced in 1.7; it goes in 2.0.
DEPRECATION = {
    "Deprecation": "@1767225600",  # 2026-01-01
    "Sunset": "Wed, 30 Jun 2027 00:00:00 GMT",
    "Link": '</v1/players/{player_id}/balances>; rel="successor-version"',
}
_FIND = Query(select(players).where(players.c.player_id == bindparam("b_player")))
_ALL_CASH = (
    select(entries)
    .where(entries.c.account_kind == "cash")
    .order_by(entries.c.entry_id)
)  # fmt: skip


def find_player(tx: Tx, ctx: Context, player_id: str) -> Row:
    """The player's row; NOT_FOUND for another tenant's or brand's, REGION_MISMATCH for another region's."""
    row = tx.one(_FIND, b_player=player_id)
    if row is None or row["tenant_id"] != ctx.tenant_id or row["brand_id"] != ctx.brand_id:
        raise ApiError("NOT_FOUND", "there is no such player")
    if row["region"] != ctx.region and not faults.on("region-not-enforced"):
        raise ApiError("REGION_MISMATCH", "the player's data belongs to another region")
    return row


def rg_blocked(player: Row, now: int) -> str | None:
    """Why the player may not start anything new: "self_excluded", "cool_off" or None."""
    if player["self_excluded"]:
        return "self_excluded"
    if player["cool_off_until"] is not None and player["cool_off_until"] > now:
        return "cool_off"
    return None


def player_body(tx: Tx, profile: Profile, row: Row) -> dict[str, Any]:
    """The Player of the contract."""
    rg: dict[str, Any] = {"self_excluded": bool(row["self_excluded"])}
    if row["cool_off_until"] is not None:
        rg["cool_off_until"] = iso(row["cool_off_until"])
    limits = json.loads(row["limits"])
    if limits:
        rg["limits"] = {name: render(profile, one["amount"], one["currency"]) for name, one in limits.items()}
    body = {
        "player_id": row["player_id"],
        "brand_id": row["brand_id"],
        "region": row["region"],
        "rg": rg,
        "balances": ledger.balances_body(tx, profile, row["player_id"]),
    }
    if row["geo"] is not None:
        body["geo"] = row["geo"]
    return body


def get_player(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/players/{player_id}."""
    return Answer(200, player_body(tx, ctx.profile, find_player(tx, ctx, ctx.path["player_id"])))


def get_balances(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/players/{player_id}/balances."""
    row = find_player(tx, ctx, ctx.path["player_id"])
    shown = ledger.balances_body(tx, ctx.profile, row["player_id"])
    fresh = Answer(200, {"player_id": row["player_id"], "balances": shown})
    return planted_subtle.balance_read(row["player_id"], fresh)


def get_balance(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/players/{player_id}/balance: deprecated, one currency (the first, or ?currency=)."""
    row = find_player(tx, ctx, ctx.path["player_id"])
    shown = ledger.balances_body(tx, ctx.profile, row["player_id"])
    wanted = ctx.query.get("currency")
    one = next((each for each in shown if wanted in (None, each["currency"])), None)
    if one is None:
        raise ApiError("NOT_FOUND", "the player has no such balance")
    headers = {name: value.replace("{player_id}", row["player_id"]) for name, value in DEPRECATION.items()}
    money = {"amount": one["amount"], "currency": one["currency"]}
    return Answer(200, {"player_id": row["player_id"], "balance": money}, headers)


def get_transactions(tx: Tx, ctx: Context) -> Answer:
    """GET /v1/players/{player_id}/transactions: the cash entries, oldest first."""
    row = find_player(tx, ctx, ctx.path["player_id"])
    limit = page_limit(ctx, 50)
    after = decode_cursor(ctx.query.get("cursor"))
    prefix = ledger.account_id("cash", row["player_id"], "")
    of_player = [prefix + currency for currency in ledger.balances(tx, row["player_id"])]
    statement = (
        _ALL_CASH.where(entries.c.account_id.in_(of_player), entries.c.entry_id > after).limit(limit + 1)
    )  # fmt: skip
    rows = [dict(one) for one in tx.execute(statement).mappings()]
    more = len(rows) > limit
    rows = rows[:limit]
    cursor = encode_cursor(rows[-1]["entry_id"]) if rows and more else None
    items = [transaction_body(ctx.profile, one) for one in rows]
    return Answer(200, {"items": items, "next_cursor": cursor, "has_more": more})


def transaction_body(profile: Profile, row: Row) -> dict[str, Any]:
    """One ledger entry of a player's cash account."""
    body = {
        "transaction_id": row["transaction_id"],
        "kind": row["kind"],
        "amount": wire_amount(profile, row["amount"], row["currency"]),
        "currency": row["currency"],
        "reference": row["reference"],
        "balance_after": wire_amount(profile, row["balance_after"], row["currency"]),
        "occurred_at": iso(row["occurred_at"]),
    }
    if row["bet_id"] is not None:
        body["bet_id"] = row["bet_id"]
    return body


def page_limit(ctx: Context, default: int) -> int:
    """?limit= between 1 and 200; raises VALIDATION_FAILED."""
    text = ctx.query.get("limit")
    if text is None:
        return default
    most = 10**9 if faults.on("limit-unbounded") else 200
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= most:
        raise field_error("limit", "an integer between 1 and 200")
    return int(text[:9])


def encode_cursor(position: int) -> str:
    """An opaque cursor for a row position."""
    return base64.urlsafe_b64encode(f"p{position}".encode()).rstrip(b"=").decode()


def decode_cursor(text: str | None) -> int:
    """The position behind a cursor, 0 for none; raises VALIDATION_FAILED for anything we did not make."""
    if text is None:
        return 0
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        if not plain.startswith("p") or not plain[1:].isdigit() or len(plain) > 19:
            raise ValueError(plain)
        return int(plain[1:])
    except ValueError:
        raise field_error("cursor", "is not a cursor of this list") from None


routes = [
    Operation("GET", "/v1/players/{player_id}", "getPlayer", "players:read", get_player, READ),
    Operation("GET", "/v1/players/{player_id}/balances", "getPlayerBalances", "players:read", get_balances, READ),
    Operation("GET", "/v1/players/{player_id}/balance", "getPlayerBalance", "players:read", get_balance, READ),
    Operation(
        "GET", "/v1/players/{player_id}/transactions", "listPlayerTransactions", "players:read", get_transactions, READ
    ),
]
