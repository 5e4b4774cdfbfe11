"""What platforms legally do differently, as the choices this sandbox was started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, cast

_CHOICES: dict[str, tuple[str, ...]] = {
    "duplicate_answer": ("replay", "own_code"),
    "replay_balance": ("identical", "recomputed"),
    "unknown_rollback": ("accepted", "not_found"),
    "rollback_after_settle": ("refused", "reverses"),
    "id_scope": ("tenant", "global"),
    "money_form": ("minor_units", "decimal_string"),
    "zero_stake": ("accepted", "refused"),
    "settle_without_authorize": ("refused", "parked"),
    "missing_trace_id": ("refused", "generated"),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """The contract profile; each default is the unified API's own choice."""

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
    retry_horizon_hours: int = 12

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"contract profile: {name} is one of {', '.join(allowed)}")
        if self.mismatch_status not in (409, 422):
            raise ValueError("contract profile: mismatch_status is 409 or 422")

    def as_dict(self) -> dict[str, str | int]:
        """The profile as /sandbox/info shows it."""
        return cast("dict[str, str | int]", asdict(self))


def profile_of(choices: Mapping[str, Any]) -> Profile:
    """A profile from loose choices (command line, JSON); raises ValueError naming an unknown key or value."""
    known = {field.name: field.type for field in fields(Profile)}
    unknown = sorted(set(choices) - set(known))
    if unknown:
        raise ValueError(f"contract profile: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    chosen: dict[str, Any] = {
        name: int(value) if known[name] == "int" else str(value) for name, value in choices.items()
    }
    return Profile(**chosen)
