"""What a platform has not done in time: broken by its own word, or open where it never said how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.model.outcome import Finding, Owner, Reason, broken, unknown


def overdue(what: str, waited: float, *, declared: bool, expected: str, seen: str, exchanges: Sequence[str],
            **measured: Any) -> Finding:
    """`what` is late after `waited` seconds; `declared`: the platform itself promised to be done by then."""
    if declared:
        return broken(what, expected=expected, seen=seen, exchanges=exchanges, **measured)
    return unknown(f"{what} after {waited:.0f} s; how long that may take is not declared: add recovers_seconds to "
                   "[target.NAME.wallet]", Reason.NO_SAMPLES, owner=Owner.PROFILE, exchanges=exchanges)
