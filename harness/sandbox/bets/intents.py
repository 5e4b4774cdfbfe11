"""Intents: the write-ahead log of wallet calls, and the one way to carry an operation through such a call.

    TX1  claim the key, check, reserve, write the intent      ->  wallet call  ->  TX2  effects, event, answer

A crash, a timeout or a lost line between the two leaves the intent; the reconcile loop asks the wallet and
finishes it with the same `Steps`. Deleting the intent is what makes exactly one of them do so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from harness.sandbox import faults, planted_subtle
from harness.sandbox.bets import planted
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError
from harness.sandbox.idempotency import Busy, forget, keep
from harness.sandbox.ids import new_id
from harness.sandbox.schema import intents, operations
from harness.sandbox.store import Query, Row, Tx, binds
from harness.sandbox.wallet.client import NOT_EXECUTED, OK, REFUSED, Outcome

_I = intents.c
_MINE = (_I.wallet_tx_id == bindparam("b_tx"), _I.state == bindparam("b_state"), _I.kind == bindparam("b_kind"))
_INSERT = Query(lambda insert: insert(intents).values(binds(intents)).on_conflict_do_nothing())
_TAKE = Query(delete(intents).where(*_MINE))
_DOUBT = Query(
    update(intents).where(*_MINE).values(state="unknown", operation_id=bindparam("b_operation"))
)
_ADOPT = Query(
    update(intents).where(*_MINE).values(kind=bindparam("b_new_kind"), state="calling", payload=bindparam("b_payload"))
)
_FIND = Query(select(intents).where(_I.wallet_tx_id == bindparam("b_tx")).with_for_update())
_OPERATION = Query(lambda insert: insert(operations).values(binds(operations)).on_conflict_do_nothing())
_OPERATION_ENDS = Query(
    update(operations)
    .where(operations.c.operation_id == bindparam("b_id"))
    .values(
        status=bindparam("b_status"), error_code=bindparam("b_code"), error_message=bindparam("b_message"),
        updated_at=bindparam("b_now"),
    )
)  # fmt: skip


class Overtaken(Busy):
    """Somebody else finished this intent; the transaction is given up and the stored answer read."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What one kind of operation does with the wallet's answer, each in one transaction that owns the intent."""

    action: str  # debit | credit | refund | cancel
    done: Callable[[Tx, Context, Row], Answer]
    refused: Callable[[Tx, Context, Row, str], Answer]
    undo: Callable[[Tx, Context, Row], None]


KINDS: dict[str, Steps] = {}


def intend(
    tx: Tx, ctx: Context, kind: str, wallet_tx_id: str, player_id: str, amount: int, currency: str, *,
    bet_id: str | None, data: dict[str, Any], state: str = "calling", operation_id: str | None = None,
) -> Row:  # fmt: skip
    """Writes the intent and returns it; `data` (JSON-able) is what the steps need later."""
    row: Row = {
        "wallet_tx_id": wallet_tx_id, "kind": kind, "tenant_id": ctx.tenant_id, "player_id": player_id,
        "bet_id": bet_id, "amount": amount, "currency": currency, "state": state,
        "payload": json.dumps({"ctx": ctx.frozen(), "data": data}), "operation_id": operation_id,
        "created_at": ctx.now,
    }  # fmt: skip
    if not tx.run(_INSERT, **row):
        raise ApiError("IN_PROGRESS", "this bet is being processed", retry_after=1)
    return row | {"data": data}


def adopt(tx: Tx, ctx: Context, wallet_tx_id: str, kind: str, data: dict[str, Any]) -> Row | None:
    """Turns an intent in doubt into another kind (rolling back a bet of unknown outcome); None if it is gone."""
    row = tx.one(_FIND, b_tx=wallet_tx_id)
    if row is None or row["state"] != "unknown":
        return None
    data = {**data, "first": json.loads(row["payload"]), "first_operation": row["operation_id"]}
    payload = json.dumps({"ctx": ctx.frozen(), "data": data})
    tx.run(_ADOPT, b_tx=wallet_tx_id, b_state="unknown", b_kind=row["kind"], b_new_kind=kind, b_payload=payload)
    return row | {"kind": kind, "state": "calling", "operation_id": None, "data": data}


def take(tx: Tx, intent: Row) -> None:
    """Ends the intent in this transaction; raises Overtaken when it is not there in this form any more."""
    if intent["state"] == "local":
        return
    if not tx.run(_TAKE, b_tx=intent["wallet_tx_id"], b_state=intent["state"], b_kind=intent["kind"]):
        raise Overtaken


async def carry_out(ctx: Context, intent: Row) -> Answer:
    """Calls the wallet for an intent of this request and concludes; raises ApiError when nothing happened."""
    steps = KINDS[intent["kind"]]
    with planted_subtle.call_open(intent["player_id"]):
        await planted.race_window()
        outcome = await call(ctx, intent)
    if outcome.code == "INSUFFICIENT_FUNDS":
        from harness.sandbox.bets.reconcile import deliver_credits  # needs the kinds of this module

        if await deliver_credits(ctx.platform, intent["player_id"]):
            outcome = await call(ctx, intent)
        if faults.on("overdraft-race"):
            outcome = Outcome(OK)
    store = ctx.platform.store
    if outcome.kind == OK:
        return await store.transact(lambda tx: finish(tx, ctx, intent, steps.done))
    if outcome.kind == REFUSED:
        return await store.transact(lambda tx: finish(tx, ctx, intent, _refusing(steps, outcome.code)))
    if outcome.kind == NOT_EXECUTED or faults.on("timeout-said-refused"):
        await store.transact(lambda tx: _undo(tx, ctx, intent, steps))
        raise ApiError("UPSTREAM_UNAVAILABLE", "the wallet cannot be reached; nothing was done", retry_after=1)
    return await store.transact(lambda tx: _doubt(tx, ctx, intent))


async def call(ctx: Context, intent: Row) -> Outcome:
    """The wallet call of an intent, idempotent by its wallet_tx_id."""
    wallet, steps = ctx.platform.wallet, KINDS[intent["kind"]]
    if steps.action == "cancel":
        return await wallet.cancel(intent["wallet_tx_id"], trace_id=ctx.trace_id)
    return await wallet.move(
        steps.action, intent["wallet_tx_id"], intent["player_id"], intent["currency"], intent["amount"],
        intent["bet_id"] or intent["wallet_tx_id"], trace_id=ctx.trace_id,
    )  # fmt: skip


def finish(tx: Tx, ctx: Context, intent: Row, step: Callable[[Tx, Context, Row], Answer]) -> Answer:
    """One final step: takes the intent, acts, and ends the 202 operation if the caller was told one."""
    take(tx, intent)
    answer = step(tx, ctx, intent)
    if intent["operation_id"] is not None:
        end_operation(tx, ctx, intent["operation_id"], answer)
    return answer


def _refusing(steps: Steps, code: str) -> Callable[[Tx, Context, Row], Answer]:
    return lambda tx, ctx, intent: steps.refused(tx, ctx, intent, code)


def refuse(tx: Tx, ctx: Context, intent: Row, code: str) -> Answer:
    """The `refused` step of the intent's kind, as the reconcile loop needs it."""
    return finish(tx, ctx, intent, _refusing(KINDS[intent["kind"]], code))


def _undo(tx: Tx, ctx: Context, intent: Row, steps: Steps) -> None:
    take(tx, intent)
    steps.undo(tx, ctx, intent)
    forget(tx, ctx)


def _doubt(tx: Tx, ctx: Context, intent: Row) -> Answer:
    """The outcome is unknown: a 202 with an operation to ask, and a job for the reconcile loop."""
    operation_id = new_id("op")
    if not tx.run(
        _DOUBT, b_tx=intent["wallet_tx_id"], b_state="calling", b_kind=intent["kind"], b_operation=operation_id
    ):
        raise Overtaken
    return doubtful_answer(tx, ctx, intent, operation_id)


def doubtful_answer(tx: Tx, ctx: Context, intent: Row, operation_id: str) -> Answer:
    """Writes operation, bet status and the provisional 202 of an intent in doubt."""
    from harness.sandbox.bets import records  # the rows of bets know nothing of intents

    tx.run(
        _OPERATION, operation_id=operation_id, tenant_id=ctx.tenant_id, brand_id=ctx.brand_id, region=ctx.region,
        kind="bet", status="running", resource_id=intent["bet_id"] or intent["wallet_tx_id"], error_code=None,
        error_message=None, created_at=ctx.now, updated_at=ctx.now,
    )  # fmt: skip
    if intent["bet_id"] is not None:
        records.force(tx, ctx.tenant_id, intent["bet_id"], "unknown")
    tx.after_commit(ctx.platform.reconcile_signal.set)
    body = {"bet_id": intent["bet_id"], "status": "unknown", "operation_id": operation_id}
    return keep(
        tx, ctx, Answer(202, body, {"Location": f"/v1/ops/{operation_id}/status"}), final=False
    )


def end_operation(tx: Tx, ctx: Context, operation_id: str, answer: Answer) -> None:
    """The 202 operation ends as its answer did."""
    code = message = None
    if answer.status >= 400:
        refusal = json.loads(answer.body) if isinstance(answer.body, bytes) else answer.body
        code, message = refusal["code"], refusal["message"]
    tx.run(
        _OPERATION_ENDS, b_id=operation_id, b_status="failed" if code else "succeeded", b_code=code,
        b_message=message, b_now=ctx.now,
    )  # fmt: skip
