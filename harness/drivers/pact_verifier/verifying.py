"""Verification as the harness starts it: jobs go to a process that holds Pact's native library, verdicts come back.

    verify([Job(key="0", document=interaction.alone, url="http://127.0.0.1:4711/i/0", state_url=…)])
    verify([Job(key="0", document=interaction.alone, produced=Produced(contents=b'{"type": …}'))])
"""

from __future__ import annotations

import base64
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from harness.model.errors import EnvironmentFault
from harness.model.pact_record import Job, Mismatch, Verdict

LIMIT_SECONDS = 300.0
"""For all jobs of one call."""
JOB_SECONDS = 240.0
REQUEST_SECONDS = 120.0
"""So long the verifier waits for one answer, of a state too: longer than whoever stands before it has patience."""
AT_ONCE = 4
_LISTEN_SECONDS = 0.2
_ENDING_SECONDS = 2.0
_NOT_FOR_IT = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "rust_log", "pact_log_level")
"""Of the environment: it talks to loopback only, and not to a log."""


def verify(jobs: Sequence[Job], *, limit_seconds: float = LIMIT_SECONDS, job_seconds: float = JOB_SECONDS,
           request_seconds: float = REQUEST_SECONDS, at_once: int = AT_ONCE) -> dict[str, Verdict]:
    """A verdict for each job, by its key; one that takes longer than its time, or breaks the library, has an `error`.

    Ctrl-C in between ends the process first.

    Raises:
        EnvironmentFault: the process does not start.
    """
    left = {job.key: job for job in jobs}
    found: dict[str, Verdict] = {}
    give_up = time.monotonic() + limit_seconds
    while left and time.monotonic() < give_up:
        with _process() as process:
            _order(process, list(left.values()), request_seconds, at_once)
            said, suspects, why = _listened(process, give_up, job_seconds)
        found.update(said)
        if not suspects and not said:
            found.update({key: Verdict(key=key, ok=False, error=why) for key in left})
        found.update({key: Verdict(key=key, ok=False, error=why) for key in suspects})
        left = {key: job for key, job in left.items() if key not in found}
    late = f"the verifier was stopped after {limit_seconds:.0f} s"
    return {job.key: found.get(job.key) or Verdict(key=job.key, ok=False, error=late) for job in jobs}


def _order(process: subprocess.Popen[bytes], jobs: Sequence[Job], request_seconds: float, at_once: int) -> None:
    order = {"jobs": [_line(job) for job in jobs], "request_ms": int(request_seconds * 1000), "at_once": at_once}
    with suppress(BrokenPipeError):  # it is gone: its silence is heard
        stdin = cast(Any, process.stdin)
        stdin.write(json.dumps(order).encode() + b"\n")
        stdin.flush()


def _line(job: Job) -> dict[str, Any]:
    line: dict[str, Any] = {"key": job.key, "document": job.document, "url": job.url, "state_url": job.state_url}
    if (produced := job.produced) is not None:
        line |= {"contents": base64.b64encode(produced.contents).decode(), "content_type": produced.content_type,
                 "metadata": dict(produced.metadata)}
    return line


@contextmanager
def _process() -> Iterator[subprocess.Popen[bytes]]:
    """A verifier's process; it is gone afterwards, whatever happens."""
    environment = {name: value for name, value in os.environ.items() if name.lower() not in _NOT_FOR_IT}
    # Told before the library is loaded: else it asks a name server for the address of its maker's statistics.
    environment |= {"PACT_DO_NOT_TRACK": "true", "NO_PROXY": "*"}
    try:
        process = subprocess.Popen([sys.executable, "-P", "-m", "harness.drivers.pact_verifier.process"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=environment, start_new_session=True)
    except OSError as error:
        raise EnvironmentFault(f"Pact's verifier did not start: {error.strerror}",
                               remedy="Try again with less beside it") from error
    try:
        yield process
    finally:
        with suppress(OSError):
            cast(Any, process.stdin).close()
        try:
            process.wait(_ENDING_SECONDS if process.poll() is None else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise


def _listened(process: subprocess.Popen[bytes], give_up: float, job_seconds: float
              ) -> tuple[dict[str, Verdict], set[str], str]:
    """(verdicts, keys of jobs that the process came to grief with, why), until it ends or takes too long."""
    lines: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    began: dict[str, float] = {}
    verdicts: dict[str, Verdict] = {}
    why = "the verifier ended before its time"
    while True:
        try:
            line = lines.get(timeout=_LISTEN_SECONDS)
        except queue.Empty:
            now = time.monotonic()
            stuck = {key for key, start in began.items() if now - start > job_seconds}
            if stuck or now > give_up:
                process.kill()
                late = f"the verifier took longer than {job_seconds:.0f} s" if stuck else "the verifier was stopped"
                return verdicts, stuck or set(began), late
            continue
        if line is None:
            return verdicts, set(began), why
        match line["event"]:
            case "began":
                began[line["key"]] = time.monotonic()
            case "verified":
                began.pop(line["key"], None)
                verdicts[line["key"]] = _verdict(line)
            case "unusable":
                why = f"Pact's verifier cannot be used: {line['text']}"
            case "ended":
                return verdicts, set(), why


def _read(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[Mapping[str, Any] | None]) -> None:
    with cast(Any, process.stdout) as printed:
        for line in printed:
            with suppress(ValueError):  # the torn line of a process that was killed
                lines.put(json.loads(line))
    lines.put(None)


def _verdict(line: Mapping[str, Any]) -> Verdict:
    return Verdict(key=line["key"], ok=line["ok"], seconds=line["seconds"], error=line["error"],
                   mismatches=tuple(Mismatch(**one) for one in line["mismatches"]))
