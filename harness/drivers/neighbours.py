"""Linux's /proc: which share of this machine went to processes that are neither the run's nor the subject's.

Where it cannot be told (no /proc, a subject on another machine, or one whose processes are not ours to see) nothing
is said: what is not known excuses nobody.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.model.neighbours import Moment, Neighbours

_EVERY_SECONDS = 0.5
_CALM_SECONDS = 0.5
_CALM_LOOKS = 2
_LISTENS = "0A"
_PORTS = {"http": 80, "https": 443}
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Spent:
    """Clock ticks of one process: its own, and those of children that it has waited for."""

    parent: int
    born: int
    own: int
    waited_for: int


class Family:
    """Some processes and all that descend from them: once of it, always of it, whoever adopts an orphan."""

    def __init__(self, roots: Iterable[int], now: Mapping[int, Spent]) -> None:
        self._last = {pid: now[pid] for pid in roots if pid in now}
        self._adopt(self._last, now)

    def __contains__(self, pid: int) -> bool:
        return pid in self._last

    def spent(self, now: Mapping[int, Spent]) -> int:
        """Ticks since it was last asked.

        What a child spent comes to its parent's account when that waits for it: what was counted before is taken off.
        """
        alive = {pid: now[pid] for pid, last in self._last.items() if pid in now and now[pid].born == last.born}
        self._adopt(alive, now)
        own = waited_for = 0
        for pid, one in alive.items():
            last = self._last.get(pid)
            own += one.own - (last.own if last else 0)
            waited_for += one.waited_for - (last.waited_for if last else 0)
        gone = sum(one.own + one.waited_for for pid, one in self._last.items() if pid not in alive)
        self._last = alive
        return max(0, own) + max(0, waited_for - gone)

    @staticmethod
    def _adopt(known: dict[int, Spent], now: Mapping[int, Spent]) -> None:
        """Parents are most often the older ones, but numbers of processes begin anew some day."""
        grown = True
        while grown:
            found = {pid: one for pid, one in now.items() if one.parent in known and pid not in known}
            known.update(found)
            grown = bool(found)


@dataclass(frozen=True, slots=True)
class Cores:
    """Clock ticks of all cores together since the machine was started."""

    all: int
    idle: int
    packets: int
    """Interrupts and what they leave to do: on the loopback mostly our own calls, so nobody's in particular."""


class NeighbourWatch:
    """Looks twice a second, in a thread of its own, from now until `told`."""

    def __init__(self, base_url: str, root: int) -> None:
        """`root`: the process of which all that belongs to the run descends."""
        self._over = threading.Event()
        self._moments: list[Moment] = []
        self._before: float | None = None
        self._thread: threading.Thread | None = None
        with suppress(OSError, ValueError, IndexError):
            self._begin(base_url, root)

    def _begin(self, base_url: str, root: int) -> None:
        if not _stands_here(base_url):
            return
        listening, now = _listening(base_url), _processes()
        if not listening:
            return
        self._family = Family([root], now)
        ours = all(pid in self._family for pid in listening)
        if not ours:
            self._family = Family([root, *listening], now)
        self._looked, self._cores = time.monotonic(), _cores()
        self._family.spent(_processes())
        if not ours:
            calm: list[float] = []
            for _ in range(_CALM_LOOKS):
                self._over.wait(_CALM_SECONDS)
                calm.append(self._look(self._looked).others)
            self._before = min(calm)
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name="neighbours", daemon=True)
        self._thread.start()

    def told(self) -> Neighbours | None:
        """What was seen; None where nothing could be."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(2 * _EVERY_SECONDS)
        if not self._moments:
            return None
        return Neighbours(cores=os.cpu_count() or 1, moments=tuple(self._moments), before=self._before)

    def _watch(self) -> None:
        with suppress(OSError, ValueError, IndexError):
            while not self._over.wait(_EVERY_SECONDS):
                self._moments.append(self._look(self._began))

    def _look(self, began: float) -> Moment:
        now, cores, ours = time.monotonic(), _cores(), self._family.spent(_processes())
        ticks = cores.all - self._cores.all
        if ticks <= 0:
            raise ValueError("the machine tells nothing of its cores")
        idle = (cores.idle - self._cores.idle) / ticks
        packets = (cores.packets - self._cores.packets) / ticks
        moment = Moment(at=round(now - began, 3), seconds=round(now - self._looked, 3), idle=round(max(0.0, idle), 4),
                        others=round(min(1.0, max(0.0, 1 - idle - packets - ours / ticks)), 4))
        self._looked, self._cores = now, cores
        return moment


def _cores() -> Cores:
    """Of `user nice system idle iowait irq softirq steal`; guests are in `user` already."""
    names = _PROC.joinpath("stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    user, nice, system, idle, iowait, irq, softirq, steal = map(int, names[1:9])
    return Cores(all=user + nice + system + idle + iowait + irq + softirq + steal, idle=idle + iowait,
                 packets=irq + softirq)


def _processes() -> dict[int, Spent]:
    found = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, IndexError):  # it has just ended
                found[int(folder.name)] = _spent(folder.joinpath("stat").read_bytes())
    return found


def _spent(stat: bytes) -> Spent:
    """The name in parentheses may hold anything, parentheses and blanks too."""
    fields = stat[stat.rindex(b")") + 2:].split()
    return Spent(parent=int(fields[1]), born=int(fields[19]), own=int(fields[11]) + int(fields[12]),
                 waited_for=int(fields[13]) + int(fields[14]))


def _stands_here(base_url: str) -> bool:
    """Only an address of this machine can be bound on it."""
    host = urlsplit(base_url).hostname
    for family, kind, protocol, _, address in socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM) if host else ():
        with suppress(OSError), socket.socket(family, kind, protocol) as one:
            one.bind(address)
            return True
    return False


def _listening(base_url: str) -> set[int]:
    """The processes that hold a socket which listens on the port; none where one of these sockets is nobody's."""
    parts = urlsplit(base_url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    wanted = set()
    for table in ("tcp", "tcp6"):
        with suppress(FileNotFoundError):
            for line in _PROC.joinpath("self/net", table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    wanted.add(f"socket:[{fields[9]}]")
    holders: dict[str, set[int]] = {}
    for folder in _PROC.iterdir():
        with suppress(OSError):
            for one in folder.joinpath("fd").iterdir() if folder.name.isdigit() else ():
                with suppress(OSError):
                    if (link := str(one.readlink())) in wanted:
                        holders.setdefault(link, set()).add(int(folder.name))
    return set().union(*holders.values()) if wanted == set(holders) else set()
