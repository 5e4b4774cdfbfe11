"""The door of a target: which of its addresses answers, and whether the certificate there is believed.

It is tried before a storm, once: ten thousand failed handshakes would say the same less clearly. Only the kernel's
sockets are used, because a storm runs where gevent has patched the library's.
"""

from __future__ import annotations

import _socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.engine.trust import trusted
from harness.model.errors import UsageError

_SECONDS = 2.0
"""Over all addresses, in equal parts: Locust takes a worker for lost that keeps still for three."""
_READ = 1 << 16
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One address of a target, and by which name its certificate is checked there."""

    family: int
    address: tuple[Any, ...]
    host: str
    context: ssl.SSLContext | None = None
    """None: plain http."""


class Shut(ValueError):
    """It is known beforehand that nobody can be called there; one line, which ends with the remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}. {remedy}")
        self.what = what
        self.remedy = remedy


def found(base_url: str, *, seconds: float = _SECONDS) -> Door:
    """The first address that answers, else the first of all: what becomes of calls there is for a storm to tell.

    Raises:
        OSError: its name cannot be resolved. Shut: no http(s) address, or TLS that cannot be verified or agreed on.
    """
    ends = time.monotonic() + seconds
    doors = list(_doors(base_url))
    for number, door in enumerate(doors):
        try:
            _try(door, ends - _left(ends) * (1 - 1 / (len(doors) - number)))
        except ssl.SSLEOFError:
            continue
        except ssl.SSLCertVerificationError as error:
            raise Shut(f"the certificate of {base_url} cannot be verified ({error.verify_message})",
                       "Give it one for that name by a known authority, or name the authority's file in SSL_CERT_FILE"
                       ) from error
        except ssl.SSLError as error:
            raise Shut(f"no TLS can be agreed on with {base_url} ({error.reason or error})",
                       "Is it https that listens there?") from error
        except OSError:
            continue
        return door
    return doors[0]


def _doors(base_url: str) -> Iterator[Door]:
    place = urlsplit(base_url)
    if place.scheme not in _PORTS or not place.hostname:
        raise Shut(f"a storm needs an http or https address, not {base_url}", "Correct base_url")
    context = None
    if place.scheme == "https":
        try:
            context = trusted()
        except UsageError as error:
            raise Shut(error.message, error.remedy) from error
        context.set_alpn_protocols(["http/1.1"])
        context.options |= ssl.OP_NO_RENEGOTIATION
    for family, _, _, _, address in _socket.getaddrinfo(place.hostname, place.port or _PORTS[place.scheme], 0,
                                                        _socket.SOCK_STREAM):
        yield Door(family=family, address=address, host=place.hostname, context=context)


def _try(door: Door, ends: float) -> None:
    """Connect, and shake hands where that is asked for; whatever is raised says why not."""
    line = _socket.socket(door.family, _socket.SOCK_STREAM)
    try:
        line.settimeout(_left(ends))
        line.connect(door.address)
        if door.context is not None:
            _shake(line, door, ends)
    finally:
        line.close()


def _shake(line: _socket.socket, door: Door, ends: float) -> None:
    assert door.context is not None
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = door.context.wrap_bio(came, goes, server_hostname=door.host)
    while True:
        line.settimeout(_left(ends))
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            line.sendall(goes.read())
            if data := line.recv(_READ):
                came.write(data)
            else:
                came.write_eof()
        else:
            line.sendall(goes.read())
            return


def _left(ends: float) -> float:
    if (left := ends - time.monotonic()) <= 0:
        raise TimeoutError("no answer in time")
    return left
