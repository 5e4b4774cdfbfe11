"""Timelines made up: as usual, empty, long, hostile."""

import pytest

from harness.model.outcome import Outcome
from harness.model.timeline import Became, Mark, Stretch, Timeline

HOSTILE = "</title></svg><script>alert(1)</script>\"'&\x1b[31m\x00\u202e\udcff\n"


def mark(at, ms=10.0, became=Became.TAKEN, name="c1-1"):
    return Mark(at=at, ms=ms, became=became, id=name)


@pytest.fixture
def timeline():
    """timeline(**changes) -> one with a call of each kind under two faults."""
    def make(**changes):
        calls = (mark(0.1, 5), mark(1.0, 30, Became.REFUSED), mark(1.5, 402, Became.UNKNOWN, "c1-3"),
                 mark(2.0, 90, Became.FAILED), mark(2.9, 4))
        tally = {"calls": 5, "taken": 2, "refused": 1, "unknown": 1, "failed": 1, "late": 1, "slowest_ms": 402.0,
                 "attempts": 3, "attempts_failed": 1}
        return Timeline(**{
            "check": "scenarios/x.py::ONE", "name": "one", "says": "The wallet is slow.", "seconds": 3.0, "slo_ms": 400,
            "channel": "wallet", "outcomes": {"TIME-01": Outcome.FAIL, "TIME-03": Outcome.PASS}, "slowest": "c1-3",
            "faults": (Stretch(label="latency 300", start=0.5, end=2.5), Stretch(label="503", start=1.0, end=1.2)),
            "calls": calls, "witnesses": (mark(0.2, 2), mark(0.9, 300), mark(1.4, 400, Became.FAILED), mark(2.7, 2)),
            "attempts": (mark(0.1), mark(1.0, 1, Became.FAILED), mark(2.9)), "tally": tally, **changes})

    return make


@pytest.fixture
def empty(timeline):
    """Nothing was recorded of it, and it took no time."""
    return timeline(seconds=0.0, slo_ms=0, faults=(), calls=(), witnesses=(), attempts=(), tally={}, outcomes={},
                    slowest="")


@pytest.fixture
def long(timeline):
    """As many marks as a load makes; one of them failed, one was slowest."""
    calls = [mark(n / 100, 5 + n % 7) for n in range(20_000)]
    calls[7_777] = mark(77.77, 6, Became.FAILED)
    calls[12_345] = mark(123.45, 4_321)
    return timeline(seconds=200.0, calls=tuple(calls), witnesses=tuple(calls), attempts=tuple(calls))


@pytest.fixture
def hostile(timeline):
    """Every string of it wants out."""
    return timeline(name=HOSTILE, says=HOSTILE, check=f"{HOSTILE}::X", channel=HOSTILE,
                    faults=(Stretch(label=HOSTILE, start=0.5, end=1.0),))
