"""The webhook sender: fans committed events out to endpoints and delivers them at least once.

State is in the database, so a kill -9 loses nothing: what was due is due again after the restart, with the same
event id and the same bytes. Per endpoint, events of one key go one after the other; other keys overtake freely, and
a receiver that hangs holds up nobody but itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Coroutine
from typing import Any

import aiohttp
from sqlalchemy import bindparam, func, select, update

from harness.sandbox import faults
from harness.sandbox.context import Platform
from harness.sandbox.ids import new_id
from harness.sandbox.schema import events
from harness.sandbox.schema_rooms import dead_letters, deliveries, webhook_endpoints
from harness.sandbox.store import Query, Row, Tx, binds
from harness.sandbox.webhooks import defects
from harness.sandbox.webhooks.signing import signature_header

log = logging.getLogger("sandbox")
ATTEMPTS = 8
_TRY_SECONDS = 5.0
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.5, 60.0
_LONGEST_ASKED = 3600.0  # a receiver may ask for patience, not for ever
_FAN_OUT, _DUE = 500, 200
_PER_ENDPOINT = 8
_SAFETY_TICK = 5.0
_D, _W, _E = deliveries.c, webhook_endpoints.c, events.c
_ENDPOINTS = Query(select(webhook_endpoints).where(_W.status == "enabled"))
_NEW = Query(
    select(_E.position, _E.event_id, _E.type, _E.tenant_id)
    .where(_E.position > bindparam("b_after")).order_by(_E.position).limit(bindparam("b_limit")))
_INSERT = Query(lambda insert: insert(deliveries).values(binds(deliveries)).on_conflict_do_nothing())
_ADVANCE = Query(update(webhook_endpoints).where(_W.endpoint_id == bindparam("b_id"))
                 .values(from_position=bindparam("b_position")))
_OPEN = Query(
    select(_D.delivery_id, _D.endpoint_id, _D.attempts, _D.next_attempt_at, _E.key, _E.body, _E.event_id, _E.type,
           _E.trace_id, _E.position)
    .join(events, _E.event_id == _D.event_id)
    .where(_D.endpoint_id == bindparam("b_endpoint"), (_D.status == "pending") | (_D.status == "retrying"))
    .order_by(_D.position).limit(bindparam("b_limit")))
_ENDED = Query(
    update(deliveries).where(_D.delivery_id == bindparam("b_id"))
    .values(status=bindparam("b_status"), attempts=bindparam("b_attempts"), last_status=bindparam("b_last"),
            last_error=bindparam("b_error"), next_attempt_at=bindparam("b_next"), updated_at=bindparam("b_now")))
_DEAD = Query(lambda insert: insert(dead_letters).values(binds(dead_letters)).on_conflict_do_nothing())
_DISABLE = Query(update(webhook_endpoints).where(_W.endpoint_id == bindparam("b_id")).values(status="disabled"))
_BACKLOG = Query(select(func.count().label("n")).select_from(deliveries)
                 .join(webhook_endpoints, _W.endpoint_id == _D.endpoint_id)
                 .where(_W.status == "enabled", (_D.status == "pending") | (_D.status == "retrying")))


def backlog(tx: Tx) -> int:
    """Deliveries that are still owed; nothing is owed to an endpoint that is gone."""
    row = tx.one(_BACKLOG)
    return int(row["n"]) if row else 0


class Sender:
    """One per platform process."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._busy: set[tuple[str, str]] = set()
        self._places: dict[str, asyncio.Semaphore] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def run(self) -> None:
        """For ever: fan out what was committed, start what is due, sleep until something happens."""
        # Without the threshold long limits are rounded up to the next whole second.
        timeout = aiohttp.ClientTimeout(total=defects.patience(_TRY_SECONDS), ceil_threshold=2 * _TRY_SECONDS)
        connector = aiohttp.TCPConnector(limit=64, limit_per_host=32)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector, auto_decompress=False) as session:
            self._session = session
            try:
                while True:
                    signal = self._platform.outbox_signal
                    signal.clear()
                    try:
                        wait = await self._round()
                    except Exception:
                        log.exception("a round of the webhook sender failed")
                        wait = 1.0
                    try:
                        await asyncio.wait_for(signal.wait(), wait)
                    except TimeoutError:
                        continue
            finally:
                for task in self._tasks:
                    task.cancel()

    async def _round(self) -> float:
        """Returns seconds until the next delivery is due."""
        store = self._platform.store
        endpoints = {row["endpoint_id"]: row for row in await store.read(lambda tx: tx.all(_ENDPOINTS))}
        if not endpoints:
            return _SAFETY_TICK
        newest = await store.read(lambda tx: tx.one(_MAX))
        if any(row["from_position"] < ((newest or {}).get("newest") or 0) for row in endpoints.values()):
            await store.transact(lambda tx: self._fan_out(tx, list(endpoints.values())))
        under_way = set(self._busy)  # what ends while we read is read as it was before
        # Asked per endpoint, so that the backlog of a dead receiver hides nobody else's deliveries.
        rows = await store.read(lambda tx: [r for e in endpoints for r in tx.all(_OPEN, b_endpoint=e, b_limit=_DUE)])
        now = self._platform.clock.now_ms()
        soonest = _SAFETY_TICK
        waiting: set[tuple[str, str]] = set()
        for row in rows:
            lane = defects.lane(row)
            if lane in self._busy or lane in under_way or lane in waiting:
                continue
            due = (row["next_attempt_at"] or 0) - now
            if due > 0:
                waiting.add(lane)
                soonest = min(soonest, due / 1000)
                continue
            self._busy.add(lane)
            task = asyncio.create_task(self._deliver(endpoints[row["endpoint_id"]], row, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return max(soonest, 0.005)

    def _fan_out(self, tx: Tx, endpoints: list[Row]) -> None:
        now = self._platform.clock.now_ms()
        for endpoint in endpoints:
            types = set(json.loads(endpoint["event_types"]))
            rows = tx.all(_NEW, b_after=endpoint["from_position"], b_limit=_FAN_OUT)
            for row in rows:
                if row["tenant_id"] != endpoint["tenant_id"] or not ("*" in types or row["type"] in types):
                    continue
                if not defects.fanned_out(row):
                    continue
                tx.run(_INSERT, delivery_id=new_id("dlv"), tenant_id=row["tenant_id"], position=row["position"],
                       endpoint_id=endpoint["endpoint_id"], event_id=row["event_id"], status="pending", attempts=0,
                       last_status=None, last_error=None, next_attempt_at=now, created_at=now, updated_at=now)
            if rows:
                tx.run(_ADVANCE, b_id=endpoint["endpoint_id"], b_position=rows[-1]["position"])
            if len(rows) == _FAN_OUT:
                tx.after_commit(self._platform.outbox_signal.set)

    async def _deliver(self, endpoint: Row, row: Row, lane: tuple[str, str]) -> None:
        place = self._places.setdefault(endpoint["endpoint_id"], asyncio.Semaphore(_PER_ENDPOINT))
        try:
            async with place:
                status, error, retry_after = await self._try(endpoint, row)
            await self._platform.store.transact(
                lambda tx: self._conclude(tx, endpoint, row, status, error, retry_after))
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a delivery could not be concluded")
        finally:
            self._busy.discard(lane)
            self._platform.outbox_signal.set()

    async def _try(self, endpoint: Row, row: Row) -> tuple[int | None, str, float]:
        """(status, error, seconds that the receiver asked us to wait)."""
        assert self._session is not None
        body, headers = self._message(endpoint, row)
        try:
            async with self._session.post(endpoint["url"], data=body, headers=headers, allow_redirects=False) as answer:
                await answer.content.read(4096)
                asked = answer.headers.get("Retry-After", "")
                wait = min(float(asked), _LONGEST_ASKED) if asked.isascii() and asked.isdigit() else 0.0
                return answer.status, "", wait
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            return None, type(problem).__name__, 0.0

    def _message(self, endpoint: Row, row: Row) -> tuple[bytes, dict[str, str]]:
        body = defects.message(self._platform, row, row["body"].encode())
        now = self._platform.clock.now_ms() // 1000 - (3600 if faults.on("webhook-timestamp-stale") else 0)
        profile = self._platform.profile
        secrets = [endpoint["secret"]]
        if endpoint["previous_secret"] and (endpoint["previous_valid_until"] or 0) > self._platform.clock.now_ms():
            secrets.append(endpoint["previous_secret"])
        headers = {
            "Content-Type": "application/json", "X-Event-Type": row["type"], "X-Trace-Id": row["trace_id"],
            "X-Delivery-Attempt": str(row["attempts"] + 1), profile.timestamp_header: str(now),
            profile.event_id_header: json.loads(body)["event_id"],
            profile.signature_header: signature_header(secrets, str(now), body),
        }
        if faults.on("webhook-unsigned"):
            del headers[profile.signature_header]
        if faults.on("webhook-event-id-missing"):
            del headers[profile.event_id_header]
        return body, headers

    def _conclude(self, tx: Tx, endpoint: Row, row: Row, status: int | None, error: str, retry_after: float) -> None:
        now, attempts = self._platform.clock.now_ms(), row["attempts"] + 1
        following: int | None = None
        status = defects.heard(status)
        if status is not None and 200 <= status < 300:
            state = "delivered"
        elif status == 410 or defects.given_up(attempts, ATTEMPTS):
            state = "dead"
            if status == 410:
                tx.run(_DISABLE, b_id=endpoint["endpoint_id"])
            tx.run(_DEAD, delivery_id=row["delivery_id"], tenant_id=endpoint["tenant_id"], attempts=attempts,
                   endpoint_id=endpoint["endpoint_id"], event_id=row["event_id"],
                   reason=error or f"answered {status}", first_attempt_at=None, died_at=now)
        else:
            wait = max(self._pause(attempts), defects.asked_to_wait(retry_after))
            state, following = "retrying", now + round(1000 * wait)
        tx.run(_ENDED, b_id=row["delivery_id"], b_status=state, b_attempts=attempts, b_last=status,
               b_error=error or None, b_next=following, b_now=now)

    def _pause(self, attempts: int) -> float:
        """Back-off in seconds: doubling, capped, ±20 % so that failures do not come back in step."""
        scale = self._platform.settings.webhook_time_scale
        backoff = float(min(_FIRST_BACKOFF * 2 ** (attempts - 1), _LONGEST_BACKOFF) * scale)
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads, guards nothing
        return defects.pause(backoff, spread, _FIRST_BACKOFF * scale)


_MAX = Query(select(func.max(_E.position).label("newest")))


def background(platform: Platform) -> list[Coroutine[Any, Any, None]]:
    """The sender's task."""
    return [Sender(platform).run()]
