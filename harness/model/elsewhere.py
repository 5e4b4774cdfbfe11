"""Storms over several machines: who is waited for, and where the run that blows them listens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.model.errors import UsageError

LOOPBACK = "127.0.0.1"
PORT = 5557
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """So many storm workers on other machines, and where this one listens for them."""

    machines: int
    host: str = LOOPBACK
    port: int = PORT
    wait_seconds: float = 60.0
    """How long a storm waits for them before it gives up."""


def address(text: str, what: str) -> tuple[str, int]:
    """(host, port) of `HOST:PORT`.

    Raises:
        UsageError: it is none; begins with `what`, the option or argument that it was given as.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise UsageError(f"{what} {text}: not an address",
                         remedy=f"Write HOST:PORT with a name or an IPv4 address, like {LOOPBACK}:{PORT}")
    return found["host"], int(found["port"])
