"""Make the plan: pure, from catalogue, checks and target profile."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness.model.control import Catalogue, Control, Level
from harness.model.errors import UsageError
from harness.model.outcome import Reason
from harness.model.plan import Check, Plan, PlannedControl
from harness.model.profile import Target


def make_plan(*, catalogue: Catalogue, checks: Iterable[Check], target: Target, contract: Mapping[str, Any],
              level: Level, seed: int, only: Iterable[str] = (), phases: Iterable[int] = (),
              budget: str = "standard", chaos: bool = True, held_against: Mapping[str, Any] | None = None) -> Plan:
    """Decide for every control whether it will be driven, and why not.

    `held_against`: baseline and event schemas as they are recorded; they decide verdicts as the contract does.

    A quick budget, and one without chaos scenarios, is a selection: it looks for less than a launch level asks for.

    Raises:
        UsageError: a check names an unknown control, a pattern of `only` matches nothing, or nothing is left.
    """
    known = tuple(checks)
    by_control = _by_control(catalogue, known)
    patterns, wanted_phases = tuple(only), tuple(phases)
    for pattern in patterns:
        matches_something(pattern, catalogue, known)
    planned = {}
    for control in catalogue.controls.values():
        deciding = by_control.get(control.id, ())
        selected = not patterns or any(fits(p, control.id) for p in patterns)
        if not selected and (named := tuple(c for c in deciding if any(fits_check(p, c) for p in patterns))):
            selected, deciding = True, named
        selected = selected and (not wanted_phases or control.phase in wanted_phases)
        calm = tuple(c for c in deciding if chaos or not c.scenario)
        planned[control.id] = _plan_one(control, calm or deciding, target, level,
                                        selected=selected and (bool(calm) or not deciding))
    driven = {check for c in planned.values() if c.reason is None for check in c.checks}
    if not driven:
        raise UsageError("nothing to run: no selected control has a check that applies to this target",
                         remedy="See `certify list` for what is built, `certify plan` for what applies" if chaos else
                         "Leave out --no-chaos: chaos scenarios alone decide what was asked for, or nothing does")
    less = (*(("quick",) if budget == "quick" else ()), *(() if chaos else ("no chaos",)))
    return Plan(target=target.name, base_url=target.base_url, level=level, seed=seed, budget=budget,
                selection=(*patterns, *(f"phase {p}" for p in wanted_phases), *less),
                controls=planned, checks=tuple(c for c in known if c.id in driven), contract=target.contract,
                contract_digest=_digest([contract, held_against] if held_against else contract),
                catalogue_digest=catalogue.digest, profile=target.profile.to_dict())


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _by_control(catalogue: Catalogue, checks: tuple[Check, ...]) -> dict[str, tuple[Check, ...]]:
    found: dict[str, tuple[Check, ...]] = {}
    for check in checks:
        for control in check.controls:
            if control not in catalogue.controls:
                close = difflib.get_close_matches(control, catalogue.controls, 1)
                raise UsageError(f"{check.path}: check {check.id} certifies unknown control {control}",
                                 remedy=f"Did you mean {close[0]}?" if close else "See `certify list`")
            found[control] = (*found.get(control, ()), check)
    return found


def _plan_one(control: Control, checks: tuple[Check, ...], target: Target, level: Level, *,
              selected: bool) -> PlannedControl:
    """One control's plan; the first reason that holds is the one that is printed."""
    ids = tuple(c.id for c in checks)
    counted = selected and control.must and control.phase in level.phases
    if target.role not in control.roles:
        return PlannedControl(control=control.id, checks=ids, counted=False, reason=Reason.OTHER_ROLE,
                              why=f"concerns a {control.roles[0].value}; this target is a {target.role.value}")
    if not control.automated:
        return PlannedControl(control=control.id, checks=ids, reason=Reason.NOT_ATTESTED,
                              counted=counted and level is Level.LAUNCH,
                              why="needs a person's attestation")
    if not checks:
        return PlannedControl(control=control.id, reason=Reason.NOT_BUILT,
                              counted=counted and level is not Level.BUILT,
                              why="this release of certify has no check for it yet")
    checks = tuple(c for c in checks if c.api in ("any", "foreign" if target.foreign else "unified"))
    ids = tuple(c.id for c in checks)
    if not checks:
        return PlannedControl(control=control.id, counted=False, reason=Reason.OTHER_API,
                              why="needs the unified provider API, and the target's contract has none of it")
    absent = sorted({need for check in checks for need in check.needs
                     if target.capabilities.get(need, True) is False})
    if absent and all(any(n in absent for n in check.needs) for check in checks):
        return PlannedControl(control=control.id, checks=ids, counted=counted, reason=Reason.DECLARED_ABSENT,
                              why=_absence(absent, target))
    if not selected:
        return PlannedControl(control=control.id, checks=ids, counted=False, reason=Reason.NOT_SELECTED,
                              why="left out by --only, --phase or --no-chaos")
    runnable = tuple(c.id for c in checks if not any(n in absent for n in c.needs))
    return PlannedControl(control=control.id, checks=runnable, counted=counted)


def _absence(absent: list[str], target: Target) -> str:
    """Who said that the target has none of these."""
    if absent == ["pacts"]:
        return "the target profile names no consumer pacts"
    said = "the contract declares no " if target.foreign else "the target profile declares that it does not offer "
    return said + ", ".join(absent).replace("_", " ")


def fits(pattern: str, control: str) -> bool:
    """Whether a control id is meant by a pattern of --only: the id itself, its family, or a glob."""
    return control == pattern or control.startswith(f"{pattern}-") or fnmatch.fnmatchcase(control, pattern)


def fits_check(pattern: str, check: Check) -> bool:
    """Whether a check is meant by a pattern of --only: its id, a glob of it, or its file by any path, ::NAME added."""
    file, _, name = pattern.partition("::")
    return "/" in file and (fnmatch.fnmatchcase(check.id, pattern) or (
        f"/{check.path}".endswith(f"/{file.removeprefix('./')}") and name in ("", check.id.rpartition("::")[2])))


def matches_something(pattern: str, catalogue: Catalogue, checks: Iterable[Check] = ()) -> None:
    """Raises UsageError, with what may have been meant, for a pattern of --only that no control and no check fits."""
    known = tuple(checks)
    if any(fits(pattern, control) for control in catalogue.controls) or any(fits_check(pattern, c) for c in known):
        return
    named = known and "/" in pattern
    close = difflib.get_close_matches(pattern, [c.id for c in known] if named else [
        *catalogue.controls, *{c.family for c in catalogue.controls.values()}])
    raise UsageError(f"--only {pattern}: no such {'check' if named else 'control'}",
                     remedy=f"Did you mean {close[0]}?" if close else "See `certify list`")
