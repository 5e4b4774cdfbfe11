"""The lengths of a target's queues, once a second, from the metrics that it shows in Prometheus' text form."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from math import isfinite

from harness.engine.ports import Sent
from harness.judges.answers import saw, whose
from harness.model.errors import CertifyError
from harness.model.outcome import Owner
from harness.model.storm_watch import Queue, Unread

_EVERY = 1.0


class Gauges:
    """Reads them until it is stopped; nothing of it is recorded but the lengths."""

    def __init__(self, names: Sequence[str], read: Callable[[], Sent]) -> None:
        self._read = read
        self._samples: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
        """By name (asked, came, length), monotonic s."""
        self.unread: Unread | None = None
        """What was wrong with the newest reading."""

    def watch(self, stop: threading.Event) -> None:
        """Once a second until `stop`."""
        due = time.monotonic()
        while not stop.wait(max(0.0, due - time.monotonic())):
            self.look()
            due = max(due + _EVERY, time.monotonic())

    def look(self) -> None:
        """Read them now."""
        asked = time.monotonic()
        try:
            sent = self._read()
        except CertifyError as error:
            self.unread = Unread(says=error.message, owner=Owner.PROFILE.value)
            return
        except Exception as error:  # the client was closed, at the latest
            self.unread = Unread(says=type(error).__name__, owner=Owner.ENVIRONMENT.value)
            return
        if not sent.exchange.answered or sent.exchange.status != 200:
            self.unread = Unread(says=f"{sent.exchange.url} answered {saw(sent.exchange)}",
                                 owner=whose(sent.exchange).value)
            return
        try:
            found = lengths(sent.body.decode("utf-8", "replace"), self._samples)
        except ValueError as error:
            self.unread = Unread(says=f"{sent.exchange.url}: {error}", owner=Owner.SUBJECT.value)
            return
        came = time.monotonic()
        lacking = [name for name in self._samples if name not in found]
        self.unread = Unread(says=f"{sent.exchange.url} shows no {lacking[0]}", owner=Owner.PROFILE.value) \
            if lacking else None
        for name, length in found.items():
            self._samples[name].append((asked, came, length))

    def told(self, began: float, shown_in: str = "") -> tuple[Queue, ...]:
        """All samples, in seconds from `began`; `shown_in` is a reading that was recorded.

        A sample that was under way when the storm began belongs neither to the time before it nor to the storm.
        """
        return tuple(Queue(name=name, exchange=shown_in,
                           samples=tuple((round((asked if asked >= began else came) - began, 3), n)
                                         for asked, came, n in list(samples) if asked >= began or came < began))
                     for name, samples in self._samples.items())


def lengths(text: str, names: Collection[str]) -> dict[str, float]:
    """By name the sum over all labels of the samples of that name; names without a finite one are left out.

    Raises:
        ValueError: it is no text of metrics; one line.
    """
    from prometheus_client.parser import text_string_to_metric_families  # late: `certify --help` needs no metrics

    found: dict[str, float] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name in names and isfinite(sample.value):
                    found[sample.name] = found.get(sample.name, 0.0) + float(sample.value)
    except Exception as error:  # the parser raises whatever its slicing raises
        raise ValueError(f"no Prometheus text ({type(error).__name__})") from None
    return found
