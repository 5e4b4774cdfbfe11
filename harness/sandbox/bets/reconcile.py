"""The reconcile loop: asks the wallet what became of every call in doubt, and finishes the operation."""

from __future__ import annotations

import asyncio
import json
import logging
import random

from sqlalchemy import bindparam, select

from harness.sandbox import faults
from harness.sandbox.bets import planted_trouble
from harness.sandbox.bets.intents import KINDS, Overtaken, Steps, call, finish, refuse
from harness.sandbox.context import Context, Platform, thawed
from harness.sandbox.schema import intents
from harness.sandbox.store import Query, Row, Tx
from harness.sandbox.wallet.client import OK, REFUSED, Outcome

log = logging.getLogger("sandbox")
_OPEN = Query(
    select(intents)
    .where((intents.c.state == "unknown") | (intents.c.state == "queued"))
    .order_by(intents.c.created_at)
    .limit(bindparam("b_limit"))
)
_QUEUED = Query(
    select(intents)
    .where(intents.c.player_id == bindparam("b_player"), intents.c.state == "queued")
    .order_by(intents.c.created_at)
)
_BATCH = 50
_AT_ONCE = 8
_SLOWEST_SECONDS = 1.0
NOT_DONE = "NOT_DONE"


async def reconcile_for_ever(platform: Platform) -> None:
    """Runs until cancelled: woken by doubt, paced by `wallet.reconcile_ms`, slower while the wallet is away."""
    pace = platform.settings.wallet.reconcile_ms / 1000
    pause = pace
    while True:
        left = True
        platform.reconcile_signal.clear()  # before looking: what comes while we look rings again
        try:
            if not faults.on("unknown-never-reconciled"):
                left = await reconcile_once(platform)
        except Exception:
            log.exception("reconciling failed")
        pause = min(pause * 1.6, _SLOWEST_SECONDS) if left else pace
        if left:
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311  spreads, guards nothing
            continue
        await platform.reconcile_signal.wait()
        await asyncio.sleep(pace * random.uniform(0.1, 0.5))  # noqa: S311


async def reconcile_once(platform: Platform) -> bool:
    """One round over the oldest open intents; True when something is still open."""
    rows = await platform.store.read(lambda tx: tx.all(_OPEN, b_limit=_BATCH))
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(row: Row) -> bool:
        async with places:
            return await resolve(platform, row)

    solved = await asyncio.gather(*(one(row) for row in rows))
    return not all(solved) or len(rows) == _BATCH


async def deliver_credits(platform: Platform, player_id: str) -> bool:
    """Sends the player's queued credits now; True when there were any."""
    rows = await platform.store.read(lambda tx: tx.all(_QUEUED, b_player=player_id))
    for row in rows:
        await resolve(platform, row)
    return bool(rows)


async def resolve(platform: Platform, row: Row) -> bool:
    """Asks about one intent and finishes it; False when the wallet gives no clear word yet."""
    payload = json.loads(row["payload"])
    ctx = thawed(platform, payload["ctx"])
    intent = row | {"data": payload["data"]}
    outcome = await _outcome(ctx, intent)
    if outcome.kind not in (OK, REFUSED):
        return False
    steps = KINDS[intent["kind"]]
    try:
        if outcome.kind == OK:
            await platform.store.transact(lambda tx: _done(tx, ctx, intent, steps))
        else:
            await platform.store.transact(lambda tx: refuse(tx, ctx, intent, outcome.code))
    except Overtaken:
        log.info("intent %s was finished elsewhere", intent["wallet_tx_id"])
    return True


def _done(tx: Tx, ctx: Context, intent: Row, steps: Steps) -> None:
    finish(tx, ctx, intent, steps.done)
    planted_trouble.reconciled(tx, ctx, intent)


async def _outcome(ctx: Context, intent: Row) -> Outcome:
    """What the wallet did; a debit it does not know is forbidden, a credit it does not know is made."""
    wallet, tx_id, action = ctx.platform.wallet, intent["wallet_tx_id"], KINDS[intent["kind"]].action
    if intent["state"] == "queued" or action == "cancel":
        return await call(ctx, intent)
    await planted_trouble.ask_after(ctx.platform, tx_id)
    seen = await wallet.transaction(tx_id)
    if seen.kind == OK:
        return seen if seen.answer["status"] == "ok" else Outcome(REFUSED, NOT_DONE)
    if seen.kind != REFUSED:
        return seen
    if action != "debit":
        return await call(ctx, intent)
    # A late copy of the debit may still be on its way: after the cancel the wallet will refuse it.
    cancelled = await wallet.cancel(tx_id, trace_id=ctx.trace_id)
    return Outcome(REFUSED, NOT_DONE) if cancelled.kind == OK else cancelled
