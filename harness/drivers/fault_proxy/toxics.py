"""Toxics: what each kind does to the bytes of one direction of one connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.drivers.fault_proxy.stage import LARGE, Stage

_PIECE_MS = 100


class Latency(Stage):
    """Each chunk arrives `latency` ± `jitter` ms after it came, in order: it delays, and does not throttle."""

    attributes = ("latency", "jitter")
    capacity = LARGE

    def work(self, data: bytes, since: float) -> None:
        delay = self["latency"]
        if self["jitter"] > 0:
            delay += self._chance.randrange(-self["jitter"], self["jitter"])
        due = since + max(0, delay) / 1000
        if due <= self.now():
            self.hand_on(len(data), since)
        else:
            self.later(due - self.now(), self.hand_on, len(data), due)


class Bandwidth(Stage):
    """`rate` KB/s (bytes a millisecond), in pieces of a tenth of a second; 0 lets nothing pass."""

    attributes = ("rate",)
    _free_at = 0.0

    def work(self, data: bytes, since: float) -> None:
        del data  # it stays in the queue, and goes piece by piece
        if self["rate"] > 0:
            self._free_at = max(self._free_at, self.now())
            self._piece(since)

    def _piece(self, since: float) -> None:
        data = self._queue[0][0]
        assert data is not None
        size = min(len(data), self["rate"] * _PIECE_MS)
        self._free_at += size / self["rate"] / 1000
        self.later(self._free_at - self.now(), self._passed, size, since)

    def _passed(self, size: int, since: float) -> None:
        self.hand_on(size, since)
        if self._busy:
            self._piece(since)


class SlowClose(Stage):
    """The end comes `delay` ms later."""

    attributes = ("delay",)

    def finish(self) -> None:
        self.later(self["delay"] / 1000, self.close)

    def change(self) -> None:
        waiting = self._timer is not None
        self.start()
        if waiting:
            self.finish()


class Timeout(Stage):
    """Nothing passes; closed `timeout` ms after the last that came, 0: once the toxic is removed."""

    attributes = ("timeout",)

    def begin(self) -> None:
        if self["timeout"] > 0:
            self.later(self["timeout"] / 1000, self.close)

    def work(self, data: bytes, since: float) -> None:
        del since
        self._queue.popleft()
        self.held -= len(data)
        self._busy = False
        self.begin()

    def remove(self) -> None:
        if self.active:
            self.close()
        else:
            self.release()


class ResetPeer(Stage):
    """`timeout` ms after the first that came the connection is reset, and nothing passes."""

    attributes = ("timeout",)
    resets = True

    def work(self, data: bytes, since: float) -> None:
        del data, since
        self.later(self["timeout"] / 1000, self.close)

    def finish(self) -> None:
        self.later(self["timeout"] / 1000, self.close)


class LimitData(Stage):
    """Closed after `bytes` bytes; a change of the toxic does not begin to count anew."""

    attributes = ("bytes",)
    _passed = 0

    def work(self, data: bytes, since: float) -> None:
        size = min(len(data), max(0, self["bytes"] - self._passed))
        self._passed += size
        if size:
            self.hand_on(size, since)
        if self._passed >= self["bytes"]:
            self.close()


class Slicer(Stage):
    """Chunks are cut to `average_size` ± `size_variation` bytes, with `delay` µs after each."""

    attributes = ("average_size", "size_variation", "delay")

    def begin(self) -> None:
        self._slices: Iterator[int] = iter(())

    def work(self, data: bytes, since: float) -> None:
        self._slices = self._cut(len(data))
        self._slice(since)

    def _slice(self, since: float) -> None:
        size = next(self._slices, 0)
        if not self._queue or not size:
            self._busy = False
            return
        self.hand_on(size, since)
        self._busy = True  # also after the last slice: the delay comes first
        self.later(self["delay"] / 1_000_000, self._slice, since)

    def _cut(self, size: int) -> Iterator[int]:
        """Sizes of the slices: halves of halves, somewhat off the middle, down to about the average."""
        if size - self["average_size"] <= self["size_variation"] or size < 2:
            yield size
            return
        left = size // 2
        if self["size_variation"] > 0:
            left += self._chance.randrange(-self["size_variation"], self["size_variation"])
        left = min(size - 1, max(1, left))
        yield from self._cut(left)
        yield from self._cut(size - left)


KINDS: Mapping[str, type[Stage]] = {
    "latency": Latency, "bandwidth": Bandwidth, "slow_close": SlowClose, "timeout": Timeout,
    "reset_peer": ResetPeer, "limit_data": LimitData, "slicer": Slicer, "noop": Stage}
"""By the type that the API names."""
