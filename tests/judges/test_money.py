"""Judges of money on synthetic readings: exact, off by one, unreadable, hostile."""

import pytest

from harness.judges.money import exact_or_refused, moved, unmoved, within_funds
from harness.model.profile import ContractProfile


@pytest.fixture
def reading(make):
    def of(**balances):
        rows = [{"amount": amount, "currency": currency} for currency, amount in balances.items()]
        return make.exchange(operation="getPlayerBalances", body={"player_id": "p", "balances": rows})

    return of


@pytest.mark.parametrize(("after", "outcome"), [
    ({"EUR": 900, "USD": 5}, "pass"), ({"EUR": 901, "USD": 5}, "fail"), ({"EUR": 900, "USD": 6}, "fail"),
    ({"EUR": 900}, "fail"), ({"EUR": 900, "USD": 5, "SEK": 0}, "pass"), ({"EUR": 900, "USD": 5, "SEK": 1}, "fail")])
def test_only_the_named_currency_moves_and_exactly(make, reading, after, outcome):
    before, later = reading(EUR=1000, USD=5), reading(**after)
    assert make.outcome(moved(before, later, -100), before, later) == outcome


def test_nothing_moved(make, reading):
    before, same, other = reading(EUR=10), reading(EUR=10), reading(EUR=11)
    assert make.outcome(unmoved(before, same), before, same) == "pass"
    assert make.outcome(unmoved(before, other), before, other) == "fail"


def test_a_beyond_double_difference_of_one_is_seen(make, reading):
    big = 2**53 + 1
    before, later = reading(EUR=2 * big), reading(EUR=big + 1)
    assert make.outcome(moved(before, later, -big), before, later) == "fail"


def test_what_cannot_be_read_is_inconclusive(make, reading):
    before = reading(EUR=10)
    for broken in (make.exchange(status=500, body={}), make.exchange(failure="timeout"),
                   make.exchange(body={"balances": [{"amount": "10", "currency": "EUR"}]}),
                   make.exchange(body={"balances": [{"amount": 1.0, "currency": "EUR"}]}),
                   make.exchange(body={"balances": [{"amount": True, "currency": "EUR"}]}),
                   make.exchange(body={"balances": [{"amount": 1, "currency": "EUR"}] * 2})):
        assert make.outcome(moved(before, broken, 0), before, broken) == "inconclusive"
    assert make.outcome(moved(before, before, 0)) == "inconclusive"


def test_hostile_answers_never_raise_nor_pass(make, reading, hostile):
    before, odd = reading(EUR=10), make.exchange(body=hostile)
    bet = make.exchange(operation="authorizeBet", status=200, body=hostile)
    assert make.outcome(moved(before, odd, 0), before, odd) == "inconclusive"
    assert make.outcome(within_funds(before, odd, [bet], 5), before, odd, bet) == "inconclusive"
    assert make.outcome(exact_or_refused(before, bet, odd, 5, "EUR", "x"), before, bet, odd) == "inconclusive"


def test_decimal_strings_are_read_exactly(make):
    def of(amount):
        return make.exchange(body={"balances": [{"amount": amount, "currency": "KWD"}]})

    profile = ContractProfile(money_form="decimal_string")
    before, later, float_like = of("1.000"), of("0.999"), of("0.9995")
    assert make.outcome(moved(before, later, -1, "KWD"), before, later, profile=profile) == "pass"
    assert make.outcome(moved(before, float_like, -1, "KWD"), before, float_like, profile=profile) == "inconclusive"


@pytest.mark.parametrize(("accepted", "end", "outcome"), [
    (5, 0, "pass"), (4, 1000, "pass"), (6, -1000, "fail"), (6, 0, "fail"), (5, 1000, "fail"),
    (0, 5000, "inconclusive")])
def test_parallel_bets_are_accepted_up_to_the_balance(make, reading, accepted, end, outcome):
    before, after = reading(EUR=5000), reading(EUR=end)
    bets = [make.exchange(operation="authorizeBet", status=200 if n < accepted else 422, body={}) for n in range(8)]
    assert make.outcome(within_funds(before, after, bets, 1000), before, after, *bets) == outcome


@pytest.mark.parametrize(("status", "gone", "outcome"), [
    (400, 0, "pass"), (422, 0, "pass"), (200, 100, "pass"), (200, 99, "fail"), (400, 100, "fail"), (200, 0, "fail"),
    (500, 0, "inconclusive")])
def test_an_odd_amount_is_refused_or_exact(make, reading, status, gone, outcome):
    before, answer, after = reading(EUR=500), make.exchange(status=status, body={}), reading(EUR=500 - gone)
    assert make.outcome(exact_or_refused(before, answer, after, 100, "EUR", "x"), before, answer, after) == outcome
