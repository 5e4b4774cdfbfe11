"""The stage of a burst: what may not be stormed is refused in one line, and a storm that broke off is told of."""

from contextlib import suppress
from types import SimpleNamespace

import pytest

from harness.counterparts.lab import Lab
from harness.counterparts.stages.burst import play
from harness.judges.load import burst_delivered
from harness.model.errors import HarnessFault, NoHook
from harness.model.neighbours import Moment, Neighbours
from harness.model.profile import LoadPromise
from harness.model.scenario import Burst, Scenario
from harness.model.storm_record import StormRecord, StormResult
from harness.model.tally import Tally

SESSION = (201, {"session_id": "s-1"}, {})
BALANCES = (200, {"balances": [{"amount": 5, "currency": "EUR"}]}, {})
PROMISE = LoadPromise(rounds_per_second=30, most_rounds_per_second=40, slo=("p95 < 1s",))


def scenario(**changes):
    return Scenario(name="short storm", says="Three seconds.", expects=(("LOAD-06", burst_delivered),),
                    workload=Burst(**{"seconds": 3, "shape": "constant", "players": 3, **changes}))


@pytest.fixture
def labs(workshop_of, target, changed, subject):
    """labs(blow, load=..., **changes) -> a lab whose storms `blow` blows."""
    subject.answers |= {"POST /sandbox/players": (201, {}, {}), "POST /v1/sessions": SESSION}
    subject.default = BALANCES

    def make(blow, *, load=PROMISE, neighbours=None, **changes):
        workshop = workshop_of(changed(target, load=load, **changes), blow=blow, neighbours=neighbours)
        return Lab(workshop, "a.py::STORM", ("LOAD-06",))

    return make


def refused(lab, subject, **changes):
    with pytest.raises(NoHook) as error:
        play(lab, scenario(**changes))
    assert "\n" not in error.value.line()
    assert error.value.remedy
    assert subject.requests == [], "nobody was even seated"
    return error.value.line()


def never(plan, **_):
    raise AssertionError("a storm was blown")


@pytest.mark.parametrize(("shape", "times", "peak"), [("spike", 1.0, "120"), ("constant", 1.4, "42"),
                                                       ("ramp", 2.0, "60"), ("steps", 2.0, "60")])
def test_more_than_the_cap_is_refused_with_the_key_to_raise(labs, subject, shape, times, peak):
    assert refused(labs(never), subject, shape=shape, times=times) == (
        f"short storm: a peak of {peak} rounds/s is above the cap of 40. Raise most_rounds_per_second in "
        "[target.x.load], or ask for less")


def test_the_cap_is_four_times_the_rate_where_none_is_declared(labs, subject):
    load = LoadPromise(rounds_per_second=30)
    assert "above the cap of 120" in refused(labs(never, load=load), subject, times=4.1)


def test_without_a_promise_no_storm_is_blown(labs, subject):
    assert "[target.x.load]" in refused(labs(never, load=None), subject)


def test_what_was_blown_is_recorded_with_what_stopped_it(labs, lines):
    plans = []

    def blow(plan, **_):
        plans.append(plan)
        return StormResult(tally=Tally(), begun=b"", ended=b"", workers=1, aborted="p95 < 2s: 3 s")

    stormed = play(labs(blow), scenario())
    (line,) = lines.of("storm")
    record = StormRecord.from_line(line)
    assert (record.id, record.result.aborted, record.objectives) == (stormed.storm, "p95 < 2s: 3 s", PROMISE.slo)
    assert plans[0].schedule.peak == 30
    assert len(stormed.readings) == 3


def test_what_a_storm_kept_is_journalled_as_samples_and_not_as_exchanges(labs, lines):
    kept = {"operation": "authorizeBet", "request": "POST /v1/bets/authorize HTTP/1.1\r\n\r\n{}",
            "head": "HTTP/1.1 200 OK", "body": "{}", "sent_ns": 0, "ended_ns": 5}

    def blow(plan, **_):
        return StormResult(tally=Tally(), begun=b"", ended=b"", workers=1, kept=(kept, kept))

    stormed = play(labs(blow), scenario())
    assert [line["id"] for line in lines.of("sample")] == [f"{stormed.storm}~1", f"{stormed.storm}~2"]
    assert all(line["check"] == "a.py::STORM" for line in lines.of("sample"))
    assert not [line for line in lines.of("exchange") if line["operation"] == "authorizeBet"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, HarnessFault("Locust ended")])
def test_a_storm_that_broke_off_leaves_word_that_nobody_knows_what_it_moved(labs, lines, error):
    def blow(plan, **_):
        raise error

    with pytest.raises(BaseException) as raised:
        play(labs(blow), scenario())
    assert raised.type is (error if isinstance(error, type) else type(error))
    (line,) = lines.of("storm")
    record = StormRecord.from_line(line)
    assert (record.result.complete, record.result.begun, record.result.problems) == (False, b"", ("it broke off",))
    assert {seat.session_id for seat in record.plan.seats} == {"s-1"}
    assert lines.of("claim") == []


@pytest.mark.parametrize("breaks_off", [False, True])
def test_who_else_was_busy_is_watched_beside_the_storm_alone_and_recorded(labs, lines, target, breaks_off):
    happened = []
    seen = Neighbours(cores=2, moments=(Moment(at=0.5, seconds=0.5, others=0.9, idle=0.0),))

    def watch(base_url):
        happened.append(base_url)
        return SimpleNamespace(told=lambda: happened.append("told") or seen)

    def blow(plan, **_):
        happened.append("blown")
        if breaks_off:
            raise HarnessFault("Locust ended")
        return StormResult(tally=Tally(), begun=b"", ended=b"", workers=1)

    with suppress(HarnessFault):
        play(labs(blow, neighbours=watch), scenario())
    assert happened == [target.base_url, "blown", "told"]
    (line,) = lines.of("storm")
    assert StormRecord.from_line(line).neighbours == seen
