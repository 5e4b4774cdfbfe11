"""From a run directory to a history: the journal read back into frozen values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.engine.journal import read
from harness.model.claim import Claim
from harness.model.errors import UsageError
from harness.model.exchange import Exchange
from harness.model.history import CheckRecord, History, PlayerRecord
from harness.model.locust_plan import LocustRecord
from harness.model.pact_record import PactRecord
from harness.model.plan import Plan
from harness.model.profile import ContractProfile
from harness.model.storm_record import StormRecord
from harness.model.timeline import ScenarioRecord


def load_json(path: Path) -> Any:
    """A JSON file of a run directory.

    Raises:
        UsageError: missing or damaged; names the file.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", remedy="Name a run directory written by certify") from error
    except ValueError as error:
        raise UsageError(f"{path}: not JSON ({error})", remedy="Restore the run directory") from error


def load_plan(run: Path) -> Plan:
    """The plan of a run directory; UsageError when it is missing or damaged."""
    try:
        return Plan.from_dict(load_json(run / "plan.json"))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{run / 'plan.json'}: not a plan ({error!r})", remedy="Restore the run directory") \
            from error


def load_history(run: Path, profile: ContractProfile) -> tuple[History, dict[str, Any]]:
    """History of a run directory, and the merged `run` records (identity, times, notes).

    Raises:
        UsageError: journal or contract missing or damaged.
    """
    exchanges: list[Exchange] = []
    samples: list[Exchange] = []
    claims: list[Claim] = []
    players: dict[str, PlayerRecord] = {}
    checks: dict[str, CheckRecord] = {}
    scenarios: list[ScenarioRecord] = []
    storms: list[StormRecord] = []
    loads: list[LocustRecord] = []
    pacts: list[PactRecord] = []
    facts: dict[str, Any] = {"notes": []}
    times: list[int] = []
    for number, line in enumerate(read(run / "journal.jsonl"), start=1):
        try:
            times.append(line["t"])
            match line["k"]:
                case "exchange":
                    exchanges.append(Exchange.from_line(line))
                case "sample":
                    samples.append(Exchange.from_line(line))
                case "claim":
                    claims.append(Claim.from_line(line))
                case "player":
                    players[line["player_id"]] = _player(line)
                case "player_closed" if line["player_id"] in players:
                    players[line["player_id"]] = replace(players[line["player_id"]], closed_by=line["closed_by"])
                case "check":
                    checks[line["check"]] = _check(line, checks.get(line["check"]))
                case "scenario":
                    scenarios.append(ScenarioRecord.from_line(line))
                case "storm":
                    storms.append(StormRecord.from_line(line))
                case "locust":
                    loads.append(LocustRecord.from_line(line))
                case "pacts":
                    pacts.append(PactRecord.from_line(line))
                case "note":
                    facts["notes"].append(str(line["text"]))
                case "run":
                    facts.update({k: v for k, v in line.items() if k not in {"k", "t"}})
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{run / 'journal.jsonl'}: record {number} ({line.get('k')}) lacks {error}",
                             remedy="The journal is damaged or from another release") from error
    if times:  # a run that was cut short could not write its length
        facts.setdefault("seconds", (times[-1] - times[0]) / 1e9)
    contract = load_json(run / "contract.json")
    history = History(
        exchanges=tuple(exchanges), samples=tuple(samples), claims=tuple(claims), players=tuple(players.values()),
        checks=tuple(checks.values()), scenarios=tuple(scenarios), storms=tuple(storms),
        locust_loads=tuple(loads), pacts=tuple(pacts),
        contract=contract.get("openapi", {}),
        event_schemas=contract.get("event_schemas", {}), evolution=contract.get("evolution", {}), profile=profile,
        facts=facts)
    return history, facts


def _player(line: Mapping[str, Any]) -> PlayerRecord:
    return PlayerRecord(player_id=line["player_id"], check=line["check"], tenant_id=line["tenant_id"],
                        brand_id=line["brand_id"], region=line["region"], start=line["start"])


def _check(line: Mapping[str, Any], earlier: CheckRecord | None) -> CheckRecord:
    record = earlier or CheckRecord(check=line["check"], controls=tuple(line["controls"]))
    if not line.get("ended"):
        return record
    return replace(record, ended=line["ended"], reason=line.get("reason", ""), message=line.get("message", ""),
                   exchanges=tuple(line.get("exchanges", ())), seconds=float(line.get("seconds", 0.0)))
