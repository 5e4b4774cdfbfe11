"""Reading a request strictly: headers, version, query, body within its limit, media type, idempotency key."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from harness.sandbox import faults
from harness.sandbox.context import Context
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.ids import new_trace_id
from harness.sandbox.routing import Operation

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TOKEN = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_VENDOR = "application/vnd.platform.api+json"
_VERSIONS = ("1.6", "1.7")
_DRAIN_LIMIT = 8 * 1024 * 1024
PARTNER_HEADERS = (
    ("x-trace-id", TOKEN),
    ("x-brand-id", _ID),
    ("x-region", _ID),
    ("x-provider-id", _ID),
)


def read_headers(scope: Scope) -> dict[str, str]:
    """Lower-case names; a repeated header is joined, so that no single-valued pattern accepts it."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def negotiate(accept: str | None) -> None:
    """Raises VERSION_UNSUPPORTED when only versions are asked for that are not served."""
    if accept is None or _VENDOR not in accept:
        return
    for part in accept.split(","):
        kind, *options = [piece.strip().lower() for piece in part.split(";")]
        version = next((one.removeprefix("version=").strip('"') for one in options if one.startswith("version=")), None)
        if kind != _VENDOR or version is None or version in _VERSIONS:
            return
    raise ApiError("VERSION_UNSUPPORTED", f"versions served: {', '.join(_VERSIONS)}")


def read_query(raw: bytes) -> dict[str, str]:
    """Decoded parameters, each at most once; raises VALIDATION_FAILED."""
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


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
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


def media_type(value: str | None) -> str:
    """`application/json` for JSON in UTF-8, otherwise whatever it is."""
    kind, *options = [piece.strip().lower() for piece in (value or "").split(";")]
    for option in options:
        if option.startswith("charset=") and option.removeprefix("charset=").strip('"') not in ("utf-8", "utf8"):
            return f"{kind}; {option}"
    return kind


def take_key(ctx: Context, operation: Operation) -> None:
    """Sets the idempotency key and the hash that it is bound to."""
    name = ctx.profile.idempotency_header
    key = ctx.headers.get(name.lower())
    canonical = json.dumps(ctx.body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    target = "&".join(f"{name}={value}" for name, value in sorted(ctx.path.items()))
    ctx.request_hash = hashlib.sha256(f"{operation.operation_id} {target} {canonical}".encode()).hexdigest()
    partner_id = ctx.body.get("partner_request_id") if isinstance(ctx.body, dict) else None
    if faults.on("partner-request-id-ignored"):
        partner_id = None
    if key is None and partner_id is None and faults.on("key-optional"):
        key = new_trace_id()
    if key is None and partner_id is not None:
        key = "partner-" + hashlib.sha256(f"{canonical}\n{partner_id}".encode()).hexdigest()
    if key is None:
        raise ApiError(
            "IDEMPOTENCY_KEY_REQUIRED", f"{name} is required", [{"field": name, "problem": "is required"}]
        )
    if not _KEY.fullmatch(key):
        raise field_error(name, "1 to 128 visible ASCII characters", "MISSING_HEADER")
    ctx.idempotency_key = key
