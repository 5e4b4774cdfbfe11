"""What a handler is given: `Platform` (one per process) and `Context` (one per request).

`Platform` carries the open registries by which rooms join in without importing each other:
- `flags`: {"betting_enabled", "sessions_enabled", "bonuses_enabled"} -> bool, loaded at start, changed by
  `set_state(tx, "flags", {...})` plus an update of this dict.
- `observers`: called once per finished request with a `Finished` (metrics, logs).
- `rollback_hooks`: called inside the transaction that finalises a rollback, with (tx, ctx, bet row).
- `reset_hooks`: called after /sandbox/reset emptied every table.
- `outbox_signal`: an asyncio.Event that is set after each commit which appended an event.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from harness.sandbox import schema
from harness.sandbox.clock import Clock
from harness.sandbox.profile import Profile
from harness.sandbox.settings import Settings
from harness.sandbox.store import Query, Row, Store, Tx, binds

if TYPE_CHECKING:
    from harness.sandbox.auth import Limiter, Tokens
    from harness.sandbox.validation import Contract
    from harness.sandbox.wallet.client import WalletClient


@dataclass(frozen=True, slots=True)
class Finished:
    """One answered request, as metrics and logs see it: `route` is the template, never the raw path."""

    method: str
    route: str
    operation_id: str
    status: int
    code: str | None
    seconds: float
    trace_id: str
    tenant_id: str
    provider_id: str
    brand_id: str


@dataclass(slots=True)
class Platform:
    """Everything of one running platform process."""

    settings: Settings
    store: Store
    clock: Clock
    tokens: Tokens
    limiter: Limiter
    admission: Limiter
    """Of new bets."""
    contract: Contract
    wallet: WalletClient
    flags: dict[str, bool] = field(default_factory=dict)
    observers: list[Callable[[Finished], None]] = field(default_factory=list)
    rollback_hooks: list[Callable[[Tx, Context, Row], None]] = field(default_factory=list)
    reset_hooks: list[Callable[[], None]] = field(default_factory=list)
    outbox_signal: asyncio.Event = field(default_factory=asyncio.Event)
    reconcile_signal: asyncio.Event = field(default_factory=asyncio.Event)
    in_flight: dict[tuple[str, ...], asyncio.Event] = field(default_factory=dict)
    memory: dict[Any, Any] = field(default_factory=dict)
    started_at: int = 0

    @property
    def profile(self) -> Profile:
        """The contract profile the sandbox was started with."""
        return self.settings.profile


@dataclass(slots=True)
class Context:
    """One request after authentication: who calls, in whose name, with which key and body.

    `now` is the platform's time in milliseconds, the same for everything the request writes. `body` is the parsed,
    schema-valid JSON body (None without one); `raw` its bytes. `path` and `query` are decoded parameters;
    `headers` has lower-case names. `idempotency_key` is None on reads.
    """

    platform: Platform
    operation_id: str
    trace_id: str
    now: int
    tenant_id: str = ""
    provider_id: str = ""
    brand_id: str = ""
    region: str = ""
    client_id: str = ""
    scopes: frozenset[str] = frozenset()
    idempotency_key: str | None = None
    request_hash: str = ""
    body: Any = None
    raw: bytes = b""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def profile(self) -> Profile:
        """Shortcut to the platform's contract profile."""
        return self.platform.settings.profile

    def frozen(self) -> dict[str, Any]:
        """The JSON-able part that a background step needs to act in this request's name (see `thawed`)."""
        return {
            "operation_id": self.operation_id, "trace_id": self.trace_id, "tenant_id": self.tenant_id,
            "provider_id": self.provider_id, "brand_id": self.brand_id, "region": self.region,
            "client_id": self.client_id, "idempotency_key": self.idempotency_key, "request_hash": self.request_hash,
        }  # fmt: skip


def thawed(platform: Platform, frozen: Mapping[str, Any]) -> Context:
    """The context of a request that ended earlier, with the time of now: for reconcilers and workers."""
    return Context(platform=platform, now=platform.clock.now_ms(), **frozen)


@dataclass(slots=True)
class Answer:
    """What a handler returns: `body` is JSON-able, or bytes with their media type, or None for no content."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


_GET_STATE = Query(
    select(schema.platform_state.c.value).where(schema.platform_state.c.name == bindparam("b_name"))
)
_SET_STATE = Query(
    lambda insert: (
        (put := insert(schema.platform_state).values(binds(schema.platform_state)))
        .on_conflict_do_update(index_elements=["name"], set_={"value": put.excluded.value})
    )
)  # fmt: skip


def get_state(tx: Tx, name: str, default: Any) -> Any:
    """A small switch that outlives the process (JSON), or `default`."""
    row = tx.one(_GET_STATE, b_name=name)
    return default if row is None else json.loads(row["value"])


def set_state(tx: Tx, name: str, value: Any) -> None:
    """Writes such a switch; names in use: faults, flags, clock_offset_ms."""
    tx.run(_SET_STATE, name=name, value=json.dumps(value))
