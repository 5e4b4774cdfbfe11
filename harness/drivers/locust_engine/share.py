"""One process's share of a storm: its pump, in a native thread beside Locust's greenlets."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from harness.drivers.locust_engine.busy import Busy
from harness.drivers.locust_engine.links import Link, Place
from harness.drivers.locust_engine.pump import Pump
from harness.drivers.locust_engine.rounds import Amends, Rounds
from harness.drivers.locust_engine.tls import Trust
from harness.engine.door import found
from harness.model.packing import packed
from harness.model.storm import StormPlan
from harness.model.storm_record import Became

_AMENDMENTS = 2
"""So often what was left open is asked for again."""
_PATIENCE_SECONDS = 1.0
"""Before that: a platform that was asked too much gets time to breathe."""
_AMENDED_PER_SECOND = 50.0


class Share:
    """The rounds of one worker; begun by Locust, which spawns its one user, and asked for reports by Locust, too."""

    def __init__(self, plan: StormPlan, worker: int = 0, workers: int = 1) -> None:
        self.worker = worker
        self._workers = workers
        self._plan = plan
        self._rounds = Rounds(plan, workers)
        more_descriptors(plan.most_connections + 100)
        self._place = resolved(plan.base_url)
        self._pump = Pump(self._place, self._rounds, timeout=plan.timeout_seconds,
                          most_connections=plan.most_connections)
        self._amended = 0
        self._amending: Pump | None = None
        self.done = False
        self.problem = ""
        self._eased = self._stopped = False
        self._busy = Busy()

    def begin(self) -> None:
        """Start the thread."""
        native_thread(self._blow)

    def _blow(self) -> None:
        try:
            self._pump.run(self._arrivals())
            for _ in range(_AMENDMENTS):
                self._make_good()
        except Exception as error:  # told to the parent: a thread has nobody else to tell
            self.problem = f"{type(error).__name__}: {error}"
        finally:
            self.done = True

    def _arrivals(self) -> Iterator[tuple[int, float]]:
        for arrival in self._plan.schedule.times(self.worker, self._workers):
            if self._eased:
                return
            yield arrival

    def _make_good(self) -> None:
        """Ask again for what was left open, as a provider does that lost an answer; it is no part of the storm.

        Not of a target that suffered so much that its storm was broken off.
        """
        again = Amends(self._rounds)
        if not again.left or self._stopped or self._eased:
            return
        pump = self._amending = Pump(self._place, again, timeout=self._plan.timeout_seconds, most_connections=20)
        pump.run((n, _PATIENCE_SECONDS + n / _AMENDED_PER_SECOND) for n in range(len(again.left)))
        self._amended += len(again.left)

    def ease(self) -> bool:
        """Begin no more rounds, but let those under way come to their end; False where it was told so before."""
        before, self._eased = self._eased, True
        return not before

    def stop(self) -> None:
        """End at once."""
        self._stopped = self._stopped or not self.done
        self._pump.stop()
        if self._amending is not None:
            self._amending.stop()

    def renew(self, tokens: Sequence[str]) -> None:
        """Call with these tokens from now on, one a caller."""
        self._rounds.renew(tokens)

    def take(self) -> dict[str, Any]:
        """What there is to report since the last time; `busy` is the share of one core that this process used, or 0."""
        return {"worker": self.worker, "tally": self._pump.take().to_line(), "in_flight": self._pump.in_flight,
                "busy": self._busy.share()}

    def states(self) -> dict[str, Any]:
        """What became of each round of this worker, and what went wrong with the generator itself."""
        begun, ended, fed = self._rounds.begun, self._rounds.ended, self._rounds.fed
        if self._stopped:
            begun, ended, fed = unanswered(begun), unanswered(ended, begun), unanswered(fed, begun)
        return {"worker": self.worker, "workers": self._workers, "problem": self.problem, "begun": packed(begun),
                "ended": packed(ended), "fed": packed(fed), "amended": self._amended, "kept": self._rounds.kept.lines()}


def unanswered(states: bytes | bytearray, first: bytes | bytearray = b"") -> bytearray:
    """The states of a storm that was stopped: what may have been sent, and was never answered, may have happened.

    `first`: the states of the calls that these follow upon; only what was done is followed by another.
    """
    if not first:
        return bytearray(states.replace(bytes([Became.UNSENT]), bytes([Became.UNKNOWN])))
    return bytearray(Became.UNKNOWN if state == Became.UNSENT and begun == Became.DONE else state
                     for state, begun in zip(states, first, strict=True))


def resolved(base_url: str) -> Place:
    """Where the target listens, and how it is spoken to there.

    Raises:
        OSError: its name cannot be resolved. ValueError: not an address that a storm can be blown at, or its
        certificate cannot be verified.
    """
    door = found(base_url)
    link = Link if door.context is None else Trust(door.context, door.host).link
    return Place(host=str(door.address[0]), port=int(door.address[1]), family=door.family,
                 scope=int(door.address[3]) if len(door.address) > 2 else 0, link=link)


def more_descriptors(wanted: int) -> None:
    """Raise this process's limit of open files as far as it may itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard >= 0 else wanted, hard))


def native_thread(work: Callable[[], None]) -> None:
    """A thread of the system, also where gevent has made threads its own."""
    if "gevent.monkey" in sys.modules:
        from gevent.monkey import get_original

        get_original("_thread", "start_new_thread")(work, ())
    else:
        import _thread

        _thread.start_new_thread(work, ())
