"""Shipped pacts in another form of money: examples and matchers, and nothing else, change."""

import json

from harness.content.pacts import shipped_pacts
from harness.model.pact import interactions
from harness.model.pact_money import in_money_form


def one_of(pacts, description):
    return next(one for pact in pacts for one in interactions(pact) if one.description == description)


SHIPPED = shipped_pacts("1.7")
DECIMAL = [in_money_form(pact, "decimal_string") for pact in SHIPPED]


def test_minor_units_are_left_alone():
    assert [in_money_form(pact, "minor_units") for pact in SHIPPED] == SHIPPED


def test_sums_are_sent_as_the_target_has_them():
    asked = one_of(DECIMAL, "settle a bet that won").request["body"]["content"]
    assert asked["win"] == {"amount": "15.00", "currency": "EUR"}


def test_sums_are_read_as_the_target_has_them():
    rules = one_of(DECIMAL, "trigger a jackpot").document["response"]["matchingRules"]["body"]
    assert rules["$.amount.amount"]["matchers"] == [{"match": "type"},
                                                    {"match": "regex", "regex": r"^-?\d+(\.\d+)?$"}]
    told = one_of(DECIMAL, "the event jackpot.paid").document["contents"]["content"]["data"]
    assert told["amount"] == {"amount": "500.00", "currency": "EUR"}


def test_parameters_of_states_stay_minor_units():
    assert one_of(DECIMAL, "settle a bet that won").states == one_of(SHIPPED, "settle a bet that won").states


def test_other_integers_stay():
    rules = one_of(DECIMAL, "the event session.started").document["matchingRules"]["body"]
    assert rules["$.sequence"]["matchers"] == [{"match": "integer"}]


def test_no_integer_of_money_is_left():
    for pact in DECIMAL:
        for one in interactions(pact):
            text = json.dumps({k: v for k, v in one.document.items() if k != "providerStates"})
            assert '"amount": 1' not in text
