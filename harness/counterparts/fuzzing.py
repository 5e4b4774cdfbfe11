"""Fuzzing a share of the contract's operations: made-up requests are supplied, sent, watched, shrunk and confirmed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from harness.counterparts.dressing import CALLER, RANDOM_PHASES, Dresser
from harness.counterparts.fuzz_cases import Smaller, plainly, twists
from harness.counterparts.lab import Lab
from harness.counterparts.party import Party
from harness.counterparts.supplies import TOO_LATE, Supplies
from harness.engine.ports import FuzzCase, FuzzEffort, Request, Sent
from harness.judges.fuzzed import Defect, Inspection, links_followed, refusals_move_nothing, withstands
from harness.model import money
from harness.model.exchange import Exchange
from harness.model.operations import METHODS, Operation, operations, resolve

_OFTEN = 0.85
_WATCHED_EVERY = 8
"""Few: one that is carried out after all makes those watched with it worthless."""
_MORE_CHANCES = 8
_GLANCE = FuzzEffort(examples=4, steps=2, seconds=10)
_SUSPECTS = 3
_TRIES = 3
_SHRINK_REQUESTS = 40


@dataclass(slots=True)
class _Trial:
    case: FuzzCase
    supplied: bool
    exchange: Exchange


@dataclass(slots=True)
class _Watch:
    """What happened between two readings of the watched player."""

    before: Exchange
    refused: list[_Trial] = field(default_factory=list)
    after: Exchange | None = None
    again: list[tuple[str, str, str]] = field(default_factory=list)

    def to_params(self) -> dict[str, Any]:
        """JSON form for the claim; only whole watches have one."""
        assert self.after is not None
        return {"before": self.before.id, "after": self.after.id, "refused": [t.exchange.id for t in self.refused],
                "again": [list(tried) for tried in self.again]}


class Fuzzing:
    """One campaign over some operations, as one check."""

    def __init__(self, lab: Lab, share: Iterable[Operation]) -> None:
        self._lab = lab
        self._operations = {o.id: o for o in share}
        self._chance = random.Random(lab.random.getrandbits(64))  # noqa: S311 - reproducible by seed
        self._supplies = Supplies(lab, self._chance)
        self._watched = self._supplies.heir(self._close_watch)
        self._dresser = Dresser(lab, operations(lab.contract))
        self._inspection = Inspection(lab.contract, lab.profile, foreign=lab.target.foreign)
        self._trials: list[_Trial] = []
        self._watches: list[_Watch] = []

    def run(self, phases: Collection[str], effort: FuzzEffort) -> None:
        """Fuzz, then claim what each operation did, with every suspicion tried again."""
        if self._lab.target.foreign:
            self._look_around()
        document = _only(self._lab.contract, self._operations.values())
        self._fuzz(document, [p for p in phases if p not in RANDOM_PHASES], effort)
        self._fuzz(document if self._lab.target.foreign else _without(document, CALLER),
                   [p for p in phases if p in RANDOM_PHASES], effort)
        self._reach_out()
        self._twist()
        self._close_watch()
        again = self._confirmed()
        by_operation: dict[str, list[Exchange]] = {}
        for trial in self._trials:
            by_operation.setdefault(trial.exchange.operation, []).append(trial.exchange)
        why_not = {**self._watched.missing, **self._supplies.missing}
        if not self._lab.target.foreign and not self._lab.provider.credential.signing_secret:
            why_not.setdefault("publishEvent", "the profile names no signing_secret of the provider")
        linked = set(phases) == {"stateful"}
        for name in self._operations:
            cases = by_operation.get(name, [])
            mine = {suspect: tries for suspect, (trial, tries) in again.items() if trial.exchange.operation == name}
            if cases or not linked:
                must_reach = not linked and name not in self._lab.target.unreachable
                self._lab.claim(withstands(name, cases, mine, must_reach=must_reach, why_not=why_not.get(name, ""),
                                           foreign=self._lab.target.foreign))
        if linked:
            self._lab.claim(links_followed([t.exchange for t in self._trials]))
        if self._watches:
            self._confirm_watches()
            self._lab.claim(refusals_move_nothing([w.to_params() for w in self._watches if w.after]))

    def _fuzz(self, document: Mapping[str, Any], phases: Sequence[str], effort: FuzzEffort) -> None:
        """What the engine complains of is a sensor's reading: what counts is decided from the exchanges."""
        if phases:
            self._lab.fuzzer(document, base_url=self._lab.target.base_url, phases=tuple(phases),
                             seed=self._chance.getrandbits(31), effort=effort, send=self._first)

    def _look_around(self) -> None:
        """What a foreign API makes in one operation is needed in others: make some of each, and judge none of it."""
        all_of_them = operations(self._lab.contract)
        mine, self._operations = self._operations, all_of_them
        self._lab.fuzzer(self._lab.contract, base_url=self._lab.target.base_url, phases=("examples", "fuzzing"),
                         seed=self._chance.getrandbits(31), effort=_GLANCE, send=self._first)
        self._operations = mine
        self._trials.clear()

    def _reach_out(self) -> None:
        """Give each operation that was hardly carried out some more chances, with all that it needs."""
        self._supplies.patient = True
        reached = Counter(t.exchange.operation for t in self._trials if 200 <= (t.exchange.status or 0) < 300)
        for name in [n for n in self._operations if reached[n] < _MORE_CHANCES]:
            valid = [t.case for t in self._trials if t.exchange.operation == name and not t.case.spoiled]
            for case in map(plainly, valid[:_MORE_CHANCES]):
                self._trials.append(_Trial(case, True, self._send(case, supplied=True).exchange))

    def _twist(self) -> None:
        """Of a request of each operation that was carried out, every number once as text and once with a fraction."""
        done: dict[str, FuzzCase] = {}
        for trial in self._trials:
            if 200 <= (trial.exchange.status or 0) < 300 and trial.exchange.request_body:
                case = replace(trial.case, body=trial.exchange.request_body.encode("utf-8", "surrogateescape"))
                done[trial.exchange.operation] = max(case, done.get(trial.exchange.operation, case),
                                                     key=lambda case: len(list(twists(case))))
        for case in done.values():
            for odd in twists(case):
                if self._try(odd, supplied=True).exchange.status in TOO_LATE:  # what was supplied had been used up
                    self._try(odd, supplied=True)

    # -- sending --------------------------------------------------------------------------------
    def _first(self, case: FuzzCase) -> Sent:
        """What was spoiled is tried on things that exist, else it would only be told that there is no such thing."""
        return self._try(case, supplied=bool(case.spoiled) or self._chance.random() < _OFTEN)

    def _try(self, case: FuzzCase, *, supplied: bool) -> Sent:
        watching = self._is_watched(case)
        request, supplies = self._request(case, supplied=supplied)
        if watching and (not self._watches or self._watches[-1].after is not None):
            self._watches.append(_Watch(before=self._lab.balances(self._watched.player)))
        sent = self._lab.send(request, by=self._lab.provider)
        trial = _Trial(case, supplied, sent.exchange)
        self._trials.append(trial)
        supplies.learn(sent.exchange)
        if watching:
            self._watch(trial)
        return sent

    def _request(self, case: FuzzCase, *, supplied: bool, by: Party | None = None) -> tuple[Request, Supplies]:
        supplies = self._watched if self._is_watched(case) else self._supplies
        return self._dresser.request(case, supplies, by or self._lab.provider, supplied=supplied), supplies

    def _send(self, case: FuzzCase, *, supplied: bool, by: Party | None = None) -> Sent:
        request, supplies = self._request(case, supplied=supplied, by=by)
        sent = self._lab.send(request, by=by or self._lab.provider)
        supplies.learn(sent.exchange)
        return sent

    # -- watching -------------------------------------------------------------------------------
    def _is_watched(self, case: FuzzCase) -> bool:
        """A spoiled write must have no effect. Reads go to another player: what they need may move money late."""
        operation = self._operations.get(case.operation)
        return bool(case.spoiled) and operation is not None and operation.write and not self._lab.target.foreign

    def _watch(self, trial: _Trial) -> None:
        status = trial.exchange.status or 0
        if not 400 <= status < 500:  # it was carried out, or may have been, and may show late: watch somebody else
            del self._watches[-1]
            self._watched = self._supplies.heir(self._close_watch)
            return
        self._watches[-1].refused.append(trial)
        if len(self._watches[-1].refused) >= _WATCHED_EVERY:
            self._close_watch()

    def _close_watch(self) -> None:
        if self._watches and self._watches[-1].after is None:
            self._watches[-1].after = self._lab.balances(self._watched.player)

    def _confirm_watches(self) -> None:
        form = self._lab.profile.money_form
        for watch in self._watches:
            if watch.after is None or money.balances(watch.before.json(), form) == \
                    money.balances(watch.after.json(), form):
                continue
            for trial in watch.refused:
                self._watched.use_up(trial.exchange.operation)  # a refusal with an effect used it up unseen
                request, _ = self._request(trial.case, supplied=trial.supplied)
                before = self._lab.balances(self._watched.player)
                tried = self._lab.send(request, by=self._lab.provider)
                after = self._lab.balances(self._watched.player)
                if money.balances(before.json(), form) != money.balances(after.json(), form):
                    watch.again.append((before.id, tried.exchange.id, after.id))
                    break

    # -- confirming -----------------------------------------------------------------------------
    def _confirmed(self) -> dict[str, tuple[_Trial, list[Exchange]]]:
        """By id of the smallest request that shows a defect: its trial, and what came of it on fresh sessions."""
        suspects: dict[tuple[str, str, str], tuple[_Trial, Defect]] = {}
        for trial in self._trials:
            if (defect := self._inspection.defect(trial.exchange)) is not None:
                mark = (trial.exchange.operation, *defect.mark)
                if mark not in suspects or _size(trial) < _size(suspects[mark][0]):
                    suspects[mark] = (trial, defect)
        found: dict[str, tuple[_Trial, list[Exchange]]] = {}
        counted: dict[str, int] = {}
        for (operation, *_), (trial, defect) in suspects.items():
            counted[operation] = counted.get(operation, 0) + 1
            if counted[operation] <= _SUSPECTS:
                smallest = self._shrunk(trial, defect)
                tries = [self._send(smallest.case, supplied=smallest.supplied, by=self._lab.stranger()).exchange
                         for _ in range(_TRIES)]
                found[smallest.exchange.id] = (smallest, tries)
        return found

    def _shrunk(self, trial: _Trial, defect: Defect) -> _Trial:
        """The trial with all left out that the defect does not need."""
        best, left = trial, _SHRINK_REQUESTS
        for smaller in Smaller(trial.case):
            if left <= 0:
                break
            left -= 1
            exchange = self._send(smaller.case, supplied=trial.supplied).exchange
            now = self._inspection.defect(exchange)
            if now is not None and now.mark == defect.mark:
                best = _Trial(smaller.case, trial.supplied, exchange)
                smaller.keep()
        return best


def _size(trial: _Trial) -> int:
    return len(unquote(trial.case.url)) + len(trial.case.body or b"")


def _only(contract: Mapping[str, Any], share: Iterable[Operation]) -> dict[str, Any]:
    """The contract with these operations alone."""
    wanted = {(o.path, o.method.lower()) for o in share}
    paths = {path: {name: value for name, value in item.items() if name not in METHODS or (path, name) in wanted}
             for path, item in dict(contract.get("paths") or {}).items() if isinstance(item, Mapping)
             if any(p == path for p, _ in wanted)}
    return {**contract, "paths": paths}


def _without(document: Mapping[str, Any], headers: Collection[str]) -> dict[str, Any]:
    """The document without these header parameters: drawing them anew for each request takes its time."""
    unwanted = {name.lower() for name in headers}

    def wanted(parameter: Any) -> bool:
        read = resolve(document, parameter)
        return not (isinstance(read, Mapping) and read.get("in") == "header"
                    and str(read.get("name")).lower() in unwanted)

    def trimmed(node: Any) -> Any:
        kept = [p for p in node["parameters"] if wanted(p)] if isinstance(node.get("parameters"), list) else None
        return {**node, "parameters": kept} if kept is not None else node

    paths = {path: {name: trimmed(call) if isinstance(call, Mapping) else call for name, call in trimmed(item).items()}
             for path, item in document["paths"].items()}
    return {**document, "paths": paths}


def fuzz(lab: Lab, effort: FuzzEffort, *, phases: Collection[str], share: int = 0, of: int = 1) -> None:
    """Fuzz every `of`-th operation of the target's contract, from the `share`-th on; claims one per operation.

    A share beyond the last operation takes one of the first again, with its own seed.
    """
    fuzzed = [o for o in operations(lab.contract).values() if not o.sandbox_only]
    Fuzzing(lab, fuzzed[share::of] or fuzzed[share % len(fuzzed):][:1]).run(phases, effort)
