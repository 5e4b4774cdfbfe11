"""What a platform may legally do differently, and who the target is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from harness.model.control import Level, Role
from harness.model.errors import UsageError
from harness.model.evolution import Evolution
from harness.model.pact_settings import PactSettings

LONGEST_WEBHOOK_TRY = 30.0
"""Seconds for one answer of a receiver where a platform declares nothing: so long it is waited for, none is promised.

Senders of webhooks commonly allow as much.
"""
_YEAR_HOURS = 8760


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractProfile:
    """The legal choices of a target; the unified API's own are the defaults (design: unified-api.md)."""

    idempotency_header: str = "X-Idempotency-Key"
    duplicate_answer: str = "replay"
    mismatch_status: int = 409
    replay_balance: str = "identical"
    unknown_rollback: str = "accepted"
    rollback_after_settle: str = "refused"
    id_scope: str = "tenant"
    money_form: str = "minor_units"
    zero_stake: str = "accepted"
    settle_without_authorize: str = "refused"
    missing_trace_id: str = "refused"
    signature_header: str = "X-Signature"
    timestamp_header: str = "X-Timestamp"
    event_id_header: str = "X-Event-Id"
    freshness_window_seconds: int = 300
    key_lifetime_hours: int = 24
    """How long an idempotency key is remembered, at the least."""
    retry_horizon_hours: int = 12
    """How long any partner may go on repeating a call; a key must outlive it."""
    undocumented_fields: str = "told"
    """What members of an answer are that the contract does not name: minor versions add some, so they are told only."""

    CHOICES: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "duplicate_answer": ("replay", "own_code"),
        "mismatch_status": (409, 422),
        "replay_balance": ("identical", "recomputed"),
        "unknown_rollback": ("accepted", "not_found"),
        "rollback_after_settle": ("refused", "reverses"),
        "id_scope": ("tenant", "global"),
        "money_form": ("minor_units", "decimal_string"),
        "zero_stake": ("accepted", "refused"),
        "settle_without_authorize": ("refused", "parked"),
        "missing_trace_id": ("refused", "generated"),
        "undocumented_fields": ("told", "fail"),
    }
    HOURS: ClassVar[tuple[str, ...]] = ("key_lifetime_hours", "retry_horizon_hours")
    """A sandbox's clock can be moved by a year at most: beyond that nothing could be tried."""

    @classmethod
    def of(cls, values: Mapping[str, Any], *, where: str = "contract profile") -> ContractProfile:
        """Build from a table; raises UsageError naming `where`, the key and what is allowed."""
        known = {f.name: f for f in fields(cls)}
        for key, value in values.items():
            if key not in known:
                raise UsageError(f"{where}: unknown key {key!r}", remedy=f"Known keys: {', '.join(known)}")
            default = known[key].default
            if type(value) is not type(default):
                raise UsageError(f"{where}: {key} must be {type(default).__name__}, not {value!r}")
            allowed = cls.CHOICES.get(key)
            if allowed and value not in allowed:
                raise UsageError(f"{where}: {key} must be one of {', '.join(map(str, allowed))}, not {value!r}")
            if key in cls.HOURS and isinstance(value, int) and not 1 <= value <= _YEAR_HOURS:
                raise UsageError(f"{where}: {key} must be between 1 and {_YEAR_HOURS}, not {value!r}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, in field order."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An OAuth2 client of the harness; `secret` never reaches disk."""

    client_id: str
    secret: str = field(repr=False)
    tenant_id: str = ""
    provider_id: str = ""
    brand_id: str = ""
    region: str = ""
    signing_secret: str = field(default="", repr=False)
    """What this client signs the events with that it publishes; "" where the profile names none."""
    token: str = field(default="", repr=False)
    """A bearer token or API key of a foreign API, instead of client id and secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """What the target lets one party do, by the profile's word: a bucket of `burst` calls that fills again."""

    party: str
    per_second: float
    burst: int
    per: str = "brand"
    """Whose bucket it is: "brand" (each brand of a provider has its own) or "provider" (its brands share one)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPromise:
    """What the target says it can bear, and how well (`[target.NAME.load]`)."""

    rounds_per_second: float
    """Rounds (an authorize and what ends it) that may begin in a second; no storm of ours asks for more than
    `most_rounds_per_second`."""
    slo: tuple[str, ...] = ()
    """Objectives as people write them, see `model.slo`."""
    most_rounds_per_second: float = 0.0
    """The cap; 0: four times the declared rate."""
    abort: tuple[str, ...] = ()
    """Objectives that stop a storm when they are missed for `abort_after_seconds` on end (`model.abort`)."""
    abort_after_seconds: float = 10.0
    event_lag_seconds: float | None = None
    """An event is in the feed within that time, also under load: the edge of the green zone."""
    settles_within_seconds: float | None = None
    """So long after a burst all is as before: events announced, queues and event lag back at their base."""
    metrics: str = ""
    """Where the target shows its metrics, in Prometheus' text form; "": nowhere."""
    queues: tuple[str, ...] = ()
    """Names of the metrics that are lengths of queues."""

    @property
    def cap(self) -> float:
        """Rounds a second that no storm may exceed."""
        return self.most_rounds_per_second or 4 * self.rounds_per_second


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target profile: the subject, how to reach it and what it declares."""

    name: str
    base_url: str
    role: Role = Role.PLATFORM
    sandbox: bool = False
    """The profile's own word that this is a sandbox; the target must say so too."""
    level: Level = Level.CONTRACT
    contract: str = "1.7"
    """A built-in contract version, or a path to an OpenAPI document."""
    profile: ContractProfile = field(default_factory=ContractProfile)
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    """By party: provider, other (a second tenant), sibling (second brand, optional), observer, admin."""
    hosts: tuple[str, ...] = ()
    """Hosts that may be contacted; the base URL's host is always one of them."""
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    """Declared absences, e.g. {"jackpots": False}; what is not named is offered."""
    hooks: Mapping[str, str] = field(default_factory=dict)
    foreign: bool = False
    """Its contract has nothing of the unified provider API: only what holds for any REST API is tried."""
    unreachable: tuple[str, ...] = ()
    """Operations that cannot be carried out here, by the profile's word; fuzzing still sends to them."""
    second_region: str = ""
    slo_ms: int = 400
    timeout_seconds: float = 10.0
    webhook_listen: str = "127.0.0.1"
    webhook_wait_seconds: float = 20.0
    builtin: bool = False
    started_with: Mapping[str, Any] = field(default_factory=dict)
    """Of the built-in sandbox: {"faults": [...], "choices": {...}}; another like it can be started."""
    wallet: Mapping[str, str] = field(default_factory=dict)
    """{"listen": "host:port", "upstream": "http://host:port"}: where the platform looks for its wallet, and where it
    is; without them no line can be put between. What it promises there: "max_in_flight", "recovers_seconds"."""
    limits: RateLimit | None = None
    """The declared rate limit of one party; None: the profile declares none."""
    load: LoadPromise | None = None
    """What it can bear; None: the profile declares nothing, and no storm is blown."""
    evolution: Evolution = field(default_factory=Evolution)
    """What its contract is held against, and which deviations were accepted."""
    pact: PactSettings | None = None
    """Where its consumers' pacts are; None: it names none, and certify's own typical ones stand in."""
    webhooks: Mapping[str, float] = field(default_factory=dict)
    """What it promises about the webhooks it sends: {"try_seconds": how long it waits for one answer}."""

    @property
    def webhook_try_seconds(self) -> float:
        """How long to expect that the platform waits for the answer of a webhook receiver."""
        return self.webhooks.get("try_seconds", LONGEST_WEBHOOK_TRY)

    @property
    def recovers_seconds(self) -> float | None:
        """Within that time the platform promises to be as before once its wallet is; None: it promises nothing."""
        declared = self.wallet.get("recovers_seconds")
        return None if declared is None else float(declared)

    @property
    def secrets(self) -> list[str]:
        """Everything of the credentials that must not be recorded."""
        mine = [s for c in self.credentials.values() for s in (c.secret, c.signing_secret, c.token) if s]
        return [*mine, *(self.pact.secrets if self.pact else ())]
