"""Others who keep the machine busy: what only the clock says is no proof then; everything else is judged as ever."""

import dataclasses

import pytest

from harness.engine.storm_comparison import Change, compare
from harness.engine.storm_figures import figures
from harness.judges.crowded_out import why
from harness.judges.load import objectives_kept, refusals_polite
from harness.judges.load_hot import hot_exact_and_bounded
from harness.judges.load_queues import queues_calm
from harness.judges.load_shed import bets_shed_first
from harness.judges.registry import decide
from harness.model.claim import Claim
from harness.model.exchange import Exchange
from harness.model.histogram import Histogram
from harness.model.history import History, PlayerRecord
from harness.model.neighbours import Moment, Neighbours
from harness.model.outcome import Outcome, Owner
from harness.model.played import Stormed
from harness.model.storm_record import StormRecord
from tests.judges import test_load, test_load_crowds, test_load_queues
from tests.storm_made import made_storm

STORMED = Stormed(storm="storm-1", readings=(), slo_ms=400)


def machine(*parts, before=None):
    """(seconds, others, idle) one after the other, in moments of half a second."""
    moments, at = [], 0.0
    for seconds, others, idle in parts:
        for _ in range(round(seconds * 2)):
            at += 0.5
            moments.append(Moment(at=at, seconds=0.5, others=others, idle=idle))
    return Neighbours(cores=2, moments=tuple(moments), before=before)


FULL = machine((60, 0.85, 0.0))
SLOW = test_load.record(counted=test_load.tally(slow_ms=1_500))


def judged(draft, record, neighbours):
    record = dataclasses.replace(record, neighbours=neighbours)
    claim = Claim(id="c-1", check=record.check, control="LOAD-01", judge=draft.judge, says=draft.says, over=draft.over,
                  params={**draft.params, "storm": record.id})
    return decide(History(storms=(record,)), claim)


def excused(finding):
    if finding.outcome is Outcome.INCONCLUSIVE:
        assert finding.owner is Owner.ENVIRONMENT
        assert "of this machine's 2 cores" in finding.message
        assert "quiet machine" in finding.message
    return finding.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("neighbours", "proves"), [
    (None, True), (machine((10, 0.0, 0.5)), True), (machine((10, 0.02, 0.0)), True), (machine((10, 0.6, 0.3)), True),
    (machine((10, 0.24, 0.0)), True), (machine((10, 0.25, 0.1)), False), (FULL, False),
    (machine((9.5, 0.05, 0.6), (0.5, 0.9, 0.0)), False), (machine((59.5, 0.05, 0.6), (0.5, 0.9, 0.0)), True)])
def test_lateness_is_proof_unless_others_filled_the_machine(neighbours, proves):
    """A p99 was missed, so more than a hundredth of the time must have been crowded to explain it."""
    finding = judged(objectives_kept(STORMED), SLOW, neighbours)
    assert excused(finding) is not proves
    assert (finding.outcome is Outcome.FAIL) is proves
    assert (finding.expected, finding.seen) == ("p99 < 1s", "1.5 s"), "what was seen is told all the same"


@pytest.mark.parametrize("crowded_for", [0.5, 1.0])
def test_a_p95_bears_a_crowd_for_a_twentieth_of_the_time(crowded_for):
    slow = test_load.record(objectives=("p95 < 400ms",), counted=test_load.tally(latency_ms=900))
    finding = judged(objectives_kept(STORMED), slow, machine((10 - crowded_for, 0, 0.9), (crowded_for, 0.9, 0)))
    assert excused(finding) is (crowded_for > 0.5)


@pytest.mark.parametrize(("slow_until", "crowded_until", "proves"), [
    (30, 6, True), (6, 6, False), (30, 30, False), (30, 0, True), (8, 6, False), (16, 6, True)])
def test_what_was_missed_in_the_quiet_seconds_too_has_no_excuse(slow_until, crowded_until, proves):
    """What a crowd leaves undone makes the next two seconds slow, and a storm begins a second after it is ordered."""
    storm = made_storm(seconds=30, objectives=("p95 < 400ms",))
    tally = storm.result.tally
    for second in range(slow_until):
        tally.seconds[second].latency = Histogram()
        tally.seconds[second].latency.extend([900_000] * 100)
    whole = Histogram()
    for part in tally.seconds.values():
        whole.merge(part.latency)
    tally.latency.clear()
    tally.latency["authorizeBet"] = whole
    around = machine((1 + crowded_until, 0.9, 0.0), (31 - crowded_until, 0.0, 0.8)) if crowded_until else \
        machine((32, 0.0, 0.8))
    finding = judged(objectives_kept(STORMED), storm, around)
    assert (finding.outcome is Outcome.FAIL) is proves, finding.message
    assert excused(finding) is not proves


def test_a_platform_that_eats_the_machine_itself_is_red():
    assert judged(objectives_kept(STORMED), SLOW, machine((10, 0.03, 0.0))).outcome is Outcome.FAIL


def test_what_begins_with_the_storm_excuses_no_target_that_we_did_not_start():
    assert judged(objectives_kept(STORMED), SLOW, machine((10, 0.9, 0), before=0.1)).outcome is Outcome.FAIL
    assert excused(judged(objectives_kept(STORMED), SLOW, machine((10, 0.9, 0), before=0.8)))


def test_a_green_that_held_in_spite_of_it_stays_green():
    for draft in (objectives_kept(STORMED), refusals_polite(STORMED)):
        assert judged(draft, test_load.record(), FULL).outcome is Outcome.PASS


def test_errors_that_were_answered_are_red_whoever_was_in_the_way():
    for outcomes in ({"200": 1_990, "500": 10}, {"200": 1_990, "503": 10}, {"200": 1_990, "error_in_200": 10},
                     {"200": 1_980, "500": 10, "timeout": 10}):
        late_too = test_load.record(objectives=("p99 < 1s", "errors < 0.1%"),
                                    counted=test_load.tally(slow_ms=1_500, outcomes=outcomes))
        found = judged(objectives_kept(STORMED), late_too, FULL)
        assert (found.outcome, found.expected) == (Outcome.FAIL, "errors < 0.1%"), "the excuse of one hides no other"
        assert judged(refusals_polite(STORMED), late_too, FULL).outcome is Outcome.FAIL


def test_silence_alone_is_a_matter_of_the_clock():
    silent = test_load.record(objectives=("errors < 0.1%",),
                              counted=test_load.tally(slow_ms=1_500, outcomes={"200": 1_900, "timeout": 100}))
    for draft in (objectives_kept(STORMED), refusals_polite(STORMED)):
        assert excused(judged(draft, silent, FULL))
        assert judged(draft, silent, None).outcome is Outcome.FAIL


@pytest.mark.parametrize(("slow_ms", "timeouts", "held"), [(5, 10, True), (900, 10, True), (1_500, 10, False),
                                                          (1_500, 400, False), (1_500, 401, True)])
def test_calls_that_are_held_while_the_rest_is_quick_are_no_crowds_doing(slow_ms, timeouts, held):
    """A hundred answers are slow, where a call may take ten seconds."""
    record = test_load.record(objectives=("errors < 0.1%",), counted=test_load.tally(
        slow_ms=slow_ms, outcomes={"200": 2_000, "timeout": timeouts}))
    for draft in (objectives_kept(STORMED), refusals_polite(STORMED)):
        found = judged(draft, record, FULL)
        assert (found.outcome is Outcome.FAIL) is held
        assert held or excused(found)


@pytest.mark.parametrize(("told", "outcomes", "fails"), [
    ("p99 < 1s: 1.5 s, for 10 s, 10 s into the storm", {"200": 2_000}, False),
    ("errors < 0.1%: 5%, for 10 s, 10 s into the storm", {"200": 1_900, "timeout": 100}, False),
    ("errors < 0.1%: 5%, for 10 s, 10 s into the storm", {"200": 1_900, "500": 100}, True)])
def test_a_storm_that_was_stopped_is_judged_likewise(told, outcomes, fails):
    record = test_load.record(objectives=("p99 < 1s", "errors < 0.1%"), aborted=told,
                              counted=test_load.tally(slow_ms=1_500, outcomes=outcomes))
    assert judged(objectives_kept(STORMED), record, None).outcome is Outcome.FAIL
    found = judged(objectives_kept(STORMED), record, FULL)
    assert found.outcome is (Outcome.FAIL if fails else Outcome.INCONCLUSIVE)
    assert fails or excused(found)


def test_a_hot_player_that_is_slow_is_no_proof_and_wrong_money_is():
    def hot(off, neighbours):
        record = dataclasses.replace(test_load_crowds.storm(hot_ms=700), neighbours=neighbours)
        low = test_load_crowds.ranges(record.plan, record.result.begun, record.result.ended)[0].low
        reading = Exchange(id="w-1", check="c", actor="observer", operation="getPlayerBalances", method="GET",
                           url="http://x", status=200, started_ns=1, ended_ns=2, response_body=(
                               f'{{"balances":[{{"amount":{test_load_crowds.START + low + off},"currency":"EUR"}}]}}'))
        player = PlayerRecord(player_id="p-0", check="c", tenant_id="t", brand_id="b", region="r",
                              start={"EUR": test_load_crowds.START})
        draft = hot_exact_and_bounded(Stormed(storm="s-1", readings=[reading]))
        claim = Claim(id="c-1", check="c", control="LOAD-04", judge=draft.judge, says=draft.says, over=draft.over,
                      params=dict(draft.params))
        return decide(History(storms=(record,), exchanges=(reading,), players=(player,)), claim)

    assert hot(0, None).outcome is Outcome.FAIL
    assert excused(hot(0, FULL))
    assert hot(1, FULL).outcome is Outcome.FAIL
    assert "off by" in hot(1, FULL).seen


# -- overload ----------------------------------------------------------------------------------------
def overload(neighbours, *, refused_ms=5, bets=None, ends=None):
    bets, ends = bets or {"200": 250, "429+": 150}, ends or {"200": 300}
    record = test_load_crowds.storm(outcomes={"authorizeBet": bets, "settleBet": ends, "rollbackBet": {"200": 100}})
    record.result.tally.refused.extend([refused_ms * 1_000] * 150)
    return judged(bets_shed_first(STORMED), record, neighbours)


def test_refusals_that_come_late_are_no_proof():
    assert overload(None, refused_ms=900).outcome is Outcome.FAIL
    assert excused(overload(FULL, refused_ms=900))
    assert overload(FULL).outcome is Outcome.PASS
    held = {"200": 250, "429+": 100, "timeout": 50}
    assert excused(overload(FULL, bets=held, refused_ms=1_500))
    assert overload(FULL, bets=held).outcome is Outcome.FAIL, "others were told at once"


@pytest.mark.parametrize("refused_ms", [5, 900])
@pytest.mark.parametrize("changes", [{"bets": {"200": 250, "429": 150}}, {"bets": {"200": 250, "error_in_200": 150}},
                                     {"bets": {"200": 400}, "ends": {"200": 150, "429+": 150}}])
def test_rude_refusals_and_settles_refused_first_are_red_whoever_was_in_the_way(changes, refused_ms):
    assert overload(FULL, refused_ms=refused_ms, **changes).outcome is Outcome.FAIL


# -- queues ------------------------------------------------------------------------------------------
def queues(neighbours, **changes):
    result = test_load_queues.StormResult(tally=test_load_queues.counted(), begun=b"\1" * 150, ended=b"\1" * 150,
                                          workers=1)
    record = StormRecord(id="storm-1", check="c", plan=test_load_queues.PLAN, result=result,
                         watch=test_load_queues.watch(**changes))
    return judged(queues_calm(STORMED), record, neighbours)


NEVER_DRAINS = {"queues": (test_load_queues.queue(lambda at: 500 * (at > 4)),)}
LAGS = {"canaries": test_load_queues.canaries(lambda at: 6.0 if 2 < at < 14 else 0.2)}
STAYS_LATE = {"canaries": test_load_queues.canaries(lambda at: (5.0, 5.5) if at > 14 else 0.2)}


@pytest.mark.parametrize("changes", [NEVER_DRAINS, LAGS, STAYS_LATE])
def test_lag_and_queues_are_a_matter_of_the_clock(changes):
    assert queues(None, **changes).outcome is Outcome.FAIL
    assert queues(machine((40, 0.05, 0.6)), **changes).outcome is Outcome.FAIL
    assert excused(queues(FULL, **changes))


def test_what_had_its_promised_time_with_nobody_in_the_way_is_red():
    """Ten seconds are promised; the queue is long for fifteen after the storm, which took fifteen."""
    assert queues(machine((15, 0.1, 0.6), (3, 0.9, 0.0), (20, 0.1, 0.6)), **NEVER_DRAINS).outcome is Outcome.FAIL
    assert excused(queues(machine((15, 0.1, 0.6), (6, 0.9, 0.0), (20, 0.1, 0.6)), **NEVER_DRAINS))


# -- what is shown -----------------------------------------------------------------------------------
def test_the_figures_tell_it_and_a_comparison_tells_nothing():
    calm, full = (dataclasses.replace(made_storm(), neighbours=one) for one in (machine((12, 0.04, 0.7)), FULL))
    assert (figures(calm, {}).others, figures(calm, {}).crowded) == (0.04, "")
    assert figures(made_storm(), {}).others is None
    told = figures(full, {})
    assert told.others == 0.85
    assert told.crowded == why(full)
    assert "took 85% of this machine's 2 cores" in told.crowded
    slow = dataclasses.replace(made_storm(factor=5.0), neighbours=FULL)
    compared = compare(figures(calm, {}), figures(slow, {}))
    assert {row.told for row in compared.rows} == {Change.UNTOLD}
    assert compared.now_tired == told.crowded
    assert not compared.earlier_tired
