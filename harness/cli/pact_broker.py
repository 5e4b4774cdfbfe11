"""Brokers of a run: asked for pacts before it, and told the results after it where the profile says so."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from harness.content.pacts import pact_from
from harness.drivers.pact_broker import Broker, verification
from harness.drivers.recording_client import RecordingClient
from harness.engine.redaction import Redactor
from harness.model.history import History
from harness.model.pact import Pact, Stock
from harness.model.pact_record import Became, InteractionResult
from harness.model.pact_settings import PactSettings, host_of

_SECONDS = 20.0
_MAX_BODY = 16 << 20


def pacts_at(url: str, settings: PactSettings) -> list[Pact]:
    """The pacts of a broker, or the one pact at a URL.

    Raises:
        EnvironmentFault: it does not answer. UsageError: what it has is no pact.
    """
    with _broker(url, settings) as broker:
        found = [pact_from(document, where, pending=pending, publish=publish)
                 for document, where, pending, publish in broker.pacts()]
    return [pact for pact in found if pact.provider in settings.providers]


@contextmanager
def _broker(url: str, settings: PactSettings) -> Iterator[Broker]:
    """A broker that is asked over a client that records nothing and knows one host."""
    client = RecordingClient(None, Redactor(settings.secrets, key=secrets.token_bytes(16)), hosts=[host_of(url)],
                             prefix="broker", timeout=_SECONDS, max_body=_MAX_BODY)
    try:
        yield Broker(url, settings, client.send)
    finally:
        client.close()


def publish_results(stock: Stock, history: History, settings: PactSettings, version: str) -> list[str]:
    """Tell the brokers what came of their pacts; a line for each that was told.

    A pact is published as verified only where every interaction of it is; what could not be decided is not published:
    a broker knows no third answer.

    Raises:
        EnvironmentFault: a broker does not take it.
    """
    told = []
    for url in settings.brokers:
        mine = [pact for pact in stock.pacts if pact.publish and host_of(pact.source) == host_of(url)]
        with _broker(url, settings) as broker:
            for provider in sorted({pact.provider for pact in mine}):
                broker.describe_version(provider)
            for pact in mine:
                results = [one for record in history.pacts for one in record.results if one.source == pact.source]
                if not results or any(one.became not in (Became.VERIFIED, Became.MISMATCHED) for one in results):
                    told.append(f"not published, because not decided: {pact.consumer}")
                    continue
                success = all(one.became is Became.VERIFIED for one in results)
                broker.publish(pact.publish, verification(map(_told, results), settings, success=success,
                                                          version=version))
                told.append(f"published: {pact.consumer} {'is verified' if success else 'is not verified'}")
    return told


def _told(one: InteractionResult) -> Mapping[str, Any]:
    return {"interactionDescription": one.description, "success": one.became is Became.VERIFIED,
            "mismatches": [{"attribute": m.kind, "identifier": m.path, "description": m.says}
                           for m in one.mismatches]}
