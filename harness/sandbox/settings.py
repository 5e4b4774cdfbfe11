"""Everything a platform or wallet process is started with: tenants, clients, limits, time budgets.

A supervisor makes one `Settings`, sends it to the child as one JSON line, and keeps it: secrets and the token
key therefore survive a SIGKILL of the platform.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.sandbox.profile import Profile, profile_of

WRITE_SCOPES = (
    "sessions:write", "bets:write", "settlements:write", "bonuses:write", "jackpots:write", "payments:write",
    "events:publish", "webhooks:write",
)  # fmt: skip
READ_SCOPES = (
    "sessions:read", "bets:read", "settlements:read", "players:read", "bonuses:read", "jackpots:read",
    "payments:read", "events:read", "webhooks:read",
)  # fmt: skip
ADMIN_SCOPE = "sandbox:admin"
SMALL_BRAND = ("brand-a2", 20.0, 40.0)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One operator group: the brands and regions its clients may name."""

    tenant_id: str
    brands: tuple[str, ...]
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """One OAuth client: who it is, what it may do, and the secret it signs inbox events with."""

    client_id: str
    secret: str
    tenant_id: str
    provider_id: str
    scopes: tuple[str, ...]
    inbound_secret: str


@dataclass(frozen=True, slots=True)
class WalletBudget:
    """How long and how often the platform asks its wallet; times in milliseconds.

    The total stays under the API's 400 ms objective: an attempt that used up its time ends as `unknown`.
    """

    attempt_ms: int = 250
    total_ms: int = 300
    retries: int = 2
    backoff_ms: int = 40
    max_in_flight: int = 64
    reserved_for_settles: int = 16
    breaker_failures: int = 5
    breaker_open_ms: int = 1000
    reconcile_ms: int = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """The start values of one platform and its wallet."""

    tenants: tuple[Tenant, ...]
    clients: tuple[Client, ...]
    token_key: str
    wallet_secret: str
    database_url: str = ""
    wallet_database_url: str = ""
    wallet_url: str = ""
    profile: Profile = field(default_factory=Profile)
    faults: tuple[str, ...] = ()
    rate_per_second: float = 2000.0
    rate_burst: float = 4000.0
    # (brand, per second, burst): one brand with a small allowance, so that a modest flood can be seen to be limited.
    brand_rates: tuple[tuple[str, float, float], ...] = (SMALL_BRAND,)
    # New bets of one provider and brand: what is open can still be ended when no more are let in.
    new_bets_per_second: float = 2000.0
    new_bets_burst: float = 4000.0
    session_ttl_seconds: int = 3600
    token_ttl_seconds: int = 1800
    in_progress_wait_ms: int = 2000
    max_body_bytes: int = 256 * 1024
    wallet: WalletBudget = field(default_factory=WalletBudget)
    webhook_time_scale: float = 1.0
    build: str = "dev"
    seed: int = 0
    scratch: str = ""  # a directory to remove when the supervisor is gone

    def client(self, client_id: str) -> Client | None:
        """The client of that id, if it is one of ours."""
        return next((one for one in self.clients if one.client_id == client_id), None)

    def tenant(self, tenant_id: str) -> Tenant | None:
        """The tenant of that id, if it is one of ours."""
        return next((one for one in self.tenants if one.tenant_id == tenant_id), None)

    def to_json(self) -> str:
        """One line that `settings_from_json` turns back into an equal value."""
        return json.dumps(asdict(self), separators=(",", ":"))


def settings_from_json(line: str) -> Settings:
    """The settings a supervisor sent; raises ValueError when they do not fit."""
    raw: dict[str, Any] = json.loads(line)
    raw["tenants"] = tuple(
        Tenant(one["tenant_id"], tuple(one["brands"]), tuple(one["regions"])) for one in raw["tenants"]
    )
    raw["clients"] = tuple(Client(**{**one, "scopes": tuple(one["scopes"])}) for one in raw["clients"])
    raw["profile"] = profile_of(raw["profile"])
    raw["wallet"] = WalletBudget(**raw["wallet"])
    raw["faults"] = tuple(raw["faults"])
    raw["brand_rates"] = tuple((brand, rate, burst) for brand, rate, burst in raw["brand_rates"])
    return Settings(**raw)


def builtin_tenants() -> tuple[Tenant, ...]:
    """The two tenants that every sandbox starts with."""
    return (
        Tenant("tenant-a", ("brand-a1", "brand-a2"), ("eu-west", "uk")),
        Tenant("tenant-b", ("brand-b1",), ("eu-west",)),
    )


def builtin_clients(secret_of: dict[str, str] | None = None) -> tuple[Client, ...]:
    """The built-in clients; secrets not given in `secret_of` are random.

    Keys are client ids, and "CLIENT:signing" for what a client signs its published events with.
    """
    given = secret_of or {}

    def make(client_id: str, tenant_id: str, scopes: tuple[str, ...]) -> Client:
        secret = given.get(client_id) or secrets.token_urlsafe(24)
        signing = given.get(f"{client_id}:signing") or "whsec_" + secrets.token_urlsafe(24)
        return Client(client_id, secret, tenant_id, client_id, scopes, signing)

    return (
        make("provider-a", "tenant-a", WRITE_SCOPES + READ_SCOPES),
        make("observer-a", "tenant-a", READ_SCOPES),
        make("provider-b", "tenant-b", WRITE_SCOPES + READ_SCOPES),
        make("sandbox-admin", "", (ADMIN_SCOPE,)),
    )


def default_settings(secret_of: dict[str, str] | None = None, **changes: Any) -> Settings:
    """Built-in tenants and clients, fresh keys; `changes` are Settings fields."""
    return Settings(
        tenants=builtin_tenants(),
        clients=builtin_clients(secret_of),
        token_key=secrets.token_hex(32),
        wallet_secret=secrets.token_urlsafe(24),
        **changes,
    )
