"""Proxies and their collection: listeners, live connections, toxics by name."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Iterator, Mapping
from typing import Any

from harness.drivers.fault_proxy.links import Connection, Side
from harness.drivers.fault_proxy.stage import DIRECTIONS, Toxic
from harness.drivers.fault_proxy.toxics import KINDS


class ApiError(Exception):
    """An answer of the API: HTTP status and words."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


class Proxy:
    """One listener that forwards to one upstream, with toxics in both directions."""

    def __init__(self, name: str, listen: str, upstream: str, chance: random.Random) -> None:
        self.name, self.listen, self.upstream = name, listen, upstream
        self.enabled = False
        self.toxics: list[Toxic] = []
        self._chance = chance
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._half_open: set[Side] = set()

    def to_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"name": self.name, "listen": self.listen, "upstream": self.upstream, "enabled": self.enabled,
                "toxics": [t.to_dict() for t in self._ordered()]}

    async def start(self) -> None:
        """Listen; raises ApiError 500 when the address cannot be used."""
        if self.enabled:
            return
        loop = asyncio.get_running_loop()
        try:
            listener = await _listener(self.listen)
        except (OSError, ValueError) as error:
            said = os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else str(error)
            raise ApiError(500, f"listen tcp {self.listen}: bind: {said}") from error
        self._server = await loop.create_server(self._accept, sock=listener)
        self.listen = _joined(listener.getsockname())
        self.enabled = True

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.enabled = False
        for connection in tuple(self._connections):
            connection.close()
        for side in tuple(self._half_open):
            if side.transport is not None:
                side.transport.abort()

    async def change(self, listen: str, upstream: str, *, enabled: bool) -> None:
        """Other addresses (which closes every connection), on or off."""
        if upstream != self.upstream or (listen != self.listen and await _resolved(listen) != self.listen):
            await self.stop()
            self.listen, self.upstream = listen, upstream
        if enabled != self.enabled:
            await (self.start() if enabled else self.stop())

    def toxic(self, name: str) -> Toxic:
        """The toxic of that name; raises ApiError 404."""
        found = next((t for t in self.toxics if t.name == name), None)
        if found is None:
            raise ApiError(404, "toxic not found")
        return found

    def add(self, toxic: Toxic) -> None:
        """Let the toxic act, also on live connections; raises ApiError."""
        if toxic.stream not in DIRECTIONS:
            raise ApiError(400, "stream was invalid, can be either upstream or downstream")
        if toxic.type not in KINDS:
            raise ApiError(400, "invalid toxic type")
        if any(t.name == toxic.name for t in self.toxics):
            raise ApiError(409, "toxic already exists")
        self.toxics.append(toxic)
        for connection in tuple(self._connections):
            connection.links[toxic.stream].add(toxic)

    def change_toxic(self, toxic: Toxic) -> None:
        """Its attributes or its toxicity were changed."""
        for connection in tuple(self._connections):
            connection.links[toxic.stream].change(toxic)

    def remove(self, toxic: Toxic) -> None:
        """Let it act no longer."""
        self.toxics.remove(toxic)
        for connection in tuple(self._connections):
            connection.links[toxic.stream].remove(toxic)

    def clear(self) -> None:
        """Let no toxic act any longer."""
        for toxic in tuple(self.toxics):
            self.remove(toxic)

    def _ordered(self) -> Iterator[Toxic]:
        for direction in DIRECTIONS:
            yield from (t for t in self.toxics if t.stream == direction)

    # -- connections ----------------------------------------------------------------------------------
    def _accept(self) -> Side:
        loop = asyncio.get_running_loop()
        client = Side(loop)
        client.on_open = self._opened
        return client

    def _opened(self, client: Side) -> None:
        self._half_open.add(client)
        task = asyncio.get_running_loop().create_task(self._connect(client))
        client.on_lost = task.cancel

    async def _connect(self, client: Side) -> None:
        loop = asyncio.get_running_loop()
        try:
            host, port = _split(self.upstream)
            _, upstream = await loop.create_connection(lambda: Side(loop), host or "localhost", port)
        except (OSError, ValueError):
            if client.transport is not None:
                client.transport.close()
            return
        finally:
            self._half_open.discard(client)
        connection = Connection(client, upstream, self.toxics, loop, self._chance, self._connections.discard)
        self._connections.add(connection)
        if client.transport is None or not self.enabled:
            connection.close()


class Collection:
    """All proxies, by name."""

    def __init__(self, chance: random.Random) -> None:
        self.proxies: dict[str, Proxy] = {}
        self._chance = chance

    def get(self, name: str) -> Proxy:
        """The proxy of that name; raises ApiError 404."""
        if name not in self.proxies:
            raise ApiError(404, "proxy not found")
        return self.proxies[name]

    async def add(self, name: str, listen: str, upstream: str, *, enabled: bool) -> Proxy:
        """A new proxy, started when enabled; raises ApiError 409 or 500."""
        if name in self.proxies:
            raise ApiError(409, "proxy already exists")
        proxy = Proxy(name, listen, upstream, self._chance)
        if enabled:
            await proxy.start()
        self.proxies[name] = proxy
        return proxy

    async def put(self, name: str, listen: str, upstream: str, *, enabled: bool) -> Proxy:
        """The proxy as it is where its addresses are the same, else a new one in its place."""
        known = self.proxies.get(name)
        if known is not None:
            if known.upstream == upstream and listen and await _resolved(listen) == known.listen:
                return known
            await self.remove(name)
        return await self.add(name, listen, upstream, enabled=enabled)

    async def remove(self, name: str) -> None:
        """Stop and forget; raises ApiError 404."""
        await self.get(name).stop()
        del self.proxies[name]

    async def reset(self) -> None:
        """Every proxy on, and no toxic anywhere."""
        for proxy in self.proxies.values():
            await proxy.start()
            proxy.clear()

    def to_dict(self) -> Mapping[str, Any]:
        """As the API shows it."""
        return {name: proxy.to_dict() for name, proxy in sorted(self.proxies.items())}


def _split(address: str) -> tuple[str, int]:
    """`host:port`; raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError("missing port in address")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _joined(name: tuple[Any, ...]) -> str:
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _resolved(address: str) -> str:
    try:
        _, name = await _socket_address(address)
    except (OSError, ValueError):
        return address
    return _joined(name)


async def _socket_address(address: str) -> tuple[int, tuple[Any, ...]]:
    """Family and name to bind to; every interface where no host is named, IPv4 first where a name has both."""
    host, port = _split(address)
    if not host:
        every = "0.0.0.0"  # noqa: S104 - the profile said so by naming no host
        return (socket.AF_INET6, ("::", port)) if socket.has_dualstack_ipv6() else (socket.AF_INET, (every, port))
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, _, _, _, name = min(found, key=lambda f: f[0] != socket.AF_INET)
    return family, name


async def _listener(address: str) -> socket.socket:
    family, name = await _socket_address(address)
    return socket.create_server(name[:2], family=family, backlog=1024, dualstack_ipv6=name[0] == "::")
