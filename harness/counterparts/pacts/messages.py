"""Message pacts both ways: what the platform sends is held against its consumers' pacts, what it takes is published."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from harness.counterparts.lab import Lab
from harness.counterparts.pacts.announcing import FEED, WEBHOOK, Announced, announced
from harness.counterparts.pacts.setting import Setting, Unset
from harness.counterparts.pacts.verifying import KIND, hook_of, why_not
from harness.counterparts.publishing import Publisher
from harness.engine.ports import PactVerifier
from harness.model.errors import NoHook, Prerequisite
from harness.model.exchange import Exchange
from harness.model.outcome import Owner
from harness.model.pact import Interaction, interactions
from harness.model.pact_message import Directions, directions, event_type, filled, reads_metadata
from harness.model.pact_record import Became, InteractionResult, Job, LeftOut, PactRecord, Produced, Verdict

_PLACES = {FEED: "in the events feed", WEBHOOK: "in a webhook"}


def message_pacts(lab: Lab) -> Directions:
    """The run's message interactions by direction.

    Raises:
        NoHook: there are none, of either direction.
    """
    stock = lab.pacts.stock
    names = lab.target.pact.providers if lab.target.pact else ()
    found = directions((one for pact in stock.pacts for one in interactions(pact)), names)
    if not found.sent and not found.taken and not stock.problems:
        raise NoHook("no message pacts are known for this target",
                     remedy=f'Name them: [target.{lab.target.name}.pact] sources = ["folder"]; where nobody reads its '
                            f"events, declare it: [target.{lab.target.name}.capabilities] message_pacts = false")
    return found


def verify_messages(lab: Lab, asked: Sequence[Interaction]) -> str:
    """Have the platform send one event of each type that consumers read, and verify it; the id of the record.

    Each is verified in each way that it was told: in the feed, and in webhooks where the target has them.
    """
    began = time.monotonic()
    stock = lab.pacts.stock
    left_out = {id(one): why for one in asked if (why := why_not(lab, one))}
    applying = [one for one in asked if id(one) not in left_out]
    results: tuple[InteractionResult, ...] = tuple(
        InteractionResult.of(one, Became.NOT_VERIFIED, why="the verification broke off", blame=Owner.HARNESS.value)
        for one in applying)
    try:
        seen = announced(lab, {event_type(one) for one in applying})
        results = tuple(verified(lab.pacts.verifier, applying, seen))
    finally:
        record = PactRecord(
            id=lab.fresh("pacts"), check=lab.check, sources=stock.sources, results=results, problems=stock.problems,
            shipped=stock.shipped, seconds=round(time.monotonic() - began, 3),
            left_out=tuple(LeftOut(consumer=one.pact.consumer, description=one.description, why=left_out[id(one)])
                           for one in asked if id(one) in left_out))
        lab.record_foreign(KIND, record.to_line())
    return record.id


def verified(verify: PactVerifier, asked: Sequence[Interaction], seen: Announced) -> Iterator[InteractionResult]:
    """A result for each interaction, in each way that its event may be told."""
    pairs = [(one, way) for one in asked for way in seen.ways if way != FEED or not reads_metadata(one)]
    samples = [seen.samples.get((event_type(one), way), []) for one, way in pairs]
    jobs = [Job(key=f"{number}-{sample}", document=one.alone, produced=produced)
            for number, ((one, _), found) in enumerate(zip(pairs, samples, strict=True))
            for sample, produced in enumerate(found)]
    verdicts = verify(jobs) if jobs else {}
    for number, ((one, way), found) in enumerate(zip(pairs, samples, strict=True)):
        told = [(produced, verdicts[f"{number}-{sample}"]) for sample, produced in enumerate(found)]
        place = _PLACES.get(way, way)
        yield replace(_result(one, place, told, seen), path=place)


def _result(one: Interaction, place: str, told: Sequence[tuple[Produced, Verdict]], seen: Announced
            ) -> InteractionResult:
    """What the verdicts on the samples of one interaction come to: the worst of them."""
    if not told:
        kind = event_type(one)
        failed = seen.failed.get(kind)
        why = f"no event of type {kind} could be caused: {failed.line()}" if failed else \
            f"no event of type {kind} was seen {place}" if kind else "its content does not say what event it is"
        return InteractionResult.of(one, Became.NOT_PRODUCED, why=why, exchanges=failed.exchanges if failed else (),
                                    blame=(Owner.SUBJECT if kind else Owner.PROFILE).value)
    seconds = round(sum(verdict.seconds for _, verdict in told), 4)
    wrong = next(((p, v) for p, v in told if v.mismatches), None) or next(((p, v) for p, v in told if not v.ok), None)
    produced, verdict = wrong or told[0]
    if verdict.ok:
        return InteractionResult.of(one, Became.VERIFIED, seconds=seconds, exchanges=produced.exchanges)
    if not verdict.mismatches:
        return InteractionResult.of(one, Became.NOT_VERIFIED, seconds=seconds, exchanges=produced.exchanges,
                                    why=verdict.error, blame=Owner.HARNESS.value)
    return InteractionResult.of(one, Became.MISMATCHED, seconds=seconds, exchanges=produced.exchanges,
                                mismatches=verdict.mismatches)


def publish_promised(lab: Lab, asked: Sequence[Interaction]) -> list[tuple[str, Exchange]]:
    """Publish to the platform what its own pacts say that it takes, each in its provider state: (name, answer).

    The members that a pact names are as it has them; the others are those of any complete event.

    Raises:
        Prerequisite: a provider state could not be set up. NoHook: it is no event, or nothing of ours can be signed.
    """
    asked = [one for one in asked if not why_not(lab, one)]
    if not asked or lab.target.capabilities.get("inbox", True) is False:
        return []
    inbox, setting = lab.publisher(), Setting(lab, hook_of(lab))
    return [(one.name, inbox.publish(_event(one, inbox, setting), label="pact")) for one in asked]


def _event(one: Interaction, inbox: Publisher, setting: Setting) -> dict[str, Any]:
    """A real event made of the interaction's example."""
    values: dict[str, Any] = {}
    try:
        for state in one.states:
            values |= setting.up(state)
    except Unset as unset:
        raise Prerequisite(f"{one.name}: {unset.why}", exchanges=unset.exchanges) from None
    content = filled(one, values, fresh=lambda: str(uuid.uuid4()), now=lambda: _iso(inbox.now()))
    if not isinstance(content, dict) or not isinstance(content.get("data"), dict):
        raise NoHook(f"{one.name}: its content is no event with data", remedy="Write it as the contract has events")
    return inbox.event(content["data"], **{"type_": event_type(one), **{k: v for k, v in content.items()
                                                                       if k not in ("data", "type")}})


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
