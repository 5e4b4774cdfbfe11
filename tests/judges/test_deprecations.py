"""CONT-08: what is deprecated promises an end in the document, and says so in every answer."""

import copy

import pytest

from harness.contracts import packs
from harness.judges.deprecations import (
    deprecations_announced,
    deprecations_promised,
    http_date,
    structured_date,
)

RUN = {"started_at": "2026-11-22T10:00:00+00:00"}
GOOD = {"Deprecation": "@1767225600", "Sunset": "Wed, 30 Jun 2027 00:00:00 GMT"}
OPERATION = "/v1/players/{player_id}/balance"


@pytest.fixture
def document():
    return copy.deepcopy(dict(packs.openapi("1.7")))


def going(document):
    return document["paths"][OPERATION]["get"]


@pytest.fixture
def promised(make):
    def judged(contract, *, baseline="1.7", **evolution):
        held_against = {"name": baseline, "openapi": packs.openapi(baseline), "released": True} if baseline else \
            {"missing": "no baseline"}
        return make.verdict(deprecations_promised(), contract=contract, facts=RUN,
                            evolution={"baseline": held_against, **evolution})
    return judged


def test_the_release_promises(promised, document):
    found = promised(document)
    assert (found.outcome.value, found.measured["deprecated"]) == ("pass", 1)
    assert promised(document, baseline="").outcome.value == "pass"


def test_nothing_deprecated_is_told_as_what_it_is(promised):
    found = promised(dict(packs.openapi("1.6")), baseline="1.6")
    assert (found.outcome.value, found.measured["deprecated"]) == ("pass", 0)
    assert "nothing is deprecated in 31 operations" in found.message


FORM = {
    "no since": (lambda d: going(d).pop("x-deprecated-since"), "without x-deprecated-since"),
    "no end": (lambda d: going(d).pop("x-removed-in"), "without x-removed-in"),
    "since that is no version": (lambda d: going(d).update({"x-deprecated-since": "soon"}), "'soon' is no version"),
    "since to come": (lambda d: going(d).update({"x-deprecated-since": "1.9"}), "later than this version"),
    "an end in the same major": (lambda d: going(d).update({"x-removed-in": "1.9"}), "no later major"),
    "a member without an end": (
        lambda d: d["components"]["schemas"]["Bet"]["properties"]["win"].update(deprecated=True), "win"),
    "a parameter without an end": (
        lambda d: d["paths"]["/v1/events"]["get"]["parameters"][0].update(deprecated=True), "x-removed-in"),
}


@pytest.mark.parametrize("baseline", ["1.7", ""])
@pytest.mark.parametrize("name", FORM)
def test_a_promise_without_its_parts_is_red_with_and_without_a_baseline(promised, document, name, baseline):
    tear, says = FORM[name]
    if name == "a parameter without an end":
        document["paths"]["/v1/events"]["get"]["parameters"] = [
            {"in": "query", "name": "old", "schema": {"type": "string"}}]
    tear(document)
    found = promised(document, baseline=baseline)
    assert found.outcome.value == "fail"
    assert says in found.message


WORD = {
    "sunset earlier": lambda d: going(d).update({"x-sunset": "2027-03-31"}),
    "sunset gone": lambda d: going(d).pop("x-sunset"),
    "another since": lambda d: going(d).update({"x-deprecated-since": "1.6"}),
    "gone before its end": lambda d: d["paths"].pop(OPERATION),
    "a fortnight's notice": lambda d: d["components"]["schemas"]["Bet"]["properties"]["win"].update(
        {"deprecated": True, "x-deprecated-since": "1.7", "x-removed-in": "2.0", "x-sunset": "2026-12-06"}),
}


@pytest.mark.parametrize("name", WORD)
def test_a_promise_that_was_given_is_kept(promised, document, name):
    WORD[name](document)
    assert promised(document).outcome.value == "fail"


@pytest.mark.parametrize("change", [{"x-sunset": "2028-01-31"}, {"x-removed-in": "3.0"}, {"x-removed-in": "2"}])
def test_a_promise_may_be_kept_longer(promised, document, change):
    going(document).update(change)
    assert promised(document).outcome.value == "pass"


def test_notice_is_the_profiles_to_say(promised, document):
    WORD["a fortnight's notice"](document)
    assert promised(document, notice_days=14).outcome.value == "pass"


def test_the_administration_of_a_sandbox_promises_nothing(promised, document):
    document["paths"]["/sandbox/reset"]["post"]["deprecated"] = True
    assert promised(document).outcome.value == "pass"


def read(make, answer, *, status=200, path="/v1/players/p-1/balance"):
    return make.exchange(path=path, status=status, body={}, answer=answer)


@pytest.fixture
def announced(make):
    def judged(*exchanges, contract=None, unreachable=(), **evolution):
        return make.verdict(deprecations_announced(unreachable=unreachable), *exchanges,
                            contract=contract or packs.openapi("1.7"), evolution=evolution)
    return judged


@pytest.mark.parametrize("headers", [
    GOOD, {**GOOD, "Deprecation": "@1767225600;note=1"}, {"deprecation": GOOD["Deprecation"], "sunset": GOOD["Sunset"]},
    {**GOOD, "Sunset": "Wed, 30 Jun 2027 23:59:59 GMT"}])
def test_a_call_that_says_so_is_well(make, announced, headers):
    found = announced(read(make, headers), read(make, {}, path="/v1/players/p-1/balances"))
    assert (found.outcome.value, found.measured["answers"]) == ("pass", 1)


WRONG = {
    "neither": ({}, "Deprecation and Sunset"),
    "no Deprecation": ({"Sunset": GOOD["Sunset"]}, "no header Deprecation"),
    "no Sunset": ({"Deprecation": GOOD["Deprecation"]}, "no header Sunset"),
    "a draft's form": ({**GOOD, "Deprecation": "true"}, "true"),
    "a date as HTTP has it": ({**GOOD, "Deprecation": GOOD["Sunset"]}, "Deprecation: Wed"),
    "seconds without @": ({**GOOD, "Deprecation": "1767225600"}, "1767225600"),
    "endless seconds": ({**GOOD, "Deprecation": "@" + "9" * 15}, "@9999"),
    "an ISO date": ({**GOOD, "Sunset": "2027-06-30T00:00:00Z"}, "2027-06-30T"),
    "no such day": ({**GOOD, "Sunset": "Wed, 31 Jun 2027 00:00:00 GMT"}, "31 Jun"),
    "the wrong way round": ({**GOOD, "Sunset": "Mon, 30 Jun 2025 00:00:00 GMT"}, "sunset 2025-06-30"),
    "no grace": ({**GOOD, "Deprecation": "@1814227200"}, "1 days"),
    "another day than documented": ({**GOOD, "Sunset": "Fri, 31 Dec 2027 00:00:00 GMT"}, "2027-12-31"),
}


@pytest.mark.parametrize("name", WRONG)
def test_headers_that_are_missing_malformed_or_contradictory_are_red(make, announced, name):
    headers, says = WRONG[name]
    found = announced(read(make, GOOD), read(make, headers))
    assert found.outcome.value == "fail"
    assert says in found.seen
    assert len(found.exchanges) == 1


def test_a_since_that_is_a_day_agrees_with_the_header(make, announced, document):
    going(document)["x-deprecated-since"] = "2026-05-01"
    assert announced(read(make, GOOD), contract=document).outcome.value == "fail"
    going(document)["x-deprecated-since"] = "2026-01-01"
    assert announced(read(make, GOOD), contract=document).outcome.value == "pass"


def test_refusals_announce_nothing_and_are_not_asked_to(make, announced):
    found = announced(read(make, {}, status=404))
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")
    assert announced(read(make, GOOD), read(make, {}, status=404)).outcome.value == "pass"


def test_a_deprecated_call_that_was_never_made_is_not_green(make, announced):
    assert announced().outcome.value == "inconclusive"
    assert "getPlayerBalance" in announced(read(make, {}, path="/v1/bets/b-1")).message
    assert announced(unreachable=("getPlayerBalance",)).outcome.value == "inconclusive"


def test_where_no_call_is_deprecated_there_is_nothing_to_say(announced):
    found = announced(contract=packs.openapi("1.6"))
    assert (found.outcome.value, found.measured["deprecated"]) == ("pass", 0)
    assert announced(contract={"openapi": "3.1.0", "paths": {}}).outcome.value == "inconclusive"


def test_dates_are_read_strictly():
    assert structured_date("@0").year == 1970
    assert structured_date("@-1").year == 1969
    assert structured_date("@1.5") is None
    assert http_date("Sunday, 06-Nov-94 08:49:37 GMT") is None
    assert http_date("Sun, 06 Nov 1994 08:49:37 GMT").year == 1994


def test_hostile_values_raise_nothing(make, hostile):
    operation = {"deprecated": True, "x-deprecated-since": hostile, "x-sunset": hostile, "responses": {"200": hostile}}
    contract = {"openapi": "3.1.0", "info": {"version": "1.7"}, "paths": {"/v1/x": {"get": operation}}}
    baseline = {"baseline": {"name": "1.7", "openapi": packs.openapi("1.7"), "released": True}}
    assert make.outcome(deprecations_promised(), contract=contract, facts=RUN, evolution=baseline) in ("fail",
                                                                                                       "inconclusive")
    found = make.outcome(deprecations_announced(), make.exchange(path="/v1/x", body={}, answer=GOOD), contract=contract)
    assert found in ("pass", "fail")
