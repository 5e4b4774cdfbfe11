"""`certify pact messages`: message pacts verified against events that were observed, whoever drove them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.cli.pact import print_line
from harness.content.pacts import pacts_of
from harness.content.traffic import har_exchanges
from harness.counterparts.pacts.announcing import SAMPLES, Announced
from harness.counterparts.pacts.messages import verified
from harness.drivers.pact_verifier.verifying import verify
from harness.engine.records import load_history
from harness.judges.events import observed_events
from harness.judges.pacts import pacts_verified
from harness.judges.registry import decide
from harness.model.claim import Claim
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Outcome
from harness.model.pact import Kind, interactions
from harness.model.pact_record import Became, InteractionResult, PactRecord, Produced
from harness.model.profile import ContractProfile

_PLACE = "in the traffic"
_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3}


def messages_command(pacts: Sequence[str], traffic: Sequence[str], *, providers: Sequence[str] = (),
                     as_json: bool = False) -> int:
    """0: all verified; 1: an event is not what its consumer reads; 2: unreadable; 3: something was not seen.

    Raises:
        EnvironmentFault: the verifier does not start.
    """
    asked = [one for source in pacts for pact in pacts_of(source, providers) for one in interactions(pact)
             if one.kind is Kind.MESSAGE]
    seen = Announced(ways=(_PLACE,))
    for source in traffic:
        exchanges = load_history(Path(source), ContractProfile())[0].exchanges if Path(source).is_dir() else \
            tuple(map(_as_webhook, har_exchanges(Path(source))))
        for kind, produced in _events(exchanges):
            samples = seen.samples.setdefault((kind, _PLACE), [])
            if len(samples) < SAMPLES and all(one.contents != produced.contents for one in samples):
                samples.append(produced)
    results = tuple(verified(verify, asked, seen))
    finding = _judged(PactRecord(id="pacts", check="", sources=tuple(pacts), results=results))
    code = _CODES[finding.outcome]
    if as_json:
        print_line(json.dumps(_plain(pacts, traffic, results, finding, code), indent=1))
        return code
    for line in _lines(results):
        print_line(line)
    print_line(f"{finding.outcome.value}: {finding.message}")
    return code


def _events(exchanges: Sequence[Exchange]) -> Iterator[tuple[str, Produced]]:
    """(type, event) of deliveries, of pages, and of what was published and taken."""
    published = (replace(e, channel="webhook") for e in exchanges if e.channel == "api" and e.method == "POST"
                 and e.url.partition("?")[0].endswith("/inbox/events") and 200 <= (e.status or 0) < 300)
    for event, exchange in observed_events((*exchanges, *published)):
        kind = event.get("type")
        if isinstance(kind, str):
            hook = exchange.channel == "webhook"
            body = exchange.request_body.encode("utf-8", "surrogateescape") if hook else json.dumps(event).encode()
            yield kind, Produced(contents=body, exchanges=(exchange.id,), metadata=dict(exchange.request_headers))


def _as_webhook(exchange: Exchange) -> Exchange:
    """A HAR file does not say what is a webhook: a POST of an event is one."""
    return replace(exchange, channel="webhook") if exchange.method == "POST" else exchange


def _judged(record: PactRecord) -> Finding:
    draft = pacts_verified(record.id)
    claim = Claim(id="", check="", control="PACT-02", judge=draft.judge, says=draft.says, params=draft.params)
    return decide(History(pacts=(record,)), claim)


def _lines(results: Sequence[InteractionResult]) -> Iterator[str]:
    for one in results:
        word = {Became.VERIFIED: "ok", Became.MISMATCHED: "BROKEN"}.get(one.became, "unknown")
        yield f"  {word:<8} {one.consumer} <- {one.provider}: {one.description}  {', '.join(one.exchanges)}".rstrip()
        yield from (f"           {m.path}: {m.says}" for m in one.mismatches[:5])
        if one.why:
            yield f"           {one.why}"


def _plain(pacts: Sequence[str], traffic: Sequence[str], results: Sequence[InteractionResult], finding: Finding,
           code: int) -> dict[str, Any]:
    record = PactRecord(id="pacts", check="", sources=tuple(pacts), results=tuple(results)).to_line()
    return {"schema": "certify.pact-messages/1", "pacts": list(pacts), "traffic": list(traffic), "exit_code": code,
            "outcome": finding.outcome.value, "message": finding.message, "results": record["results"]}
