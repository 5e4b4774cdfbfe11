"""The planted defects that trouble with bets brings to light; without its fault each function changes nothing."""

from __future__ import annotations

from harness.sandbox import faults, ledger
from harness.sandbox.bets import planted
from harness.sandbox.context import Context, Platform
from harness.sandbox.errors import ApiError
from harness.sandbox.store import Row, Tx

_STORM = 12


async def ask_after(platform: Platform, tx_id: str) -> None:
    """Before the one question about a call in doubt."""
    if faults.on("catch-up-storm"):
        for _ in range(_STORM):
            await platform.wallet.transaction(tx_id)


def reconciled(tx: Tx, ctx: Context, intent: Row) -> None:
    """After a call in doubt turned out to be done."""
    if faults.on("reconcile-doubles") and intent["kind"] == "authorize":
        player, amount = intent["player_id"], intent["amount"]
        moves = [ledger.Move("cash", player, -amount), ledger.Move(planted.hold_kind(amount), player, amount)]
        ledger.post(tx, ctx, "bet", intent["currency"], moves, reference=f"again:{intent['wallet_tx_id']}",
                    bet_id=intent["bet_id"])


def settle_before_bet(ctx: Context) -> None:
    """A settle names a bet that is not there (yet)."""
    if faults.on("early-settle-lost"):
        ctx.platform.memory.setdefault("early settles", set()).add((ctx.tenant_id, ctx.body["bet_id"]))


def settle_known(ctx: Context) -> None:
    """A settle names a bet that is there; raises the refusal of a defect that remembers the wrong thing."""
    if (ctx.tenant_id, ctx.body["bet_id"]) in ctx.platform.memory.get("early settles", ()):
        raise ApiError("INVALID_STATE", "this bet was never authorized")
