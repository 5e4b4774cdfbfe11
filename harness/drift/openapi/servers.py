"""Servers: where operations are to be found, with the values of server variables written out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.drift.changes import Change, Effect, Side
from harness.drift.openapi.model import Operation, Part

if TYPE_CHECKING:
    from harness.drift.openapi.comparing import Comparing

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_ANY = "{}"
"""What stands for the value of a variable that may have any."""
_MAX_SPELLINGS = 64
_USUAL_PORTS = {"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}


@dataclass(frozen=True, slots=True)
class Address:
    """Scheme and host ("" if the document does not say), and the base path without a slash at its end."""

    host: str
    base: str
    assumed: bool = field(default=False, compare=False)
    """Whether a variable that may have any value is taken to have its default."""

    def __str__(self) -> str:
        return f"{self.host}{self.base}" or "/"


def addresses(servers: Part) -> tuple[Address, ...]:
    """Every address that the servers may have; a document without servers is served from the root of anywhere."""
    found: dict[Address, None] = {}
    for server in servers.list():
        for url, assumed in _spellings(server):
            found.setdefault(replace(_address(url), assumed=assumed))
    return tuple(found) or (Address("", ""),)


def _spellings(server: Part) -> list[tuple[str, bool]]:
    """Each URL that the server may have, and whether a default stands in it that stands for any value."""
    url, given = server.text("url"), server.part("variables")
    names = list(dict.fromkeys(_VARIABLE.findall(url)))
    choices: list[list[str]] = []
    for name in names:
        one = given.part(name)
        values = one.get("enum")
        free = [*([str(one.get("default"))] if one.get("default") is not None else []), _ANY]
        choices.append([str(v) for v in values] if isinstance(values, list) and values else free)
    spelled: list[tuple[str, bool]] = []
    bound = {name for name in names if given.part(name).get("enum")}
    for values in itertools.islice(itertools.product(*choices), _MAX_SPELLINGS):
        chosen = dict(zip(names, values, strict=True))
        spelt = _VARIABLE.sub(lambda found, chosen=chosen: chosen[found.group(1)], url)  # type: ignore[misc]
        spelled.append((spelt, any(one != _ANY for name, one in chosen.items() if name not in bound)))
    return spelled


@lru_cache(maxsize=1024)
def _address(url: str) -> Address:
    scheme, separator, rest = url.partition("://")
    if not separator:
        if url.startswith("//"):
            scheme, rest = "", url[2:]
        else:
            return Address("", _slashed(url.removeprefix(".")))
    host, slash, path = rest.partition("/")
    host, scheme = host.lower().removesuffix(_USUAL_PORTS.get(scheme.lower(), "://")), scheme.lower()
    return Address(f"{scheme}://{host}" if scheme else f"//{host}", _slashed(slash + path))


def _slashed(path: str) -> str:
    path = path.split("?", 1)[0].rstrip("/")
    return path if not path or path.startswith("/") else "/" + path


def server_changes(comparing: Comparing, pairs: Sequence[tuple[Operation, Operation]]) -> list[Change]:
    """Where operations are no longer to be found; what holds for all of a list of servers is told once."""
    found: list[Change] = []
    told: set[tuple[str, str, str, bool]] = set()
    for old, new in pairs:
        before, after = _places(old), _places(new)
        for gone in [one for one, how in before.items() if not _is_among(one, after, literally=how.assumed)]:
            _tell(comparing, found, told, (old, new), before[gone], gone=True)
        for fresh in [one for one in after if not _is_among(one, before) and any(b[0] for b in before)]:
            _tell(comparing, found, told, (old, new), after[fresh], gone=False)
    return found


def _places(operation: Operation) -> dict[tuple[str, str], Address]:
    """Where the operation is, by host and whole path."""
    return {(one.host, one.base + operation.path): one for one in _spelled(operation)}


def _spelled(operation: Operation) -> tuple[Address, ...]:
    return addresses(operation.servers)


def _is_among(place: tuple[str, str], places: dict[tuple[str, str], Address], *, literally: bool = False) -> bool:
    """`literally`: a default that became another one is not found by what else is possible."""
    host, path = place
    return any(_takes_in(other, path, literally) and (not host or _takes_in(other_host, host, literally))
               for other_host, other in places)


def _takes_in(general: str, special: str, literally: bool) -> bool:
    """Whether one address is the other, or has a variable where the other has any value."""
    general, special = (_VARIABLE.sub(_ANY, one) for one in (general, special))
    if literally or general == special:
        return general == special
    return re.fullmatch(re.escape(general).replace(re.escape(_ANY), "[^/]*"), special) is not None


def _tell(comparing: Comparing, found: list[Change], told: set[tuple[str, str, str, bool]],
          pair: tuple[Operation, Operation], address: Address, *, gone: bool) -> None:
    old, new = pair
    key = (old.servers.pointer, new.servers.pointer, str(address), gone)
    if key in told:
        return
    told.add(key)
    everywhere = old.servers.pointer == "/servers"
    where = "servers" if everywhere else old.title
    if gone:
        now = ", ".join(sorted({str(one) for one in addresses(new.servers)}))
        found.append(comparing.change("server-removed", f"The server {address} is gone; now it is {now}.", where=where,
                                      effect=Effect.NARROWS, side=Side.IN, old=old.servers, new=new.servers))
    else:
        found.append(comparing.change("server-added", f"The server {address} is new.", where=where,
                                      effect=Effect.WIDENS, side=Side.IN, old=old.servers, new=new.servers))
