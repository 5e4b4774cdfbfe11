"""Idempotency keys: one row per (tenant, provider, brand, key), bound to the operation and its canonical body.

WRITE handlers get this around them without knowing: claim, effect and stored answer are one transaction.
SAGA handlers (a wallet call in the middle) use the pieces themselves:

    def begin(tx):
        earlier = claim(tx, ctx)            # Answer: this key was answered before -> give it back
        if earlier is not None:             # raises IDEMPOTENCY_MISMATCH, or Busy when somebody else is at it
            return earlier
        ...reserve...
    def finish(tx):
        ...effects...
        return keep(tx, ctx, Answer(200, body), account_id=...)     # in the SAME transaction as the effects

A refusal raised as ApiError out of the handler is stored by the wrapper if its code is storable, after the
handler's transaction was rolled back. `keep(..., final=False)` stores a 202 that a reconciler will replace.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import bindparam, delete, select, update

from harness.sandbox import faults, ledger
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError
from harness.sandbox.ids import new_id
from harness.sandbox.money import wire_amount
from harness.sandbox.outbox import append_event
from harness.sandbox.routing import SAGA, Operation
from harness.sandbox.schema import idempotency_keys
from harness.sandbox.store import Query, Row, Tx, binds

_K = idempotency_keys.c
_SCOPE = (
    _K.tenant_id == bindparam("b_tenant"), _K.provider_id == bindparam("b_provider"),
    _K.brand_id == bindparam("b_brand"), _K.key == bindparam("b_key"),
)  # fmt: skip
_CLAIM = Query(
    lambda insert: (
        insert(idempotency_keys)
        .values(
            binds(idempotency_keys, "tenant_id", "provider_id", "brand_id", "key", "operation_id", "request_hash",
                  "created_at") | {"state": "in_progress"}
        )
        .on_conflict_do_nothing()
    )
)  # fmt: skip
_FIND = Query(select(idempotency_keys).where(*_SCOPE))
_KEEP = Query(
    update(idempotency_keys)
    .where(*_SCOPE)
    .values(
        state=bindparam("b_state"), status=bindparam("b_status"), headers=bindparam("b_headers"),
        body=bindparam("b_body"), account_id=bindparam("b_account"),
    )
)  # fmt: skip
_FORGET = Query(delete(idempotency_keys).where(*_SCOPE))
_POLL_SECONDS = 0.02
_RACE_SECONDS = 0.02
_EARLY_EXPIRIES_MS = {"keys-expire-early": 60_000, "keys-expire-in-half-a-day": 12 * 3_600_000}


class Busy(Exception):
    """The key is claimed by a request that has not finished: wait or answer IN_PROGRESS."""


def scope_of(ctx: Context) -> dict[str, str]:
    """Whose key this is."""
    assert ctx.idempotency_key is not None
    tenant, provider, brand = ctx.tenant_id, ctx.provider_id, ctx.brand_id
    if faults.on("key-scope-global"):
        tenant = provider = brand = "*"
    elif faults.on("key-shared-by-brands"):
        brand = "*"
    return {"b_tenant": tenant, "b_provider": provider, "b_brand": brand, "b_key": ctx.idempotency_key}


def claim(tx: Tx, ctx: Context) -> Answer | None:
    """Claims the request's key: None when it is ours now, the earlier answer when it was answered.

    Raises ApiError(IDEMPOTENCY_MISMATCH) for another operation or body, Busy for one in flight elsewhere.
    """
    scope = scope_of(ctx)
    if faults.on("key-ignored"):
        ctx.idempotency_key = scope["b_key"] = new_id("ignored")
    claimed = tx.run(
        _CLAIM, tenant_id=scope["b_tenant"], provider_id=scope["b_provider"], brand_id=scope["b_brand"],
        key=scope["b_key"], operation_id=ctx.operation_id, request_hash=ctx.request_hash, created_at=ctx.now,
    )  # fmt: skip
    if claimed:
        return None
    row = tx.one(_FIND, **scope)
    if row is None:
        raise Busy
    if any(faults.on(name) and ctx.now - row["created_at"] > age for name, age in _EARLY_EXPIRIES_MS.items()):
        forget(tx, ctx)
        return claim(tx, ctx)
    if row["operation_id"] != ctx.operation_id or row["request_hash"] != ctx.request_hash:
        if faults.on("key-mismatch-executes"):
            ctx.idempotency_key = new_id("again")
            return claim(tx, ctx)
        if not faults.on("key-not-bound"):
            raise ApiError(
                "IDEMPOTENCY_MISMATCH",
                "this idempotency key was used with another operation or body",
                status=ctx.profile.mismatch_status,
            )
    if row["status"] is None:
        if faults.on("idempotency-race"):
            return None
        raise Busy
    return _earlier(tx, ctx, row)


def _earlier(tx: Tx, ctx: Context, row: Row) -> Answer:
    headers: dict[str, str] = json.loads(row["headers"])
    if row["status"] >= 400:
        refusal = json.loads(row["body"])
        refusal["trace_id"] = ctx.trace_id  # the refusal is the same, the request that is answered is another
        return Answer(row["status"], refusal, headers)
    text: str = row["body"]
    if row["account_id"] and ctx.profile.replay_balance == "recomputed":
        body = json.loads(text)
        player_id, currency = _owner(row["account_id"])
        now = ledger.spendable(tx, player_id, currency)
        if now is not None and "balance" in body:
            body["balance"]["amount"] = wire_amount(ctx.profile, now, currency)
            return Answer(row["status"], body, headers)
    if faults.on("replay-differs") and text.startswith("{"):
        body = json.loads(text)
        for name in ("hold_id", "settlement_id", "rollback_id", "session_id"):
            if name in body:
                body[name] = new_id(name.removesuffix("_id"))
                break
        return Answer(row["status"], body, headers)
    return Answer(row["status"], text.encode(), headers)


def _owner(account: str) -> tuple[str, str]:
    """(player, currency) of `cash:<player>:<currency>`; a player id may hold colons itself."""
    _, _, rest = account.partition(":")
    player_id, _, currency = rest.rpartition(":")
    return player_id, currency


def keep(tx: Tx, ctx: Context, answer: Answer, *, account_id: str | None = None, final: bool = True) -> Answer:
    """Stores the answer under the request's key and returns it, with its body frozen to bytes."""
    if ctx.idempotency_key is None:
        return answer
    if not isinstance(answer.body, bytes):
        answer.body = b"" if answer.body is None else _json(answer.body)
    tx.run(
        _KEEP, **scope_of(ctx), b_state="done" if final else "in_progress", b_status=answer.status,
        b_headers=json.dumps(answer.headers), b_body=answer.body.decode(), b_account=account_id,
    )  # fmt: skip
    return answer


def keep_refusal(tx: Tx, ctx: Context, refusal: ApiError) -> Answer:
    """Stores a refusal and its events; the answer to give."""
    answer = Answer(refusal.status, refusal.body(ctx.trace_id), refusal.headers)
    if refusal.leaves is not None:
        refusal.leaves(tx)
    for pending in refusal.events:
        append_event(tx, ctx, pending.type, pending.key, pending.data)
    if faults.on("event-for-refused-bet") and ctx.operation_id == "authorizeBet":
        told = {name: ctx.body.get(name) for name in ("bet_id", "round_id", "session_id", "amount")}
        append_event(tx, ctx, "bet.authorized", f"bet:{told['bet_id']}", {**told, "player_id": "?", "hold_id": "?"})
    if faults.on("refusal-not-stored"):
        forget(tx, ctx)
        return answer
    return keep(tx, ctx, answer)


def forget(tx: Tx, ctx: Context) -> None:
    """Frees the key: the operation definitely did not happen and may be tried again."""
    if ctx.idempotency_key is not None:
        tx.run(_FORGET, **scope_of(ctx))


async def execute(ctx: Context, operation: Operation) -> Answer:
    """Runs a WRITE or SAGA operation under its key; waits for a copy of it in flight, then answers the same.

    Raises ApiError(IN_PROGRESS) when the copy does not finish in time.
    """
    deadline = time.monotonic() + ctx.platform.settings.in_progress_wait_ms / 1000
    run = _saga if operation.style == SAGA else _write
    while True:
        try:
            return await run(ctx, operation.handler, deadline)
        except Busy:
            if time.monotonic() >= deadline:
                raise ApiError("IN_PROGRESS", "the same request is still being processed", retry_after=1) from None
            await asyncio.sleep(_POLL_SECONDS)


async def _write(ctx: Context, handler: Callable[[Tx, Context], Answer], deadline: float) -> Answer:
    del deadline  # one transaction: the database itself makes copies wait

    def work(tx: Tx) -> Answer:
        earlier = claim(tx, ctx)
        return earlier if earlier is not None else keep(tx, ctx, handler(tx, ctx))

    if faults.on("inbox-race"):
        await asyncio.sleep(_RACE_SECONDS)  # between its check and its insert
    try:
        return await ctx.platform.store.transact(work)
    except ApiError as refusal:
        return await _refuse(ctx, refusal)


async def _saga(ctx: Context, handler: Callable[[Context], Any], deadline: float) -> Answer:
    in_flight = ctx.platform.in_flight
    scope = tuple(scope_of(ctx).values())
    if not (faults.on("idempotency-race") or faults.on("key-ignored")):
        while (running := in_flight.get(scope)) is not None:
            try:
                await asyncio.wait_for(running.wait(), deadline - time.monotonic())
            except TimeoutError:
                raise Busy from None
    done = in_flight[scope] = asyncio.Event()
    try:
        return cast("Answer", await handler(ctx))
    except ApiError as refusal:
        return await _refuse(ctx, refusal)
    finally:
        done.set()
        if in_flight.get(scope) is done:
            del in_flight[scope]


async def _refuse(ctx: Context, refusal: ApiError) -> Answer:
    if not refusal.storable or refusal.code == "IDEMPOTENCY_MISMATCH":
        raise refusal

    def work(tx: Tx) -> Answer:
        earlier = claim(tx, ctx)
        return earlier if earlier is not None else keep_refusal(tx, ctx, refusal)

    return await ctx.platform.store.transact(work)


def _json(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
