"""A storm that was stopped because the target suffered: evidence until then, and never a tired generator."""

import pytest

from harness.judges.load import burst_delivered, objectives_kept, refusals_polite
from harness.model.histogram import Histogram
from harness.model.outcome import Outcome, Owner, Reason
from harness.model.storm_record import Became, StormRecord
from harness.model.tally import Tally
from tests.judges.test_load import STORMED, after, judged, record, states, tally

DELIVERED, KEPT, POLITE = (draft(STORMED) for draft in (burst_delivered, objectives_kept, refusals_polite))
SENT = 300
SO_FAR = bytes([Became.DONE]) * SENT
P95 = "p95 < 2s: 3.4 s, for 10 s, 4 s into the storm"
ERRORS = "errors < 20%: 40%, for 10 s, 4 s into the storm"


def stopped(why=P95, **changes):
    return record(**{"begun": SO_FAR, "ended": SO_FAR, "aborted": why, **changes})


def test_the_reason_is_told_and_the_generator_is_not_blamed():
    for draft in (DELIVERED, POLITE):
        found = judged(draft, stopped(why=P95))
        assert (found.outcome, found.reason, found.owner) == (Outcome.INCONCLUSIVE, Reason.ABORTED, Owner.SUBJECT)
        assert P95 in found.message
        assert "generator" not in found.message
    whole = judged(DELIVERED, record(begun=SO_FAR, ended=SO_FAR))
    assert "300 of 1000 rounds" in whole.message, "without an abort it is the generator"


@pytest.mark.parametrize(("why", "slo", "red"), [
    (P95, ("p95 < 400ms",), True), (P95, ("p95 < 2s",), True), (P95, ("p99 < 1s",), True),
    (P95, ("errors < 5%", "p95 < 1s"), True), (P95, ("p95 < 3s",), False), (P95, ("settleBet p95 < 1s",), False),
    (ERRORS, ("errors < 0.1%",), True), (ERRORS, ("p95 < 1s",), False)])
def test_what_stopped_it_is_a_breach_where_it_is_looser_than_the_slo(why, slo, red):
    found = judged(KEPT, stopped(why=why, objectives=slo))
    assert found.outcome is (Outcome.FAIL if red else Outcome.INCONCLUSIVE)
    assert why in (found.seen if red else found.message)


def test_what_was_missed_so_far_is_red_by_its_own_figure():
    slow = judged(KEPT, stopped(objectives=("p95 < 5s", "p99.9 < 9s", "p90 < 100ms"), counted=tally(latency_ms=500)))
    assert (slow.outcome, slow.expected, slow.seen) == (Outcome.FAIL, "p90 < 100ms", "500 ms")
    failing = judged(POLITE, stopped(ERRORS, counted=tally(outcomes={"200": 1_200, "500": 800})))
    assert failing.outcome is Outcome.FAIL
    shut = judged(DELIVERED, stopped(ERRORS, counted=tally(outcomes={"200": 1_200, "connect": 800})))
    assert shut.outcome is Outcome.FAIL


def test_a_stop_on_a_few_calls_accuses_nobody():
    few = Tally()
    few.latency["authorizeBet"] = Histogram()
    few.latency["authorizeBet"].extend([3_400_000] * 150)
    few.lag.extend([0] * 150)
    few.outcomes = {"authorizeBet": {"200": 150}}
    found = judged(KEPT, stopped(objectives=("p95 < 1s",), counted=few))
    assert (found.outcome, found.reason) == (Outcome.INCONCLUSIVE, Reason.ABORTED)


def test_errors_are_a_breach_also_where_nothing_was_carried_out():
    nothing = tally(outcomes={"500": 2_000})
    assert judged(KEPT, stopped(ERRORS, objectives=("errors < 1%",), counted=nothing)).outcome is Outcome.FAIL
    slow = judged(KEPT, stopped(P95, objectives=("p95 < 1s",), counted=tally(outcomes={"401": 2_000})))
    assert (slow.outcome, slow.reason) == (Outcome.INCONCLUSIVE, Reason.ONLY_ERROR_PATHS)


def test_a_profile_that_promises_nothing_breaks_nothing():
    assert judged(KEPT, stopped(objectives=())).owner is Owner.PROFILE


@pytest.mark.parametrize("draft", [DELIVERED, KEPT, POLITE], ids=lambda d: d.judge)
@pytest.mark.parametrize("changes", [{"busiest": 0.97}, {"counted": tally(lag_ms=400)}, {"lost": (0,)},
                                     {"problems": ("worker 0: OSError",)}])
def test_a_generator_that_was_tired_as_well_accuses_nobody(draft, changes):
    found = judged(draft, stopped(objectives=("p95 < 1s",), **changes))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "generator" in found.message


def test_the_money_of_what_was_sent_is_followed_all_the_same():
    begun, ended = (part[:SENT] for part in states(4))
    storm = stopped(begun=begun, ended=ended)
    assert after(storm).outcome is Outcome.PASS
    assert after(storm, off=1).outcome is Outcome.FAIL


def test_the_journal_keeps_it_and_an_older_one_has_none():
    line = stopped().to_line()
    assert StormRecord.from_line(line).result.aborted == P95
    del line["aborted"]
    assert StormRecord.from_line(line).result.aborted == ""
