"""One run from target profile to reports: the way of the data, wired together."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness.cli.evolving import evolution_of
from harness.cli.lines import LINES, fault_proxy_for
from harness.cli.pacts import stock_for, tell_brokers, write_stock
from harness.cli.reporting import write_reports
from harness.content.catalogue import load_catalogue
from harness.content.contract import load_contract
from harness.content.folders import Folders, shipped
from harness.content.fuzz_settings import FILE, load_fuzz_settings
from harness.content.suites import find_checks, find_scenarios
from harness.content.targets import target_to_dict
from harness.counterparts.preflight import require
from harness.counterparts.workshop import Workshop
from harness.drivers.recording_client import RecordingClient
from harness.drivers.worker_pool import WorkerPool
from harness.engine.events import CheckEnded, CheckStarted, Listener, RunFinished, RunStarted, StormProgress
from harness.engine.journal import Journal
from harness.engine.planning import make_plan
from harness.engine.records import load_history, load_plan
from harness.engine.redaction import Redactor
from harness.engine.scoring import score
from harness.model.control import Catalogue, Level
from harness.model.elsewhere import Elsewhere
from harness.model.errors import CertifyError, EnvironmentFault, Interrupted
from harness.model.operations import capabilities_of, driven_operations
from harness.model.plan import Check, Plan
from harness.model.profile import ContractProfile, Target
from harness.model.scorecard import RunFacts, Scorecard

DEFAULT_WORKERS = 3
_RUN_LIMIT_SECONDS = 900.0
_NOTHING_ELSE = Folders()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a run is asked for; empty means the default."""

    level: Level | None = None
    only: tuple[str, ...] = ()
    phases: tuple[int, ...] = ()
    seed: int | None = None
    reports: tuple[str, ...] = ()
    out: Path | None = None
    folders: Folders = _NOTHING_ELSE
    chaos: bool = True
    """Whether chaos scenarios are played."""
    workers: int = DEFAULT_WORKERS
    budget: str = "standard"
    """How much fuzzing and random play try: quick, standard or full."""
    storm_processes: int = 1
    """By how many processes of this machine storms are blown."""
    elsewhere: Elsewhere | None = None
    """Who else blows them."""


def program_version() -> str:
    """The installed version of certify."""
    try:
        return version("certify")
    except PackageNotFoundError:
        return "0+unknown"


def content(own: Folders = _NOTHING_ELSE) -> tuple[Catalogue, tuple[Check, ...]]:
    """The catalogue and every check, ours and the user's."""
    ours = shipped("suites")
    return load_catalogue(ours / "checklist.toml"), (*find_checks([ours, *own.suites]),
                                                     *find_scenarios([shipped("scenarios"), *own.scenarios]))


def plan_for(target: Target, options: RunOptions) -> tuple[Catalogue, Plan, dict[str, Any]]:
    """Catalogue, frozen plan and loaded contract of a run; UsageError when nothing applies."""
    catalogue, checks = content(options.folders)
    contract = load_contract(target.contract, target.profile, target.base_url)
    contract["evolution"] = evolution_of(target, contract)
    target = knowing(target, contract)
    seed = options.seed if options.seed is not None else secrets.randbelow(2**31)
    plan = make_plan(catalogue=catalogue, checks=checks, target=target, contract=contract["openapi"],
                     level=options.level or target.level, seed=seed, only=options.only, phases=options.phases,
                     budget=options.budget, chaos=options.chaos, held_against=contract["evolution"])
    return catalogue, plan, contract


def knowing(target: Target, contract: Mapping[str, Any]) -> Target:
    """The target with what its contract says of it: whether it is a foreign API, and what such a one lacks."""
    if not contract.get("foreign"):
        return target
    offered = {**capabilities_of(contract["openapi"]), "pacts": bool(target.pact and target.pact.sources),
               "released_baseline": "openapi" in contract.get("evolution", {}).get("baseline", {})}
    return replace(target, foreign=True, capabilities={**offered, **target.capabilities})


@contextmanager
def workshop_for(target: Target, contract: Mapping[str, Any], *, journal: Journal, seed: int, epoch: str,
                 worker: str, key: bytes) -> Iterator[Workshop]:
    """A workshop in this process (preflight, doctor), closed and undone at the end."""
    redactor = Redactor(target.secrets, key=key)
    sender = RecordingClient(journal, redactor, hosts=target.hosts, prefix=worker, timeout=target.timeout_seconds)
    workshop = Workshop(target=target, contract=contract["openapi"], known=driven_operations(contract),
                        sender=sender, recorder=journal, redactor=redactor, seed=seed, epoch=epoch, worker=worker)
    try:
        yield workshop
    finally:
        workshop.close()
        sender.close()


def run(target: Target, options: RunOptions, listener: Listener, prepared: Any = None) -> Scorecard:
    """Plan, drive, judge, score and report one run; returns its scorecard.

    Raises:
        UsageError, EnvironmentFault: nothing could be driven. Interrupted: after clean-up, with the journal intact.
    """
    began = time.monotonic()
    catalogue, plan, contract = prepared or plan_for(target, options)
    target, settings = knowing(target, contract), load_fuzz_settings()
    stock = stock_for(target, contract, plan)
    directory, run_id = _directory(options.out, target.name)
    _write_inputs(directory, plan, contract)
    key, epoch = secrets.token_bytes(16), secrets.token_hex(3)
    write_stock(directory, stock, Redactor(target.secrets, key=key))
    journal = Journal(directory / "journal.jsonl")
    journal.append("run", {"run_id": run_id, "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
                           "version": program_version(), "epoch": epoch})
    stack = ExitStack()
    try:
        # First of all: a platform whose wallet is behind us is not well without it.
        fault_proxy = stack.enter_context(fault_proxy_for(plan, target, run_id))
        with workshop_for(target, contract, journal=journal, seed=plan.seed, epoch=epoch, worker="p", key=key) as shop:
            facts = require(shop)
        if settings.get("left"):
            journal.append("note", {"text": f"{FILE}: not taken over, CONT-03 decides by its own: "
                                            + ", ".join(settings["left"])})
        journal.append("run", dict(facts))
        listener(RunStarted(plan=plan, run_id=run_id, directory=str(directory)))
        ready = time.monotonic()
        payload = {"run": str(directory), "target": target_to_dict(replace(target, level=plan.level)),
                   "seed": plan.seed, "epoch": epoch, "redaction_key": key.hex(), "budget": plan.budget,
                   "fuzz_settings": settings, "pacts": stock.to_dict(),
                   "storms": {"processes": options.storm_processes,
                              "elsewhere": asdict(options.elsewhere) if options.elsewhere else None}}
        pool = WorkerPool(directory, {**payload, "fault_proxy": fault_proxy}, workers=options.workers,
                          lines=LINES if target.builtin else 1, limit_seconds=_RUN_LIMIT_SECONDS)
        for note in pool.drive(plan.checks, _relay(listener)):
            journal.append("note", {"text": note})
        stack.close()
        for told in tell_brokers(directory, target, stock, program_version()):
            journal.append("note", {"text": told})
        driven = time.monotonic()
        journal.append("run", {"timings": {"prepare": ready - began, "drive": driven - ready},
                               "seconds": driven - began})
    except KeyboardInterrupt:
        journal.append("note", {"text": "interrupted"})
        raise Interrupted("interrupted; processes ended, data undone where they could be",
                          remedy=f"What was recorded: certify judge {directory}") from None
    except CertifyError as error:
        journal.append("note", {"text": error.line()})
        if isinstance(error, EnvironmentFault):
            error.remedy = f"{error.remedy} (journal: {directory / 'journal.jsonl'})".strip()
        raise
    finally:
        stack.close()
        journal.close()
    scorecard = judge_run(directory, catalogue, plan)
    write_reports(scorecard, directory, options.reports)
    listener(RunFinished(scorecard=scorecard))
    return scorecard


def judge_run(directory: Path, catalogue: Catalogue, plan: Plan) -> Scorecard:
    """The scorecard of a run directory, from its journal alone."""
    began = time.monotonic()
    history, facts = load_history(directory, ContractProfile.of(plan.profile, where=f"{directory / 'plan.json'}"))
    timings = {k: float(v) for k, v in dict(facts.get("timings", {})).items()}
    run_facts = RunFacts(
        run_id=str(facts.get("run_id", directory.name)), target=plan.target, base_url=plan.base_url, seed=plan.seed,
        plan_digest=plan.digest, catalogue_digest=plan.catalogue_digest, contract=plan.contract,
        version=str(facts.get("version", "")), started_at=str(facts.get("started_at", "")),
        seconds=float(facts.get("seconds", 0.0)), asked=plan.level, exchanges=len(history.exchanges),
        notes=tuple(dict.fromkeys(facts["notes"])))
    card = score(catalogue=catalogue, plan=plan, history=history, run=run_facts)
    timings["judge"] = time.monotonic() - began
    return replace(card, run=replace(card.run, timings=timings))


def rejudge(directory: Path) -> Scorecard:
    """Judge a stored run again with this release's judges; UsageError when the directory is no run."""
    catalogue, _ = content()
    return judge_run(directory, catalogue, load_plan(directory))


def _relay(listener: Listener) -> Any:
    def on_event(event: str, record: Mapping[str, Any]) -> None:
        if event == "check_started":
            listener(CheckStarted(check=record["check"]))
        elif event == "check_ended":
            listener(CheckEnded(check=record["check"], ended=record["ended"], seconds=record["seconds"],
                                provisional=record.get("provisional", ""), message=record.get("message", "")))
        elif event == "storm_progress":
            listener(StormProgress(**record))

    return on_event


def _directory(out: Path | None, target: str) -> tuple[Path, str]:
    """A fresh run directory: `--out` itself when given, else certify-runs/<target>-<time>."""
    run_id = f"{target}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    directory = out if out is not None else Path("certify-runs") / run_id
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if (directory / "journal.jsonl").exists():
            raise EnvironmentFault(f"{directory} holds a run already", remedy="Name another --out; runs are never "
                                   "overwritten")
        if not os.access(directory, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise EnvironmentFault(f"cannot write to {directory}: {error.strerror}", remedy="Name another --out") from error
    return directory, run_id


def _write_inputs(directory: Path, plan: Plan, contract: Mapping[str, Any]) -> None:
    try:
        (directory / "plan.json").write_text(json.dumps({**plan.to_dict(), "digest": plan.digest}, indent=1),
                                             encoding="utf-8")
        (directory / "contract.json").write_text(json.dumps(contract, default=str), encoding="utf-8")
    except OSError as error:
        raise EnvironmentFault(f"cannot write to {directory}: {error.strerror}", remedy="Name another --out") from error


