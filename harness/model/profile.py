"""What a platform may legally do differently, and who the target is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from harness.model.control import Level, Role
from harness.model.errors import UsageError


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
    }

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

    @property
    def secrets(self) -> list[str]:
        """Everything of the credentials that must not be recorded."""
        return [s for c in self.credentials.values() for s in (c.secret, c.signing_secret, c.token) if s]
