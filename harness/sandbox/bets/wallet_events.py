"""wallet.debit.* and wallet.credit.*: the events of the wallet transactions behind bets."""

from __future__ import annotations

from harness.sandbox.context import Context
from harness.sandbox.money import render
from harness.sandbox.outbox import append_event
from harness.sandbox.store import Row, Tx


def wallet_event(tx: Tx, ctx: Context, type_: str, intent: Row, **more: str) -> None:
    """One event per wallet transaction, under its own key."""
    data = {
        "wallet_tx_id": intent["wallet_tx_id"], "bet_id": intent["bet_id"], "player_id": intent["player_id"],
        "amount": render(ctx.profile, intent["amount"], intent["currency"]), **more,
    }  # fmt: skip
    append_event(tx, ctx, type_, f"wallet:{intent['wallet_tx_id']}", data)
