"""The platform's own lists of what it sends: read with care, since what is missing there counts against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.judges.answers import saw, whose
from harness.model.exchange import Exchange
from harness.model.outcome import Finding, Owner, Reason, unknown

OPEN = ("pending", "retrying")
"""By these words the platform will try again."""
FEWEST_TRIES = 3
"""Given up before, an event was hardly tried."""


def listed_as(pages: Sequence[Exchange], endpoint: str) -> Mapping[str, Mapping[str, Any]]:
    """The platform's own word on each event of the endpoint: its delivery, by event id."""
    lists = (page.field("items") for page in pages)
    items = (item for found in lists if isinstance(found, list) for item in found if isinstance(item, dict))
    return {str(item.get("event_id")): item for item in items if item.get("endpoint_id") == endpoint}


def unread(pages: Sequence[Exchange], needed: int) -> Finding | None:
    """Why nothing follows from an event that is not on these pages; None where the lists were read to their ends."""
    if not pages or len(pages) < needed:
        return unknown("the lists of deliveries were not read", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    if bad := next((p for p in pages if p.status != 200 or not isinstance(p.field("items"), list)), None):
        return unknown(f"the lists could not be read: {saw(bad)}", Reason.OBSERVER_UNAVAILABLE, exchanges=[bad.id],
                       owner=whose(bad))
    ends = {page.operation: page for page in pages}
    if cut := next((p for p in ends.values() if p.field("has_more")), None):
        return unknown(f"{cut.operation} has more pages than we read: clear the sandbox of what older runs left there",
                       Reason.OBSERVER_UNAVAILABLE, exchanges=[cut.id])
    return None
