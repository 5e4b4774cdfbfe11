"""Judges of what everybody wants at once and of overload, on synthetic storms."""

import dataclasses

import pytest

from harness.judges.load_hot import hot_exact_and_bounded
from harness.judges.load_money import ranges
from harness.judges.load_shed import bets_shed_first
from harness.judges.registry import decide
from harness.model.arrivals import constant
from harness.model.claim import Claim
from harness.model.exchange import Exchange
from harness.model.history import History, PlayerRecord
from harness.model.outcome import Outcome, Owner
from harness.model.played import Stormed
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import Became, StormRecord, StormResult
from harness.model.tally import Tally

ROUNDS = 400
PLAN = StormPlan(base_url="http://x", schedule=constant(100, 4, spacing="even"), jackpot_id="jp-1",
                 mix=Mix(duplicates=0, hot_player=0.2, hot_jackpot=0.5), callers=(Caller(headers=(), token=""),),
                 seats=tuple(Seat(player_id=f"p-{n}", session_id=f"s-{n}") for n in range(8)))
START, POOL = 100_000, 5_000
ALL = bytes([Became.DONE]) * ROUNDS
FED = bytes(Became.DONE if PLAN.round(n).contribution else Became.UNSENT for n in range(ROUNDS))


def exchange(name, body, status=200):
    return Exchange(id=name, check="c", actor="observer", operation="x", method="GET", url="http://x/v1", status=status,
                    response_body=body, started_ns=1, ended_ns=2)


def storm(*, hot_ms=5, hot_calls=500, outcomes=None, refused_ms=3, fed=FED, begun=ALL, objectives=("p95 < 400ms",),
          **changes):
    tally = Tally()
    tally.lag.extend([100] * 800)
    tally.hot.extend([hot_ms * 1_000] * hot_calls)
    tally.outcomes = outcomes or {"authorizeBet": {"200": 400}, "settleBet": {"200": 400}}
    tally.refused.extend([refused_ms * 1_000] * 100)
    result = StormResult(**{"tally": tally, "begun": begun, "ended": ALL, "fed": fed, "workers": 1, "busiest": 0.3,
                            **changes})
    return StormRecord(id="s-1", check="c", plan=PLAN, result=result, objectives=tuple(objectives))


def decided(draft, record, exchanges=()):
    players = [PlayerRecord(player_id="p-0", check="c", tenant_id="t", brand_id="b", region="r", start={"EUR": START})]
    claim = Claim(id="c-1", check="c", control="LOAD-04", judge=draft.judge, says=draft.says, over=draft.over,
                  params=dict(draft.params))
    return decide(History(storms=(record,), exchanges=tuple(exchanges), players=tuple(players)), claim)


def hot(record, *, player=0, pool=0, pools=2, broken_pool=False):
    """The finding where balance and pool are off by so much."""
    seat = ranges(record.plan, record.result.begun, record.result.ended)[0]
    paid = sum(PLAN.round(n).contribution for n, state in enumerate(record.result.fed) if state == Became.DONE)

    def money(amount):
        return f'{{"amount":{amount},"currency":"EUR"}}'

    readings = [exchange("w-1", f'{{"balances":[{money(START + seat.low + player)}]}}'),
                exchange("w-2", f'{{"pool":{money(POOL)}}}' if pools == 2 else "{}", 200 if pools == 2 else 503),
                exchange("w-3", "{}" if broken_pool else f'{{"pool":{money(POOL + paid + pool)}}}')][:1 + pools]
    stormed = Stormed(storm="s-1", readings=readings[:1], pools=readings[1:])
    return decided(hot_exact_and_bounded(stormed), record, readings)


@pytest.mark.parametrize("pools", [0, 2])
def test_exact_sums_and_quick_answers_are_good(pools):
    found = hot(storm(), pools=pools)
    assert found.outcome is Outcome.PASS
    assert ("jackpot" in found.message) is bool(pools)


@pytest.mark.parametrize(("off", "says"), [
    ({"player": 1}, "hot player"), ({"player": -1}, "hot player"), ({"pool": -3}, "jackpot"), ({"pool": 1}, "jackpot")])
def test_one_cent_too_many_or_too_few_is_noticed(off, says):
    found = hot(storm(), **off)
    assert found.outcome is Outcome.FAIL
    assert says in found.message
    assert "off by" in found.seen


def test_a_contribution_without_an_answer_may_be_in_the_pool_or_not():
    number = next(n for n in range(ROUNDS) if PLAN.round(n).contribution)
    fed = FED[:number] + bytes([Became.UNKNOWN]) + FED[number + 1:]
    amount = PLAN.round(number).contribution
    assert [hot(storm(fed=fed), pool=off).outcome for off in (-1, 0, amount, amount + 1)] == [
        Outcome.FAIL, Outcome.PASS, Outcome.PASS, Outcome.FAIL]


def test_slow_for_the_hot_ones_alone_is_slow():
    found = hot(storm(hot_ms=700))
    assert (found.outcome, found.seen) == (Outcome.FAIL, "700 ms")


@pytest.mark.parametrize("changes", [
    {"fed": bytes(ROUNDS)}, {"begun": bytes(ROUNDS)}, {"hot_calls": 30}, {"objectives": ()}, {"lost": (1,)},
    {"complete": False}, {"busiest": 0.99}])
def test_too_little_to_tell_is_inconclusive(changes):
    assert hot(storm(**changes)).outcome is Outcome.INCONCLUSIVE


def test_without_a_readable_jackpot_nothing_is_told_but_wrong_money_is():
    assert hot(storm(), pools=1).outcome is Outcome.INCONCLUSIVE
    assert hot(storm(), broken_pool=True).outcome is Outcome.INCONCLUSIVE
    assert hot(storm(), broken_pool=True, player=5).outcome is Outcome.FAIL


# -- overload ----------------------------------------------------------------------------------------
def shed(bets=(), ends=(), **changes):
    """Of 400 calls each, how many are refused politely, and how many end otherwise."""
    outcomes = {"authorizeBet": {"200": 400 - sum(dict(bets).values()), **dict(bets)},
                "settleBet": {"200": 300 - sum(dict(ends).values()), **dict(ends)}, "rollbackBet": {"200": 100}}
    record = storm(**{"outcomes": outcomes, **changes})
    return decided(bets_shed_first(Stormed(storm="s-1", readings=(), slo_ms=400)), record)


@pytest.mark.parametrize(("bets", "ends", "outcome"), [
    ({"429+": 150}, {}, Outcome.PASS), ({"503+": 150}, {"503+": 3}, Outcome.PASS),
    ({}, {"429+": 150}, Outcome.FAIL), ({"429+": 100}, {"429+": 100}, Outcome.FAIL),
    ({"429+": 60}, {"429+": 25}, Outcome.PASS), ({"429+": 30}, {"429+": 10}, Outcome.INCONCLUSIVE),
    ({"429+": 4}, {}, Outcome.INCONCLUSIVE), ({}, {}, Outcome.INCONCLUSIVE), ({"429": 150}, {}, Outcome.FAIL),
    ({"timeout": 150}, {}, Outcome.FAIL), ({"429+": 150}, {"500": 20}, Outcome.FAIL)])
def test_new_bets_are_to_be_refused_first_and_politely(bets, ends, outcome):
    assert shed(bets, ends).outcome is outcome


def test_no_overload_is_the_profiles_business_and_a_tired_generator_ours():
    assert shed().owner is Owner.PROFILE
    tired = shed({"429+": 150}, {"429+": 150}, busiest=0.99)
    assert (tired.outcome, tired.owner) == (Outcome.INCONCLUSIVE, Owner.ENVIRONMENT)


def test_an_overload_that_was_broken_off_accuses_and_does_not_absolve():
    assert shed({"429+": 150}, aborted="p95 < 2s: 3 s, second 3").outcome is Outcome.INCONCLUSIVE
    assert shed({}, {"429+": 150}, aborted="p95 < 2s: 3 s, second 3").outcome is Outcome.FAIL


def test_a_refusal_that_takes_its_time_is_none():
    found = shed({"429+": 150}, refused_ms=2_500)
    assert found.outcome is Outcome.FAIL
    assert "2500 ms" in found.message


def test_without_the_storm_nothing_is_told():
    draft = dataclasses.replace(bets_shed_first(Stormed(storm="s-2", readings=())), params={"storm": "?", "slo_ms": 1})
    assert decided(draft, storm()).owner is Owner.HARNESS
