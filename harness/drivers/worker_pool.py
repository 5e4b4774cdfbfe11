"""Worker processes: checks that do not disturb each other run side by side, the exclusive ones alone."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from harness.model.errors import HarnessFault
from harness.model.plan import Check

OnEvent = Callable[[str, Mapping[str, Any]], None]
_ENDING_SECONDS = 15.0
_ASK_AGAIN_SECONDS = 0.2
_LISTEN_SECONDS = 1.0


class WorkerPool:
    """Starts `python -m harness.cli.worker` processes, hands each its checks, ends all of them always."""

    def __init__(self, run: Path, payload: Mapping[str, Any], *, workers: int, limit_seconds: float,
                 lines: int = 1) -> None:
        self._run = run
        self._payload = payload
        self._workers = max(1, workers)
        self._lines = max(1, lines)
        self._deadline = time.monotonic() + limit_seconds
        self._running: list[subprocess.Popen[str]] = []

    def drive(self, checks: Sequence[Check], on_event: OnEvent) -> list[str]:
        """Run shared checks in parallel, then exclusive ones, then those on lines; returns notes on what went wrong.

        Workers ask for one check after the other, so that none waits while another has several left. Where there are
        several lines, each with a platform of its own, what takes long is driven aside, from the beginning on.
        """
        aside = [c for c in checks if c.isolation == "aside"] if self._lines > 1 else []
        if not aside:
            return self._in_turn([replace(c, isolation="line") if c.isolation == "aside" else c for c in checks],
                                 on_event)
        told = threading.Lock()

        def one_at_a_time(event: str, record: Mapping[str, Any]) -> None:
            with told:
                on_event(event, record)

        beside = WorkerPool(self._run, self._payload, workers=1, limit_seconds=self._deadline - time.monotonic())
        with ThreadPoolExecutor(1) as thread:
            driven = thread.submit(beside._drive, aside, 1, "m", one_at_a_time)
            try:
                notes = self._in_turn([c for c in checks if c not in aside], one_at_a_time)
                return [*notes, *driven.result()]
            finally:
                beside.stop()

    def _in_turn(self, checks: Sequence[Check], on_event: OnEvent) -> list[str]:
        shared = sorted((c for c in checks if c.isolation == "shared"), key=lambda c: not c.long)
        exclusive = [c for c in checks if c.isolation == "exclusive"]
        notes = self._drive(shared, min(self._workers, len(shared)), "w", on_event)
        notes += self._drive(exclusive, min(1, len(exclusive)), "x", on_event)
        # Last: a worker that dies with its hands on the only line to a wallet must spoil nobody else's evidence.
        line = [c for c in checks if c.isolation == "line"]
        return notes + self._drive(line, min(self._lines, len(line)), "c", on_event)

    def stop(self) -> None:
        """End every worker that still runs: first politely, so that it can undo what it registered.

        Asked again and again: a signal that comes just before a call blocks is not heard until that call ends.
        """
        patience = time.monotonic() + _ENDING_SECONDS
        while left := [process for process in self._running if process.poll() is None]:
            for process in left:
                if time.monotonic() < patience:
                    process.terminate()
                else:
                    process.kill()
            with suppress(subprocess.TimeoutExpired):
                left[0].wait(_ASK_AGAIN_SECONDS)

    def _drive(self, checks: Sequence[Check], workers: int, prefix: str, on_event: OnEvent) -> list[str]:
        left = [check.id for check in checks]
        events: queue.Queue[tuple[int, str | None]] = queue.Queue()
        notes: list[str] = []
        try:
            started = []
            for n in range(workers):
                started.append(self._start(f"{prefix}{n + 1}", checks))
                threading.Thread(target=_pump, args=(n, started[n], events), daemon=True).start()
            open_ = len(started)
            while open_:
                try:
                    n, line = events.get(timeout=min(_LISTEN_SECONDS, max(0.0, self._deadline - time.monotonic())))
                except queue.Empty:
                    if time.monotonic() < self._deadline:
                        continue  # a Ctrl-C that came just before the wait is heard here
                    notes.append("time limit of the run reached: remaining checks were stopped")
                    break
                if line is None:
                    open_ -= 1
                    if started[n].wait() != 0:
                        notes.append(f"worker {prefix}{n + 1} ended with {started[n].returncode}: see its log")
                    continue
                record = _record(line)
                if record.get("event") == "note":
                    notes.append(str(record["text"]))
                elif record.get("event") == "next":
                    _hand_out(left, record["of"], started[n])
                elif "event" in record:
                    on_event(record.pop("event"), record)
        finally:
            self.stop()
            for process in self._running:
                with suppress(BrokenPipeError):
                    cast(Any, process.stdin).close()
            self._running.clear()
        return notes

    def _start(self, name: str, checks: Sequence[Check]) -> subprocess.Popen[str]:
        assignment = {**self._payload, "worker": name, "checks": [
            {"id": c.id, "path": c.path, "controls": list(c.controls), "isolation": c.isolation} for c in checks]}
        try:
            with (self._run / f"worker-{name}.log").open("w", encoding="utf-8") as log:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "harness.cli.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=log, encoding="utf-8", errors="replace", start_new_session=True,
                    env=_environment())
        except OSError as error:
            raise HarnessFault(f"worker {name} did not start: {error.strerror}", remedy="Try fewer --workers") \
                from error
        self._running.append(process)
        try:
            # Secrets go through the pipe: never through arguments, environment or disk. It stays open: a worker
            # whose pipe ends knows that the run was killed.
            stdin = cast(Any, process.stdin)
            stdin.write(json.dumps(assignment) + "\n")
            stdin.flush()
        except BrokenPipeError as error:
            cast(Any, process.stdout).close()
            raise HarnessFault(f"worker {name} did not start", remedy=f"See {self._run}/worker-{name}.log") from error
        return process


def _environment() -> dict[str, str]:
    """A worker leaves no bytecode beside a user's suites; into a cache that is kept elsewhere it may."""
    ours = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return ours if os.environ.get("PYTHONPYCACHEPREFIX") else {**ours, "PYTHONDONTWRITEBYTECODE": "1"}


def _hand_out(left: list[str], able: Sequence[str], worker: subprocess.Popen[str]) -> None:
    """Give the worker the first check that is left and that it has loaded; None when there is no such check."""
    chosen = next((check for check in left if check in able), None)
    if chosen is not None:
        left.remove(chosen)
    with suppress(BrokenPipeError):  # it has ended: its check will be told as interrupted
        stdin = cast(Any, worker.stdin)
        stdin.write(json.dumps({"check": chosen}) + "\n")
        stdin.flush()


def _record(line: str) -> dict[str, Any]:
    """The event in a line; none in the torn one that a killed worker leaves, whose checks tell by not ending."""
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _pump(n: int, process: subprocess.Popen[str], events: queue.Queue[tuple[int, str | None]]) -> None:
    with cast(Any, process.stdout) as lines:
        for line in lines:
            events.put((n, line))
    events.put((n, None))
