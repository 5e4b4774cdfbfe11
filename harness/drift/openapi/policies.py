"""Where the verdict is not the one that follows from effect and side, and why; each can be switched off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.drift import edit_space
from harness.drift.changes import Verdict

POLICIES: Mapping[str, tuple[Verdict, str]] = {
    "removals": (Verdict.BREAKING, "a name that is removed may come back with another meaning, and somebody uses it"),
    "operation-ids": (Verdict.BREAKING, "generated clients name their functions after it"),
    "links": (Verdict.BREAKING, "clients that follow links find their way by them"),
    "success-statuses": (Verdict.BREAKING, "clients that know one success take another for a failure"),
    "error-statuses": (Verdict.ADDITIVE, "clients must expect error statuses that they do not know"),
    "negotiation": (Verdict.ADDITIVE, "clients ask for the media types that they know"),
    "subscriptions": (Verdict.ADDITIVE, "what nobody has subscribed to reaches nobody"),
    "tolerant-readers": (Verdict.ADDITIVE, "readers are told to pass over what they do not know"),
}
"""The verdict while the policy is on, and the reason."""
ALL_POLICIES = frozenset(POLICIES) | frozenset(edit_space.POLICIES)
"""Those of schemas too; some have one name, for they are one."""


def ruled(policy: str, enabled: frozenset[str]) -> dict[str, Any]:
    """What `change` is given for a policy: its verdict and reason, or nothing if it is off or there is none."""
    if not policy or policy not in enabled:
        return {}
    verdict, reason = POLICIES[policy]
    return {"verdict": verdict, "policy": f"{policy}: {reason}"}
