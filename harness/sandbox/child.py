"""One supervised process of the sandbox, on a listening socket that outlives it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from harness.sandbox.settings import Settings

_STOP_SECONDS = 2.0


class Child:
    """One supervised process: a thread starts it, waits for its end, and starts it again."""

    def __init__(self, role: str, listener: socket.socket, settings: Settings, log_path: Path) -> None:
        self._role, self._listener, self._log_path = role, listener, log_path
        self._line = settings.to_json().encode() + b"\n"
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.ready = threading.Event()
        self.ended = threading.Event()
        self.starts = 0
        # The thread lives as long as the child: PR_SET_PDEATHSIG counts from the thread that started it.
        self._thread = threading.Thread(target=self._supervise, name=f"sandbox-{role}", daemon=True)

    def start(self) -> None:
        """Starts the supervising thread; returns at once."""
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Process id now; it changes with a restart."""
        return None if self._process is None else self._process.pid

    def kill(self) -> None:
        """SIGKILL; the supervising thread starts the process again."""
        if self._process is not None and self._process.poll() is None:
            self.ready.clear()
            self._process.kill()

    def stop(self) -> None:
        """Ends the process for good and closes its socket."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive() and self._process is not None:
            self._process.kill()
            self._thread.join(_STOP_SECONDS)
        self._listener.close()

    def _supervise(self) -> None:
        try:
            while not self._stopping.is_set():
                served = self._run_once()
                self.ready.clear()
                if not served:
                    return
        finally:
            self.ended.set()

    def _run_once(self) -> bool:
        descriptor = self._listener.fileno()
        with self._log_path.open("ab") as log:
            command = [sys.executable, "-P", "-m", "harness.sandbox.platform_main", self._role, str(descriptor)]
            process = self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, pass_fds=(descriptor,),
                start_new_session=True, env={**os.environ, "PYTHONHASHSEED": "0"},
            )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        self.starts += 1
        with process.stdin, process.stdout, contextlib.suppress(BrokenPipeError):
            process.stdin.write(self._line)
            process.stdin.flush()
            served = process.stdout.readline() == b"ready\n"
            if served:
                self.ready.set()
            process.wait()
            return served
        process.wait()
        return False
