"""The pacts of a run: from files, folders and brokers, or certify's own; read once, before anything is driven."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.content.pacts import pacts_of, shipped_pacts
from harness.engine.records import load_history
from harness.engine.redaction import Redactor
from harness.model.errors import EnvironmentFault
from harness.model.pact import Pact, Stock
from harness.model.pact_money import in_money_form
from harness.model.pact_settings import PactSettings, is_url
from harness.model.plan import Plan
from harness.model.profile import Target

FILE = "pacts.json"
_FAMILY = "PACT-"


def stock_for(target: Target, contract: Mapping[str, Any], plan: Plan) -> Stock:
    """All pacts that the run may need; empty where no control asks for them.

    Raises:
        UsageError: a source is no pact. A broker that does not answer is told in `problems`.
    """
    if not any(name.startswith(_FAMILY) and planned.reason is None for name, planned in plan.controls.items()):
        return Stock()
    settings = target.pact or PactSettings()
    if not settings.sources:
        own = [] if contract.get("foreign") else [in_money_form(pact, target.profile.money_form)
                                                  for pact in shipped_pacts(target.contract)]
        return Stock(pacts=tuple(own), sources=tuple(pact.source for pact in own))
    found: list[Pact] = []
    problems: list[str] = []
    for source in settings.sources:
        if not is_url(source):
            found += pacts_of(source, settings.providers, consumers=settings.providers)
            continue
        try:
            from harness.cli.pact_broker import pacts_at  # late: most targets have no broker

            found += pacts_at(source, settings)
        except EnvironmentFault as fault:
            problems.append(fault.line())
    return Stock(pacts=tuple(found), sources=settings.sources, problems=tuple(problems))


def tell_brokers(directory: Path, target: Target, stock: Stock, version: str) -> list[str]:
    """Publish what came of the brokers' pacts, where the profile says so; a line for each pact, for the journal."""
    if target.pact is None or not target.pact.publish or not any(pact.publish for pact in stock.pacts):
        return []
    from harness.cli.pact_broker import publish_results  # late: most targets have no broker

    history, _ = load_history(directory, target.profile)
    try:
        return [f"pact broker: {line}" for line in publish_results(stock, history, target.pact, version)]
    except EnvironmentFault as fault:
        return [f"pact broker: not published: {fault.line()}"]


def write_stock(directory: Path, stock: Stock, redactor: Redactor) -> None:
    """Beside the journal, for whoever wants to know what was verified; secrets in the pacts are taken out."""
    if stock.pacts or stock.problems:
        (directory / FILE).write_text(redactor.text(json.dumps(stock.to_dict())), encoding="utf-8")
