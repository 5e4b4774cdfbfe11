"""Hooks of a target profile: commands that do to a sandbox what its API cannot, such as killing its process."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping

from harness.engine.ports import Hook, Recorder
from harness.model.errors import Prerequisite

_LIMIT_SECONDS = 60.0
_TOLD = 300
"""Bytes of the command's last words that are kept."""


def hook_commands(hooks: Mapping[str, str], recorder: Recorder, limit_seconds: float = _LIMIT_SECONDS
                  ) -> dict[str, Hook]:
    """Callables by hook name; each runs its command once (no shell), records it, and waits for its end."""
    return {name: _hook(name, shlex.split(command), recorder, limit_seconds) for name, command in hooks.items()}


def _hook(name: str, command: list[str], recorder: Recorder, limit_seconds: float) -> Hook:
    def run() -> None:
        said, code = "", None
        try:
            # A file, no pipe: a platform that the command leaves running would hold the pipe open for ever.
            with tempfile.TemporaryFile() as errors:
                # The operator of the harness wrote the command into its own configuration.
                done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,  # noqa: S603
                                      stderr=errors, timeout=limit_seconds, check=False)
                code = done.returncode
                errors.seek(max(0, errors.seek(0, os.SEEK_END) - _TOLD))
                said = errors.read(_TOLD).decode("utf-8", "replace").strip()
        except subprocess.TimeoutExpired:
            said = f"no end within {limit_seconds:.0f} s"
        except OSError as error:
            said = error.strerror or type(error).__name__
        recorder.append("hook", {"hook": name, "code": code, "said": said})
        if code != 0:
            raise Prerequisite(f"the hook {name!r} failed: {said or f'exit {code}'}",
                               remedy=f"Run it by hand: {shlex.join(command)}")

    return run
