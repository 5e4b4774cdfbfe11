"""Calls of a storm, what makes them up, and how what became of them is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from harness.drivers.locust_engine.answers import Answer
from harness.model.histogram import Histogram
from harness.model.tally import SHED, Slice, Tally

NS = 1_000_000_000
_TOO_MANY = 429


class Call:
    """A request that is due: the whole of it as bytes, and whatever the workload wants to know it by."""

    __slots__ = ("data", "due", "ended", "hot", "operation", "outcome", "queued", "resent", "sent", "shed", "tag")

    def __init__(self, operation: str, data: bytes, tag: Any = None, *, hot: bool = False) -> None:
        self.operation = operation
        self.data = data
        self.tag = tag
        self.hot = hot
        """It is for the one player, or into the one jackpot, that many want at once."""
        self.due = 0
        """When it was to begin, in ns of the monotonic clock; latency counts from here."""
        self.sent = 0
        self.ended = 0
        self.outcome: Any = ""
        """The answer's status as a number, or the kind of failure: "connect", "tls" (no handshake, or a broken one),
        "timeout", "reset", "half" (cut within the answer), "protocol", "no_socket".

        A workload that reads the answer may set it: a 200 that tells of an error is a failure of its own kind.
        """
        self.shed = False
        """Politely refused: 429 or 503 with Retry-After."""
        self.queued = False
        """It waited for a connection, because as many as allowed were under way."""
        self.resent = False


class Workload(Protocol):
    """What is called; both methods run in the pump's thread and must be quick."""

    def opens(self, number: int) -> Iterable[Call]:
        """The calls, all due at once, that arrival `number` begins with."""
        ...

    def answered(self, call: Call, answer: Answer | None, failure: str) -> Iterable[tuple[float, Call]]:
        """What follows from the answer, or its lack (`failure` says of which kind): (seconds from now, call)."""
        ...


def count(tally: Tally, calls: Sequence[Call], began_ns: int) -> None:
    """Count calls that have ended, many at once: counted one by one they would cost a third of a core.

    `began_ns` is the beginning of the storm, from which its seconds are counted.
    """
    groups: dict[tuple[str, int], list[Call]] = {}
    for call in calls:
        key = (call.operation, (call.due - began_ns) // NS)
        if key in groups:
            groups[key].append(call)
        else:
            groups[key] = [call]
    for (operation, second), group in groups.items():
        part = tally.seconds.setdefault(second, Slice())
        outcomes: Counter[Any] = Counter([call.outcome for call in group])
        troubled = any(outcome.__class__ is str or outcome >= _TOO_MANY for outcome in outcomes)
        answered = [call for call in group if call.outcome.__class__ is int] if troubled else group
        served = [call for call in answered if not call.shed] if troubled else group
        took = Histogram()
        took.extend([(call.ended - call.due) // 1000 for call in served])
        part.latency.merge(took)
        part.asked += len(group)
        part.answered += len(answered)
        if served:
            tally.latency.setdefault(operation, Histogram()).merge(took)
            tally.service.extend([(call.ended - call.sent) // 1000 for call in served])
            tally.hot.extend([(call.ended - call.due) // 1000 for call in served if call.hot])
        counts = tally.outcomes.setdefault(operation, {})
        if troubled:
            outcomes = Counter([f"{call.outcome}{SHED}" if call.shed else call.outcome for call in group])
        for outcome, times in outcomes.items():
            counts[str(outcome)] = counts.get(str(outcome), 0) + times
        if troubled:
            shed = len(answered) - len(served)
            tally.refused.extend([(call.ended - call.due) // 1000 for call in answered if call.shed])
            part.shed += shed
            part.failed += sum(_is_failure(call.outcome) for call in group) - shed
    tally.lag.extend([(call.sent - call.due) // 1000 for call in calls if not call.queued])
    tally.queued += sum(call.queued for call in calls)


def _is_failure(outcome: int | str) -> bool:
    return isinstance(outcome, str) or outcome >= 500 or outcome == _TOO_MANY
