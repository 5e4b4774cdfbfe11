"""The platform as a consumer: the events that it takes from a game server into its inbox."""

from __future__ import annotations

from typing import Any

from tests.contracts.consumers.platform_api import equal
from tests.contracts.consumers.promising import (
    FAMILY_1,
    Promise,
    fresh,
    like,
    now,
    of_state,
)

NAME, PUBLISHER = "platform", "rgs-events"


class Inbox:
    """What a platform does with a published event: it is known by its id, and concerns a player."""

    def __init__(self, _: str = "") -> None:
        self.taken: dict[str, tuple[str, str]] = {}

    def __call__(self, event: dict[str, Any]) -> Inbox:
        self.taken.setdefault(event["event_id"], (event["type"], event["data"]["player_id"]))
        return self


def _published(kind: str) -> Promise:
    description = f"the event {kind}"

    def declare(pact: Any) -> None:
        asked = pact.upon_receiving(description, "Async").given("a player with a balance", {"currency": "EUR"})
        asked.set_comment("certify", {"event": kind, "controls": ["EVT-01", "IDEM-12"], "needs": ["inbox"]})
        asked.with_body({"event_id": fresh("ev-1"), "type": kind, "schema_version": like("1.7", FAMILY_1),
                         "occurred_at": now(), "data": {"player_id": of_state("player_id-1")}},
                        "application/json")
        asked.with_metadata({"contentType": "application/json"})

    return Promise(description=description, declare=declare, message=True,
                   use=lambda inbox: equal(list(inbox.taken.values()), [(kind, "player_id-1")]))


EVENTS = tuple(map(_published, ("rg.reality_check",)))
PACTS = ((NAME, PUBLISHER, EVENTS, Inbox),)
