"""Tallies: what two workers counted is what one would have counted."""

import json
import random

import pytest

from harness.model.histogram import Histogram
from harness.model.tally import Slice, Tally


def tally(seed):
    source = random.Random(seed)
    made = Tally()
    for _ in range(300):
        operation, outcome = source.choice(("authorizeBet", "settleBet")), source.choice(("200", "503", "timeout"))
        counts = made.outcomes.setdefault(operation, {})
        counts[outcome] = counts.get(outcome, 0) + 1
        part = made.seconds.setdefault(source.randrange(5), Slice())
        part.asked += 1
        part.in_flight = max(part.in_flight, source.randrange(9))
        if outcome != "timeout":
            took = source.randrange(100_000)
            part.answered += 1
            part.latency.add(took)
            made.latency.setdefault(operation, Histogram()).add(took)
            made.service.add(took)
        made.lag.add(source.randrange(900))
    made.connections, made.resent = 3, 1
    return made


def test_it_survives_the_wire():
    made = tally(1)
    assert Tally.from_line(json.loads(json.dumps(made.to_line()))).to_line() == made.to_line()


def test_merged_tallies_add_up_whatever_the_order():
    one, other = Tally(), Tally()
    for part in (tally(1), tally(2), tally(3)):
        one.merge(part)
    for part in (tally(3), tally(1), tally(2)):
        other.merge(part)
    assert one.to_line() | {"latency": 0, "outcomes": 0} == other.to_line() | {"latency": 0, "outcomes": 0}
    assert (one.latency_of_all().to_line(), one.outcomes) == (other.latency_of_all().to_line(), other.outcomes)
    assert (one.calls, one.connections, one.resent) == (900, 9, 3)
    assert sum(s.asked for s in one.seconds.values()) == 900
    assert one.latency_of_all().count == one.service.count


@pytest.mark.parametrize("damage", [{"latency": 1}, {"outcomes": {"x": {"200": -1}}}, {"seconds": {"a": []}},
                                    {"seconds": {"1": [1, 2]}}, {"resent": True}, {"lag": {}}])
def test_what_is_no_tally_is_refused(damage):
    with pytest.raises(ValueError, match="no tally of a storm"):
        Tally.from_line({**tally(1).to_line(), **damage})
    with pytest.raises(ValueError, match="no tally of a storm"):
        Tally.from_line({})
