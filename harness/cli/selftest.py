"""`certify selftest`: the kill matrix. Does green mean anything? Each planted defect must turn its controls red."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

from harness.cli.trial_runs import TrialRuns
from harness.model.errors import UsageError
from harness.model.outcome import Owner
from harness.model.plan import Check

_RUN_SECONDS = 600
_runs = TrialRuns()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of the suites against the sandbox with one defect (or none: the healthy baseline)."""

    fault: str
    must: tuple[str, ...]
    may: tuple[str, ...]
    red: tuple[str, ...]
    unclear: tuple[str, ...]
    problem: str = ""
    tries: int = 1
    """How many runs it took: a defect that only a race shows may hide from one seed."""
    unfit: tuple[str, ...] = ()
    """Of what is unclear: what is so because of the environment, not of the platform, the profile or ourselves."""
    unclear_at_first: tuple[str, ...] = ()
    """What could not be told in a first try, for which it was tried once more."""
    seed: int | None = None
    """Seed of the run that this tells of."""
    said: Mapping[str, str] = field(default_factory=dict)
    """By control id what its deciding finding said: the first thing to read when a trial goes wrong."""

    @property
    def missed(self) -> tuple[str, ...]:
        """Controls that should be red and are not."""
        return tuple(c for c in self.must if c not in self.red)

    @property
    def unrelated(self) -> tuple[str, ...]:
        """Controls that are red and should not be; fuzzing and random play may find any defect."""
        if not self.fault:
            return tuple(c for c in self.red if c not in self.may)
        if "*" in self.may:
            return ()
        return tuple(c for c in self.red if c not in self.must and c not in self.may and c not in _EXPLORED)

    @property
    def good(self) -> bool:
        """The defect was found where it should be, and nowhere else."""
        return not (self.problem or self.missed or self.unrelated)

    @property
    def clean(self) -> bool:
        """Good and, without a planted defect, nothing left unclear: a healthy sandbox can be told to be so."""
        return self.good and (bool(self.fault) or not self.unclear)


def selftest_command(*, only: tuple[str, ...], faults: tuple[str, ...], seed: int | None, jobs: int,
                     as_json: bool) -> int:
    """Run the matrix; 0 when every defect is found and nothing unrelated is red, else 1.

    With `only` the faults that prove those controls are planted, unless `faults` names others.
    """
    from harness.cli.running import content
    from harness.engine.planning import fits, matches_something
    from harness.sandbox import faults as registry

    known = registry.catalogue()
    for name in faults:
        if name not in known:
            raise UsageError(f"--fault {name}: no such fault", remedy="See `certify sandbox --list-faults`")
    catalogue, checks = content()
    built = {control for check in checks for control in check.controls}
    for pattern in only:
        matches_something(pattern, catalogue)
        if not any(fits(pattern, control) for control in built):
            raise UsageError(f"--only {pattern}: no check of this release decides it", remedy="See `certify list`")
    if only:
        built = {control for control in built if any(fits(pattern, control) for pattern in only)}
    for name in faults:
        if not built & set(known[name].proves):
            raise UsageError(f"--fault {name}: none of the checks asked for looks for it",
                             remedy=f"It proves {', '.join(known[name].proves)}; see `certify list`")
    chosen = [known[n] for n in faults] if faults else [f for f in known.values() if built & set(f.proves)]
    wanted = [("", (), ())] + [(f.name, tuple(f.proves), tuple(f.also)) for f in chosen]
    races, stormy = {fault.name for fault in chosen if fault.by_chance}, _decided(checks, storms=True)
    loaded = {fault.name for fault in chosen if fault.under_load}
    alone = [one for one in wanted if not one[0] or one[0] in loaded or stormy & set(one[1])]
    driven = {name: only or _driven_for(name, must, may, built, checks, under_load=name in loaded)
              for name, must, may in wanted}
    trials: list[Trial] = []
    # A storm needs the machine for itself: what blows one is tried first, one after the other.
    with _runs:
        for side_by_side, some in ((1, alone), (jobs, [one for one in wanted if one not in alone])):
            with ThreadPoolExecutor(side_by_side) as pool:
                futures = [pool.submit(_raced if name in races else _tried, name, must, may, driven[name], seed)
                           for name, must, may in some]
                try:
                    for future in as_completed(futures):
                        trials.append(future.result())
                        if not as_json:
                            print(_line(len(trials), len(wanted), trials[-1]), flush=True)  # noqa: T201 - the output
                except BaseException:
                    for future in futures:
                        future.cancel()
                    _runs.end()
                    raise
    unproven = [] if faults or only else _unproven(checks, trials)
    return _report(trials, unproven, as_json=as_json)


def _driven_for(fault: str, must: Iterable[str], may: Iterable[str], built: Iterable[str], checks: Iterable[Check],
                *, under_load: bool = False) -> tuple[str, ...]:
    """What the trial of a fault drives; () is everything.

    A fault that shows in calm drives all that is decided in calm, but what explores for nothing. One that only a storm
    brings to light drives what it may show in, and storms; one that only trouble does, what it may show in and all that
    chaos scenarios decide, but those that take a minute.
    """
    if not fault:
        return ()
    must, may, storms = set(must), set(may), _decided(checks, storms=True)
    calm = _decided(checks, "shared", "exclusive")
    if must <= calm and not under_load:
        return (_CALM, *sorted(set(built) & calm - (set(_EXPLORED) - must)))
    if must & storms or under_load:
        return tuple(sorted((must | may | storms) & set(built)))
    short = _decided(checks, "line")
    return tuple(sorted((must | may | short) & set(built) - (_decided(checks, "aside") - short - must)))


def _decided(checks: Iterable[Check], *isolations: str, storms: bool = False) -> set[str]:
    """Controls with a check of these isolations; of storms, which are played alone, with `storms`."""
    return {control for check in checks for control in check.controls
            if (check.scenario and check.isolation == "exclusive" if storms else
                check.isolation in isolations and not (check.scenario and check.isolation == "exclusive"))}


def _tried(fault: str, must: tuple[str, ...], may: tuple[str, ...], only: tuple[str, ...],
           seed: int | None) -> Trial:
    """A trial; where nothing stands against it but that this machine was not fit to tell, it is tried once more.

    What was red, missed, or unclear by anybody else's fault stays so.
    """
    first = _trial(fault, must, may, only, seed)
    untold = set(first.missed) if fault else set(first.unclear)
    if first.clean or first.problem or first.unrelated or not untold <= set(first.unfit):
        return first
    return replace(_trial(fault, must, may, only, seed), unclear_at_first=first.unclear)


def _raced(fault: str, must: tuple[str, ...], may: tuple[str, ...], only: tuple[str, ...],
           seed: int | None) -> Trial:
    """A trial of a race: one that missed it, and is right otherwise, must find it with the next two seeds."""
    first = _trial(fault, must, may, only, seed)
    if first.problem or first.unrelated or not first.missed:
        return first
    for n in (1, 2):
        again = _trial(fault, must, may, only, None if seed is None else seed + n)
        if not again.good:
            return replace(again, tries=1 + n)
    return replace(again, tries=3)


def _trial(fault: str, must: tuple[str, ...], may: tuple[str, ...], only: tuple[str, ...],
           seed: int | None) -> Trial:
    with tempfile.TemporaryDirectory(prefix="certify-selftest-") as folder:
        command = [sys.executable, "-P", "-m", "harness.cli.main", "--target", "sandbox", "--json",
                   "--out", str(Path(folder) / "run"), "--workers", "2"]
        command += ["--fault", fault] if fault else []
        command += ["--seed", str(seed)] if seed is not None else []
        command += ["--no-chaos" if o == _CALM else f"--only={o}" for o in only]
        try:
            done = _runs.run(command, within=_RUN_SECONDS)
            card = json.loads(done.stdout)
        except TimeoutExpired:
            return Trial(fault=fault, must=must, may=may, red=(), unclear=(), problem="the run did not end in time")
        except ValueError:
            line = (done.stderr.strip().splitlines() or ["no output"])[-1]
            return Trial(fault=fault, must=must, may=may, red=(), unclear=(), problem=f"exit {done.returncode}: {line}")
    rows = [r for r in card["rows"] if r["finding"]["reason"] not in _NOT_DRIVEN]
    driven = {r["control"]["id"] for r in rows}

    def with_outcome(*outcomes: str) -> tuple[str, ...]:
        return tuple(r["control"]["id"] for r in rows if r["finding"]["outcome"] in outcomes)

    ours = with_outcome("error")
    problem = f"certify's own error in {', '.join(ours)}" if ours else "" if driven else "nothing was driven"
    return Trial(fault=fault, must=tuple(c for c in must if c in driven), may=may, red=with_outcome("fail"),
                 unclear=with_outcome("inconclusive"), problem=problem, seed=card["run"]["seed"],
                 unfit=tuple(r["control"]["id"] for r in rows if r["finding"]["outcome"] == "inconclusive"
                             and r["finding"]["owner"] == Owner.ENVIRONMENT.value),
                 said={r["control"]["id"]: _said(r["finding"]) for r in rows})


def _said(finding: Mapping[str, Any]) -> str:
    seen = f" (seen: {finding['seen']})" if finding["seen"] else ""
    return f"{finding['outcome']}: {finding['message']}{seen}"


_CALM = "no chaos"
_EXPLORED = ("CONT-03", "MONEY-06")
"""Fuzzing and random play may find any defect; they are driven for those that they must find, and without one."""
_NOT_DRIVEN = {"not_built", "not_attested", "not_selected", "other_role", "other_api", "declared_absent"}


def _unproven(checks: Iterable[Any], trials: Iterable[Trial]) -> list[str]:
    """Controls with a check that no fault turned red: "unproven" (architecture, decision 8)."""
    proven = {c for t in trials if t.fault for c in t.must if c in t.red}
    return sorted({c for check in checks for c in check.controls} - proven)


def _line(n: int, total: int, trial: Trial) -> str:
    name = trial.fault or "(healthy)"
    mark = "ok  " if trial.clean else "BAD "
    text = f"{n:>3}/{total} {mark} {name:<38} red: {' '.join(trial.red) or '-'}"
    if trial.tries > 1 and trial.good:
        text += f"  found with {trial.tries - 1} of {trial.tries} seeds"
    if trial.unclear_at_first:
        text += f"  second try, for at first unclear: {' '.join(trial.unclear_at_first)}"
    if trial.problem:
        text += f"  problem: {trial.problem}"
    if trial.missed:
        text += f"  MISSED: {' '.join(trial.missed)}"
    if trial.unrelated:
        text += f"  UNRELATED: {' '.join(trial.unrelated)}"
    if not trial.fault and trial.unclear:
        text += f"  UNCLEAR: {' '.join(trial.unclear)}"
    return text


def _what_went_wrong(trial: Trial) -> Iterator[str]:
    """The trial again with what its controls said: a log is often kept from its end only."""
    yield f"BAD {trial.fault or '(healthy)'}"
    if trial.problem:
        yield f"    problem: {trial.problem}"
    blamed = {"missed": trial.missed, "unrelated": trial.unrelated,
              "unclear": () if trial.fault else trial.unclear}
    for kind, controls in blamed.items():
        yield from (f"    {kind} {control}: {trial.said.get(control, '')}" for control in controls)
    seed = f" --seed {trial.seed}" if trial.seed is not None else ""
    yield f"    again: certify --target sandbox{' --fault ' + trial.fault if trial.fault else ''} --workers 2{seed}"


def _report(trials: list[Trial], unproven: list[str], *, as_json: bool) -> int:
    healthy = next((t for t in trials if not t.fault), None)
    clean = healthy is not None and healthy.clean
    wrong = [t for t in trials if not t.clean]
    ok = clean and not wrong and not unproven
    if as_json:
        rows = [{"fault": t.fault, "must": t.must, "may": t.may, "red": t.red, "unclear": t.unclear,
                 "missed": t.missed, "unrelated": t.unrelated, "problem": t.problem, "tries": t.tries,
                 "unclear_at_first": t.unclear_at_first,
                 "seed": t.seed, "said": dict(t.said)} for t in trials]
        sys.stdout.write(json.dumps({"ok": ok, "unproven": unproven, "trials": rows}, indent=1) + "\n")
    else:
        for trial in wrong:
            sys.stdout.write("\n".join(_what_went_wrong(trial)) + "\n")
        killed = sum(t.good for t in trials if t.fault)
        sys.stdout.write(f"{killed} of {sum(bool(t.fault) for t in trials)} defects found where they should be and "
                         f"nowhere else; healthy sandbox {'green' if clean else 'NOT green'}; "
                         f"unproven controls: {', '.join(unproven) or 'none'}\n")
    return 0 if ok else 1
