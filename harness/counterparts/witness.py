"""A witness: a call of our own over the way that a fault lies on, which measures what it does right now."""

from __future__ import annotations

import http.client
import itertools
import json
import time

from harness.counterparts.troubled_server import WITNESS
from harness.engine.ports import Recorder
from harness.model.exchange import Exchange

_PATIENCE = 5.0
_KEPT = 200
"""Characters of an answer that are recorded: enough to tell it from another."""


class Witness:
    """Calls `address` (host:port), each time on a connection of its own; recorded in channel `witness`."""

    def __init__(self, address: str, recorder: Recorder, *, prefix: str) -> None:
        self._address, self._recorder, self._prefix = address, recorder, prefix
        self._numbers = itertools.count(1)

    def __call__(self, label: str, *, check: str, about: str = "", seconds: float = _PATIENCE) -> Exchange:
        """`about`: the identifier that a fault for some calls only is for; `seconds`: how long to wait."""
        started = time.monotonic_ns()
        status, failure, body = None, "", b""
        connection = http.client.HTTPConnection(self._address, timeout=seconds)
        try:
            connection.request("POST", "/certify-witness", body=json.dumps({"about": about}), headers={WITNESS: label})
            answer = connection.getresponse()
            body = answer.read()  # with a size it would take half an answer for a whole one
            status = answer.status
        except TimeoutError:
            failure = "timeout"
        except (OSError, http.client.HTTPException) as error:
            failure = "protocol" if isinstance(error, http.client.HTTPException) else "connect"
        finally:
            connection.close()
        seen = Exchange(id=f"{self._prefix}-{next(self._numbers)}", check=check, actor="witness", channel="witness",
                        operation="witness", label=label, method="POST", url=f"http://{self._address}/",
                        status=status, response_body=body.decode("utf-8", "replace")[:_KEPT], failure=failure,
                        started_ns=started, ended_ns=time.monotonic_ns())
        self._recorder.append("exchange", seen.to_line())
        return seen
