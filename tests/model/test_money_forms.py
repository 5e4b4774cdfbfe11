"""Money is exact in both wire forms, for every currency scale and size, or it is none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import money

FORMS = ("minor_units", "decimal_string")
CURRENCIES = {"EUR": 2, "JPY": 0, "KWD": 3, "XXX": 2, "": 2}


@given(st.integers(-10**38, 10**38), st.sampled_from(sorted(CURRENCIES)), st.sampled_from(FORMS))
def test_what_is_written_is_read_back_exactly(minor, currency, form):
    wire = money.to_wire(minor, currency, form)
    assert money.from_wire(wire, form) == (minor, currency)


@given(st.integers(-10**18, 10**18), st.sampled_from(sorted(CURRENCIES)))
def test_the_decimal_form_says_the_same_number(minor, currency):
    amount = money.to_wire(minor, currency, "decimal_string")["amount"]
    assert Decimal(amount) == Decimal(minor) / 10 ** CURRENCIES[currency]
    assert len(amount.partition(".")[2]) == CURRENCIES[currency]


@pytest.mark.parametrize(("minor", "currency", "text"), [
    (0, "EUR", "0.00"), (5, "EUR", "0.05"), (-5, "EUR", "-0.05"), (100_000, "EUR", "1000.00"), (7, "JPY", "7"),
    (0, "JPY", "0"), (-1, "KWD", "-0.001"), (10**30, "EUR", "1" + "0" * 28 + ".00")])
def test_decimal_strings_as_people_write_them(minor, currency, text):
    assert money.to_wire(minor, currency, "decimal_string") == {"amount": text, "currency": currency}


@pytest.mark.parametrize(("amount", "minor"), [
    ("10", 1000), ("10.5", 1050), ("10.50", 1050), ("10.500", 1050), ("-0.01", -1), ("0", 0), ("-0", 0),
    ("007.10", 710), ("10.505", None), ("0.001", None), ("", None), (".5", None), ("5.", None), ("+5", None),
    (" 5", None), ("5\n", None), ("1_0", None), ("1,0", None), ("1e2", None), ("1E999999999", None), ("1e-2", None),
    ("NaN", None), ("sNaN", None), ("-Infinity", None), ("0x10", None), ("１０", None), ("٣", None),
    ("5" * 10_000, None), (10, None), (10.5, None), (True, None), (None, None), (["10"], None), ({}, None)],
    ids=lambda v: repr(v)[:20])
def test_a_decimal_amount_is_exact_or_none(amount, minor):
    assert money.signed(amount, "EUR", "decimal_string") == minor


@pytest.mark.parametrize(("amount", "minor"), [
    (10, 10), (-3, -3), (0, 0), (2**63, 2**63), (10.0, None), ("10", None), (True, None), (None, None), ([10], None)],
    ids=repr)
def test_minor_units_are_integers_or_none(amount, minor):
    assert money.signed(amount, "EUR", "minor_units") == minor


@pytest.mark.parametrize("value", [None, 5, "5", [], {}, {"amount": 5}, {"currency": "EUR"},
                                   {"amount": 5, "currency": None}, {"amount": 5, "currency": ["EUR"]},
                                   {"amount": "5", "currency": "EUR"}], ids=repr)
def test_what_is_no_money_is_none(value):
    assert money.from_wire(value, "minor_units") is None


def test_another_member_can_hold_the_amount():
    assert money.from_wire({"held": 5, "currency": "EUR"}, "minor_units", member="held") == (5, "EUR")


def row(amount, currency="EUR"):
    return {"amount": amount, "currency": currency}


def test_balances_are_read_whole_or_not_at_all(hostile_values):
    assert money.balances({"balances": [row(5), row(7, "JPY")]}, "minor_units") == {"EUR": 5, "JPY": 7}
    assert money.balances({"balances": []}, "minor_units") == {}
    assert money.balances({"balances": [row(5), row(5)]}, "minor_units") is None, "a currency twice"
    assert money.balances({"balances": [row(5), row("7", "JPY")]}, "minor_units") is None
    for form in FORMS:
        for value in hostile_values:
            assert money.balances(value, form) is None
            assert money.balances({"balances": value}, form) in (None, {})
            assert money.balances({"balances": [value]}, form) is None
