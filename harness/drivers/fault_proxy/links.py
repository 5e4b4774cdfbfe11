"""A connection through a proxy: two sockets, and for each direction a link of stages between them."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any, cast

from harness.drivers.fault_proxy.stage import Stage, Toxic
from harness.drivers.fault_proxy.toxics import KINDS

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 s: closing sends RST and drops what was not sent."""


class Side(asyncio.Protocol):
    """One socket of a connection, the client's or the upstream's."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.transport: asyncio.Transport | None = None
        self.outward: Link | None = None
        """The link that takes what comes in here."""
        self.inward: Link | None = None
        """The link whose bytes go out here."""
        self.on_open: Callable[[Side], None] = lambda _: None
        self.on_lost: Callable[[], object] = lambda: None
        self.congested = False
        self._early = bytearray()
        self._early_end = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self.transport = cast(asyncio.Transport, transport)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.on_open(self)

    def data_received(self, data: bytes) -> None:
        """Bytes for the other side; what comes before that is there is kept."""
        if self.outward is not None:
            self.outward.feed(data, self._loop.time())
        else:
            self._early += data
            if self.transport is not None:
                self.transport.pause_reading()

    def eof_received(self) -> bool:
        """The peer sends no more; the socket stays open for what is on its way to it."""
        self._end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        del exc
        self.transport = None
        self._end()
        self.on_lost()

    def connect(self, outward: Link) -> None:
        """The other side is there: what came goes to it, and what comes."""
        self.outward = outward
        if self._early:
            if self.transport is not None and not self.transport.is_closing():
                self.transport.resume_reading()
            outward.feed(bytes(self._early), self._loop.time())
            self._early.clear()
        if self._early_end:
            outward.end()

    def _end(self) -> None:
        if self.outward is not None:
            self.outward.end()
        else:
            self._early_end = True

    def pause_writing(self) -> None:
        """The peer reads slowly: whoever sends to it has to wait."""
        self.congested = True
        if self.inward is not None:
            self.inward.throttle()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self.congested = False
        if self.inward is not None:
            self.inward.throttle()

    # -- as the output of a link --------------------------------------------------------------------
    def feed(self, data: bytes, since: float) -> None:
        """Send."""
        del since
        if self.transport is not None:
            self.transport.write(data)

    def end(self) -> None:
        """Close, after what was sent; with a reset where that was asked for."""
        if self.transport is not None:
            self.transport.abort() if self.inward is not None and self.inward.resets else self.transport.close()

    def reset_on_close(self) -> None:
        """Let closing send RST."""
        raw = self.transport.get_extra_info("socket") if self.transport is not None else None
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


class Link:
    """One direction: what comes in at `source` goes through the stages and out at `sink`."""

    def __init__(self, source: Side, sink: Side, toxics: Sequence[Toxic], loop: asyncio.AbstractEventLoop,
                 chance: random.Random) -> None:
        self._source, self._sink = source, sink
        self._loop, self._chance = loop, chance
        self._stages: list[Stage] = []
        self._ended = False
        self._waiting = False
        self.resets = any(KINDS[t.type].resets for t in toxics)
        for toxic in toxics:
            self.add(toxic)
        if self.resets:
            source.reset_on_close()
            sink.reset_on_close()

    def feed(self, data: bytes, since: float) -> None:
        """Bytes from the source."""
        if self._stages:
            self._stages[0].feed(data, since)
            self.throttle()
        else:
            self._sink.feed(data, since)

    def end(self) -> None:
        """The source has ended."""
        if not self._ended:
            self._ended = True
            (self._stages[0] if self._stages else self._sink).end()

    def add(self, toxic: Toxic) -> None:
        """One more stage, the last."""
        stage = KINDS[toxic.type](toxic, _Watched(self, self._sink), self._loop, self._chance)
        if self._stages:
            self._stages[-1].output = stage
        self._stages.append(stage)

    def change(self, toxic: Toxic) -> None:
        """The toxic has other attributes."""
        for stage in [s for s in self._stages if s.toxic is toxic]:
            stage.change()

    def remove(self, toxic: Toxic) -> None:
        """The stage of the toxic goes; what it holds goes on."""
        for n in [n for n, s in enumerate(self._stages) if s.toxic is toxic]:
            stage = self._stages[n]
            stage.remove()
            if n:
                self._stages[n - 1].output = stage.output
            del self._stages[n]
        self.throttle()

    def throttle(self) -> None:
        """Let the source wait while the sink or a stage is full, and go on when it is not."""
        full = self._sink.congested or any(s.held > s.capacity for s in self._stages)
        transport = self._source.transport
        if full != self._waiting and transport is not None and not transport.is_closing():
            self._waiting = full
            transport.pause_reading() if full else transport.resume_reading()


class _Watched:
    """The sink behind stages: what goes out may let the source go on."""

    def __init__(self, link: Link, sink: Side) -> None:
        self._link, self._sink = link, sink

    def feed(self, data: bytes, since: float) -> None:
        """Send, and look whether there is room again."""
        self._sink.feed(data, since)
        self._link.throttle()

    def end(self) -> None:
        """Close the sink."""
        self._sink.end()


class Connection:
    """A client's connection and ours to the upstream; exists once both are open."""

    def __init__(self, client: Side, upstream: Side, toxics: Sequence[Toxic], loop: asyncio.AbstractEventLoop,
                 chance: random.Random, forget: Callable[[Connection], Any]) -> None:
        self.client, self.upstream = client, upstream
        self._forget = forget
        self._open = sum(side.transport is not None for side in (client, upstream))
        self.links = {
            "upstream": Link(client, upstream, [t for t in toxics if t.stream == "upstream"], loop, chance),
            "downstream": Link(upstream, client, [t for t in toxics if t.stream == "downstream"], loop, chance)}
        upstream.inward, client.inward = self.links["upstream"], self.links["downstream"]
        for side in (client, upstream):
            side.on_lost = self._lost
        client.connect(self.links["upstream"])
        upstream.connect(self.links["downstream"])

    def close(self) -> None:
        """Close both sockets at once."""
        for side in (self.client, self.upstream):
            if side.transport is not None:
                side.transport.abort()

    def _lost(self) -> None:
        self._open -= 1
        if not self._open:
            self._forget(self)
