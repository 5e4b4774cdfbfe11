"""Event lag and queues around a storm, on synthetic ones: kept, broken, and nothing to be told."""

import dataclasses

import pytest

from harness.judges.load_queues import lag_back_after, queue_back_after, queues_calm, seen_in_order
from harness.judges.registry import decide
from harness.model.arrivals import constant
from harness.model.claim import Claim
from harness.model.history import History
from harness.model.outcome import Outcome, Owner
from harness.model.played import Stormed
from harness.model.storm import Caller, Seat, StormPlan
from harness.model.storm_record import StormRecord, StormResult
from harness.model.storm_watch import Canary, Queue, StormWatch, Unread
from harness.model.tally import Tally

PLAN = StormPlan(base_url="http://x", schedule=constant(10, 15, spacing="even"),
                 callers=(Caller(headers=(), token=""),), seats=(Seat(player_id="p", session_id="s"),))
END, UNTIL = 15.0, 30.0


def counted(lag_ms=0):
    made = Tally()
    made.lag.extend([lag_ms * 1_000] * 200)
    made.outcomes = {"authorizeBet": {"200": 200}}
    return made


def canaries(lag, *, since=-3.0, until=UNTIL - 2, step=0.5, feed=0):
    """Two a second; `lag(at)`: (low, high) or one figure."""
    found, at = [], since
    while at < until:
        took = lag(at)
        low, high = took if isinstance(took, tuple) else (max(0.0, took - 0.2), took)
        if high is not None and at + high > UNTIL:
            low, high = UNTIL - at, None
        found.append(Canary(at=at, low=low, high=high, exchange=f"e{feed}-{at}", feed=feed))
        at += step
    return tuple(found)


def queue(long, name="owed", *, until=UNTIL):
    """A sample a second; `long(at)`: its length."""
    return Queue(name=name, samples=tuple((float(at), float(long(at))) for at in range(-3, int(until) + 1)))


def watch(**changes):
    return StormWatch(**{"ended_at": END, "seen_until": UNTIL, "lag_promise": 3.0, "settle_promise": 10.0,
                         "patience": 20.0, "canaries": canaries(lambda _: 0.2), "queues": (queue(lambda _: 0),),
                         **changes})


def judged(*storms):
    draft = queues_calm(Stormed(storm="storm-1", readings=()))
    return decide(History(storms=storms), Claim(id="c-1", check="c", control="LOAD-03", judge=draft.judge,
                                                says=draft.says, over=draft.over, params=dict(draft.params)))


def found(tally=None, **changes):
    result = StormResult(tally=tally or counted(), begun=b"\1" * 150, ended=b"\1" * 150, workers=1, busiest=0.2)
    return judged(StormRecord(id="storm-1", check="c", plan=PLAN, result=result, watch=watch(**changes)))


def test_a_calm_platform_is_told_with_its_figures():
    finding = found()
    assert (finding.outcome, finding.measured["lag_p95_seconds"], finding.measured["lag_back_after_seconds"]) == (
        Outcome.PASS, 0.2, 0.0)
    assert finding.measured["owed_peak"] == 0
    assert finding.exchanges
    hump = found(canaries=canaries(lambda at: 2.5 if 5 < at < 16 else 0.2),
                 queues=(queue(lambda at: 500 * (4 < at < 18)),))
    assert hump.outcome is Outcome.PASS
    assert "500 at its peak, back after 3 s" in hump.message


@pytest.mark.parametrize("weary", [True, False])
def test_a_lag_above_the_promise_is_a_breach_unless_the_generator_was_tired(weary):
    finding = found(counted(lag_ms=80 if weary else 0), canaries=canaries(lambda at: 6.0 if at > 5 else 0.2))
    assert finding.outcome is (Outcome.INCONCLUSIVE if weary else Outcome.FAIL)
    assert weary or (finding.measured["late"] == 19 and finding.expected == "95 in a hundred within 3 s")


def test_one_late_round_of_thirty_proves_nothing_and_neither_does_a_late_reading_of_ours():
    once = found(canaries=canaries(lambda at: 5.0 if at == 6.0 else 0.2))
    assert once.outcome is Outcome.PASS
    thrice = found(canaries=canaries(lambda at: 5.0 if at in (6.0, 7.0, 8.0) else 0.2))
    assert (thrice.outcome, thrice.owner) == (Outcome.INCONCLUSIVE, Owner.ENVIRONMENT)
    ours = found(canaries=canaries(lambda at: (0.0, 6.0) if 4 < at < 10 else 0.2))
    assert ours.outcome is Outcome.INCONCLUSIVE


def test_a_lag_that_nobody_promised_is_never_red():
    high = canaries(lambda at: 6.0 if 5 < at < END else 0.2)
    assert (found(canaries=high, lag_promise=None).outcome, found(canaries=high, lag_promise=None).owner) == (
        Outcome.INCONCLUSIVE, Owner.PROFILE)
    assert found(lag_promise=None).outcome is Outcome.PASS
    forever = canaries(lambda at: 60.0 if at > 5 else 0.2)
    alone = found(canaries=forever, lag_promise=None, settle_promise=None)
    assert (alone.outcome, alone.owner) == (Outcome.INCONCLUSIVE, Owner.PROFILE)
    assert "declare" in alone.message


def test_a_lag_that_does_not_come_back_in_time_is_a_breach_where_a_time_was_promised():
    stays = canaries(lambda at: 4.0 if at > 14.2 else 0.2)
    finding = found(canaries=stays, settle_promise=10.0)
    assert finding.outcome is Outcome.FAIL
    assert "not back at its base 10 s after the storm" in finding.message
    assert found(canaries=stays, settle_promise=16.0).outcome is Outcome.INCONCLUSIVE, "it was not watched so long"
    assert found(canaries=stays, settle_promise=None).owner is Owner.PROFILE
    comes = canaries(lambda at: 4.0 if 14.2 < at < 18 else 0.2)
    assert found(canaries=comes).outcome is Outcome.PASS
    assert found(canaries=comes).measured["lag_back_after_seconds"] == 6.5


def test_a_round_that_others_overtook_is_lost_and_tells_no_lag():
    gone = canaries(lambda at: (UNTIL - at, None) if at in (6.0, 20.0) else 0.2)
    assert len(seen_in_order(watch(canaries=gone))) == len(gone) - 2
    assert found(canaries=gone).outcome is Outcome.PASS
    assert "2 of ours never came" in found(canaries=gone).message
    other = (*canaries(lambda _: 0.2), *canaries(lambda at: (UNTIL - at, None) if at > 5 else 0.2, feed=1))
    assert found(canaries=other).outcome is Outcome.FAIL, "a feed of its own that stands still is not overtaken"


def test_the_time_to_come_back_lies_between_two_bounds():
    one = Canary(at=14.0, low=4.0, high=6.0, exchange="e")
    assert lag_back_after(watch(canaries=(*canaries(lambda _: 0.2, until=0.0), one))) == (3.0, 5.0)
    young = Canary(at=29.5, low=0.4, high=None, exchange="e")
    assert lag_back_after(watch(canaries=(young,))) == (0.0, 0.0)
    never = Canary(at=20.0, low=10.0, high=None, exchange="e")
    assert lag_back_after(watch(canaries=(never,))) == (15.0, float("inf"))


@pytest.mark.parametrize(("changes", "owner"), [
    ({"canaries": ()}, None), ({"canaries": canaries(lambda _: 0.2, until=3.0)}, Owner.ENVIRONMENT),
    ({"canaries": canaries(lambda _: 0.2, until=3.0), "not_taken": 20}, Owner.SUBJECT),
    ({"canaries": canaries(lambda _: 0.2, until=END)}, Owner.SUBJECT),
    ({"canaries": canaries(lambda _: 0.2, since=0.0)}, Owner.SUBJECT),
    ({"unread": {"feed": Unread(says="403", owner=Owner.SUBJECT.value)}}, Owner.SUBJECT),
    ({"unread": {"queues": Unread(says="no owed", owner=Owner.PROFILE.value)}}, Owner.PROFILE),
    ({"queues": (queue(lambda _: 0, until=10),)}, Owner.ENVIRONMENT),
    ({"queues": (Queue(name="owed", samples=()),)}, Owner.ENVIRONMENT)])
def test_too_few_samples_and_what_could_not_be_read_are_unclear(changes, owner):
    finding = found(**changes)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert owner is None or finding.owner is owner


def test_without_a_watch_the_journal_is_to_blame():
    record = StormRecord(id="storm-1", check="c", plan=PLAN,
                         result=StormResult(tally=counted(), begun=b"\1" * 150, ended=b"", workers=1))
    assert judged(record).owner is Owner.HARNESS
    assert judged().owner is Owner.HARNESS


def test_a_queue_that_stays_long_is_a_breach_where_a_time_was_promised():
    stays = queue(lambda at: 3 if at < 0 else 800)
    finding = found(queues=(queue(lambda _: 0, "other"), stays))
    assert (finding.outcome, finding.seen) == (Outcome.FAIL, "800 after 15 s")
    assert (found(queues=(stays,), settle_promise=None).outcome, found(queues=(stays,), settle_promise=None).owner) == (
        Outcome.INCONCLUSIVE, Owner.PROFILE)
    assert found(queues=(stays,), settle_promise=20.0).outcome is Outcome.INCONCLUSIVE
    shown = dataclasses.replace(stays, exchange="e7")
    assert found(queues=(shown,)).exchanges == ("e7",)


@pytest.mark.parametrize(("long", "back"), [
    (lambda _: 0, (0.0, 0.0)), (lambda _: 9, (0.0, 0.0)), (lambda at: 100 if 5 < at < END else 0, (0.0, 0.0)),
    (lambda at: 100 if 5 < at < 20 else 0, (4.0, 5.0)), (lambda at: 100 if at > 5 else 0, (15.0, float("inf"))),
    (lambda at: 40 + (1_000 if 0 < at < 16 else 5 * (at > 0)), (0.0, 1.0))])
def test_a_queue_is_back_when_it_is_about_as_short_as_before(long, back):
    assert queue_back_after(queue(long), END) == back
