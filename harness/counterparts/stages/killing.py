"""Kills of the platform while calls of ours are under way.

Where its wallet can be held up, they surely are. Else the instant of its death is measured, kill by kill, and the
calls of the next one are made around it: how long a restart takes to strike is known to nobody beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

from harness.counterparts.lab import Lab
from harness.judges.answers import BUSY
from harness.model.errors import NoHook
from harness.model.exchange import Exchange
from harness.model.scenario import Trouble

Call = Callable[[], Exchange]

_WALLET_HOLDS_SECONDS = 0.3
_KILL_AFTER_SECONDS = 0.1
_WATCHED_SECONDS = 5.0
_WATCH_PAUSE = 0.002
_LONG_SECONDS, _LONGER = 0.04, 5
"""So much longer than reads usually take, or than the first where they take less."""
_SPREADS = (0.02, 0.02, 0.04, 0.08)
"""Over so many seconds the calls of one aimed kill after the other begin: close together first, so that they queue up
and one is surely under way; wider where the instant turns out to vary."""
_EARLY = 0.8
"""So much of that lies before the expected instant."""


class Killing:
    """Kills, each of them better aimed than the one before it."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._died_after: list[float] = []
        self._aimed_kills = 0

    def amid(self, calls: Sequence[Call], read: Call) -> list[Exchange]:
        """Kill the platform while the calls are under way; their answers, once it is back. `read` tells if it lives.

        Raises:
            NoHook: the target offers no restart. Prerequisite: it did not come back.
        """
        try:
            with self._lab.wallet.fault(Trouble(kind="slow", seconds=_WALLET_HOLDS_SECONDS)):
                return self._lab.restart(calls, after_seconds=_KILL_AFTER_SECONDS)
        except NoHook:
            return self._aimed(calls, read)

    def _aimed(self, calls: Sequence[Call], read: Call) -> list[Exchange]:
        watch = _Watch(read)
        *answers, _ = self._lab.restart([*self._around(calls), watch])
        if watch.dies_after is not None:
            self._died_after.append(watch.dies_after)
        return answers

    def _around(self, calls: Sequence[Call]) -> list[Call]:
        if not self._died_after:
            return list(calls)
        spread = _SPREADS[min(self._aimed_kills, len(_SPREADS) - 1)]
        self._aimed_kills += 1
        first, step = max(0.0, median(self._died_after) - _EARLY * spread), spread / max(1, len(calls) - 1)
        return [partial(_later, call, first + n * step) for n, call in enumerate(calls)]


class _Watch:
    """Reads until there is no answer, or one that was long in coming: a port may stay open while nobody is behind it.

    `dies_after` are the seconds until then, None when it always answered as ever.
    """

    def __init__(self, read: Call) -> None:
        self._read = read
        self.dies_after: float | None = None

    def __call__(self) -> Exchange:
        began, spent = time.monotonic(), [_LONG_SECONDS]
        while True:
            asked = time.monotonic()
            answer = self._read()
            if not answer.answered or (answer.status or 0) >= 500 or answer.seconds > _LONGER * median(spent):
                self.dies_after = asked - began
                return answer
            if asked - began > _WATCHED_SECONDS:
                return answer
            spent.append(max(answer.seconds, _LONG_SECONDS))
            time.sleep(_WATCH_PAUSE)


def _later(call: Call, seconds: float) -> Exchange:
    time.sleep(seconds)
    return call()


def cut_off(answer: Exchange) -> bool:
    """Was the platform at it when it died? A call that found nobody there, or was turned away, was never under way."""
    if not answer.answered:
        return answer.failure != "connect"
    return (answer.status or 0) >= 500 and answer.status not in BUSY
