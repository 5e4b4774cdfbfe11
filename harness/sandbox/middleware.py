"""The way of one request: trace id, route, version, token, headers, limits, body, contract, key, handler, answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from harness.sandbox.auth import require_scope
from harness.sandbox.context import Answer, Context, Finished, Platform
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.idempotency import execute
from harness.sandbox.ids import new_trace_id
from harness.sandbox.routing import OPEN, READ, Operation, Router
from harness.sandbox.validation import parse_json

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger("sandbox")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_VENDOR = "application/vnd.platform.api+json"
_VERSIONS = ("1.6", "1.7")
_DRAIN_LIMIT = 8 * 1024 * 1024


class Pipeline:
    """Serves HTTP requests of one platform."""

    def __init__(self, platform: Platform, router: Router) -> None:
        self._platform, self._router = platform, router
        self._last_trace = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI HTTP request."""
        started = time.perf_counter()
        headers = _headers(scope)
        given = headers.get("x-trace-id", "")
        trace_id = given if _TOKEN.fullmatch(given) else new_trace_id()
        ctx = Context(self._platform, "", trace_id, self._platform.clock.now_ms(), headers=headers)
        route, code = "", None
        try:
            operation = self._route(scope, ctx)
            route = operation.path
            answer = await self._answer(ctx, operation, scope, receive)
        except ApiError as refusal:
            answer, code = Answer(refusal.status, refusal.body(trace_id), refusal.headers), refusal.code
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("request failed", extra={"trace_id": trace_id})
            failure = ApiError("INTERNAL", "something went wrong on our side; the trace id tells us what")
            answer, code = Answer(500, failure.body(trace_id), failure.headers), failure.code
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
        if operation.path.startswith("/v1/"):
            _negotiate(ctx.headers.get("accept"))
        if operation.style == OPEN:
            if operation.scope is not None:
                grant = self._platform.tokens.check(ctx.headers.get("authorization"))
                ctx.client_id, ctx.scopes = grant.client.client_id, grant.scopes
                require_scope(ctx.scopes, operation.scope)
        else:
            self._admit(ctx, operation)
        ctx.query = _query(scope["query_string"])
        ctx.raw = await _body(receive, ctx.headers, self._platform.settings.max_body_bytes)
        self._understand(ctx, operation)
        if operation.style == OPEN:
            answer: Answer = await operation.handler(ctx)
            return answer
        if operation.style == READ:
            return await self._platform.store.read(lambda tx: operation.handler(tx, ctx))
        _take_key(ctx, operation)
        return await execute(ctx, operation)

    def _admit(self, ctx: Context, operation: Operation) -> None:
        """Who calls, in whose name: raises 401, 400, 403 or 429, in that order."""
        headers = ctx.headers
        grant = self._platform.tokens.check(headers.get("authorization"), headers.get("x-provider-id"))
        trace_needed = self._platform.profile.missing_trace_id == "refused"
        for name, pattern in _PARTNER_HEADERS:
            value = headers.get(name)
            if (value is None or not pattern.fullmatch(value)) and (value or name != "x-trace-id" or trace_needed):
                shown = name.title()
                problem = "is required" if value is None else "is malformed"
                raise ApiError("MISSING_HEADER", f"{shown} {problem}", [{"field": shown, "problem": problem}])
        client = grant.client
        ctx.client_id, ctx.scopes, ctx.tenant_id = client.client_id, grant.scopes, client.tenant_id
        ctx.provider_id, ctx.brand_id, ctx.region = (
            headers["x-provider-id"], headers["x-brand-id"], headers["x-region"],
        )  # fmt: skip
        tenant = self._platform.settings.tenant(client.tenant_id)
        if tenant is None or ctx.provider_id != client.provider_id:
            raise ApiError("FORBIDDEN", "this client does not act for that provider")
        if ctx.brand_id not in tenant.brands:
            raise ApiError("FORBIDDEN", "the brand is not one of this client's")
        if ctx.region not in tenant.regions:
            raise ApiError("FORBIDDEN", "the region is not one of this client's")
        assert operation.scope is not None
        require_scope(ctx.scopes, operation.scope)
        wait = self._platform.limiter.take((ctx.tenant_id, ctx.provider_id, ctx.brand_id))
        if wait is not None:
            raise ApiError("RATE_LIMITED", "too many requests of this provider and brand", retry_after=wait)

    def _understand(self, ctx: Context, operation: Operation) -> None:
        """Parses the body and holds it, and the parameters, against the contract."""
        contract = self._platform.contract
        contract.check_parameters(ctx.operation_id, ctx.path, ctx.query)
        kind = _media_type(ctx.headers.get("content-type"))
        if operation.style == OPEN and kind != "application/json":
            return
        if ctx.raw:
            if kind != "application/json":
                raise ApiError("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json in UTF-8")
            ctx.body = parse_json(ctx.raw, loose_numbers=operation.loose_numbers)
        contract.check_body(ctx.operation_id, ctx.body, bool(ctx.raw))

    async def _send(self, send: Send, ctx: Context, answer: Answer) -> None:
        body = answer.body
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        headers = [
            (b"x-trace-id", ctx.trace_id.encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
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
        if code is None and answer.status >= 400 and isinstance(answer.body, dict):
            code = answer.body.get("code")
        finished = Finished(
            scope["method"], route, ctx.operation_id, answer.status, code, seconds, ctx.trace_id,
            ctx.tenant_id, ctx.provider_id, ctx.brand_id,
        )  # fmt: skip
        for observer in self._platform.observers:
            observer(finished)


_PARTNER_HEADERS = (
    ("x-trace-id", _TOKEN),
    ("x-brand-id", _ID),
    ("x-region", _ID),
    ("x-provider-id", _ID),
)


def _headers(scope: Scope) -> dict[str, str]:
    """Lower-case names; a repeated header is joined, so that no single-valued pattern accepts it."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _negotiate(accept: str | None) -> None:
    """Raises VERSION_UNSUPPORTED when only versions are asked for that are not served."""
    if accept is None or _VENDOR not in accept:
        return
    for part in accept.split(","):
        kind, *options = [piece.strip().lower() for piece in part.split(";")]
        version = next((one.removeprefix("version=").strip('"') for one in options if one.startswith("version=")), None)
        if kind != _VENDOR or version is None or version in _VERSIONS:
            return
    raise ApiError("VERSION_UNSUPPORTED", f"versions served: {', '.join(_VERSIONS)}")


def _query(raw: bytes) -> dict[str, str]:
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise ApiError("VALIDATION_FAILED", "the query string cannot be read") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ApiError("VALIDATION_FAILED", "a query parameter is repeated")
    return found


async def _body(receive: Receive, headers: Any, limit: int) -> bytes:
    """The whole body, stopped at `limit` bytes; the rest of a too large one is read away, within bounds."""
    length = headers.get("content-length", "")
    message = await receive()
    chunk: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(chunk) > limit:
            raise ApiError("PAYLOAD_TOO_LARGE", f"a body may have {limit} bytes")
        return chunk
    chunks, size = [chunk], len(chunk)
    declared = int(length) if length.isdigit() else 0
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiError("MALFORMED_REQUEST", "the body ended early")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit or declared > limit:
            chunks.clear()
            if size > _DRAIN_LIMIT or declared > _DRAIN_LIMIT:
                break
        else:
            chunks.append(chunk)
    if size > limit:
        raise ApiError("PAYLOAD_TOO_LARGE", f"a body may have {limit} bytes")
    return b"".join(chunks)


def _media_type(value: str | None) -> str:
    """`application/json` for JSON in UTF-8, otherwise whatever it is."""
    kind, *options = [piece.strip().lower() for piece in (value or "").split(";")]
    for option in options:
        if option.startswith("charset=") and option.removeprefix("charset=").strip('"') not in ("utf-8", "utf8"):
            return f"{kind}; {option}"
    return kind


def _take_key(ctx: Context, operation: Operation) -> None:
    """Sets the idempotency key and the hash that it is bound to."""
    name = ctx.profile.idempotency_header
    key = ctx.headers.get(name.lower())
    canonical = json.dumps(ctx.body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    target = "&".join(f"{name}={value}" for name, value in sorted(ctx.path.items()))
    ctx.request_hash = hashlib.sha256(f"{operation.operation_id} {target} {canonical}".encode()).hexdigest()
    partner_id = ctx.body.get("partner_request_id") if isinstance(ctx.body, dict) else None
    if key is None and partner_id is not None:
        key = "partner-" + hashlib.sha256(f"{canonical}\n{partner_id}".encode()).hexdigest()
    if key is None:
        raise ApiError(
            "IDEMPOTENCY_KEY_REQUIRED", f"{name} is required", [{"field": name, "problem": "is required"}]
        )
    if not _KEY.fullmatch(key):
        raise field_error(name, "1 to 128 visible ASCII characters", "MISSING_HEADER")
    ctx.idempotency_key = key
