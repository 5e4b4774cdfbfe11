"""Runs of certify as processes of their own, all of which end when they are told to."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence

_ENDING_SECONDS = 20


class TrialRuns:
    """Runs side by side, from several threads."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._over = False
        self._lock = threading.Lock()

    def run(self, command: Sequence[str], *, within: float) -> subprocess.CompletedProcess[str]:
        """Like subprocess.run with what it printed as text; `within` seconds.

        Raises:
            TimeoutExpired: it did not end in time, and was ended.
        """
        with self._lock:
            if self._over:
                return subprocess.CompletedProcess(command, -1, "", "not begun: all were told to end")
            running = subprocess.Popen(command, text=True, stdout=subprocess.PIPE,  # noqa: S603 - ourselves
                                       stderr=subprocess.PIPE)
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
