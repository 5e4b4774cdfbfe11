"""Small pure parts: time, money on the wire, strict JSON, ids."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.sandbox.clock import Clock, iso, parse_iso
from harness.sandbox.errors import ApiError
from harness.sandbox.ids import new_id, new_trace_id
from harness.sandbox.money import MAX_MINOR, SCALES, parse, wire_amount
from harness.sandbox.profile import Profile
from harness.sandbox.validation import parse_json

DECIMAL = Profile(money_form="decimal_string")


@given(st.integers(0, 4_000_000_000_000))
def test_times_survive_a_round_trip(ms: int) -> None:
    text = iso(ms)
    assert len(text) == 24
    assert text.endswith("Z")
    assert parse_iso(text) == ms


def test_times_need_a_zone() -> None:
    with pytest.raises(ValueError, match="offset"):
        parse_iso("2026-01-01T00:00:00")
    assert parse_iso("2026-01-01T01:00:00+01:00") == parse_iso("2026-01-01T00:00:00Z")


def test_the_clock_moves() -> None:
    clock = Clock()
    before = clock.now_ms()
    clock.advance(3600)
    assert 3_599_000 < clock.now_ms() - before < 3_700_000


@given(st.integers(0, MAX_MINOR), st.sampled_from(sorted(SCALES)))
def test_money_survives_both_forms(minor: int, currency: str) -> None:
    for profile in (Profile(), DECIMAL):
        if profile is DECIMAL and minor >= 10 ** (16 + SCALES[currency]):
            continue  # the decimal form has sixteen whole digits
        wire = {"amount": wire_amount(profile, minor, currency), "currency": currency}
        assert parse(profile, json.loads(json.dumps(wire))) == (minor, currency)


@pytest.mark.parametrize(("text", "currency", "minor"), [
    ("0", "EUR", 0), ("0.1", "EUR", 10), ("10.50", "EUR", 1_050), ("7.00", "JPY", 7), ("1.2340", "KWD", 1_234)])
def test_decimal_strings(text: str, currency: str, minor: int) -> None:
    assert parse(DECIMAL, {"amount": text, "currency": currency}) == (minor, currency)


@pytest.mark.parametrize("text", ["+5", "5,00", "-1", "1e2", " 1", "1 ", "1.", ".5", "00", "１", "NaN", "", "1.00000",
                                  "1\n", 5, 5.0, None])
def test_decimal_strings_refused(text: Any) -> None:
    with pytest.raises(ApiError):
        parse(DECIMAL, {"amount": text, "currency": "EUR"})


@pytest.mark.parametrize("amount", [-1, MAX_MINOR + 1, 1.0, True, "1", None])
def test_minor_units_refused(amount: Any) -> None:
    with pytest.raises(ApiError):
        parse(Profile(), {"amount": amount, "currency": "EUR"})


def test_negative_amounts_of_the_ledger_view() -> None:
    assert wire_amount(DECIMAL, -5, "EUR") == "-0.05"
    assert wire_amount(DECIMAL, -1_234, "KWD") == "-1.234"
    assert wire_amount(DECIMAL, -7, "JPY") == "-7"


JSON = st.recursive(st.none() | st.booleans() | st.integers(-10**20, 10**20) | st.text(st.characters(codec="utf-8")),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
                    max_leaves=12)


@given(JSON)
def test_what_is_well_formed_is_read_as_the_standard_library_reads_it(value: Any) -> None:
    text = json.dumps(value)
    try:
        assert parse_json(text.encode()) == value
    except ApiError:
        assert "\\u0000" in text


def refusal_of(raw: bytes) -> ApiError | None:
    try:
        parse_json(raw)
    except ApiError as refusal:
        return refusal
    return None


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    refusal = refusal_of(raw)
    assert refusal is None or refusal.status == 400


@pytest.mark.parametrize(("raw", "allowed"), [
    (b"[" * 32 + b"]" * 32, True), (b"[" * 33 + b"]" * 33, False), (b'{"a": "' + b"[" * 99 + b'"}', True),
    (b'{"a": "\\"' + b"{" * 99 + b'"}', True), (b"[" * 100_000, False)])
def test_depth(raw: bytes, allowed: bool) -> None:
    refusal = refusal_of(raw)
    assert (refusal is None) is allowed
    assert refusal is None or refusal.code == "MALFORMED_REQUEST"


@pytest.mark.parametrize("raw", [b"1.0", b"1e2", b"1E400", b"-0", b"[0.1]", b"1" * 41])
def test_numbers_that_no_amount_may_be(raw: bytes) -> None:
    with pytest.raises(ApiError):
        parse_json(raw)


def test_foreign_numbers_where_they_are_allowed() -> None:
    assert parse_json(b"[0.5, 1e2]", loose_numbers=True) == [0.5, 100.0]


def test_ids_differ() -> None:
    assert len({new_id("x") for _ in range(1000)} | {new_trace_id() for _ in range(1000)}) == 2000
