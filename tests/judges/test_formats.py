"""CONT-11: currencies, locales, times and identifiers."""

import pytest

from harness.judges.formats import ISO_4217, utc_time, well_formed

GOOD = {"currency": "EUR", "locale": "de-DE", "created_at": "2026-11-21T12:00:00.123Z", "bet_id": "b", "game_id": None}


def test_good_values_are_counted(make):
    found = make.verdict(well_formed(least=4), make.exchange(body={"items": [GOOD]}), make.webhook({"data": GOOD}))
    assert found.outcome.value == "pass"
    assert found.measured == {"currencies": 2, "locales": 2, "timestamps": 2, "identifiers": 2}


@pytest.mark.parametrize(("name", "value"), [
    ("currency", "eur"), ("currency", "RMB"), ("currency", 978), ("locale", "de_DE"), ("locale", "english please"),
    ("created_at", "2026-11-21T12:00:00"), ("created_at", "2026-11-21T12:00:00+02:00"), ("created_at", 1763726400),
    ("created_at", "2026-13-21T12:00:00Z"), ("bet_id", 7), ("session_id", ""), ("player_id", True)])
def test_a_malformed_value_is_found(make, name, value):
    found = make.verdict(well_formed(), make.exchange(body={"a": [{**GOOD, name: value}]}))
    assert found.outcome.value == "fail"
    assert name in found.seen


def test_a_finding_says_where_it_was_seen(make):
    for seen, where in ((make.exchange(operation="getBet", body={"currency": "XX"}), "the answer to getBet"),
                        (make.exchange(path="/v1/events?limit=1", body={"currency": "XX"}), "the events feed"),
                        (make.exchange(path="/v1/bets/b-1?x=1", body={"currency": "XX"}), "the answer to GET "),
                        (make.webhook({"currency": "XX"}), "a webhook delivery")):
        assert f"currency='XX' in {where}" in make.verdict(well_formed(), seen).message


@pytest.mark.parametrize("locale", ["de", "de-DE", "zh-Hant-TW", "es-419", "sl-rozaj-biske", "en-a-bbb-x-a", "pt-BR"])
def test_language_tags_of_every_kind_are_known(make, locale):
    assert make.outcome(well_formed(), make.exchange(body={"locale": locale})) == "pass"


def test_a_platform_may_repeat_what_it_was_sent(make):
    echo = make.exchange("POST", body={"locale": "xx-y"}, sent={"locale": "xx-y"})
    assert make.outcome(well_formed(), echo) == "pass"
    assert make.outcome(well_formed(), make.exchange(body={"locale": "xx-y"})) == "fail"


def test_times_that_the_contract_declares_are_judged_too(make):
    contract = {"components": {"schemas": {"X": {"properties": {"when": {"format": "date-time"}}}, "Y": 3}}}
    assert make.outcome(well_formed(), make.exchange(body={**GOOD, "when": "noon"}), contract=contract) == "fail"
    assert make.outcome(well_formed(), make.exchange(body={**GOOD, "when": "noon"})) == "pass"


def test_nothing_observed_is_no_proof(make):
    for quiet in ([], [make.exchange(body={"x": 1})], [make.exchange(path="/sandbox/x", body=GOOD)]):
        assert make.outcome(well_formed(), *quiet) == "inconclusive"


def test_hostile_bodies_never_raise(make, hostile):
    bodies = [make.exchange(body={**GOOD, "currency": hostile, "created_at": hostile}), make.webhook(hostile)]
    make.verdict(well_formed(), *bodies)
    deep = make.exchange(raw="[" * 90 + "]" * 90)
    assert make.outcome(well_formed(), deep) == "inconclusive"


def test_utc_times_are_exact():
    assert utc_time("2026-11-21T12:00:00.5Z").microsecond == 500_000
    assert utc_time("2026-11-21T12:00:00+00:00") == utc_time("2026-11-21T12:00:00Z")
    for bad in (None, 3, "", "2026-11-21", "2026-11-21 12:00:00Z", "2026-02-30T12:00:00Z", "2026-11-21T12:00:00-00:00"):
        assert utc_time(bad) is None


def test_the_currency_list_is_whole():
    assert len(ISO_4217) > 175
    assert {"EUR", "USD", "GBP", "SEK", "JPY", "KWD", "BHD"} <= ISO_4217
