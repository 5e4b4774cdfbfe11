"""The load of a user's locustfile as the harness starts it: one process, listened to until it ends."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

from harness.model.errors import EnvironmentFault, HarnessFault
from harness.model.locust_plan import LocustPlan, LocustResult
from harness.model.tally import Tally

OnReport = Callable[[Tally, Mapping[str, Any]], None]
_LISTEN_SECONDS = 0.2
_ENDING_SECONDS = 5.0
_LONGER_SECONDS = 30.0
"""Beyond its time and the time-out of its last tasks: what then has not ended never will."""


def swarm(plan: LocustPlan, *, on_report: OnReport | None = None) -> LocustResult:
    """Run the locustfile for its time; Ctrl-C in between ends its process first.

    Raises:
        EnvironmentFault: the locustfile cannot be used; names file and line. HarnessFault: Locust did not start.
    """
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.drivers.locust_engine.process"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", start_new_session=True)
    except OSError as error:
        raise HarnessFault(f"Locust did not start: {error.strerror}", remedy="Try again with less beside it") from error
    reports: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process, reports), daemon=True).start()
    try:
        with suppress(BrokenPipeError):  # tokens go through the pipe: through no argument, no environment, no file
            stdin = cast(Any, process.stdin)
            stdin.write(json.dumps({"role": "own_users", "plan": plan.to_line()}) + "\n")
            stdin.flush()
        return _listened(reports, plan.seconds + plan.timeout_seconds + _LONGER_SECONDS, on_report)
    finally:
        _end(process)


def _read(process: subprocess.Popen[str], reports: queue.SimpleQueue[Mapping[str, Any] | None]) -> None:
    with cast(Any, process.stdout) as lines:
        for line in lines:
            with suppress(ValueError):  # the torn line of a process that was killed
                reports.put(json.loads(line))
    reports.put(None)


def _listened(reports: queue.SimpleQueue[Mapping[str, Any] | None], seconds: float, on_report: OnReport | None
              ) -> LocustResult:
    give_up, tally, busiest = time.monotonic() + seconds, Tally(), 0.0
    left: Mapping[str, Any] = {}
    while True:
        try:
            report = reports.get(timeout=_LISTEN_SECONDS)
        except queue.Empty:
            if time.monotonic() > give_up:
                return LocustResult(tally=tally, busiest=busiest, complete=False,
                                    problems=("the locustfile did not end in its time",))
            continue
        if report is None:
            if left:
                break
            return LocustResult(tally=tally, busiest=busiest, complete=False,
                                problems=("the process of the locustfile was gone before its time",))
        match report["event"]:
            case "tally":
                tally.merge(Tally.from_line(report["tally"]))
                busiest = max(busiest, report["busy"])
                if on_report is not None:
                    on_report(tally, report)
            case "unusable":
                raise EnvironmentFault(report["text"], remedy="Try it with `locust -f` first")
            case "problem":
                raise HarnessFault(f"Locust cannot run this locustfile: {report['text']}",
                                   remedy="Check the target's base_url and hosts")
            case "left":
                left = report
            case "ended":
                break
    return LocustResult(tally=tally, busiest=busiest, users=left["users"], marked=left["marked"],
                        raised=left["raised"], problems=tuple(left["problems"]), complete=left["complete"])


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(OSError):
        cast(Any, process.stdin).close()
    try:
        process.wait(_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
