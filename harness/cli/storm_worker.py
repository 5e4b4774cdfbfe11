"""`certify storm-worker`, and what the options of a run say of who blows its storms."""

from __future__ import annotations

import socket
import sys

from harness.model.elsewhere import LOOPBACK, PORT, Elsewhere, address
from harness.model.errors import EnvironmentFault, UsageError


def storm_worker_command(where: str, *, wait_seconds: float) -> int:
    """Join the run at HOST:PORT and serve its storms; 0 once it is over and at least one was served."""
    from harness.drivers.locust_engine.joining import join

    host, port = address(where, "storm-worker")
    served = join(host, port, wait_seconds=wait_seconds, say=_say)
    _say(f"no further storm came: {served} served")
    return 0


def storms_by(processes: int | None, machines: int, listen: str | None, wait_seconds: float
              ) -> tuple[int, Elsewhere | None]:
    """(processes of this machine, workers elsewhere) as the options of a run say.

    Raises:
        UsageError: they contradict each other, or --storm-listen is no address of IPv4. EnvironmentFault: it is no
            address of this machine, or its port is in use.
    """
    if not machines:
        if listen is not None:
            raise UsageError("--storm-listen: nobody is waited for there", remedy="Add --storm-machines N")
        if processes == 0:
            raise UsageError("--storm-processes 0: nobody would blow the storms", remedy="Add --storm-machines N")
        return processes or 1, None
    host, port = address(listen or f"{LOOPBACK}:{PORT}", "--storm-listen")
    return processes or 0, Elsewhere(machines=machines, host=_free(host, port), port=port, wait_seconds=wait_seconds)


def announced(elsewhere: Elsewhere) -> str:
    """What to do on the other machines, in one line."""
    host = socket.gethostname() if elsewhere.host == "0.0.0.0" else elsewhere.host  # noqa: S104 - compared, not bound
    return (f"storms wait up to {elsewhere.wait_seconds:.0f} s for {elsewhere.machines} worker(s); on each other "
            f"machine: certify storm-worker {host}:{elsewhere.port}")


def _free(host: str, port: int) -> str:
    """The address as a number: one that can be listened at, before anything is driven."""
    try:
        numeric = str(socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((numeric, port))
    except OSError as error:
        raise EnvironmentFault(f"--storm-listen {host}:{port}: {error.strerror or error}",
                               remedy="End what listens there, or name another address of this machine") from error
    return numeric


def _say(line: str) -> None:
    sys.stderr.write(f"storm-worker: {line}\n")
    sys.stderr.flush()
