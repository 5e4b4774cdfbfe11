"""Runs of certify as processes of their own, all of which end when they are told to."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from types import TracebackType

_ENDING_SECONDS = 20


class TrialRuns:
    """Runs side by side, from several threads.

    As a context manager they share one cache of bytecode, which is gone afterwards: where nothing may be written beside
    the sources, each of the processes that a trial starts would compile every module and suite anew.
    """

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._over = False
        self._lock = threading.Lock()
        self._bytecode: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> TrialRuns:
        self._bytecode = tempfile.TemporaryDirectory(prefix="certify-bytecode-", ignore_cleanup_errors=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._bytecode is not None:
            self._bytecode.cleanup()
        self._bytecode = None

    def run(self, command: Sequence[str], *, within: float) -> subprocess.CompletedProcess[str]:
        """Like subprocess.run with what it printed as text; `within` seconds.

        Raises:
            TimeoutExpired: it did not end in time, and was ended.
        """
        with self._lock:
            if self._over:
                return subprocess.CompletedProcess(command, -1, "", "not begun: all were told to end")
            running = subprocess.Popen(command, text=True, stdout=subprocess.PIPE,  # noqa: S603 - ourselves
                                       stderr=subprocess.PIPE, env=self._environment())
            self._running.add(running)
        try:
            printed, complained = running.communicate(timeout=within)
        except BaseException:
            _ended(running)
            raise
        finally:
            with self._lock:
                self._running.discard(running)
        return subprocess.CompletedProcess(command, running.returncode, printed, complained)

    def _environment(self) -> dict[str, str] | None:
        if self._bytecode is None:
            return None
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**inherited, "PYTHONPYCACHEPREFIX": self._bytecode.name}

    def end(self) -> None:
        """Tell all that run to clean up and end, and begin no further one."""
        with self._lock:
            self._over = True
            for running in self._running:
                running.terminate()


def _ended(running: subprocess.Popen[str]) -> None:
    """Politely, so that it leaves nothing behind; then by force."""
    running.terminate()
    try:
        running.communicate(timeout=_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.communicate()
