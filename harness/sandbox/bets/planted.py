"""Where the planted defects of the bet operations are decided; without a fault each answers as correct code would."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update

from harness.sandbox import faults, ledger, planted_load, planted_queues, planted_subtle
from harness.sandbox.bets import records
from harness.sandbox.context import Context
from harness.sandbox.errors import ApiError
from harness.sandbox.ids import new_id
from harness.sandbox.money import SCALES
from harness.sandbox.players import rg_blocked
from harness.sandbox.schema import accounts, bets, players, sessions
from harness.sandbox.store import Row, Tx

_settlements = itertools.count(1)
_RACES = ("idempotency-race", "settle-races-rollback", "overdraft-race", "lost-update", "stale-read-after-race")
_PAID_AGAIN = ("settle-pays-twice", "rollback-pays-twice", "settle-races-rollback", "repeated-rollback-reopens",
               "third-settle-pays")  # fmt: skip
_TWICE = (
    "settle-pays-twice", "rollback-pays-twice", "settle-races-rollback", "key-ignored", "settle-without-authorize-pays",
    "bet-id-not-unique", "idempotency-race", "keys-kept-in-memory", "negative-amounts-accepted",
    "repeated-rollback-reopens", "third-settle-pays", "refused-change-sticks",
)  # fmt: skip


async def race_window() -> None:
    """Check-then-act needs a moment between the two to go wrong."""
    if any(map(faults.on, _RACES)):
        await asyncio.sleep(0.025)


async def slow_answer() -> None:
    """An authorize that misses its objective."""
    if faults.on("slow-authorize"):
        await asyncio.sleep(0.6)


def seen_balance(tx: Tx, player_id: str, currency: str) -> int | None:
    """Read-modify-write: the cash balance as it was before the wallet call."""
    if not faults.on("lost-update"):
        return None
    account = ledger.account_id("cash", player_id, currency)
    return tx.execute(select(accounts.c.balance).where(accounts.c.account_id == account)).scalar()


def post_win(
    tx: Tx, ctx: Context, moves: list[ledger.Move], currency: str, data: dict[str, Any], bet_id: str
) -> dict[str, int]:
    """Books a settlement; a defect acknowledges one in twenty without booking it, or overwrites the balance."""
    player_id = data["player_id"]
    if faults.on("settlements-lost-in-burst") and next(_settlements) % 20 == 0:
        return {"cash": ledger.spendable(tx, player_id, currency) or 0}
    if faults.some():
        bet_id = planted_queues.booked_for(player_id, bet_id, sum(m.amount for m in moves if m.kind == "cash"))
    left = ledger.post(tx, ctx, "win", currency, moves, reference=data["settlement_id"], bet_id=bet_id)
    if faults.on("settles-doubled-under-load") and planted_load.its_turn():
        win = sum(move.amount for move in moves if move.kind == "cash")
        again = [ledger.Move("house", ctx.tenant_id, -win), ledger.Move("cash", player_id, win)]
        left = ledger.post(tx, ctx, "win", currency, again, reference=new_id("set"), bet_id=bet_id)
    if data["seen"] is not None:
        account = ledger.account_id("cash", player_id, currency)
        win = sum(move.amount for move in moves if move.kind == "cash")
        tx.execute(update(accounts).where(accounts.c.account_id == account).values(balance=data["seen"] + win))
    return left


def second_effect(known: Row) -> bool:
    """Does a bet id that exists start again? (no unique index, or a check that ran before the insert)"""
    if faults.on("bet-id-not-unique") or faults.on("key-ignored"):
        return known["status"] in ("authorized", "settled", "pending")
    return faults.on("idempotency-race") and known["status"] == "pending"


def settles_again(bet: Row) -> bool:
    """Does a settled bet pay under another key, or one that is being rolled back?"""
    if faults.on("settle-races-rollback"):
        return bet["status"] in ("authorized", "rolling_back")
    if planted_subtle.opens_again(bet):
        return True
    return faults.on("settle-pays-twice") and bet["status"] in ("settled", "settling")


def refunds_again(bet: Row) -> bool:
    """Does a rolled-back bet refund under another key, or one that is being settled?"""
    if faults.on("settle-races-rollback"):
        return bet["status"] in ("authorized", "settling")
    return faults.on("rollback-pays-twice") and bet["status"] == "rolled_back"


def repeat_suffix() -> str:
    """What makes the wallet take a second effect for a new transaction."""
    return ":" + new_id("again") if any(map(faults.on, _PAID_AGAIN)) else ""


def as_booked(money: tuple[int, str]) -> tuple[int, str]:
    """The amount as the ledger will book it: exactly, or through a lossy number type."""
    amount, currency = money
    scale = SCALES[currency]
    if faults.on("float-money"):
        amount = int(amount / 10**scale * 10**scale)
    if faults.on("money-lossy-above-2-53"):
        amount = int(float(amount))
    if faults.on("three-decimals-as-two") and scale == 3:
        amount = amount // 10 * 10
    if faults.on("zero-decimals-as-two") and scale == 0:
        amount *= 100
    return amount, currency


def paid(tx: Tx, win: int, data: dict[str, Any]) -> int:
    """What a win really pays."""
    if faults.on("win-lost-after-session-close"):
        row = tx.execute(select(sessions.c.status).where(sessions.c.session_id == data["session_id"])).scalar()
        return 0 if row == "closed" else win
    if faults.on("large-win-short-by-one") and win >= 100_000:
        return win - 1
    return planted_subtle.win_paid(win, data["player_id"])


def hold_kind(amount: int) -> str:
    """The account a stake goes to."""
    return "held" if amount >= 0 else "house"


def stake_left(tx: Tx, player_id: str, currency: str, stake: int) -> int:
    """How much of the stake is still held: all of it, unless a defect paid it out before."""
    if not any(map(faults.on, _TWICE)):
        return stake
    held = ledger.balances(tx, player_id).get(currency)
    row = tx.execute(
        select(accounts.c.balance).where(accounts.c.account_id == ledger.account_id("held", player_id, currency))
    ).scalar()
    return 0 if held is None or row is None else min(stake, int(row))


def kept_hold(bet: Row) -> Callable[[Any], None] | None:
    """The hold that a refused bet forgets to give back."""
    if not faults.on("refusal-keeps-hold"):
        return None

    def forget_release(tx: Tx) -> None:
        have = ledger.spendable(tx, bet["player_id"], bet["currency"]) or 0
        ledger.reserve(tx, bet["player_id"], bet["currency"], min(have, bet["amount"]))

    return forget_release


def cover_overdraft(tx: Tx, bet: Row) -> bool:
    """Check-then-act on the balance: a bet that does not fit any more is let through at the house's cost."""
    if not faults.on("overdraft-race"):
        return False
    account = ledger.account_id("cash", bet["player_id"], bet["currency"])
    row = tx.execute(select(accounts.c.balance).where(accounts.c.account_id == account)).scalar()
    if row is None or int(row) < bet["amount"]:
        return False
    # Looked at the booked balance and not at what other bets in flight have promised away.
    tx.execute(
        update(accounts)
        .where(accounts.c.account_id == account)
        .values(balance=accounts.c.balance + bet["amount"], reserved=accounts.c.reserved + bet["amount"])
    )
    return True


def session_over(status: str) -> ApiError:
    """The refusal of a bet on a session that is closed or expired."""
    if status == "expired" and faults.on("expired-session-said-invalid"):
        return ApiError("INVALID_STATE", "the session has ended")
    refusal = ApiError("SESSION_EXPIRED", "the session has ended")
    refusal.retryable = status == "expired" and faults.on("expired-session-said-retryable")
    return refusal


def bet_for_unknown_settle(tx: Tx, ctx: Context, win: int, currency: str) -> Row | None:
    """Settle without authorize: a stakeless bet of the newest session that fits."""
    if not faults.on("settle-without-authorize-pays") or win <= 0:
        return None
    session = tx.execute(
        select(sessions)
        .where(
            sessions.c.tenant_id == ctx.tenant_id, sessions.c.brand_id == ctx.brand_id,
            sessions.c.currency == currency,
        )
        .order_by(sessions.c.created_at.desc())
        .limit(1)
    ).mappings().first()  # fmt: skip
    if session is None:
        return None
    bet = records.blank(ctx, ctx.body["bet_id"], "authorized") | {
        "session_id": session["session_id"], "player_id": session["player_id"], "round_id": ctx.body["round_id"],
        "game_id": session["game_id"], "amount": 0, "currency": currency,
    }  # fmt: skip
    tx.run(records.INSERT, **bet)
    return bet


def bet_for_foreign_rollback(tx: Tx, ctx: Context) -> Row | None:
    """A rollback that finds another tenant's bet, or takes the newest bet for an unknown id."""
    if faults.on("rollback-of-foreign-bet"):
        statement = select(bets).where(bets.c.bet_id == ctx.body["bet_id"], bets.c.status == "authorized")
    elif faults.on("rollback-unknown-refunds-latest"):
        statement = select(bets).where(
            bets.c.tenant_id == ctx.tenant_id, bets.c.brand_id == ctx.brand_id, bets.c.status == "authorized",
            bets.c.created_at <= ctx.now,
        )  # fmt: skip
    else:
        return None
    row = tx.execute(statement.order_by(bets.c.created_at.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def rg_blocks_settle(tx: Tx, ctx: Context, bet: Row) -> None:
    """Responsible gaming at the wrong place: it stops the payment of a win."""
    if not faults.on("rg-blocks-settle"):
        return
    player = tx.execute(select(players).where(players.c.player_id == bet["player_id"])).mappings().one()
    if rg_blocked(dict(player), ctx.now):
        raise ApiError("RG_BLOCK", "responsible gaming stops this player")
