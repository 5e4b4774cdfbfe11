"""Axes, lanes and thinning."""

import pytest

from harness.drawing.axes import duration, lanes, share, summary, thinned, ticks
from harness.model.timeline import Became, Mark, Stretch


@pytest.mark.parametrize(("seconds", "most", "expected"), [
    (0, 8, [0]), (1, 6, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (3.3, 8, [0, 0.5, 1, 1.5, 2, 2.5, 3]),
    (60, 8, [0, 10, 20, 30, 40, 50, 60]),
    (4_000, 4, [0, 2000, 4000]), (9.9, 2, [0])])
def test_ticks_are_round_and_few(seconds, most, expected):
    assert ticks(seconds, most) == pytest.approx(expected)


@pytest.mark.parametrize("seconds", [1e-6, 0.003, 0.7, 3.12, 99.99, 86_400, 1e9])
@pytest.mark.parametrize("most", [2, 8, 12])
def test_there_are_never_more_ticks_than_room(seconds, most):
    assert 1 <= len(ticks(seconds, most)) <= most
    assert max(ticks(seconds, most)) <= seconds * (1 + 1e-9)


def test_latency_is_on_a_log_scale():
    assert [share(ms, 1000) for ms in (0, 1, 10, 100, 1000, 9999)] == pytest.approx([0, 0, 1 / 3, 2 / 3, 1, 1])
    assert [duration(ms) for ms in (0.4, 402.4, 999.6, 1250, 60_000)] == ["0 ms", "402 ms", "1 s", "1.25 s", "60 s"]


def test_lanes_hold_what_does_not_run_into_each_other():
    spans = [(0, 2), (1, 3), (2, 4), (1, 9)]
    faults = [Stretch(label=str(n), start=start, end=end) for n, (start, end) in enumerate(spans)]
    rows, left = lanes(faults, lambda f: (f.start, f.end), 2)
    assert [[f.label for f in row] for row in rows] == [["0", "2"], ["1"]]
    assert left == 1


def test_thinning_keeps_the_worst_of_each_stretch():
    marks = [Mark(at=n, ms=1, became=Became.TAKEN) for n in range(10)]
    marks[3] = Mark(at=3, ms=1, became=Became.FAILED)
    marks[9] = Mark(at=9, ms=7, became=Became.TAKEN)
    kept = thinned(marks, 3)
    assert len(kept) == 3
    assert {3, 9} <= {m.at for m in kept}
    assert thinned(marks, 10) == marks
    assert thinned([], 3) == []


def test_the_sum_is_one_line(timeline, empty):
    assert summary(timeline()) == (
        "5 calls: 2 taken, 1 refused cleanly, 1 not final (202), 1 failed or unanswered; the slowest took 402 ms "
        "(SLO 400 ms; 1 later); 3 attempts at the wallet, 1 failed")
    assert summary(empty) == "no calls were recorded"
