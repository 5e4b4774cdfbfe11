"""The borrowed clock: moved by its administration, witnessed, and put back whatever happens."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from harness.model.errors import NoHook, Prerequisite

READ, MOVE, TOKEN = "GET /sandbox/clock", "POST /sandbox/clock", "POST /v1/oauth/token"


class Clock:
    """A subject's clock; `deaf` ones answer and do not move."""

    def __init__(self, subject, *, deaf=False):
        self.offset, self.deaf = 0.0, deaf
        subject.answers[READ] = lambda _: self.told()
        subject.answers[MOVE] = self.move

    def told(self):
        now = datetime.now(UTC) + timedelta(seconds=self.offset)
        return 200, {"now": now.isoformat().replace("+00:00", "Z"), "offset_seconds": self.offset}, {}

    def move(self, request):
        if not self.deaf:
            self.offset += json.loads(request.body)["advance_seconds"]
        return self.told()


def test_it_is_set_from_where_it_was_and_put_back(lab, subject):
    clock = Clock(subject)
    with lab.clock() as borrowed:
        borrowed.to(3_600)
        borrowed.to(-300)
        assert clock.offset == -300
        assert borrowed.moved == -300
    assert clock.offset == 0
    assert [json.loads(r.body)["advance_seconds"] for r in subject.sent(MOVE)] == [3_600, -3_900, 300]
    assert len(subject.sent(TOKEN)) == 3, "a token of another time is no token"


def test_it_tells_how_long_it_is_until_a_time(lab, subject):
    clock = Clock(subject)
    clock.offset = 7_200.0
    soon = (datetime.now(UTC) + timedelta(seconds=7_200 + 900)).isoformat()
    with lab.clock() as borrowed:
        assert borrowed.until(soon) == pytest.approx(900, abs=5)
        borrowed.to(1_000)
        assert borrowed.until(soon) == pytest.approx(-100, abs=5)
        for odd in (None, 17, "", "soon", "2026-11-22T12:00:00", "9999-99-99T00:00:00Z"):
            assert borrowed.until(odd) is None


def test_it_is_put_back_when_the_check_fails(lab, subject):
    clock = Clock(subject)

    def fails():
        with lab.clock() as borrowed:
            borrowed.to(60)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert clock.offset == 0


def test_a_clock_that_was_not_moved_is_left_alone(lab, subject):
    Clock(subject)
    with lab.clock():
        pass
    assert subject.sent(MOVE) == []


@pytest.mark.parametrize("status", [404, 405, 501])
def test_without_a_clock_there_is_no_hook(lab, subject, status):
    subject.answers[READ] = (status, {}, {})
    with pytest.raises(NoHook, match="no movable clock"), lab.clock():
        pass


@pytest.mark.parametrize("answer", [(200, {}, {}), (200, {"now": "noon"}, {}), (200, [], {}), (500, {}, {})])
def test_a_clock_that_tells_no_time_stops_the_check(lab, subject, answer):
    subject.answers[READ] = answer
    with pytest.raises(Prerequisite), lab.clock():
        pass


def test_a_clock_that_does_not_move_stops_the_check(lab, subject):
    Clock(subject, deaf=True)
    with pytest.raises(Prerequisite, match="-60 s off the one"), lab.clock() as borrowed:
        borrowed.to(60)


def test_a_clock_that_cannot_be_put_back_is_said_loudly(lab, subject):
    Clock(subject)

    def fails():
        with lab.clock() as borrowed:
            borrowed.to(60)
            subject.answers[MOVE] = (500, {}, {})

    with pytest.raises(Prerequisite, match=r"left \+60 s off") as error:
        fails()
    assert '"advance_seconds": -60' in error.value.remedy
