"""The process that Pact's native library has for itself.

One line of JSON on stdin is the order: jobs, how long to wait for an answer, how many at once. Reports are lines of
JSON on stdout, each job's as soon as it is known. The end of stdin ends it: it does not outlive who wanted it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.drivers.pact_verifier.producing import Messages
from harness.drivers.pact_verifier.told import mismatches_of, trouble_of

Tell = Callable[..., None]


def main() -> int:
    """Follow the order; 0 when every job has its verdict."""
    tell = _voice()
    order = json.loads(sys.stdin.buffer.readline() or b"{}")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        import pact  # noqa: F401 - is it there, and does its library load?
    except (ImportError, OSError) as error:
        tell("unusable", text=f"{type(error).__name__}: {error}"[:300])
        return 1
    messages = Messages({job["key"]: job for job in order["jobs"] if "contents" in job})
    with tempfile.TemporaryDirectory(prefix="certify-pact-") as folder, ThreadPoolExecutor(order["at_once"]) as pool:
        def one(job: Mapping[str, Any]) -> None:
            tell("began", key=job["key"])
            tell("verified", key=job["key"], **_verified(job, Path(folder), order["request_ms"], messages.port))

        list(pool.map(one, order["jobs"]))
    messages.close()
    tell("ended")
    return 0


def _voice() -> Tell:
    """Reports go to our stdout; what the library and its servers print there and to stderr is dropped."""
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    telling = threading.Lock()

    def tell(event: str, **what: Any) -> None:
        try:
            with telling:
                reports.write(json.dumps({"event": event, **what}) + "\n")
                reports.flush()
        except BrokenPipeError:
            os._exit(1)

    return tell


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def _verified(job: Mapping[str, Any], folder: Path, request_ms: int, messages: int) -> dict[str, Any]:
    from pact import Verifier

    path = folder / f"{job['key']}.json"
    path.write_text(json.dumps(job["document"]), encoding="utf-8")
    began = time.monotonic()
    ok, error = False, ""
    results: Mapping[str, Any] = {}
    try:
        verifier: Any = Verifier(job["document"]["provider"]["name"], host="127.0.0.1").add_source(path)
        verifier.set_request_timeout(request_ms).set_error_on_empty_pact(enabled=True)
        if job["url"]:
            verifier.add_transport(url=job["url"])
        else:
            verifier.add_transport(protocol="message", port=messages, path=f"/{job['key']}", scheme="http")
        if job["state_url"]:
            verifier.state_handler(job["state_url"], teardown=True, body=True)
        try:
            verifier.verify()
            ok = True
        except RuntimeError as failed:
            error = str(failed)
        results = verifier.results
    except Exception as unexpected:  # whatever a hostile document does to it is told, and is nobody's verdict
        error = f"{type(unexpected).__name__}: {unexpected}"
    path.unlink(missing_ok=True)
    told = results.get("interactionResults") or []
    found = mismatches_of(told)
    ok = ok and len(told) == 1 and not found
    return {"ok": ok, "mismatches": found, "seconds": time.monotonic() - began,
            "error": "" if ok or found else trouble_of(told, results, error)}


if __name__ == "__main__":
    sys.exit(main())
