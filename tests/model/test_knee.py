"""Rate by rate: where a target stops keeping what it promises."""

import pytest

from harness.model.arrivals import constant
from harness.model.arrivals import steps as stepped
from harness.model.knee import knee, steps
from harness.model.storm import Caller, Seat, StormPlan
from harness.model.storm_record import StormRecord, StormResult
from harness.model.tally import Slice, Tally


def record(latencies_ms, *, seconds=4.0, objectives=("p95 < 100ms", "errors < 1%"), failed=(), schedule=None,
           calls=100):
    """Steps of 10, 20, 30... rounds a second, each with its own latency; `failed`: calls of these steps all fail."""
    schedule = schedule or stepped(10, 10, len(latencies_ms), seconds)
    tally = Tally()
    for number, took in enumerate(latencies_ms):
        for second in range(int(number * seconds), int((number + 1) * seconds)):
            part = tally.seconds[second] = Slice()
            part.asked = part.answered = calls
            part.latency.extend([int(took * 1000)] * calls)
            part.failed = calls if number in failed else 0
    plan = StormPlan(base_url="http://x", schedule=schedule, callers=(Caller(headers=(), token=""),),
                     seats=(Seat(player_id="p", session_id="s"),))
    return StormRecord(id="s", check="c", plan=plan, objectives=tuple(objectives),
                       result=StormResult(tally=tally, begun=b"", ended=b"", workers=1))


@pytest.mark.parametrize(("latencies", "failed", "rate"), [
    ((5, 6, 7, 250), (), 30), ((5, 6, 7, 8), (), 40), ((5, 250, 7, 8), (), 10), ((250, 5, 5, 5), (), None),
    ((5, 6, 7, 8), (2,), 20)])
def test_the_knee_is_the_last_rate_before_the_first_miss(latencies, failed, rate):
    found = steps(record(latencies, failed=failed))
    assert [step.rate for step in found] == [10, 20, 30, 40]
    assert knee(found) == rate


def test_each_step_has_its_own_figures():
    _, second = steps(record((5, 250)))
    assert (second.seconds, second.calls, second.failed) == (4, 400, 0)
    assert second.p50_ms == pytest.approx(250, rel=0.01)
    assert second.missed == "p95 < 100ms: 250 ms"


def test_a_second_that_two_rates_share_is_of_neither():
    first, second = steps(record((5, 5), seconds=2.5))
    assert (first.seconds, second.seconds) == (2, 2)


@pytest.mark.parametrize("changes", [{"objectives": ()}, {"calls": 1, "objectives": ("p95 < 100ms",)},
                                     {"objectives": ("settleBet p95 < 1ms",)}])
def test_too_little_to_tell_is_no_knee(changes):
    found = steps(record((5, 5), **changes))
    assert not any(step.told for step in found)
    assert knee(found) is None


def test_only_storms_of_steps_have_a_knee():
    assert steps(record((5,), schedule=constant(10, 4))) == ()
