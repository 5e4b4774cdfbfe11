"""The bet rows: how they are found, inserted and changed, and how the API shows them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, select, update

from harness.sandbox import faults
from harness.sandbox.clock import iso
from harness.sandbox.context import Context
from harness.sandbox.errors import ApiError
from harness.sandbox.money import render
from harness.sandbox.profile import Profile
from harness.sandbox.schema import bets, id_claims, players, sessions
from harness.sandbox.store import Query, Row, Tx, binds

_B = bets.c
_ONE = (_B.tenant_id == bindparam("b_tenant"), _B.bet_id == bindparam("b_bet"))
FIND = Query(select(bets).where(*_ONE).with_for_update())
_READ = Query(select(bets).where(*_ONE))
_ANYWHERE = Query(select(bets).where(_B.bet_id == bindparam("b_bet")).limit(1))
INSERT = Query(lambda insert: insert(bets).values(binds(bets)).on_conflict_do_nothing())
SESSION = Query(
    select(
        sessions, players.c.self_excluded, players.c.cool_off_until, players.c.limits,
    ).join(players, players.c.player_id == sessions.c.player_id).where(sessions.c.session_id == bindparam("b_session"))
)  # fmt: skip
# Another attempt of a refused bet, or the bet of a parked settlement, takes over its row.
RESTART = Query(
    update(bets)
    .where(*_ONE)
    .values(
        {name: bindparam(f"b_{name}") for name in ("provider_id", "session_id", "player_id", "round_id", "game_id",
                                                   "amount", "currency", "attempt", "hold_id", "created_at")}
    )
    .values(status="pending")
)  # fmt: skip
AUTHORIZED = Query(
    update(bets)
    .where(*_ONE)
    .values(status="authorized", authorized_at=bindparam("b_now"), authorize_answer=bindparam("b_answer"))
)
SETTLED = Query(
    update(bets)
    .where(*_ONE)
    .values(
        status="settled", settled_at=bindparam("b_now"), settle_answer=bindparam("b_answer"), win=bindparam("b_win"),
        win_currency=bindparam("b_win_currency"), settlement_id=bindparam("b_settlement"),
        bonus_state=bindparam("b_bonus_state"),
    )
)  # fmt: skip
ROLLED_BACK = Query(
    update(bets)
    .where(*_ONE)
    .values(
        status=bindparam("b_status"), rolled_back_at=bindparam("b_now"), rollback_answer=bindparam("b_answer"),
        rollback_id=bindparam("b_rollback"),
    )
)  # fmt: skip
_MOVE = Query(
    update(bets).where(*_ONE, _B.status == bindparam("b_from")).values(status=bindparam("b_to"))
)
_FORCE = Query(update(bets).where(*_ONE).values(status=bindparam("b_to")))
_CLAIM_ID = Query(lambda insert: insert(id_claims).values(binds(id_claims)).on_conflict_do_nothing())
_OWNER = Query(
    select(id_claims.c.tenant_id).where(
        id_claims.c.kind == bindparam("b_kind"), id_claims.c.business_id == bindparam("b_id")
    )
)

_EMPTY: Row = {column.name: None for column in bets.columns}
# In flight inside, still the state before to everybody else.
_SHOWN = {"settling": "authorized", "rolling_back": "authorized", "reversing": "settled", "parked": "pending"}


def blank(ctx: Context, bet_id: str, status: str) -> Row:
    """A bet row with nothing but its owner and status."""
    return _EMPTY | {
        "tenant_id": ctx.tenant_id, "bet_id": bet_id, "brand_id": ctx.brand_id, "region": ctx.region,
        "provider_id": ctx.provider_id, "status": status, "attempt": 1, "created_at": ctx.now,
    }  # fmt: skip


def find(tx: Tx, ctx: Context, bet_id: str) -> Row | None:
    """The tenant's bet, locked for this transaction; None when the tenant has none of that id.

    Raises NOT_FOUND for another brand's and REGION_MISMATCH for another region's bet.
    """
    row = tx.one(FIND, b_tenant=ctx.tenant_id, b_bet=bet_id)
    if row is not None:
        check_owner(ctx, row)
    return row


def read(tx: Tx, ctx: Context, bet_id: str) -> Row:
    """The bet for reading; raises NOT_FOUND or REGION_MISMATCH."""
    row = tx.one(_READ, b_tenant=ctx.tenant_id, b_bet=bet_id)
    if row is None and faults.on("tenant-unchecked-bet"):
        row = tx.one(_ANYWHERE, b_bet=bet_id)
        if row is not None:
            return row
    if row is None:
        raise ApiError("NOT_FOUND", "there is no such bet")
    check_owner(ctx, row)
    return row


def check_owner(ctx: Context, row: Row) -> None:
    """Another brand's bet does not exist for this caller; another region's is not served here."""
    if row["brand_id"] != ctx.brand_id:
        raise ApiError("NOT_FOUND", "there is no such bet")
    if row["region"] != ctx.region and not faults.on("region-not-enforced"):
        raise ApiError("REGION_MISMATCH", "the bet's data belongs to another region")


def move(tx: Tx, row: Row, before: str, after: str) -> bool:
    """Changes the status if it still is `before`: of two racing changes one gets True."""
    return tx.run(_MOVE, b_tenant=row["tenant_id"], b_bet=row["bet_id"], b_from=before, b_to=after) == 1


def force(tx: Tx, tenant_id: str, bet_id: str, status: str) -> None:
    """Sets the status of a bet whose intent this transaction owns."""
    tx.run(_FORCE, b_tenant=tenant_id, b_bet=bet_id, b_to=status)


def claim_id(tx: Tx, ctx: Context, kind: str, business_id: str) -> None:
    """With id_scope=global the first tenant owns an id; raises DUPLICATE for everybody else."""
    if ctx.profile.id_scope != "global":
        return
    if not tx.run(_CLAIM_ID, kind=kind, business_id=business_id, tenant_id=ctx.tenant_id):
        owner = tx.one(_OWNER, b_kind=kind, b_id=business_id)
        if owner is None or owner["tenant_id"] != ctx.tenant_id:
            raise ApiError("DUPLICATE", f"this {kind} id is taken")


def bet_body(profile: Profile, row: Row) -> dict[str, Any]:
    """The Bet of the contract; what is not known (yet) is left out."""
    body: dict[str, Any] = {"bet_id": row["bet_id"], "status": _SHOWN.get(row["status"], row["status"])}
    for name in ("round_id", "session_id", "player_id", "game_id", "hold_id", "settlement_id", "rollback_id"):
        if row[name] is not None and (name != "hold_id" or row["authorized_at"] is not None):
            body[name] = row[name]
    if row["amount"] is not None:
        body["amount"] = render(profile, row["amount"], row["currency"])
    if row["win"] is not None and row["settled_at"] is not None:
        body["win"] = render(profile, row["win"], row["win_currency"])
    for name in ("created_at", "authorized_at", "settled_at", "rolled_back_at"):
        if row[name] is not None:
            body[name] = iso(row[name])
    return body


def answer_text(body: dict[str, Any]) -> str:
    """An answer's JSON as it is kept beside the bet, for repeats under another key."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
