"""What is told of a storm while it blows, and when it is stopped: on synthetic reports and a clock of our own."""

import pytest

from harness.engine.storm_watch import StormWatch
from harness.model.arrivals import ramp
from harness.model.histogram import Histogram
from harness.model.profile import LoadPromise
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import StormResult
from harness.model.tally import Tally

PLAN = StormPlan(base_url="http://x", schedule=ramp(0, 100, 100), mix=Mix(duplicates=0), prefix="storm-7",
                 callers=(Caller(headers=(), token=""),), seats=(Seat(player_id="p", session_id="s"),))


def tally(*, calls=50, ms=5, outcome="200", lag_ms=0):
    made = Tally()
    if outcome.isdigit():
        made.latency["authorizeBet"] = Histogram()
        made.latency["authorizeBet"].extend([int(ms * 1_000)] * calls)
    made.lag.extend([lag_ms * 1_000] * calls)
    made.outcomes = {"authorizeBet": {outcome: calls}}
    return made


class Storm:
    """Reports to a watch, half a second apart, as a worker makes them."""

    def __init__(self, *abort, after=3.0):
        self.told, self.now, self.all = [], 1_000.0, Tally()
        promise = LoadPromise(rounds_per_second=50, abort=abort, abort_after_seconds=after)
        self.watch = StormWatch(PLAN, promise, self.told.append, clock=lambda: self.now)

    def report(self, newest, *, worker=0, in_flight=0, busy=0.1, seconds=0.5):
        self.now += seconds
        self.all.merge(newest)
        return self.watch(self.all, {"worker": worker, "tally": newest.to_line(), "in_flight": in_flight, "busy": busy,
                                     "gone": self.now - 1_000.0})

    def until_stopped(self, newest, most=100):
        """Seconds of such reports until it is stopped; None: it is not."""
        for _ in range(most):
            if self.report(newest):
                return self.now - 1_000.0
        return None


def test_figures_of_late_and_of_all_are_told():
    storm = Storm()
    for _ in range(20):
        storm.report(tally(ms=1))
    for _ in range(10):
        storm.report(tally(ms=400), in_flight=7, busy=0.6)
    last = storm.told[-1]
    assert (last.storm, last.gone, last.total, last.asked, last.calls) == ("storm-7", 15.0, 100.0, 15.0, 1_500)
    assert last.achieved == 100.0
    assert last.last_p50_ms == pytest.approx(400, rel=0.01)
    assert last.p50_ms == pytest.approx(1, rel=0.01)
    assert last.p95_ms == last.p99_ms == last.last_p95_ms
    assert (last.in_flight, last.busiest, last.aborted, last.over) == (7, 0.6, "", False)


def test_workers_together_are_told_two_times_a_second_at_most():
    storm = Storm()
    for n in range(40):
        storm.report(tally(calls=1), worker=n % 4, in_flight=n % 4, seconds=0.125)
    assert len(storm.told) == 10
    assert storm.told[-1].in_flight == 6
    assert storm.told[-1].calls == 37


def test_failures_and_polite_refusals_are_told_apart():
    storm = Storm()
    for outcome in ("500", "timeout", "503+", "429", "409"):
        storm.report(tally(calls=10, outcome=outcome))
    assert (storm.told[-1].failed, storm.told[-1].shed) == (30, 10)


def test_before_the_first_answer_nothing_is_invented():
    storm = Storm("p95 < 1ms", "errors < 0.1%", after=0)
    assert not storm.report(Tally())
    assert (storm.told[0].p50_ms, storm.told[0].last_p99_ms, storm.told[0].achieved) == (-1.0, -1.0, 0.0)


def test_its_end_is_told_once_more_with_all_that_was_counted():
    storm = Storm()
    storm.report(tally(), in_flight=3)
    whole = tally(calls=77)
    storm.watch.over(StormResult(tally=whole, begun=b"", ended=b"", workers=1, aborted="p95 < 1s: 2 s"))
    last = storm.told[-1]
    assert (last.calls, last.over, last.aborted, last.in_flight) == (77, True, "p95 < 1s: 2 s", 0)
    storm.watch.over(None)
    assert (storm.told[-1].calls, storm.told[-1].aborted) == (50, "it broke off")


def test_a_storm_is_stopped_when_an_objective_is_missed_for_the_delay():
    storm = Storm("p95 < 2s", after=3)
    assert storm.until_stopped(tally(ms=1), most=20) is None
    assert storm.until_stopped(tally(ms=3_000)) == pytest.approx(13.5)
    assert storm.told[-1].aborted == "p95 < 2s: 3 s, for 3 s, 14 s into the storm"
    assert storm.report(tally(ms=1)), "the first reason stays"
    assert Storm("p95 < 2s", after=3).until_stopped(tally(ms=3_000)) == pytest.approx(3.5)


def test_a_relief_in_between_begins_the_delay_again():
    storm = Storm("errors < 20%", after=3)
    bad, good = tally(calls=20, outcome="500"), tally(calls=2_000)
    for _ in range(6):
        assert not storm.report(bad)
    assert not storm.report(good)
    assert storm.until_stopped(bad) == pytest.approx(11.5), "the good ones are forgotten after five seconds"


def test_every_operation_and_a_share_of_calls_can_stop_it():
    assert Storm("shed < 50%").until_stopped(tally(outcome="503+")) is not None
    assert Storm("shed < 50%").until_stopped(tally(outcome="503")) is None
    assert Storm("authorizeBet p50 < 1s").until_stopped(tally(ms=1_500)) is not None
    assert Storm("settleBet p50 < 1s").until_stopped(tally(ms=1_500)) is None
    assert Storm("mean < 1s").until_stopped(tally(ms=1_500)) is not None
    assert Storm("max < 1s").until_stopped(tally(ms=1_500)) is not None


@pytest.mark.parametrize("newest", [Tally(), tally(calls=1, ms=9_000), tally(outcome="timeout")],
                         ids=["nothing", "too few", "no answer has a latency"])
def test_no_data_never_stops_a_storm(newest):
    assert Storm("p95 < 2s", after=0).until_stopped(newest) is None


def test_too_few_calls_for_a_high_percentile_never_stop_it():
    assert Storm("p99 < 2s", after=0).until_stopped(tally(calls=5, ms=9_000)) is None
    assert Storm("p99 < 2s", after=0).until_stopped(tally(calls=20, ms=9_000)) is not None


def test_what_the_generator_itself_was_late_by_never_stops_it():
    assert Storm("p95 < 2s").until_stopped(tally(ms=3_000, lag_ms=2_500)) is None
    assert Storm("mean < 2s").until_stopped(tally(ms=3_000, lag_ms=2_500)) is None
    assert Storm("p95 < 2s").until_stopped(tally(ms=3_000, lag_ms=500)) is not None


def test_a_profile_without_objectives_stops_nothing():
    assert Storm().until_stopped(tally(outcome="500")) is None
    watch = StormWatch(PLAN, None, lambda _: None, clock=lambda: 0.0)
    assert watch(tally(), {"worker": 0, "tally": tally().to_line(), "in_flight": 0, "busy": 0}) == ""
