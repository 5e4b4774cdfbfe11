"""The way of one request: trace id, route, version, token, headers, limits, body, contract, key, handler, answer."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from typing import cast

from harness.sandbox import faults, planted_input, planted_load
from harness.sandbox.auth import Grant, require_scope
from harness.sandbox.context import Answer, Context, Finished, Platform
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.idempotency import execute
from harness.sandbox.ids import new_trace_id
from harness.sandbox.planted_answers import spoil, trace_header
from harness.sandbox.requests import (
    PARTNER_HEADERS,
    TOKEN,
    Receive,
    Scope,
    Send,
    media_type,
    negotiate,
    read_body,
    read_headers,
    read_query,
    take_key,
)  # fmt: skip
from harness.sandbox.routing import OPEN, READ, Operation, Router
from harness.sandbox.validation import parse_json

log = logging.getLogger("sandbox")

class Pipeline:
    """Serves HTTP requests of one platform."""

    def __init__(self, platform: Platform, router: Router) -> None:
        self._platform, self._router = platform, router
        self._last_trace = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI HTTP request."""
        started = time.perf_counter()
        headers = read_headers(scope)
        given = headers.get("x-trace-id", "")
        trace_id = given if TOKEN.fullmatch(given) else new_trace_id()
        ctx = Context(self._platform, "", trace_id, self._platform.clock.now_ms(), headers=headers)
        route, code = "", None
        try:
            operation = self._route(scope, ctx)
            route = operation.path
            strained = await planted_load.strained(ctx.operation_id, trace_id, receive) if planted_load.planted() \
                else None
            answer = strained or await self._answer(ctx, operation, scope, receive)
        except ApiError as refusal:
            answer, code = Answer(refusal.status, refusal.body(trace_id), refusal.headers), refusal.code
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("request failed", extra={"trace_id": trace_id})
            failure = ApiError("INTERNAL", "something went wrong on our side; the trace id tells us what")
            answer, code = Answer(500, failure.body(trace_id), failure.headers), failure.code
        if faults.some():
            answer = spoil(ctx, scope["path"], answer)
        await self._send(send, ctx, answer)
        self._observe(scope, ctx, route, answer, code, time.perf_counter() - started)

    def _route(self, scope: Scope, ctx: Context) -> Operation:
        found = self._router.find(scope["path"])
        if found is None:
            raise ApiError("NOT_FOUND", "there is no such path")
        methods, ctx.path = found
        operation = methods.get(scope["method"])
        if operation is None:
            allow = ", ".join(sorted(methods))
            raise ApiError("METHOD_NOT_ALLOWED", f"this path takes {allow}", headers={"Allow": allow})
        ctx.operation_id = operation.operation_id
        return operation

    async def _answer(self, ctx: Context, operation: Operation, scope: Scope, receive: Receive) -> Answer:
        late: ApiError | None = None
        if operation.path.startswith("/v1/") and not faults.on("version-unchecked"):
            negotiate(ctx.headers.get("accept"))
        if operation.style == OPEN:
            if operation.scope is not None:
                grant = self._platform.tokens.check(ctx.headers.get("authorization"))
                ctx.client_id, ctx.scopes = grant.client.client_id, grant.scopes
                require_scope(ctx.scopes, operation.scope)
        else:
            late = self._admit(ctx, operation)
            await self._make_room(ctx)
        ctx.query = read_query(scope["query_string"])
        limit = self._platform.settings.max_body_bytes * (1000 if faults.on("body-size-unlimited") else 1)
        ctx.raw = await read_body(receive, ctx.headers, limit)
        late = self._understand(ctx, operation) or late
        if operation.style == OPEN:
            return cast("Answer", await operation.handler(ctx))
        answer: Answer
        if operation.style == READ:
            answer = await self._platform.store.read(lambda tx: operation.handler(tx, ctx))
        else:
            take_key(ctx, operation)
            answer = await execute(ctx, operation)
        if late is not None:
            raise late
        return answer

    def _admit(self, ctx: Context, operation: Operation) -> ApiError | None:
        """Who calls, in whose name: raises 401, 400, 403 or 429, in that order.

        A planted defect may return the refusal instead, to be raised when the effect has happened.
        """
        headers = ctx.headers
        late: ApiError | None = None
        try:
            grant = self._platform.tokens.check(headers.get("authorization"), headers.get("x-provider-id"))
        except ApiError as refusal:
            client = self._platform.settings.client(headers.get("x-provider-id", ""))
            if not faults.on("refused-401-after-effect") or client is None:
                raise
            late, grant = refusal, Grant(client, frozenset(client.scopes), 0)
        late = self._identify(ctx, grant) or late
        assert operation.scope is not None
        if not (faults.on("scope-unchecked-settle") and operation.operation_id == "settleBet"):
            require_scope(ctx.scopes, operation.scope)
        who = (ctx.tenant_id, ctx.provider_id, ctx.brand_id)
        wait = None if faults.on("rate-limit-off") else self._platform.limiter.take(who)
        if wait is not None:
            late = ApiError("RATE_LIMITED", "too many requests of this provider and brand", retry_after=wait)
            if not faults.on("refused-429-after-effect"):
                raise late
        return late

    async def _make_room(self, ctx: Context) -> None:
        """What is too much is refused at once, and that is new bets: who has an open one gets it ended."""
        if ctx.operation_id not in planted_load.shed():
            return
        wait = self._platform.admission.take((ctx.tenant_id, ctx.provider_id, ctx.brand_id))
        if wait is not None:
            await planted_load.hold()
            raise ApiError("RATE_LIMITED", "too many new bets of this provider and brand", retry_after=wait)

    def _identify(self, ctx: Context, grant: Grant) -> ApiError | None:
        """Fills in who calls from token and headers; raises 400 or 403."""
        headers, client, late = dict(ctx.headers), grant.client, None
        tenant = self._platform.settings.tenant(client.tenant_id)
        for name, pattern in PARTNER_HEADERS:
            refusal = self._header_problem(name, headers.get(name), pattern)
            if refusal is None:
                continue
            fallback = {"x-trace-id": ctx.trace_id, "x-provider-id": client.provider_id}.get(name)
            if tenant is not None and name in ("x-brand-id", "x-region"):
                fallback = tenant.brands[0] if name == "x-brand-id" else tenant.regions[0]
            if faults.on("refused-400-after-effect"):
                late = refusal
            elif not faults.on(f"missing-{name.removeprefix('x-').removesuffix('-id')}-accepted"):
                raise refusal
            headers[name] = fallback or ""
        ctx.client_id, ctx.scopes, ctx.tenant_id = client.client_id, grant.scopes, client.tenant_id
        ctx.provider_id, ctx.brand_id = headers["x-provider-id"], headers["x-brand-id"]
        ctx.region = headers["x-region"]
        if tenant is None or ctx.provider_id != client.provider_id:
            raise ApiError("FORBIDDEN", "this client does not act for that provider")
        if ctx.brand_id not in tenant.brands:
            raise ApiError("FORBIDDEN", "the brand is not one of this client's")
        if ctx.region not in tenant.regions:
            raise ApiError("FORBIDDEN", "the region is not one of this client's")
        return late

    def _header_problem(self, name: str, value: str | None, pattern: re.Pattern[str]) -> ApiError | None:
        if value is not None and pattern.fullmatch(value):
            return None
        if value is None and name == "x-trace-id" and self._platform.profile.missing_trace_id == "generated":
            return None
        shown, problem = name.title(), "is required" if value is None else "is malformed"
        return ApiError("MISSING_HEADER", f"{shown} {problem}", [{"field": shown, "problem": problem}])

    def _understand(self, ctx: Context, operation: Operation) -> ApiError | None:
        """Parses the body and holds it, and the parameters, against the contract.

        A planted defect may return the refusal instead, to be raised when the effect has happened.
        """
        contract = self._platform.contract
        contract.check_parameters(ctx.operation_id, ctx.path, ctx.query)
        kind = media_type(ctx.headers.get("content-type"))
        if operation.style == OPEN and kind != "application/json":
            return None
        if ctx.raw:
            if ctx.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                raise ApiError("UNSUPPORTED_MEDIA_TYPE", "the body must not be encoded")
            if kind != "application/json" and not faults.on("media-type-unchecked"):
                raise ApiError("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json in UTF-8")
            ctx.body = parse_json(ctx.raw, loose_numbers=operation.loose_numbers)
        unnoticed = None
        if faults.some():
            planted_input.stumble(ctx)
            planted_input.read_loosely(ctx)
            unnoticed = planted_input.refused_too_late(ctx)
        contract.check_body(ctx.operation_id, ctx.body, bool(ctx.raw))
        return field_error("bonus_state", "has the wrong type") if unnoticed else None

    async def _send(self, send: Send, ctx: Context, answer: Answer) -> None:
        body = answer.body
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        headers = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
        trace_id = trace_header(ctx, answer.status, self._last_trace) if faults.some() else ctx.trace_id
        self._last_trace = ctx.trace_id
        if trace_id is not None:
            headers.append((b"x-trace-id", trace_id.encode()))
        if body or answer.status != 204:
            headers.append((b"content-type", answer.media_type.encode()))
            headers.append((b"content-length", str(len(body)).encode()))
        for name, value in answer.headers.items():
            headers.append((name.lower().encode(), value.encode("latin-1")))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _observe(
        self, scope: Scope, ctx: Context, route: str, answer: Answer, code: str | None, seconds: float
    ) -> None:
        if not self._platform.observers:
            return
        if code is None and answer.status >= 400 and answer.body:
            # A refusal that was kept for its repeats is text already.
            body = json.loads(answer.body) if isinstance(answer.body, bytes) else answer.body
            code = body.get("code") if isinstance(body, dict) else None
        finished = Finished(
            scope["method"], route, ctx.operation_id, answer.status, code, seconds, ctx.trace_id,
            ctx.tenant_id, ctx.provider_id, ctx.brand_id,
        )  # fmt: skip
        for observer in self._platform.observers:
            observer(finished)
