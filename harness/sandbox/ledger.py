"""The double-entry ledger: every movement of money is a transaction whose entries sum to zero per currency.

Account kinds and their ids (`account_id(kind, owner, currency)`):
    cash     a player's spendable money         kept balance, never negative
    held     stakes of authorized bets          kept balance, never negative
    bonus    bonus money not yet released       kept balance, never negative
    jackpot  a pool (owner = jackpot id)        kept balance, never negative
    house    the operator's result, per tenant  derived from its entries (no hot row), may be negative
    world    money from and to the outside      derived from its entries, may be negative

    post(tx, ctx, "win", "EUR", [Move("house", ctx.tenant_id, -500), Move("cash", "player-1", 500)],
         reference=settlement_id, bet_id=bet_id)

`post` raises Shortage when a kept account would go below what is spendable (or above what an amount may be):
nothing was changed in that account, and the transaction must be given up (raise ApiError).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, func, literal, or_, select, update

from harness.sandbox import faults
from harness.sandbox.context import Context
from harness.sandbox.errors import ApiError
from harness.sandbox.ids import new_id
from harness.sandbox.money import MAX_MINOR, wire_amount
from harness.sandbox.profile import Profile
from harness.sandbox.schema import accounts, entries
from harness.sandbox.store import Query, Row, Tx, binds

DERIVED = frozenset({"house", "world"})
_A = accounts.c


class Shortage(Exception):
    """An account has less spendable money than the movement takes."""


class Move(NamedTuple):
    """One side of a transaction: `amount` > 0 credits the account; `release` gives back a reservation first."""

    kind: str
    owner: str
    amount: int
    release: int = 0


class Balance(NamedTuple):
    """Spendable minor units and what is held for open bets."""

    spendable: int
    held: int


_CHANGE = Query(
    update(accounts)
    .where(
        _A.account_id == bindparam("b_id"),
        _A.balance + bindparam("b_amount") >= _A.reserved - bindparam("b_release"),
        _A.balance <= MAX_MINOR - bindparam("b_amount"),
    )
    .values(balance=_A.balance + bindparam("b_amount"), reserved=_A.reserved - bindparam("b_release"))
    .returning(_A.balance, _A.reserved)
)
_OPEN = Query(lambda insert: insert(accounts).values(binds(accounts)).on_conflict_do_nothing())
_ENTRY_COLUMNS = [column.name for column in entries.columns if column.name != "entry_id"]
_ENTRY = Query(lambda insert: insert(entries).values(binds(entries, *_ENTRY_COLUMNS)))
_RESERVE = Query(
    update(accounts)
    .where(_A.account_id == bindparam("b_id"), _A.balance - _A.reserved >= bindparam("b_amount"))
    .values(reserved=_A.reserved + bindparam("b_amount"))
)
_RELEASE = Query(
    update(accounts)
    .where(_A.account_id == bindparam("b_id"))
    .values(reserved=_A.reserved - bindparam("b_amount"))
)
_ONE = Query(select(_A.balance, _A.reserved).where(_A.account_id == bindparam("b_id")))
_LOCK = Query(select(_A.balance).where(_A.account_id == bindparam("b_id")).with_for_update())
_OF_PLAYER = Query(
    select(_A.kind, _A.currency, _A.balance, _A.reserved)
    .where(_A.player_id == bindparam("b_player"), or_(_A.kind == "cash", _A.kind == "held"))
    .order_by(_A.currency, _A.kind)
)
# Summed in two halves: a total of large amounts may leave 64 bits, and no single half does.
_HALF = 10**9
_TOTALS = (
    select(
        entries.c.account_kind, entries.c.currency,
        func.sum(entries.c.amount // literal(_HALF, BigInteger)).label("high"),
        func.sum(entries.c.amount % literal(_HALF, BigInteger)).label("low"),
    )
    .group_by(entries.c.account_kind, entries.c.currency)
    .order_by(entries.c.currency, entries.c.account_kind)
)
_KEPT = select(
    _A.kind, _A.currency,
    func.sum(_A.balance // literal(_HALF, BigInteger)).label("high"),
    func.sum(_A.balance % literal(_HALF, BigInteger)).label("low"),
).group_by(_A.kind, _A.currency)  # fmt: skip


def account_id(kind: str, owner: str, currency: str) -> str:
    """The id of an account; owner is a player, a jackpot or (house, world) a tenant."""
    return f"{kind}:{owner}:{currency}"


def open_account(tx: Tx, tenant_id: str, kind: str, owner: str, currency: str) -> None:
    """Makes a kept account with a balance of zero, if it is not there."""
    player_id = owner if kind in ("cash", "held", "bonus") else None
    tx.run(
        _OPEN, account_id=account_id(kind, owner, currency), tenant_id=tenant_id, player_id=player_id,
        kind=kind, currency=currency, balance=0, reserved=0,
    )  # fmt: skip


def post(
    tx: Tx, ctx: Context, kind: str, currency: str, moves: Sequence[Move], *, reference: str, bet_id: str | None = None
) -> dict[str, int]:
    """Posts one balanced transaction; the new spendable amount of each kept account kind it touched.

    Kept accounts must be open. Raises Shortage, and ValueError for moves that do not sum to zero.
    """
    if sum(move.amount for move in moves) != 0:
        raise ValueError(f"{kind}: entries do not sum to zero")
    transaction_id = new_id("tx")
    spendable: dict[str, int] = {}
    # One order of locking for everybody, so that PostgreSQL finds no deadlock.
    for move in sorted(moves, key=lambda one: (one.kind, one.owner)):
        target = account_id(move.kind, move.owner, currency)
        after: int | None = None
        if move.kind not in DERIVED:
            row = tx.one(_CHANGE, b_id=target, b_amount=move.amount, b_release=move.release)
            if row is None:
                raise Shortage(target)
            after = row["balance"]
            spendable[move.kind] = row["balance"] - row["reserved"]
        if (kind, move.kind) == ("win", "cash") and _unwritten(move.amount):
            continue
        tx.run(
            _ENTRY, transaction_id=transaction_id, account_id=target, tenant_id=ctx.tenant_id,
            account_kind=move.kind, kind=kind, amount=move.amount, currency=currency, bet_id=bet_id,
            reference=reference, balance_after=after, occurred_at=ctx.now,
        )  # fmt: skip
    return spendable


def _unwritten(win: int) -> bool:
    """The entry that a defect leaves out."""
    return faults.on("ledger-entry-missing") or (faults.on("largest-win-without-entry") and win > MAX_MINOR // 10)


def reserve(tx: Tx, player_id: str, currency: str, amount: int) -> bool:
    """Sets spendable cash aside for an operation in flight; False when there is not enough (or no account)."""
    return tx.run(_RESERVE, b_id=account_id("cash", player_id, currency), b_amount=amount) == 1


def release(tx: Tx, player_id: str, currency: str, amount: int) -> None:
    """Gives a reservation back unused."""
    tx.run(_RELEASE, b_id=account_id("cash", player_id, currency), b_amount=amount)


def spendable(tx: Tx, player_id: str, currency: str) -> int | None:
    """Spendable cash in minor units; None when the player has no such account."""
    row = tx.one(_ONE, b_id=account_id("cash", player_id, currency))
    return None if row is None else row["balance"] - row["reserved"]


def reserved(tx: Tx, account: str) -> int:
    """Minor units promised to operations in flight."""
    row = tx.one(_ONE, b_id=account)
    return 0 if row is None else int(row["reserved"])


def check_room(tx: Tx, player_id: str, currency: str, amount: int) -> None:
    """Raises AMOUNT_INVALID when a credit would take the account beyond what the API can say."""
    if amount > MAX_MINOR // 1000:
        row = tx.one(_ONE, b_id=account_id("cash", player_id, currency))
        if row is not None and row["balance"] + amount > MAX_MINOR:
            raise ApiError("AMOUNT_INVALID", "the balance would be out of range")


def lock(tx: Tx, account: str) -> None:
    """Holds other writers of this account off until the transaction ends."""
    tx.one(_LOCK, b_id=account)


def balances(tx: Tx, player_id: str) -> dict[str, Balance]:
    """Every currency of a player; money reserved for an open operation counts as held."""
    found: dict[str, Balance] = {}
    for row in tx.all(_OF_PLAYER, b_player=player_id):
        one = found.get(row["currency"], Balance(0, 0))
        if row["kind"] == "cash":
            one = Balance(row["balance"] - row["reserved"], one.held + row["reserved"])
        else:
            one = Balance(one.spendable, one.held + row["balance"])
        found[row["currency"]] = one
    return found


def balances_body(tx: Tx, profile: Profile, player_id: str) -> list[dict[str, Any]]:
    """The `balances` list of the API: {amount, currency, held} per currency."""
    return [
        {
            "amount": wire_amount(profile, one.spendable, currency),
            "currency": currency,
            "held": wire_amount(profile, one.held, currency),
        }
        for currency, one in balances(tx, player_id).items()
    ]


def trial_balance(tx: Tx) -> tuple[list[Row], bool]:
    """Totals per account kind and currency, and whether everything sums to zero and agrees with kept balances."""
    rows = [
        {"account_kind": row["account_kind"], "currency": row["currency"], "total": _whole(row)}
        for row in tx.execute(_TOTALS).mappings()
    ]
    sums: dict[str, int] = {}
    booked: dict[tuple[str, str], int] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["total"]
        booked[row["account_kind"], row["currency"]] = row["total"]
    kept = {(row["kind"], row["currency"]): _whole(row) for row in tx.execute(_KEPT).mappings()}
    agrees = all(booked.get(where, 0) == total for where, total in kept.items())
    return rows, agrees and not any(sums.values())


def _whole(row: Any) -> int:
    return int(row["high"]) * _HALF + int(row["low"])
