"""The planted defects of what a load leaves behind: well in calm, and wrong once many bets a second have come."""

import itertools

import pytest

from harness.sandbox import faults, planted_queues


class Clock:
    """Seconds, moved by hand."""

    def __init__(self):
        self.now = 1_000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def plant(monkeypatch):
    """plant(name) switches that defect on, everything else is as after a start; returns the clock."""
    clock = Clock()
    monkeypatch.setattr(planted_queues, "time", clock)
    for name, fresh in {"_counted": {}, "_last_bet": {}, "_state": {"struck": False, "left": 0},
                        "_wins": itertools.count(1), "_settlements": itertools.count(1)}.items():
        monkeypatch.setattr(planted_queues, name, fresh)

    def on(name):
        faults.activate([name])
        return clock

    yield on
    faults.activate([])


def storm(clock, seconds, *, each_second=60, kind="bet.settled"):
    """So many events a second; what `lost` said."""
    said = []
    for _ in range(seconds):
        said += [planted_queues.lost(kind) for _ in range(each_second)]
        clock.now += 1
    return said


def test_in_calm_nothing_is_wrong(plant):
    for fault in planted_queues.FAULTS:
        clock = plant(fault.name)
        assert not any(storm(clock, 10, each_second=20))
        assert (planted_queues.left_behind(), planted_queues.shown_until(5_000)) == (0, None)
        assert [planted_queues.booked_for("p", f"b-{n}", 10) for n in range(30)] == [f"b-{n}" for n in range(30)]


def test_under_load_every_twentieth_settlement_is_lost_and_no_other_event(plant):
    clock = plant("event-lost-under-load")
    said = storm(clock, 8)
    assert not any(said[:180])
    assert 14 <= sum(said) <= 16
    assert not any(storm(clock, 3, kind="bet.authorized"))
    assert not any(storm(clock, 8, kind="session.started"))


def test_a_queue_that_was_long_stays_long_and_a_feed_that_was_late_stays_late(plant):
    clock = plant("queue-never-drains")
    storm(clock, 8)
    left = planted_queues.left_behind()
    assert left > 200
    clock.now += 60
    assert (planted_queues.left_behind(), planted_queues.shown_until(9_000)) == (left, None)
    clock = plant("feed-lags-under-load")
    assert (planted_queues.left_behind(), planted_queues.shown_until(9_000)) == (0, 3_000)


def test_under_load_some_wins_go_to_the_bet_before_and_each_sum_stays(plant):
    clock = plant("wins-misbooked-under-load")
    storm(clock, 5)
    booked = [planted_queues.booked_for("p", f"b-{n}", 10) for n in range(40)]
    wrong = [(n, name) for n, name in enumerate(booked) if name != f"b-{n}"]
    assert len(wrong) == 3
    assert all(name == f"b-{n - 1}" for n, name in wrong)
    assert planted_queues.booked_for("other", "b-1", 0) == "b-1"
