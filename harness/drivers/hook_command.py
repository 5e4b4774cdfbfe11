"""Hooks of a target profile: commands that do to a sandbox what its API cannot: kill its process, set a state."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from typing import IO, Any

from harness.engine.ports import Hook, Recorder
from harness.model.errors import Prerequisite
from harness.model.exchange import parse_json

_LIMIT_SECONDS = 60.0
_STATE_SECONDS = 20.0
_MAX_VALUES = 1 << 20
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


def state_command(command: str, recorder: Recorder, limit_seconds: float = _STATE_SECONDS
                  ) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Sets provider states: the command gets `{state, params, action}` on stdin, and prints the values as JSON.

    Prerequisite, with its last words, where it fails, takes too long or prints something else.
    """
    words = shlex.split(command)

    def run(told: Mapping[str, Any]) -> Mapping[str, Any]:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            why, code = "", None
            try:
                code = _ended(words, json.dumps(told).encode(), out, errors, limit_seconds)
                errors.seek(max(0, errors.seek(0, os.SEEK_END) - _TOLD))
                why = errors.read(_TOLD).decode("utf-8", "replace").strip()
            except subprocess.TimeoutExpired:
                why = f"no end within {limit_seconds:.0f} s"
            except OSError as error:
                why = error.strerror or type(error).__name__
            recorder.append("hook", {"hook": f"state {told.get('state')} {told.get('action')}", "code": code,
                                     "said": why})
            out.seek(0)
            printed = out.read(_MAX_VALUES).decode("utf-8", "replace").strip()
        values = parse_json(printed) if printed else {}
        if code != 0 or not isinstance(values, dict):
            said = "it printed no JSON object" if code == 0 else why or f"exit {code}"
            raise Prerequisite(f"the states command failed: {said}",
                               remedy=f"Run it by hand: echo '{json.dumps(told)}' | {shlex.join(words)}")
        return values

    return run


def _ended(words: list[str], said: bytes, out: IO[bytes], errors: IO[bytes], limit_seconds: float) -> int:
    """The exit code of the command; whoever waits is waited for no longer than that."""
    # The operator of the harness wrote the command into its own configuration.
    done = subprocess.run(words, input=said, stdout=out, stderr=errors, timeout=limit_seconds,  # noqa: S603
                          check=False)
    return done.returncode
