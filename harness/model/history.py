"""The history of a run: everything that was observed and claimed, as one frozen value for judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from harness.model.claim import Claim
from harness.model.exchange import Exchange
from harness.model.locust_plan import LocustRecord
from harness.model.pact_record import PactRecord
from harness.model.profile import ContractProfile
from harness.model.storm_record import StormRecord
from harness.model.timeline import ScenarioRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerRecord:
    """A player that the harness made or was lent; `start` is the observed balance per currency (minor units)."""

    player_id: str
    check: str
    tenant_id: str
    brand_id: str
    region: str
    start: Mapping[str, int]
    closed_by: str = ""
    """Id of the exchange that read the balances when the check had ended; "" if that never happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord:
    """How the driving of one check ended; says nothing about the subject by itself.

    `ended` is "" (never ended), "finished", "stopped" (a CheckStopped: `reason` holds its code),
    "skipped", "asserted" (a plain assert failed) or "crashed" (a bug in the check or in certify).
    """

    check: str
    controls: tuple[str, ...]
    ended: str = ""
    reason: str = ""
    message: str = ""
    exchanges: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class History:
    """What judges read. `contract` is the OpenAPI document, `event_schemas` JSON Schemas by event type."""

    exchanges: tuple[Exchange, ...] = ()
    samples: tuple[Exchange, ...] = ()
    """Answers kept of calls that are counted and not recorded, those of storms: how answers look is judged by them.
    What happened is not: they are too few for that."""
    claims: tuple[Claim, ...] = ()
    players: tuple[PlayerRecord, ...] = ()
    checks: tuple[CheckRecord, ...] = ()
    scenarios: tuple[ScenarioRecord, ...] = ()
    storms: tuple[StormRecord, ...] = ()
    locust_loads: tuple[LocustRecord, ...] = ()
    pacts: tuple[PactRecord, ...] = ()
    contract: Mapping[str, Any] = field(default_factory=dict)
    event_schemas: Mapping[str, Any] = field(default_factory=dict)
    evolution: Mapping[str, Any] = field(default_factory=dict)
    """What contract and event schemas are held against, as `content.evolution` recorded it; empty in older runs."""
    profile: ContractProfile = field(default_factory=ContractProfile)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Facts of the run, e.g. {"clock_offset_seconds": 0.1}."""

    @cached_property
    def _by_id(self) -> Mapping[str, Exchange]:
        return {exchange.id: exchange for exchange in (*self.samples, *self.exchanges)}

    def __getitem__(self, exchange_id: str) -> Exchange:
        """The exchange of that id; KeyError when the journal does not hold it."""
        return self._by_id[exchange_id]

    def storm(self, storm_id: str) -> StormRecord | None:
        """The storm of that id; None when the journal does not hold it."""
        return next((storm for storm in self.storms if storm.id == storm_id), None)

    def locust_load(self, load_id: str) -> LocustRecord | None:
        """The locustfile's load of that id; None when the journal does not hold it."""
        return next((load for load in self.locust_loads if load.id == load_id), None)

    def pact_record(self, record_id: str) -> PactRecord | None:
        """The verification of pacts of that id; None when the journal does not hold it."""
        return next((record for record in self.pacts if record.id == record_id), None)

    def over(self, claim: Claim) -> tuple[Exchange, ...]:
        """The exchanges a claim speaks of, in its order; missing ones are left out."""
        return tuple(self._by_id[i] for i in claim.over if i in self._by_id)

    def where(self, *, operation: str = "", channel: str = "", actor: str = "", label: str = "",
              check: str = "") -> Iterator[Exchange]:
        """Exchanges that match every given value, in the order of the journal."""
        for exchange in self.exchanges:
            if ((not operation or exchange.operation == operation)
                    and (not channel or exchange.channel == channel)
                    and (not actor or exchange.actor == actor)
                    and (not label or exchange.label == label)
                    and (not check or exchange.check == check)):
                yield exchange
