"""Judges of a locustfile's closed loop: missed is missed, kept is not proven, and a tired or broken loop is silent."""

import dataclasses

import pytest

from harness.judges.conservation import conserved
from harness.judges.load import burst_delivered, objectives_kept, refusals_polite
from harness.judges.load_money import money_after_burst
from harness.judges.registry import decide
from harness.model.claim import Claim
from harness.model.exchange import Exchange
from harness.model.histogram import Histogram
from harness.model.history import History, PlayerRecord
from harness.model.locust_plan import LocustPlan, LocustRecord, LocustResult
from harness.model.neighbours import Moment, Neighbours
from harness.model.outcome import Outcome, Owner, Reason
from harness.model.played import Looped, Stormed
from harness.model.storm import Caller, Seat
from harness.model.tally import Tally

PLAN = LocustPlan(path="locustfile.py", users=20, spawn_rate=10, seconds=10, base_url="http://x", hosts=("x",),
                  most_per_second=100, callers=(Caller(headers=(), token=""),),
                  seats=(Seat(player_id="p-0", session_id="s-0"),))
LOOPED = Looped(load="locust-1")
DRAFTS = pytest.mark.parametrize("draft", [burst_delivered(LOOPED), objectives_kept(LOOPED), refusals_polite(LOOPED)],
                                 ids=lambda d: d.judge)


def tally(*, latency_ms=5, lag_ms=1, outcomes=None, count=2_000):
    made = Tally()
    made.latency["authorizeBet"] = Histogram()
    made.latency["authorizeBet"].extend([latency_ms * 1_000] * count)
    made.lag.extend([lag_ms * 1_000] * 100)
    made.outcomes = {"authorizeBet": {"200": count} if outcomes is None else outcomes}
    return made


def load(*, objectives=("p95 < 400ms", "errors < 1%"), counted=None, **changes):
    result = LocustResult(**{"tally": counted or tally(), "users": 20, "busiest": 0.3, **changes})
    return LocustRecord(id="locust-1", check="scenarios/own.py::OWN", plan=PLAN, result=result,
                        objectives=tuple(objectives))


def claim_of(draft, control="LOAD-01"):
    return Claim(id="c-1", check="scenarios/own.py::OWN", control=control, judge=draft.judge, says=draft.says,
                 over=draft.over, params=dict(draft.params))


def judged(draft, *loads, beside=()):
    claim = claim_of(draft)
    return decide(History(locust_loads=loads, claims=(claim, *beside)), claim)


@pytest.mark.parametrize("draft", [burst_delivered(LOOPED), objectives_kept(LOOPED), refusals_polite(LOOPED),
                                   money_after_burst(LOOPED)], ids=lambda d: d.judge)
def test_a_closed_loop_proves_nothing_that_is_good(draft):
    found = judged(draft, load())
    assert (found.outcome, found.reason) == (Outcome.INCONCLUSIVE, Reason.NO_SAMPLES)
    assert "closed loop cannot prove it" in found.message
    assert "Blow a Burst to decide LOAD-01" in found.message


@pytest.mark.parametrize(("of", "other"), [(objectives_kept, "objectives_kept"), (burst_delivered, "burst_delivered"),
                                           (money_after_burst, "money_after_burst")])
def test_beside_a_storm_it_adds_nothing_and_spoils_nothing(of, other):
    stormed = Stormed(storm="storm-1", readings=())
    assert judged(of(LOOPED), load(), beside=[claim_of(of(stormed))]).outcome is Outcome.PASS
    assert judged(of(LOOPED), load(), beside=[claim_of(of(stormed), control="LOAD-99")]).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("beside", [(), (claim_of(objectives_kept(Stormed(storm="s", readings=()))),)])
def test_an_objective_that_even_a_closed_loop_misses_is_missed(beside):
    found = judged(objectives_kept(LOOPED), load(counted=tally(latency_ms=500)), beside=beside)
    assert (found.outcome, found.expected) == (Outcome.FAIL, "p95 < 400ms")
    assert "2000 requests of 20 users in a closed loop, which understates it" in found.message


def test_failures_beyond_the_budget_are_a_finding_and_those_within_prove_nothing():
    bad = judged(refusals_polite(LOOPED), load(counted=tally(outcomes={"200": 1_900, "500": 100})))
    assert (bad.outcome, bad.seen) == (Outcome.FAIL, "authorizeBet 500: 100")
    for good in ({"200": 1_999, "500": 1}, {"200": 1_500, "503+": 500}):
        found = judged(refusals_polite(LOOPED), load(counted=tally(outcomes=good)))
        assert found.outcome is Outcome.INCONCLUSIVE


@DRAFTS
@pytest.mark.parametrize(("changes", "says"), [
    ({"problems": ("stopped at the cap",)}, "stopped at the cap"), ({"complete": False}, "did not go on for its time"),
    ({"busiest": 0.95}, "95% of a core"), ({"counted": tally(lag_ms=90, latency_ms=900)}, "90 ms late"),
    ({"counted": Tally()}, "made no request"), ({"counted": Tally(), "raised": {"KeyError at locustfile.py:3": 7}},
                                                "raised KeyError at locustfile.py:3: 7"),
    ({"counted": tally(latency_ms=900, outcomes={"200": 1_990, "no_socket": 10})}, "no free socket")])
def test_a_loop_that_did_not_do_its_part_neither_accuses_nor_absolves(draft, changes, says):
    found = judged(draft, load(**changes))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert says in found.message


def test_what_the_file_found_wrong_itself_is_told_and_accuses_nobody():
    found = judged(objectives_kept(LOOPED), load(marked={"authorizeBet": 3}, raised={"ValueError": 2}))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "marked 3 good answers as failed; the locustfile raised ValueError: 2" in found.message


@pytest.mark.parametrize("outcomes", [{"401": 2_000}, {"200": 900, "403": 1_100}, {"429+": 2_000}])
def test_a_load_of_refusals_says_nothing_of_bets(outcomes):
    counted = tally(latency_ms=900, outcomes=outcomes)
    found = judged(objectives_kept(LOOPED), load(counted=counted, objectives=("p95 < 400ms",)))
    assert (found.outcome, found.owner) == (Outcome.INCONCLUSIVE, Owner.SUBJECT)


def test_without_a_promise_or_a_record_nothing_is_told():
    assert judged(objectives_kept(LOOPED), load(objectives=())).owner is Owner.PROFILE
    for draft in (burst_delivered(LOOPED), objectives_kept(LOOPED), refusals_polite(LOOPED), money_after_burst(LOOPED)):
        assert judged(draft).owner is Owner.HARNESS


def test_conservation_leaves_out_players_whose_bets_only_a_locustfile_knows():
    closing = Exchange(id="w1-1", check="c", actor="observer", operation="getPlayerBalances", method="GET", status=200,
                       url="http://x", response_body='{"balances":[{"amount":90,"currency":"EUR"}]}', started_ns=1,
                       ended_ns=2)
    player = PlayerRecord(player_id="p-0", check="c", tenant_id="t", brand_id="b", region="r", start={"EUR": 100},
                          closed_by="w1-1")
    claim = claim_of(conserved())
    assert decide(History(exchanges=(closing,), players=(player,)), claim).outcome is Outcome.FAIL
    left = History(exchanges=(closing,), players=(player,), locust_loads=(load(),))
    assert decide(left, claim).outcome is Outcome.INCONCLUSIVE


def test_beside_others_who_fill_the_machine_what_is_only_late_is_no_breach():
    full = Neighbours(cores=2, moments=(Moment(at=10.0, seconds=10.0, others=0.8, idle=0.0),))
    late, silent, wrong = (load(counted=counted) for counted in (
        tally(latency_ms=900), tally(latency_ms=1_200, outcomes={"200": 1_900, "timeout": 100}),
        tally(outcomes={"200": 1_900, "500": 100})))
    for draft, record in ((objectives_kept(LOOPED), late), (objectives_kept(LOOPED), silent),
                          (refusals_polite(LOOPED), silent)):
        assert judged(draft, record).outcome is Outcome.FAIL
        found = judged(draft, dataclasses.replace(record, neighbours=full))
        assert (found.outcome, found.owner) == (Outcome.INCONCLUSIVE, Owner.ENVIRONMENT)
        assert "80% of this machine's 2 cores" in found.message
    for draft in (objectives_kept(LOOPED), refusals_polite(LOOPED)):
        assert judged(draft, dataclasses.replace(wrong, neighbours=full)).outcome is Outcome.FAIL


def test_who_else_was_busy_goes_through_a_journal_and_older_ones_lack_it():
    seen = Neighbours(cores=2, moments=(Moment(at=0.5, seconds=0.5, others=0.9, idle=0.0),), before=0.4)
    record = dataclasses.replace(load(), neighbours=seen)
    assert LocustRecord.from_line(record.to_line()).neighbours == seen
    assert "neighbours" not in load().to_line()
    assert LocustRecord.from_line(load().to_line()).neighbours is None
