"""Storms as the harness starts them: processes of Locust, listened to until they end, and ended when they must."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, cast

from harness.model.elsewhere import LOOPBACK, Elsewhere
from harness.model.errors import EnvironmentFault, HarnessFault
from harness.model.packing import unpacked
from harness.model.storm import StormPlan
from harness.model.storm_record import StormResult
from harness.model.tally import Tally

Tokens = Callable[[], Sequence[str]]
"""Gives the tokens that are good now, one a caller; asked for five times a second, it had better remember them."""
OnReport = Callable[[Tally, Mapping[str, Any]], str | None]
"""Called with what has been counted so far and the newest report (`gone`: seconds since the storm began), some two
times a second and worker. Says why the storm is to be stopped early, or nothing."""
_LISTEN_SECONDS = 0.2
_RENEW_SECONDS, _RENEW_AGAIN_SECONDS = 0.2, 1.0
_ENDING_SECONDS = 5.0
_LONGER_SECONDS = 90.0
"""Beyond schedule and time-out: what is made good afterwards has ended by then, or never will."""


_LOCAL_WAIT_SECONDS = 30.0


def blow(plan: StormPlan, *, processes: int = 1, elsewhere: Elsewhere | None = None,
         on_report: OnReport | None = None, tokens: Tokens | None = None) -> StormResult:
    """Blow the storm and wait for its end; Ctrl-C in between ends its processes first.

    By so many processes of this machine, and by the workers on others, if any are asked for. `tokens` renews those of
    the plan's callers while it blows; on this machine they go through pipes, never into a file.

    Raises:
        HarnessFault: Locust did not start, or ended without a word. EnvironmentFault: the workers of the other
            machines did not come, or cannot take their share; nothing was sent.
    """
    crew, longer = _Crew(on_report), _LONGER_SECONDS
    try:
        if processes == 1 and elsewhere is None:
            crew.start({"role": "alone", "plan": plan.to_line()})
        else:
            wait = elsewhere.wait_seconds if elsewhere else _LOCAL_WAIT_SECONDS
            crew.start({"role": "master", "host": elsewhere.host if elsewhere else LOOPBACK, "wait": wait,
                        "port": elsewhere.port if elsewhere else 0, "local": processes,
                        "elsewhere": elsewhere.machines if elsewhere else 0, "plan": plan.to_line()})
            longer += wait
        if tokens is not None:
            threading.Thread(target=crew.renew, args=(plan, tokens), daemon=True).start()
        crew.listen(processes, plan.schedule.seconds + plan.timeout_seconds + longer)
    finally:
        crew.end()
    return crew.result()


class _Crew:
    """The processes of one storm, and what they have reported."""

    def __init__(self, on_report: OnReport | None) -> None:
        self._on_report = on_report
        self._processes: list[subprocess.Popen[str]] = []
        self._reports: SimpleQueue[tuple[int, Mapping[str, Any] | None]] = SimpleQueue()
        self._tally = Tally()
        self._states: dict[int, tuple[bytes, bytes, bytes]] = {}
        self._amended = 0
        self._kept: list[Mapping[str, Any]] = []
        self._workers = 0
        self._lost: list[int] = []
        self._problems: list[str] = []
        self._busiest = 0.0
        self._ended = False
        self._over = threading.Event()
        self._asked = float("inf")
        self._unrenewed = ""
        """What went wrong with new tokens, if anything did."""
        self._began = 0.0
        self._aborted = ""
        self._saying = threading.Lock()
        self._apart = 0.0

    def start(self, order: Mapping[str, Any]) -> None:
        """Start one process with its first order."""
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "harness.drivers.locust_engine.process"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", start_new_session=True)
        except OSError as error:
            raise HarnessFault(f"Locust did not start: {error.strerror}", remedy="Try again with fewer processes") \
                from error
        number = len(self._processes)
        self._processes.append(process)
        threading.Thread(target=self._read, args=(number, process), daemon=True).start()
        self._say(process, json.dumps(order))

    def _say(self, process: subprocess.Popen[str], line: str) -> None:
        """One line at a time: two threads have something to say."""
        with self._saying, suppress(BrokenPipeError):
            stdin = cast(Any, process.stdin)
            stdin.write(line + "\n")
            stdin.flush()

    def renew(self, plan: StormPlan, tokens: Tokens) -> None:
        """Hand on new tokens until the storm is over: to the process that leads, which tells the others."""
        known, pause = [caller.token for caller in plan.callers], _RENEW_SECONDS
        while not self._over.wait(pause):
            self._asked, pause = time.monotonic(), _RENEW_SECONDS
            try:
                fresh = list(tokens())
                if fresh != known and not self._over.is_set():
                    self._say(self._processes[0], json.dumps({"tokens": fresh}))
                known = fresh
            except Exception as error:  # the old ones may still be good; a thread has nobody else to tell
                if not self._over.is_set():
                    self._unrenewed, pause = str(error) or type(error).__name__, _RENEW_AGAIN_SECONDS
            self._note_slow()
            self._asked = float("inf")

    def _note_slow(self) -> None:
        """A call for tokens that takes long, or is still under way, may bring them too late."""
        if (took := time.monotonic() - self._asked) > _RENEW_AGAIN_SECONDS:
            self._unrenewed = self._unrenewed or f"a call for them took {took:.0f} s"

    def _read(self, number: int, process: subprocess.Popen[str]) -> None:
        with cast(Any, process.stdout) as lines:
            for line in lines:
                with suppress(ValueError):  # the torn line of a process that was killed
                    self._reports.put((number, json.loads(line)))
        self._reports.put((number, None))

    def listen(self, processes: int, seconds: float) -> None:
        """Follow the reports until the storm has ended; so many seconds at most."""
        give_up = time.monotonic() + seconds
        while not self._ended:
            try:
                number, report = self._reports.get(timeout=_LISTEN_SECONDS)
            except Empty:
                if time.monotonic() > give_up:
                    self._problems.append("the storm did not end in its time")
                    return
                continue
            if report is None:
                if number == 0:
                    code = self._processes[0].wait()
                    raise HarnessFault(f"Locust ended with {code} before the storm had",
                                       remedy="Run `certify doctor`; see whether memory or processes are short")
                continue
            if report["event"] == "listening":
                host = LOOPBACK if report["host"] == "0.0.0.0" else report["host"]  # noqa: S104 - compared, not bound
                for _ in range(processes):
                    self.start({"role": "worker", "host": host, "port": report["port"], "local": True})
            self._take(report)

    def _take(self, report: Mapping[str, Any]) -> None:
        match report["event"]:
            case "began":
                self._workers = report["workers"]
                self._began = time.monotonic()
            case "tally":
                self._busiest = max(self._busiest, report["busy"])
                self._tally.merge(Tally.from_line(report["tally"]))
                if self._on_report is not None:
                    why = self._on_report(self._tally, {**report, "gone": time.monotonic() - self._began})
                    if why and not self._aborted:
                        self._ease(why)
            case "states":
                self._states[report["worker"]] = (unpacked(report["begun"]), unpacked(report["ended"]),
                                                  unpacked(report["fed"]))
                self._amended += report["amended"]
                self._kept += report["kept"]
                if report["problem"]:
                    self._problems.append(f"worker {report['worker']}: {report['problem']}")
            case "lost":
                self._lost.append(report["worker"])
            case "apart":
                self._apart = report["seconds"]
            case "unblown":
                raise EnvironmentFault(report["text"], remedy=report["remedy"])
            case "problem":
                raise HarnessFault(f"Locust cannot blow this storm: {report['text']}",
                                   remedy="Check the target's base_url, and that the workers can reach the master")
            case "ended":
                self._ended = True

    def _ease(self, why: str) -> None:
        """No new rounds; what is under way may end for a few seconds, so that its money can be told."""
        self._aborted = why
        self._say(self._processes[0], "ease")

    def end(self) -> None:
        """End every process: politely, then by force. Their stdin is what they live by."""
        self._over.set()
        for process in self._processes:
            with suppress(OSError):
                cast(Any, process.stdin).close()
        patience = time.monotonic() + _ENDING_SECONDS
        for process in self._processes:
            try:
                process.wait(max(0.1, patience - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def result(self) -> StormResult:
        """What has been reported, by round number again."""
        begun, ended, fed = (_by_number({worker: states[n] for worker, states in self._states.items()}, self._workers)
                             for n in range(3))
        self._note_slow()
        if self._unrenewed and any("401" in counts for counts in self._tally.outcomes.values()):
            self._problems.append(f"had trouble with new tokens: {self._unrenewed}")
        return StormResult(tally=self._tally, begun=begun, ended=ended, fed=fed, workers=self._workers,
                           amended=self._amended, kept=tuple(self._kept),
                           lost=tuple(sorted(self._lost)), busiest=self._busiest, problems=tuple(self._problems),
                           aborted=self._aborted, apart_seconds=self._apart,
                           complete=self._ended and len(self._states) == self._workers and not self._lost)


def _by_number(states: Mapping[int, bytes], workers: int) -> bytes:
    found = bytearray(max(map(len, states.values()), default=0) * workers)
    for worker, its in states.items():
        found[worker:len(its) * workers:workers] = its
    return bytes(found)
