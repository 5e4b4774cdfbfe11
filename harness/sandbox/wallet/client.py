"""The platform's wallet client: time budget, few jittered retries with the same tx_id, bulkhead, breaker.

Every call ends in one of four ways, and callers must treat them differently:
- `ok`            the wallet did it (now or in an earlier attempt);
- `refused`       the wallet said a clean no (`code`); nothing happened there;
- `not_executed`  no attempt reached the wallet (breaker open, bulkhead full, no connection); say 503;
- `unknown`       at least one attempt may have reached it; only asking later can tell.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from harness.sandbox import faults
from harness.sandbox.settings import WalletBudget
from harness.sandbox.wallet import defects
from harness.sandbox.wallet.breaker import Breaker, Bulkhead
from harness.sandbox.wallet.wire import Broken, NotSent, Pool

OK = "ok"
REFUSED = "refused"
NOT_EXECUTED = "not_executed"
UNKNOWN = "unknown"
_SHORTEST_ATTEMPT = 0.02


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a wallet call ended: one of the four kinds, the wallet's code, its answer."""

    kind: str
    code: str = ""
    answer: Any = None


class WalletClient:
    """One per platform process."""

    def __init__(self, url: str, secret: str, budget: WalletBudget) -> None:
        self._pool = Pool(url, {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"})
        self._budget = budget
        self.breaker = Breaker(budget.breaker_failures, budget.breaker_open_ms / 1000)
        self.bulkhead = Bulkhead(budget.max_in_flight, budget.reserved_for_settles)
        self._random = random.Random()  # noqa: S311  spreads retries, guards nothing

    async def move(
        self, action: str, tx_id: str, player_id: str, currency: str, amount: int, reference: str,
        *, trace_id: str = "",
    ) -> Outcome:  # fmt: skip
        """`action` debit, credit or refund, idempotent by `tx_id`; amount in minor units."""
        body = {
            "tx_id": tx_id, "player_id": player_id, "currency": currency, "amount": amount,
            "reference": reference, "kind": action,
        }  # fmt: skip
        return await self._call("POST", f"/wallet/{action}", body, trace_id, priority=action != "debit")

    async def cancel(self, tx_id: str, *, trace_id: str = "") -> Outcome:
        """Undoes `tx_id` if it was done, and forbids it for ever."""
        return await self._call("POST", "/wallet/cancel", {"tx_id": tx_id}, trace_id, priority=True)

    async def transaction(self, tx_id: str) -> Outcome:
        """Asks what became of `tx_id`: ok with answer["status"] ok|cancelled, refused NOT_FOUND, unknown."""
        return await self._call("GET", f"/wallet/transactions/{quote(tx_id, safe='')}", None, "", priority=True)

    async def open_account(self, player_id: str, currency: str, amount: int) -> Outcome:
        """Opens the account if needed and adds `amount`."""
        body = {"player_id": player_id, "currency": currency, "amount": amount}
        return await self._call("POST", "/wallet/accounts", body, "", priority=True, retries=0)

    async def reset(self) -> Outcome:
        """Forgets every account and transaction (sandbox only)."""
        return await self._call("POST", "/wallet/reset", {}, "", priority=True, retries=0)

    def close(self) -> None:
        """Ends the idle connections."""
        self._pool.close()

    async def _call(
        self, method: str, path: str, body: Any, trace_id: str, *, priority: bool, retries: int | None = None
    ) -> Outcome:
        if faults.on("busy-held-open"):
            await self._wait_for_place()
        if faults.on("no-bulkhead"):
            return await self._attempts(method, path, body, trace_id, retries)
        if not self.bulkhead.enter(priority=priority):
            return Outcome(NOT_EXECUTED, "BULKHEAD_FULL")
        try:
            return await self._attempts(method, path, body, trace_id, retries)
        finally:
            self.bulkhead.leave()

    async def _wait_for_place(self) -> None:
        """Planted: holds the caller's connection instead of saying busy."""
        for _ in range(500):
            if self.breaker.state != "open" and self.bulkhead.in_flight < self._budget.max_in_flight // 2:
                return
            await asyncio.sleep(0.01)

    async def _attempts(self, method: str, path: str, body: Any, trace_id: str, retries: int | None) -> Outcome:
        budget = self._budget
        raw = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        extra = f"X-Trace-Id: {trace_id}\r\n" if trace_id else ""
        patience = defects.patience(budget.total_ms / 1000)
        deadline = time.monotonic() + (30.0 if faults.on("no-wallet-timeout") else patience)
        tries = defects.tries(1 + (budget.retries if retries is None else retries))
        if faults.on("retry-storm"):
            tries, deadline = 12, time.monotonic() + 2
        reached = False
        for attempt in range(tries):
            if faults.on("retry-with-new-tx-id") and attempt and isinstance(body, dict) and "tx_id" in body:
                raw = json.dumps({**body, "tx_id": f"{body['tx_id']}:{attempt}"}).encode()
            if not self.breaker.allow() and not faults.on("no-breaker"):
                return Outcome(UNKNOWN if reached else NOT_EXECUTED, "BREAKER_OPEN")
            left = deadline - time.monotonic()
            outcome = await self._attempt(method, path, raw, extra, min(left, self._attempt_seconds()))
            insists = outcome.kind == REFUSED and attempt + 1 < tries and defects.insists()
            if outcome.kind in (OK, REFUSED) and not insists:
                return outcome
            reached = reached or outcome.kind == UNKNOWN
            pause = self._pause(attempt)
            if deadline - time.monotonic() - pause < _SHORTEST_ATTEMPT or attempt + 1 == tries:
                break
            await asyncio.sleep(pause)
        return Outcome(UNKNOWN if reached else NOT_EXECUTED, outcome.code)

    def _attempt_seconds(self) -> float:
        return 30.0 if faults.on("no-wallet-timeout") else \
            defects.patience(self._budget.attempt_ms / 1000)

    def _pause(self, attempt: int) -> float:
        """Exponential with full jitter around it: 40 ms ± 50 %, 80 ms ± 50 %, ..."""
        base: float = self._budget.backoff_ms / 1000 * 2**attempt
        if faults.on("retry-without-jitter") or faults.on("retry-storm"):
            return self._budget.backoff_ms / 1000
        return base * self._random.uniform(0.5, 1.5)

    async def _attempt(self, method: str, path: str, raw: bytes, extra: str, seconds: float) -> Outcome:
        try:
            async with asyncio.timeout(max(seconds, _SHORTEST_ATTEMPT)):
                status, answer = await self._pool.request(method, path, raw, extra)
        except NotSent:
            self.breaker.failed()
            return Outcome(NOT_EXECUTED, "NO_CONNECTION")
        except (TimeoutError, Broken):
            self.breaker.failed()
            return Outcome(UNKNOWN, "NO_ANSWER")
        except BaseException:
            self.breaker.abandoned()
            raise
        outcome = _judge(status, answer)
        if outcome.kind == UNKNOWN:
            self.breaker.failed()
        else:
            self.breaker.succeeded()
        return outcome


def _judge(status: int, raw: bytes) -> Outcome:
    """Only a well-formed yes is a yes, only a well-formed no is a no; everything else is unknown."""
    if status == 200 and faults.on("broken-answer-said-ok"):
        return Outcome(OK)
    try:
        answer = json.loads(raw)
        code = answer.get("code", "")
    except (ValueError, AttributeError):
        return Outcome(UNKNOWN, f"HTTP_{status}")
    if status == 200 and answer.get("status") in ("ok", "cancelled"):
        return Outcome(OK, "", answer)
    if status in (404, 409, 422) and isinstance(code, str) and code:
        return Outcome(REFUSED, code, answer)
    if status in (401, 403, 429):
        return Outcome(NOT_EXECUTED, f"HTTP_{status}")
    return Outcome(UNKNOWN, f"HTTP_{status}")
