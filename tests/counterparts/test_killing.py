"""The instant of a platform's death, found from reads that fail or are long in coming."""

import types

import pytest

from harness.counterparts.stages import killing
from harness.counterparts.stages.killing import cut_off
from harness.model.errors import NoHook


class Lab:
    """Plays a restart: calls run at once, one after the other, the watch last."""

    @property
    def wallet(self):
        raise NoHook("out of reach")

    def restart(self, calls):
        return [call() for call in calls]


def answer(status=200, seconds=0.001, failure=""):
    return types.SimpleNamespace(status=None if failure else status, answered=not failure, failure=failure,
                                 seconds=seconds)


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only while somebody sleeps or reads."""
    now = types.SimpleNamespace(at=0.0)

    def sleep(seconds):
        now.at += seconds

    monkeypatch.setattr(killing, "time", types.SimpleNamespace(monotonic=lambda: now.at, sleep=sleep))
    return now


def reads(clock, *answers):
    left = list(answers)

    def read():
        one = left.pop(0) if len(left) > 1 else left[0]
        clock.at += one.seconds
        return one

    return read


@pytest.mark.parametrize("dead", [answer(failure="connect"), answer(failure="protocol"), answer(status=502),
                                  answer(seconds=0.9)])
def test_the_next_kill_finds_its_calls_under_way(clock, dead):
    kills = killing.Killing(Lab())
    read = reads(clock, *[answer(seconds=0.048)] * 4, dead)
    began = []

    def call():
        began.append(clock.at)
        return answer()

    assert len(kills.amid([call] * 3, read)) == 3
    start = clock.at
    kills.amid([call], read)
    assert began[:3] == [0.0] * 3
    assert began[3] - start == pytest.approx(0.2 - 0.016, abs=0.001), "a little before the instant of the first death"


def test_a_platform_that_is_always_slow_is_not_taken_for_dead(clock):
    kills = killing.Killing(Lab())
    read = reads(clock, *[answer(seconds=0.15)] * 5, answer(seconds=0.18))
    kills.amid([answer], read)
    start = clock.at
    began = []
    kills.amid([lambda: began.append(clock.at) or answer()], read)
    assert began == [start], "nothing is known, so nothing is waited for"


@pytest.mark.parametrize(("one", "was"), [(answer(failure="protocol"), True), (answer(failure="timeout"), True),
                                          (answer(failure="connect"), False), (answer(status=502), True),
                                          (answer(status=503), False),
                                          (answer(status=200), False), (answer(status=409), False)])
def test_a_call_that_found_nobody_was_not_under_way(one, was):
    assert cut_off(one) is was
