"""Judges of a storm, on synthetic ones: kept, missed, and nothing to be told because the generator was tired."""

import dataclasses
import random

import pytest

from harness.judges.load import burst_delivered, objectives_kept, refusals_polite
from harness.judges.load_money import money_after_burst, ranges
from harness.judges.registry import decide
from harness.model.arrivals import constant
from harness.model.claim import Claim
from harness.model.exchange import Exchange
from harness.model.histogram import Histogram
from harness.model.history import History, PlayerRecord
from harness.model.outcome import Outcome, Owner
from harness.model.played import Stormed
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import Became, StormRecord, StormResult
from harness.model.tally import Tally

PLAN = StormPlan(base_url="http://x", schedule=constant(100, 10, spacing="even"), mix=Mix(duplicates=0),
                 callers=(Caller(headers=(), token=""),),
                 seats=tuple(Seat(player_id=f"p-{n}", session_id=f"s-{n}") for n in range(7)))
STORMED = Stormed(storm="storm-1", readings=())
ROUNDS = 1_000
START = 100_000


def tally(*, latency_ms=5, slow_ms=None, lag_ms=0, outcomes=None):
    made = Tally()
    made.latency["authorizeBet"] = Histogram()
    made.latency["authorizeBet"].extend([latency_ms * 1_000] * 1_900 + [(slow_ms or latency_ms) * 1_000] * 100)
    made.service.extend([latency_ms * 1_000] * 2_000)
    made.lag.extend([lag_ms * 1_000] * 2_000)
    made.outcomes = {"authorizeBet": outcomes or {"200": 2_000}}
    return made


def record(*, objectives=("p95 < 400ms", "p99 < 1s"), plan=PLAN, begun=b"\x01" * ROUNDS, ended=b"\x01" * ROUNDS,
           counted=None, **changes):
    result = StormResult(**{"tally": counted or tally(), "begun": begun, "ended": ended, "workers": 1, "busiest": 0.3,
                            **changes})
    return StormRecord(id="storm-1", check="scenarios/burst.py::BURST", plan=plan, result=result,
                       objectives=tuple(objectives))


def judged(draft, *storms, exchanges=(), players=()):
    claim = Claim(id="c-1", check="scenarios/burst.py::BURST", control="LOAD-01", judge=draft.judge, says=draft.says,
                  over=draft.over, params=dict(draft.params))
    return decide(History(storms=storms, exchanges=tuple(exchanges), players=tuple(players)), claim)


DRAFTS = pytest.mark.parametrize("draft", [burst_delivered(STORMED), objectives_kept(STORMED),
                                           refusals_polite(STORMED)], ids=lambda d: d.judge)


@DRAFTS
def test_a_good_storm_is_good(draft):
    assert judged(draft, record()).outcome is Outcome.PASS


@DRAFTS
@pytest.mark.parametrize(("changes", "says"), [
    ({"lost": (1,), "workers": 2}, "lost 1 of 2 workers"), ({"complete": False}, "did not come to its end"),
    ({"problems": ("worker 0: OSError",)}, "OSError"), ({"busiest": 0.97}, "97% of a core"),
    ({"counted": tally(lag_ms=80)}, "80 ms late"), ({"begun": b"\x01" * 900 + b"\x00" * 100}, "900 of 1000 rounds"),
    ({"begun": b"\x01" * 800}, "800 of 1000 rounds"), ({"counted": Tally()}, "no call was made"),
    ({"counted": tally(outcomes={"200": 1_990, "no_socket": 10})}, "no free socket")])
@pytest.mark.parametrize("slow", [False, True])
def test_a_tired_generator_neither_accuses_nor_absolves(draft, changes, says, slow):
    if slow and changes.get("counted") is None:
        changes = {**changes, "counted": tally(slow_ms=9_000, outcomes={"200": 1_000, "500": 1_000})}
    found = judged(draft, record(**changes))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert says in found.message
    assert found.owner is not Owner.SUBJECT


@DRAFTS
def test_a_storm_that_the_journal_lacks_is_our_own_fault(draft):
    assert judged(draft).owner is Owner.HARNESS


def test_a_missed_objective_is_told_with_its_figure():
    found = judged(objectives_kept(STORMED), record(counted=tally(slow_ms=1_500)))
    assert (found.outcome, found.expected, found.seen) == (Outcome.FAIL, "p99 < 1s", "1.5 s")
    assert judged(objectives_kept(STORMED), record(counted=tally(slow_ms=900))).outcome is Outcome.PASS


def test_objectives_without_samples_or_that_nobody_promised_are_unclear():
    few = judged(objectives_kept(STORMED), record(objectives=("p99.9 < 1s",)))
    assert (few.outcome, few.owner) == (Outcome.INCONCLUSIVE, Owner.ENVIRONMENT)
    absent = judged(objectives_kept(STORMED), record(objectives=("rollbackBet p50 < 1s",)))
    assert (absent.outcome, absent.owner) == (Outcome.INCONCLUSIVE, Owner.SUBJECT)
    none = judged(objectives_kept(STORMED), record(objectives=()))
    assert (none.outcome, none.owner) == (Outcome.INCONCLUSIVE, Owner.PROFILE)


def test_a_little_lateness_is_borne_where_the_objective_is_wide():
    assert judged(objectives_kept(STORMED), record(counted=tally(lag_ms=40))).outcome is Outcome.PASS
    tight = record(objectives=("p95 < 50ms",), counted=tally(lag_ms=40))
    hiccup = tally(slow_ms=1_500)
    hiccup.lag.extend([1_400_000] * 60)
    assert judged(objectives_kept(STORMED), record(counted=hiccup)).outcome is Outcome.INCONCLUSIVE, "it was our own"
    assert judged(burst_delivered(STORMED), record(counted=hiccup)).outcome is Outcome.PASS
    assert judged(objectives_kept(STORMED), tight).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("outcomes", "objectives", "good"), [
    ({"200": 1_900, "503+": 80, "429+": 20}, (), True), ({"200": 1_999, "503": 1}, (), False),
    ({"200": 1_999, "429": 1}, (), False), ({"200": 1_999, "timeout": 1}, (), False),
    ({"200": 1_000, "409": 1_000}, (), True), ({"200": 500, "429+": 1_500}, (), True),
    ({"200": 1_999, "500": 1}, ("errors < 0.1%",), True), ({"200": 1_990, "500": 10}, ("errors < 0.1%",), False)])
def test_only_polite_refusals_and_the_declared_budget_are_no_failures(outcomes, objectives, good):
    found = judged(refusals_polite(STORMED), record(objectives=objectives, counted=tally(outcomes=outcomes)))
    assert (found.outcome is Outcome.PASS) is good
    assert good or "calls failed" in found.message


@pytest.mark.parametrize("outcomes", [{"401": 2_000}, {"200": 900, "403": 1_100}, {"429+": 2_000}, {"302": 2_000}])
@pytest.mark.parametrize("draft", [objectives_kept(STORMED), refusals_polite(STORMED)], ids=lambda d: d.judge)
def test_a_storm_of_refusals_is_no_burst_of_bets(draft, outcomes):
    found = judged(draft, record(objectives=("p95 < 1s",), counted=tally(outcomes=outcomes)))
    assert (found.outcome, found.owner) == (Outcome.INCONCLUSIVE, Owner.SUBJECT)


def test_connections_that_are_cut_again_and_again_are_a_shut_door_too():
    counted = tally()
    counted.resent = 100
    assert judged(burst_delivered(STORMED), record(counted=counted)).outcome is Outcome.FAIL


@pytest.mark.parametrize("shut", ["connect", "tls", "reset"])
def test_a_target_that_shuts_its_door_prevents_the_storm(shut):
    found = judged(burst_delivered(STORMED), record(counted=tally(outcomes={"200": 1_900, shut: 100})))
    assert (found.outcome, found.seen) == (Outcome.FAIL, "5.0% were not")
    assert judged(burst_delivered(STORMED),
                  record(counted=tally(outcomes={"200": 1_999, "connect": 1}))).outcome is Outcome.PASS


# -- money -------------------------------------------------------------------------------------------
def reading(seat, amount, *, status=200):
    body = f'{{"balances":[{{"amount":{amount},"currency":"EUR"}}]}}'
    return Exchange(id=f"w1-{seat}", check="c", actor="observer", operation="getPlayerBalances", method="GET",
                    url=f"http://x/v1/players/p-{seat}/balances", status=status,
                    response_body=body,
                    started_ns=1, ended_ns=2)


def money_of(readings):
    return money_after_burst(Stormed(storm="storm-1", readings=readings))


def after(storm, *, off=None):
    """What an honest ledger shows; `off` is added to the first seat."""
    found = ranges(storm.plan, storm.result.begun, storm.result.ended)
    readings = [reading(n, START + r.low + (off or 0 if n == 0 else 0)) for n, r in enumerate(found)]
    players = [PlayerRecord(player_id=f"p-{n}", check="c", tenant_id="t", brand_id="b", region="r",
                            start={"EUR": START}) for n in range(7)]
    return judged(money_of(readings), storm, exchanges=readings, players=players)


def states(seed, share_unclear=0.0):
    source = random.Random(seed)

    def state(allowed):
        return Became.UNKNOWN if source.random() < share_unclear else source.choice(allowed)

    begun = bytes(state((Became.DONE, Became.DONE, Became.DONE, Became.SHED, Became.REFUSED)) for _ in range(ROUNDS))
    ended = bytes(state((Became.DONE, Became.DONE, Became.SHED)) if b == Became.DONE else Became.UNSENT for b in begun)
    return begun, ended


@pytest.mark.parametrize("seed", range(5))
def test_an_honest_ledger_adds_up_and_one_cent_is_noticed(seed):
    begun, ended = states(seed)
    storm = record(begun=begun, ended=ended)
    assert after(storm).outcome is Outcome.PASS
    for off in (1, -1):
        found = after(storm, off=off)
        assert found.outcome is Outcome.FAIL
        assert "1 of 7 players" in found.message


def test_what_was_never_acknowledged_may_have_happened_or_not():
    begun, ended = states(3, share_unclear=0.02)
    storm = record(begun=begun, ended=ended)
    width = [r.high - r.low for r in ranges(PLAN, begun, ended)]
    assert width[0] > 1
    assert after(storm, off=width[0]).outcome is Outcome.PASS
    assert after(storm, off=width[0] + 1).outcome is Outcome.FAIL
    assert after(record(begun=states(3, 0.2)[0], ended=states(3, 0.2)[1])).outcome is Outcome.INCONCLUSIVE


def test_without_readings_or_acknowledgements_nothing_is_told():
    nothing = record(begun=bytes([Became.SHED]) * ROUNDS, ended=bytes(ROUNDS))
    assert after(nothing).outcome is Outcome.INCONCLUSIVE
    assert after(record(lost=(0,))).outcome is Outcome.INCONCLUSIVE
    good = record()
    unreadable = [dataclasses.replace(reading(n, 0), response_body="no json") for n in range(7)]
    assert judged(money_of(unreadable), good, exchanges=unreadable).outcome is Outcome.INCONCLUSIVE
    assert judged(money_of(unreadable[:3]), good, exchanges=unreadable).owner is Owner.HARNESS


def test_a_short_burst_does_not_speak_for_a_launch_level():
    long = dataclasses.replace(STORMED, least_seconds=120.0)
    found = judged(objectives_kept(long), record())
    assert (found.outcome, found.owner) == (Outcome.INCONCLUSIVE, Owner.PROFILE)
    assert "--budget full" in found.message
    slow = record(counted=tally(latency_ms=900))
    assert judged(objectives_kept(long), slow).outcome is Outcome.FAIL, "what was missed in ten seconds was missed"
