"""Faults on a stage: they come and go in their time, and witnesses measure the way that they lie on all the while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from statistics import quantiles
from typing import Protocol

from harness.counterparts.acting import Bet
from harness.counterparts.lab import Lab
from harness.counterparts.stages.script import write_down
from harness.judges.witnessed import witnessed
from harness.model.exchange import Exchange
from harness.model.played import Span
from harness.model.scenario import Band, Down, Fault, Scenario, Toxic, Trouble

_BEFORE, _AFTER = 16, 3
_WITNESS_PAUSE = 0.1
_BEYOND_BAND = 1.5
"""A witness waits so much longer than the band's upper end (or a little where it shall get no answer)."""
_SILENCE_SECONDS = 0.4


class Way(Protocol):
    """Where faults lie: the platform's way to a counterparty."""

    @property
    def witness(self) -> Callable[..., Exchange]:
        """Measures it."""
        ...

    def fault(self, what: Toxic | Trouble | Down) -> AbstractContextManager[None]:
        """The fault acts inside the block."""
        ...

    def clean(self) -> bool:
        """Is no fault left?"""
        ...

    def calls(self) -> list[Exchange]:
        """What the counterparty has seen so far."""
        ...


class Faults:
    """The faults of one scenario on one way."""

    def __init__(self, lab: Lab, way: Way, scenario: Scenario) -> None:
        self._lab, self._way, self._scenario = lab, way, scenario
        self._began = time.monotonic_ns()
        self.spans: list[Span] = []
        self._labels: list[str] = []
        self._seen: list[tuple[Band, list[Exchange]]] = []
        self._calm: list[Exchange] = []
        self._measured: list[Exchange] = []

    def calm(self) -> None:
        """Measure the way while all is well."""
        self._calm = [self._witness("before") for _ in range(_BEFORE)]

    @property
    def noise_ms(self) -> float:
        """How long a witness took without any fault, at its slowest but one."""
        return self._spent()[-2]

    @property
    def spread_ms(self) -> float:
        """By how much the witnesses without any fault differ: their middle half."""
        low, _, high = quantiles(self._spent(), n=4)
        return high - low

    def _spent(self) -> list[float]:
        return sorted(1000 * e.seconds for e in self._calm)

    @contextmanager
    def acting(self, faults: Sequence[Fault]) -> Iterator[float]:
        """The faults come and go inside the block, which gets the moment (monotonic seconds) that their times count
        from; at its end they are taken away."""
        began, over = time.monotonic(), threading.Event()
        with ThreadPoolExecutor(max(1, len(faults))) as pool:
            acts = [pool.submit(self._act, fault, began, over) for fault in faults]
            try:
                yield began
            finally:
                over.set()
                for act in acts:
                    act.result()

    def claim(self) -> None:
        """Claim that they were witnessed, and are gone."""
        clean = self._way.clean()
        after = [self._witness("after") for _ in range(_AFTER)]
        self._lab.watched([*self._measured, *(e for e in self._way.calls() if e.started_ns >= self._began)])
        self._lab.baseline(witnessed(self._calm, self._seen, after, clean=clean))

    @property
    def witnesses(self) -> list[Exchange]:
        """What the witnesses of each fault saw."""
        return [e for _, seen in self._seen for e in seen]

    def tell(self, calls: Sequence[Exchange], *, channel: str) -> None:
        """Write down what a timeline is drawn from."""
        shown = sorted(zip(self._labels, self.spans, strict=True), key=lambda pair: pair[1].start_ns)
        write_down(self._lab, self._scenario, self._began, calls, channel=channel, witnesses=self._measured,
                   faults=shown)

    def _act(self, fault: Fault, began: float, over: threading.Event) -> None:
        """One fault, from its time on, watched by a witness as long as it lasts."""
        over.wait(max(0.0, began + fault.at - time.monotonic()))
        ends = None if fault.seconds is None else time.monotonic() + fault.seconds
        seen: list[Exchange] = []
        self._seen.append((fault.witnessed_as, seen))
        about = getattr(fault.what, "about", ())
        with self._spanned(fault.label), self._way.fault(fault.what):
            while not over.is_set() and (ends is None or time.monotonic() < ends):
                seen.append(self._witness("during", fault.band, about[0] if about else ""))
                over.wait(_WITNESS_PAUSE)

    @contextmanager
    def _spanned(self, label: str) -> Iterator[None]:
        start = time.monotonic_ns()
        try:
            yield
        finally:
            self.spans.append(Span(start_ns=start, end_ns=time.monotonic_ns()))
            self._labels.append(label)

    def _witness(self, label: str, band: Band | None = None, about: str = "") -> Exchange:
        seconds = 5.0
        if band is not None:
            seconds = _SILENCE_SECONDS if not band.answered else \
                min(5.0, band.at_most_ms / 1000 * _BEYOND_BAND + _SILENCE_SECONDS)
        self._measured.append(self._way.witness(label, check=self._lab.check, about=about, seconds=seconds))
        return self._measured[-1]


def meant_for(fault: Fault, bets: Sequence[Bet]) -> Fault:
    """The fault, for those of the workload's players that it is for."""
    if not isinstance(fault.what, Trouble) or (fault.every == 1 and fault.what.each is None):
        return fault
    return replace(fault, what=replace(fault.what, about=tuple(b.player.player_id for b in bets[::fault.every])))
