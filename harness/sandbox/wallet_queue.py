"""Credits that the ledger has booked and the wallet shall learn: bonuses, free-spin wins, jackpot payouts.

    ledger.post(tx, ctx, "jackpot", currency, [Move("jackpot", ...), Move("cash", player_id, amount)], ...)
    credit_later(tx, ctx, f"payout:{ctx.tenant_id}:{payout_id}", player_id, currency, amount)

Both in one transaction: the credit is an intent like that of a bet, delivered by the reconcile loop, at least once
and idempotent by its wallet_tx_id. A bet that the wallet refuses for lack of money waits for such credits first.
"""

from __future__ import annotations

import logging

from harness.sandbox.bets.intents import KINDS, Steps, intend
from harness.sandbox.context import Answer, Context
from harness.sandbox.store import Row, Tx

log = logging.getLogger("sandbox")


def credit_later(tx: Tx, ctx: Context, wallet_tx_id: str, player_id: str, currency: str, amount: int) -> None:
    """Queues a credit of `amount` minor units to the wallet, in the transaction that books it."""
    if amount > 0:
        intend(tx, ctx, "credit", wallet_tx_id, player_id, amount, currency, bet_id=None, data={}, state="queued")
        tx.after_commit(ctx.platform.reconcile_signal.set)


def _done(tx: Tx, ctx: Context, intent: Row) -> Answer:
    del tx, ctx, intent  # the ledger has it already
    return Answer(200)


def _refused(tx: Tx, ctx: Context, intent: Row, code: str) -> Answer:
    del tx, ctx
    log.error("the wallet refused the credit %s: %s", intent["wallet_tx_id"], code)
    return Answer(409, {"code": code, "message": "the wallet refused a credit"})


def _undo(tx: Tx, ctx: Context, intent: Row) -> None:
    del tx, ctx, intent


KINDS["credit"] = Steps("credit", _done, _refused, _undo)
