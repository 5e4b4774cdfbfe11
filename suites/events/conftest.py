"""Reading of the events feed and of webhooks for the checks of this folder: wait for what is due, then look again."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness import Exchange, Lab

SETTLING_SECONDS = 0.6
"""After everything due was seen, this long passes before the last look: a second event of a change comes late."""

Due = tuple[str, Mapping[str, Any]]
"""(event type, ids in its data)."""


@dataclass(frozen=True)
class Watch:
    """Events from the moment it was made; other traffic of the tenant may stand between ours."""

    lab: Lab
    since: str
    webhooks: bool

    def events(self, *due: Due) -> list[Exchange]:
        """Feed pages (one complete walk) and deliveries, once each of `due` was seen or the profile's wait is over."""
        pages: list[list[Exchange]] = []

        def read() -> Exchange:
            pages.append(self.lab.feed(occurred_at_from=self.since))
            return pages[-1][-1]

        self.lab.until(read, lambda _: all(_seen(pages[-1], one) for one in due))
        if self.webhooks:
            self.lab.deliveries(lambda d: any(_names(d, one) for one in due), count=len(due))
        threading.Event().wait(SETTLING_SECONDS)
        read()
        told = self.lab.deliveries(lambda d: any(_names(d, one) for one in due), count=0) if self.webhooks else []
        return [*pages[-1], *told]


@pytest.fixture
def watch(lab: Lab) -> Callable[[Exchange], Watch]:
    """Start watching at the time that an answer tells (`created_at`), by the target's own clock."""
    webhooks = lab.target.capabilities.get("webhooks", True)
    if webhooks:
        lab.listen()
    return lambda answer: Watch(lab, _moment(answer), webhooks)


def _moment(answer: Exchange) -> str:
    """Two seconds before the answer's created_at; a minute ago by our clock where it tells no time."""
    stated = answer.field("created_at")
    try:
        moment = datetime.fromisoformat(stated) - timedelta(seconds=2) if isinstance(stated, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        moment = datetime.now(UTC) - timedelta(minutes=1)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seen(exchanges: Sequence[Exchange], due: Due) -> bool:
    kind, ids = due
    return any(event.get("type") == kind and isinstance(event.get("data"), dict)
               and all(event["data"].get(name) == value for name, value in ids.items())
               for exchange in exchanges for event in _events(exchange))


def _names(delivery: Exchange, due: Due) -> bool:
    """A quick look without parsing: thousands of deliveries of other checks pass by."""
    kind, ids = due
    body = delivery.request_body
    return f'"{kind}"' in body and all(f'"{value}"' in body for value in ids.values())


def _events(exchange: Exchange) -> list[dict[str, Any]]:
    found = [exchange.sent_json()] if exchange.channel == "webhook" else exchange.field("items")
    return [event for event in found if isinstance(event, dict)] if isinstance(found, list) else []
