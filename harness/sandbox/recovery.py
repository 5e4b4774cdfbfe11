"""What a start after a crash does: every call that was under way becomes a call in doubt, nothing is forgotten."""

from __future__ import annotations

import json

from sqlalchemy import bindparam, delete, select, update

from harness.sandbox import faults
from harness.sandbox.bets.intents import doubtful_answer
from harness.sandbox.context import Platform, thawed
from harness.sandbox.ids import new_id
from harness.sandbox.schema import bets, idempotency_keys, intents
from harness.sandbox.store import Query, Tx

_CALLING = Query(select(intents).where(intents.c.state == "calling"))
_DOUBT = Query(
    update(intents)
    .where(intents.c.wallet_tx_id == bindparam("b_tx"))
    .values(state="unknown", operation_id=bindparam("b_operation"))
)


def recover(tx: Tx, platform: Platform) -> int:
    """Marks every interrupted call `unknown` with its 202 answer and operation; how many there were.

    A request whose first transaction did not commit left nothing; one whose last transaction committed is done.
    What lies between is exactly the intents in state `calling`, and the reconcile loop finishes those.
    """
    if faults.on("crash-forgets-open-calls"):
        tx.execute(delete(intents))
    rows = tx.all(_CALLING)
    for row in rows:
        ctx = thawed(platform, json.loads(row["payload"])["ctx"])
        operation_id = new_id("op")
        tx.run(_DOUBT, b_tx=row["wallet_tx_id"], b_operation=operation_id)
        doubtful_answer(tx, ctx, row, operation_id)
    if faults.on("keys-kept-in-memory"):
        tx.execute(delete(idempotency_keys))
        tx.execute(delete(bets))
    return len(rows)
