"""MONEY-06's judge on bonuses and jackpots: what the contract leaves open is right either way, and money never is."""

import pytest

from tests.judges.test_model_ledger import EUR, Platform


@pytest.fixture
def platform(make):
    return Platform(make)


@pytest.mark.parametrize(("issued", "met", "outcome"), [
    (900, 1400, "pass"), (1400, 1400, "pass"), (1400, 1900, "fail"), (900, 900, "fail"), (1150, 1400, "fail")])
def test_a_bonus_is_credited_with_its_issue_or_with_its_wager(platform, issued, met, outcome):
    """The contract does not say which: both are right, and both together are one too many."""
    platform.placed().step(platform.bonus(), looks=[platform.balance(issued)])
    platform.step(platform.wager(), looks=[platform.balance(met)])
    assert platform.finding().outcome.value == outcome


@pytest.mark.parametrize(("made", "status", "body", "outcome"), [
    (False, 404, {"code": "NOT_FOUND"}, "pass"), (True, 404, {"code": "NOT_FOUND"}, "fail"),
    (True, 200, {"pool": {"amount": 70, **EUR}}, "pass"), (False, 200, {"pool": {"amount": 70, **EUR}}, "fail")])
def test_a_jackpot_that_nobody_made_is_read_as_unknown(platform, made, status, body, outcome):
    platform.seated()
    if made:
        platform.step(platform.jackpot(70))
    refusal = {"status": 409, "code": "LIMIT_EXCEEDED"} if made else {"status": 404, "code": "NOT_FOUND"}
    pull = platform.trigger(**refusal)
    platform.step(pull, looks=[platform._keep(platform.make.exchange(
        path="/v1/jackpots/j", operation="getJackpot", status=status, body=body))])
    assert platform.finding().outcome.value == outcome


@pytest.mark.parametrize(("paid", "outcome"), [(0, "pass"), (70, "fail")])
def test_an_empty_pool_may_be_won_and_pays_nothing(platform, paid, outcome):
    platform.placed().step(platform.jackpot()).step(platform.trigger(status=201), looks=[platform.pool(0)])
    platform.step(platform.payout(), looks=[platform.balance(900 + paid)])
    assert platform.finding().outcome.value == outcome


def test_an_empty_pool_may_refuse_to_be_won(platform):
    platform.placed().step(platform.jackpot()).step(platform.trigger(status=409, code="INVALID_STATE"))
    assert platform.finding().outcome.value == "pass"


@pytest.mark.parametrize(("answer", "pool", "outcome"), [
    ({"status": 201}, 300, "pass"), ({"status": 201}, 0, "fail"),
    ({"status": 422, "code": "LIMIT_EXCEEDED"}, 0, "pass"),
    ({"status": 422, "code": "LIMIT_EXCEEDED"}, 300, "fail")])
def test_a_contribution_above_the_stake_counts_or_is_refused(platform, answer, pool, outcome):
    platform.placed().step(platform.jackpot()).step(platform.contribute(300, **answer), looks=[platform.pool(pool)])
    assert platform.finding().outcome.value == outcome
