"""A stage of a link: where one toxic lies in wait for the bytes of one direction of one connection.

A stage holds the chunks that its toxic delays, in order, and hands them on to the next stage. When its toxic is
changed or removed it hands on at once what it holds: no byte is lost because a fault ended.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

DIRECTIONS = ("upstream", "downstream")
SMALL, LARGE = 1 << 16, 1 << 25
"""Bytes that a stage may hold before its source is told to wait; a delay must not become a throttle."""


@dataclass(slots=True, kw_only=True)
class Toxic:
    """One toxic of a proxy; `attributes` are complete, in the units of Toxiproxy's API."""

    name: str
    type: str
    stream: str
    toxicity: float
    attributes: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"attributes": dict(self.attributes), "name": self.name, "type": self.type, "stream": self.stream,
                "toxicity": self.toxicity}


class Output(Protocol):
    """Where a stage hands its bytes on: the next stage, or the socket of the other side."""

    def feed(self, data: bytes, since: float) -> None:
        """Take bytes that are on their way since that time of the loop, in seconds."""
        ...

    def end(self) -> None:
        """No more bytes will come."""
        ...


class Stage:
    """A toxic at work on one direction of one connection; this one lets everything pass."""

    attributes: ClassVar[tuple[str, ...]] = ()
    """Names of the toxic's attributes: integers, 0 unless given."""
    capacity: ClassVar[int] = SMALL
    resets: ClassVar[bool] = False
    """Connections opened while it is there end with a reset."""

    def __init__(self, toxic: Toxic, output: Output, loop: asyncio.AbstractEventLoop, chance: random.Random) -> None:
        self.toxic = toxic
        self.output = output
        self.held = 0
        """Bytes that wait here."""
        self._loop = loop
        self._chance = chance
        self._queue: deque[tuple[bytes | None, float]] = deque()
        """Chunks and since when they are on their way; None: the end."""
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._closed = False
        self.start()

    def start(self) -> None:
        """Begin to act, or act with changed attributes; `toxicity` decides anew whether at all."""
        self.active = self.toxic.toxicity >= 1 or self._chance.random() < self.toxic.toxicity
        if self.active:
            self.begin()

    def begin(self) -> None:
        """What is to be done before any byte comes."""

    def feed(self, data: bytes, since: float) -> None:
        """Bytes came in."""
        if self._closed:
            return
        if not self.active and not self._queue:
            self.output.feed(data, since)
            return
        self.held += len(data)
        self._queue.append((data, since))
        self._go_on()

    def end(self) -> None:
        """The source has ended."""
        self._queue.append((None, 0.0))
        self._go_on()

    def release(self) -> None:
        """Hand on whatever is held, and forget what was under way."""
        self._cancel()
        self._busy = False
        while self._queue and not self._closed:
            data, since = self._queue.popleft()
            if data is None:
                self.close()
            else:
                self.held -= len(data)
                self.output.feed(data, since)

    def change(self) -> None:
        """The toxic has other attributes now."""
        self.release()
        self.start()

    def remove(self) -> None:
        """The toxic is gone."""
        self.release()

    def close(self) -> None:
        """End the output; what comes later is dropped."""
        self._cancel()
        self._queue.clear()
        self.held = 0
        if not self._closed:
            self._closed = True
            self.output.end()

    # -- for the kinds ----------------------------------------------------------------------------
    def work(self, data: bytes, since: float) -> None:
        """Bring the first chunk on its way: `hand_on` each part of it."""
        self.hand_on(len(data), since)

    def finish(self) -> None:
        """The end has come to the head of the queue."""
        self.close()

    def hand_on(self, size: int, since: float) -> None:
        """The first `size` bytes of the first chunk go on; after the last of them the next chunk may."""
        data, began = self._queue[0]
        assert data is not None
        self.held -= size
        if size < len(data):
            self._queue[0] = (data[size:], began)
        else:
            self._queue.popleft()
            self._busy = False
        self.output.feed(data[:size], since)

    def later(self, seconds: float, act: Callable[..., None], *arguments: Any) -> None:
        """Call `act` then, instead of what was to be called."""
        self._cancel()
        self._timer = self._loop.call_later(max(0.0, seconds), self._act, act, *arguments)

    def now(self) -> float:
        """Time of the loop, in seconds."""
        return self._loop.time()

    def __getitem__(self, attribute: str) -> int:
        return self.toxic.attributes[attribute]

    def _act(self, act: Callable[..., None], *arguments: Any) -> None:
        self._timer = None
        act(*arguments)
        self._go_on()

    def _go_on(self) -> None:
        """Begin with the chunk at the head of the queue, unless one is under way."""
        while self._queue and not self._busy and not self._closed:
            data, since = self._queue[0]
            self._busy = True
            if data is None:
                self.finish() if self.active else self.close()
            elif self.active:
                self.work(data, since)
            else:
                self.hand_on(len(data), since)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
