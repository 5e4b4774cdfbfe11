"""What a storm worker on another machine does: waits for a run, and serves its storms one after the other.

Each storm is served by a process of its own, which Locust has for itself; this one only watches.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, cast

from harness.model.errors import EnvironmentFault

_LOOK_AGAIN_SECONDS = 0.5
_LET_BE_SECONDS = 4.0
"""So long a run is let be that wanted this worker no more: its master may be about to go, or a storm be blowing."""
_CONNECT_SECONDS = 3.0
_GREET_SECONDS = 5.0
_GREETING = b"\xff"
"""The first byte of ZeroMQ's, which a master sends at once; a tunnel whose far end nobody listens at sends nothing."""
_ENDING_SECONDS = 5.0


def join(host: str, port: int, *, wait_seconds: float, say: Callable[[str], None]) -> int:
    """Serve storms of runs that listen there; returns how many, once none has come for `wait_seconds`.

    `say` is called with each line for people.

    Raises:
        EnvironmentFault: no run came at all, what listens there is none, or it runs another certify.
    """
    where, served = f"{host}:{port}", 0
    _resolved(host)
    give_up, told, came = time.monotonic() + wait_seconds, False, False
    while time.monotonic() < give_up:
        if not _listens(host, port):
            if not told:
                say(f"nobody listens at {where} yet; waiting {wait_seconds:.0f} s for a run (Ctrl-C ends it)")
                told = True
            time.sleep(_LOOK_AGAIN_SECONDS)  # the run has no way to call us: we are the ones who connect
            continue
        joined, blown = _serve(host, port, say)
        served += blown
        came = came or joined
        if joined:
            give_up, told = time.monotonic() + wait_seconds, blown == 0
            if blown:
                say(f"waiting {wait_seconds:.0f} s for the next storm at {where}")
                told = True
        time.sleep(_LET_BE_SECONDS)
    if came and not served:
        raise EnvironmentFault(f"the run at {where} had no storm for this worker",
                               remedy="Had it all its workers? Ask for more with --storm-machines")
    if not served:
        raise EnvironmentFault(f"no storm came from {where} within {wait_seconds:.0f} s", remedy="Start the run there "
                               "with --storm-machines and --storm-listen; is the address right, and the port open?")
    return served


def _resolved(host: str) -> None:
    try:
        socket.getaddrinfo(host, None, socket.AF_INET)
    except OSError as error:
        raise EnvironmentFault(f"{host} is no host that this machine knows ({error.strerror})",
                               remedy="Name the machine of the run by its name or IPv4 address") from None


def _listens(host: str, port: int) -> bool:
    """Is a master there? EnvironmentFault where somebody else is."""
    try:
        with socket.create_connection((host, port), _CONNECT_SECONDS) as line:
            line.settimeout(_GREET_SECONDS)
            try:
                said = line.recv(1)
            except TimeoutError:
                raise _no_run(f"{host}:{port}") from None
    except OSError:
        return False
    if said not in (b"", _GREETING):
        raise _no_run(f"{host}:{port}")
    return said == _GREETING


def _no_run(where: str) -> EnvironmentFault:
    return EnvironmentFault(f"what listens at {where} is no run that waits for storm workers",
                            remedy="Name the HOST:PORT that the run was given as --storm-listen")


def _serve(host: str, port: int, say: Callable[[str], None]) -> tuple[bool, int]:
    """(has it joined, storms blown: 0 or 1); one process from its beginning to its end."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "harness.drivers.locust_engine.process"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", start_new_session=True)
    joined, blown = False, 0
    try:
        with suppress(BrokenPipeError):
            stdin = cast(Any, process.stdin)
            stdin.write(json.dumps({"role": "worker", "host": host, "port": port, "local": False}) + "\n")
            stdin.flush()
        for report in _reports(process):
            joined = joined or report["event"] == "joined"
            blown += report["event"] == "blown"
            if line := _line(report, f"{host}:{port}"):
                say(line)
    finally:
        _end(process)
    return joined, blown


def _reports(process: subprocess.Popen[str]) -> Iterator[Mapping[str, Any]]:
    for line in cast(Any, process.stdout):
        with suppress(ValueError):  # the torn line of a process that was killed
            yield json.loads(line)


def _line(report: Mapping[str, Any], where: str) -> str:
    """What people are told; EnvironmentFault where there is no going on."""
    match report["event"]:
        case "joined":
            return f"joined the run at {where}; waiting for its storm"
        case "taken":
            return (f"worker {report['worker'] + 1} of {report['workers']}: {report['seconds']:.0f} s at "
                    f"{report['base_url']}, all together up to {report['peak']:g} rounds/s")
        case "blown" if report["problem"]:
            return f"the share was not blown to its end: {report['problem']}"
        case "blown":
            return "the run has stopped the storm" if report["stopped"] else "the share is blown and reported"
        case "over":
            return str(report["why"])
        case "refused":
            raise EnvironmentFault(f"the run at {where} refuses this worker", remedy=str(report["why"]))
        case "problem":
            return f"could not join the run at {where}, which may be gone; looking again"
    return ""


def _end(process: subprocess.Popen[str]) -> None:
    """Politely, so that it can tell its master; then by force."""
    with suppress(OSError):
        cast(Any, process.stdin).close()
    try:
        process.wait(_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    cast(Any, process.stdout).close()
