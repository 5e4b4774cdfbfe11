"""The shapes of a burst: each at the declared rate, told apart by when its rounds begin."""

import pytest

from harness.model.scenario import Burst


def in_fifths(shape, **options):
    schedule = Burst(seconds=20, shape=shape, **options).schedule(100, seed=7)
    found = [0] * 5
    for _, moment in schedule.times():
        found[min(4, int(moment / schedule.seconds * 5))] += 1
    return found


@pytest.mark.parametrize(("shape", "rounds"), [
    ("constant", [400] * 5), ("burst", [250, 500, 500, 500, 500]), ("ramp", [40, 120, 200, 280, 360]),
    ("spike", [400, 400, 1600, 400, 400]), ("steps", [80, 160, 240, 320, 400])])
def test_a_burst_has_its_shape(shape, rounds):
    assert in_fifths(shape) == pytest.approx(rounds, rel=0.25)


def test_it_may_ask_for_more_than_declared():
    assert Burst(seconds=10, times=3).schedule(100, seed=1).peak == 300


@pytest.mark.parametrize("wrong", [{"shape": "tsunami"}, {"seconds": 0}, {"times": 0}, {"players": 0}])
def test_what_is_no_burst_is_refused(wrong):
    with pytest.raises(ValueError, match=r"shape|burst"):
        Burst(**{"seconds": 10, **wrong})
