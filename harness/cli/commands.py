"""The short commands: run, plan, list, explain, judge, replay; each returns an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.cli.explain import explain_control, explain_scenarios, scenarios_named
from harness.cli.listing import list_controls
from harness.cli.live import LiveView, ascii_only, show
from harness.cli.reporting import check_names, write_reports
from harness.cli.running import RunOptions, content, plan_for, rejudge, run
from harness.cli.storm_worker import announced
from harness.content.folders import Folders
from harness.content.targets import CONFIG, load_target, own_folders
from harness.engine.records import load_plan
from harness.model.control import Level
from harness.model.elsewhere import Elsewhere
from harness.model.errors import UsageError
from harness.model.plan import BUDGETS
from harness.model.profile import ContractProfile, Target
from harness.model.scorecard import Scorecard, plain

BUILTIN = "sandbox"


@contextmanager
def target_named(name: str, config: Path, faults: tuple[str, ...] = (),
                 choices: dict[str, Any] | None = None) -> Iterator[Target]:
    """The target profile; the built-in sandbox is started, and ended whatever happens."""
    if name == BUILTIN:
        from harness.cli.sandbox import builtin_target

        with builtin_target(faults=faults, choices=choices or {}) as target:
            yield target
        return
    if faults:
        raise UsageError("--fault works on the built-in sandbox only",
                         remedy="Start the other platform with its fault switches yourself")
    yield load_target(name, config)


def run_command(*, target: str, config: Path, only: tuple[str, ...], phases: tuple[int, ...], level: str | None,
                seed: int | None, reports: tuple[str, ...], out: Path | None, folders: Folders,
                faults: tuple[str, ...], workers: int, budget: str, chaos: bool, as_json: bool,
                storms: tuple[int, Elsewhere | None] = (1, None)) -> int:
    """`certify`: one run; prints the launch table or JSON; returns the exit code.

    `storms`: by how many processes of this machine they are blown, and by whom elsewhere.
    """
    options = RunOptions(level=_level(level), only=only, phases=_phases(phases), seed=seed, reports=reports, out=out,
                         folders=own_folders(config) + folders, workers=workers, budget=_budget(budget), chaos=chaos,
                         storm_processes=storms[0], elsewhere=storms[1])
    check_names(reports)
    if target == BUILTIN:
        plan_for(_unstarted(), options)  # every usage error before a process is started
    if options.elsewhere is not None and not as_json:
        sys.stderr.write(f"certify: {announced(options.elsewhere)}\n")
    with target_named(target, config, faults) as chosen, LiveView(quiet=as_json) as view:
        card = run(chosen, options, view)
    return _finish(card, view.directory, as_json=as_json)


def replay_command(case: str, directory: Path | None, target: str | None, config: Path, *, folders: Folders,
                   faults: tuple[str, ...], as_json: bool) -> int:
    """`certify replay`: the checks of one control, or one check, again, with the run's seed."""
    chosen = directory or _newest_run()
    plan = load_plan(chosen)
    file = case.rpartition("/")[2]  # a plan knows its checks by their ids, not where their files were
    if not any(case in check.controls or file == check.id.rpartition("/")[2] for check in plan.checks):
        raise UsageError(f"{chosen}: no case {case!r} in that run", remedy="Name a control or check of its plan.json")
    options = RunOptions(only=(case,), seed=plan.seed, folders=own_folders(config) + folders,
                         budget=plan.budget)
    with target_named(target or plan.target, config, faults) as subject, LiveView(quiet=as_json) as view:
        card = run(subject, options, view)
    return _finish(card, view.directory, as_json=as_json)


def judge_command(directory: Path, *, as_json: bool) -> int:
    """`certify judge`: a stored run judged again, its reports written anew (with --json nothing is written)."""
    card = rejudge(directory)
    if not as_json:
        write_reports(card, directory)
    return _finish(card, directory, as_json=as_json)


def plan_command(*, target: str, config: Path, only: tuple[str, ...], phases: tuple[int, ...], level: str | None,
                 folders: Folders, chaos: bool, as_json: bool) -> int:
    """`certify plan`: what a run would do, without traffic."""
    subject = _unstarted() if target == BUILTIN else load_target(target, config)
    options = RunOptions(level=_level(level), only=only, phases=_phases(phases), seed=0,
                         folders=own_folders(config) + folders, chaos=chaos)
    catalogue, plan, _ = plan_for(subject, options)
    if as_json:
        _print(json.dumps({**plan.to_dict(), "digest": plan.digest}, indent=1))
        return 0
    _print(f"Target {plan.target}, level {plan.level.title}, plan {plan.digest[:12]}")
    for name, planned in plan.controls.items():
        mark = "run " if planned.reason is None else "skip"
        what = f"{len(planned.checks)} check(s)" if planned.reason is None else planned.why
        _print(f"  {mark}  {name:<9} {catalogue.controls[name].title[:58]:<58} {what}")
    running = sum(p.reason is None for p in plan.controls.values())
    _print(f"{running} controls would be decided by {len(plan.checks)} checks; "
           f"{len(plan.controls) - running} would not.")
    return 0


def list_command(folders: Folders, *, as_json: bool) -> int:
    """`certify list`."""
    catalogue, checks = content(own_folders(Path(CONFIG)) + folders)
    by_control: dict[str, tuple[str, ...]] = {}
    for check in checks:
        for control in check.controls:
            by_control[control] = (*by_control.get(control, ()), check.id)
    _print(list_controls(catalogue, by_control, as_json=as_json))
    return 0


def explain_command(control: str, directory: Path | None, *, as_json: bool) -> int:
    """`certify explain`: a control, and with a run what was found there; or one scenario of that run."""
    from harness.cli.sandbox import proofs

    card = rejudge(directory) if directory is not None else None
    if card is not None and (named := scenarios_named(card, control)):
        _print(explain_scenarios(named, as_json=as_json, ascii_only=ascii_only()))
        return 0
    control = control.upper()
    catalogue, checks = content(own_folders(Path(CONFIG)))
    deciding = {c.id: c.summary for c in checks if control in c.controls}
    _print(explain_control(catalogue, control, deciding, proofs(control), as_json=as_json, card=card,
                           ascii_only=ascii_only()))
    return 0


def _unstarted() -> Target:
    """The built-in target's profile as a plan sees it, before the sandbox runs."""
    return Target(name=BUILTIN, base_url="http://127.0.0.1", sandbox=True, level=Level.BUILT, builtin=True,
                  profile=ContractProfile(undocumented_fields="fail"), second_region="uk")


def _level(name: str | None) -> Level | None:
    if name is None:
        return None
    try:
        return Level(name)
    except ValueError as error:
        raise UsageError(f"--level {name}: no such level", remedy=f"Known: {', '.join(x.value for x in Level)}") \
            from error


def _budget(name: str) -> str:
    if name not in BUDGETS:
        raise UsageError(f"--budget {name}: no such budget", remedy=f"Known: {', '.join(BUDGETS)}")
    return name


def _phases(phases: tuple[int, ...]) -> tuple[int, ...]:
    for phase in phases:
        if phase not in (7, 3, 0):
            raise UsageError(f"--phase {phase}: no such phase", remedy="Known: 7 (T-7), 3 (T-3), 0 (T-0)")
    return phases


def _newest_run() -> Path:
    runs = sorted(Path("certify-runs").glob("*/journal.jsonl"), key=lambda p: p.stat().st_mtime)
    if not runs:
        raise UsageError("no run in certify-runs/", remedy="Name one with --run")
    return runs[-1].parent


def _finish(card: Scorecard, directory: Path | None, *, as_json: bool) -> int:
    if as_json:
        _print(json.dumps(plain(card)))  # for machines: where people look, result.json is indented
    else:
        show(card, directory)
    return card.exit_code


def _print(text: str) -> None:
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")


