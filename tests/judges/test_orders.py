"""The pure model of a bet, and the judges that hold a platform against it."""

from itertools import permutations

import pytest

from harness.judges.orders import STEPS, end_state, exactly_one_wins, order_ends_well
from harness.model.profile import ContractProfile

DEFAULT = ContractProfile()


@pytest.mark.parametrize(("order", "same_key", "end"), [
    ("authorize settle", True, ("settled", True, True)), ("authorize rollback", True, ("rolled_back", False, False)),
    ("settle authorize", True, ("authorized", True, False)), ("rollback authorize", True, ("tombstoned", False, False)),
    ("settle authorize settle", True, ("authorized", True, False)),
    ("settle authorize settle", False, ("settled", True, True)),
    ("authorize settle rollback", True, ("settled", True, True)),
    ("rollback authorize settle", False, ("tombstoned", False, False))])
def test_the_end_of_an_order(order, same_key, end):
    assert end_state(order.split(), DEFAULT, same_key=same_key) == end


def test_the_profile_decides_reversal_and_parking():
    reverses = ContractProfile(rollback_after_settle="reverses")
    assert end_state(["authorize", "settle", "rollback"], reverses, same_key=True) == ("rolled_back", False, False)
    parked = ContractProfile(settle_without_authorize="parked")
    assert end_state(["settle", "authorize"], parked, same_key=True) == ("settled", True, True)


def test_no_order_ever_pays_without_a_stake():
    """Over all orders, profiles and kinds of duplicate: a win is paid only where the stake is gone."""
    for rollback in ("refused", "reverses"):
        for settle in ("refused", "parked"):
            profile = ContractProfile(rollback_after_settle=rollback, settle_without_authorize=settle)
            for order in permutations(STEPS):
                for same_key in (True, False):
                    status, stake_gone, win_paid = end_state([s.split()[0] for s in order], profile, same_key=same_key)
                    assert stake_gone or not win_paid
                    assert status != "none"


def readings(make, moved):
    def of(amount):
        return make.exchange(body={"balances": [{"amount": amount, "currency": "EUR"}]})

    return of(5000), of(5000 + moved)


@pytest.mark.parametrize(("moved", "status", "outcome"), [
    (1500, "settled", "pass"), (1500, "authorized", "fail"), (4000, "settled", "fail"), (0, "settled", "fail")])
def test_balance_and_status_must_both_be_right(make, moved, status, outcome):
    before, after = readings(make, moved)
    bet = make.exchange(operation="getBet", body={"status": status})
    calls = [make.exchange("POST", operation=name, body={}) for name in ("authorizeBet", "settleBet")]
    draft = order_ends_well(["authorize", "settle"], calls, before, after, bet, stake=1000, win=2500, same_key=True)
    assert make.outcome(draft, before, after, bet, *calls) == outcome


@pytest.mark.parametrize(("operation", "options", "parked", "outcome"), [
    ("settleBet", {"status": 202}, True, "fail"), ("settleBet", {"status": 202}, False, "inconclusive"),
    ("authorizeBet", {"status": 202}, True, "inconclusive"), ("rollbackBet", {"status": 503}, False, "inconclusive"),
    ("rollbackBet", {"status": 500}, False, "inconclusive"),
    ("settleBet", {"failure": "timeout"}, False, "inconclusive"),
    ("settleBet", {"status": 409, "body": {"retryable": True}}, False, "inconclusive"),
    ("settleBet", {"status": 409, "body": {"retryable": False}}, False, "fail")])
def test_a_call_that_leaves_its_outcome_open_makes_the_order_uncertain(make, operation, options, parked, outcome):
    before, after = readings(make, 77)
    bet, call = make.exchange(body={"status": "settled"}), make.exchange("POST", operation=operation, **options)
    draft = order_ends_well(["settle"], [call], before, after, bet, stake=1000, win=2500, same_key=True)
    profile = ContractProfile(settle_without_authorize="parked" if parked else "refused")
    assert make.outcome(draft, before, after, bet, call, profile=profile) == outcome


@pytest.mark.parametrize(("settle", "rollback", "moved", "outcome"), [
    (200, 409, 2500, "pass"), (409, 200, 1000, "pass"), (200, 200, 2500, "fail"), (200, 409, 1000, "fail"),
    (200, 200, 3500, "fail"), (409, 409, 0, "fail")])
def test_exactly_one_of_two_racers_wins(make, settle, rollback, moved, outcome):
    before, after = readings(make, moved)
    one, two = make.exchange(status=settle, body={}), make.exchange(status=rollback, body={})
    draft = exactly_one_wins(one, two, before, after, stake=1000, win=2500)
    assert make.outcome(draft, one, two, before, after) == outcome


def test_hostile_readings_are_inconclusive(make, hostile):
    odd, bet = make.exchange(body=hostile), make.exchange(operation="getBet", body=hostile)
    draft = order_ends_well(["authorize"], [], odd, odd, bet, stake=1, win=1, same_key=True)
    assert make.outcome(draft, odd, bet) == "inconclusive"
    assert make.outcome(exactly_one_wins(bet, bet, odd, odd, stake=1, win=2), odd, bet) == "inconclusive"
