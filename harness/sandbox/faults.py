"""Fault switches: named, planted defects, each at the line where a real team would err.

    if faults.on("rollback-pays-twice"): ...

`on` is a set lookup in this process. Definitions live in catalogues, `faults_core.FAULTS` (ledger, bets, keys,
access, errors), `faults_chaos.FAULTS` (what only trouble shows), `faults_subtle.FAULTS` (what only a history or an odd
input shows), `faults_load.FAULTS` (what only a sustained burst shows), `faults_answers.FAULTS` (breaks of the contract
on rare paths), `faults_contract.FAULTS` (published documents and promises) and `faults_rooms.FAULTS` (webhooks, events,
bonuses, jackpots, observability); they are plain tuples of `Fault`, so that the CLI can list them without importing the
platform.
A fault's `proves` are the control ids that must turn red with it on; `also` may turn red as a consequence.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted defect: kebab-case name, one-line title, and the controls that must or may find it."""

    name: str
    title: str
    proves: tuple[str, ...]
    also: tuple[str, ...] = ()
    by_chance: bool = False
    """It shows only when two calls meet in the right instant: one run may miss it."""
    under_load: bool = False
    """It shows only in a storm, though a control that is decided in calm proves it."""


_active: set[str] = set()


def on(name: str) -> bool:
    """Is this defect planted now?"""
    return name in _active


def some() -> bool:
    """Is any defect planted now?"""
    return bool(_active)


def active() -> tuple[str, ...]:
    """The names that are on, sorted."""
    return tuple(sorted(_active))


def activate(names: Iterable[str]) -> None:
    """Replaces the active set; raises ValueError naming an unknown fault."""
    wanted = set(names)
    unknown = sorted(wanted - set(catalogue()))
    if unknown:
        raise ValueError(f"unknown fault: {', '.join(unknown)}")
    _active.clear()
    _active.update(wanted)


@cache
def catalogue() -> dict[str, Fault]:
    """Every known fault by name, in the order of definition."""
    found: dict[str, Fault] = {}
    for room in ("core", "chaos", "subtle", "rooms", "answers", "contract", "load"):
        module = f"harness.sandbox.faults_{room}"
        if importlib.util.find_spec(module) is None:
            continue
        for fault in import_module(module).FAULTS:
            if fault.name in found:
                raise ValueError(f"fault {fault.name} is defined twice")
            found[fault.name] = fault
    return found
