"""What goes is told in time, goes no earlier than it was said to, and is not asked for meanwhile."""

import copy
import json
from datetime import date

import pytest

from harness.drift.changes import Verdict
from harness.drift.document import read_document
from harness.drift.promises import ANNOUNCED, BROKEN, promise_changes

TODAY = date(2026, 11, 22)
GOOD = {"deprecated": True, "x-deprecated-since": "1.7.0", "x-removed-in": "2.0.0", "x-sunset": "2027-06-30"}
HEADERS = {"Deprecation": {"schema": {"type": "string"}}, "sunset": {"schema": {"type": "string"}}}


def api(version="1.7.0", *, operation=None, parameter=None, member=None, required=(), path="/v1/x/{id}"):
    """One operation with a parameter and a body with a member, each with what is said of it."""
    named = [{"name": "q", "in": "query", "schema": {}, **parameter}] if parameter is not None else []
    body = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}, "required": list(required)}
    call = {"parameters": named, "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"200": {"description": "", "headers": HEADERS}}, **(operation or {})}
    return {"openapi": "3.1.0", "info": {"title": "t", "version": version}, "paths": {path: {"post": call}},
            "components": {"schemas": {"A": {"type": "object", "properties": {"b": member or {}}}}}}


def found(old, new, *, days=90, today=TODAY):
    documents = [read_document(json.dumps(d).encode(), file=f"{n}.json") for n, d in (("old", old), ("new", new))]
    return promise_changes(*documents, today=today, notice_days=days)


def rules(old, new, **options):
    return [c.rule.removeprefix("deprecation-") for c in found(old, new, **options)]


def test_a_good_promise_is_an_announcement_and_nothing_else():
    for part in ("operation", "parameter", "member"):
        before, after = api("1.6.0", **{part: {}}), api(**{part: GOOD})
        changes = found(before, after)
        assert [c.rule for c in changes] == [ANNOUNCED], part
        assert changes[0].verdict is Verdict.ADDITIVE
        assert changes[0].policy
        assert found(after, after) == ()


def test_places_and_names_are_told():
    one, = found(api("1.6.0", parameter={}), api(parameter=GOOD))
    assert one.where == "POST /v1/x/{id} parameter query q"
    assert (one.old.pointer, one.new.pointer) == ("/paths/~1v1~1x~1{id}/post/parameters/0",) * 2
    assert one.new.line == 1
    member, = found(api("1.6.0"), api(member=GOOD))
    assert member.where == "schema A property b"


@pytest.mark.parametrize(("said", "rule"), [
    ({"x-deprecated-since": None}, "promise-missing"), ({"x-removed-in": None}, "promise-missing"),
    ({"x-deprecated-since": "soon"}, "version-unreadable"), ({"x-deprecated-since": "1.8.0"}, "since-ahead"),
    ({"x-removed-in": "1.9.0"}, "removal-too-soon"), ({"x-sunset": "2026-12-01"}, "notice-too-short"),
    ({"x-sunset": "one day"}, "sunset-unreadable")])
def test_a_bad_promise_fails(said, rule):
    assert rules(api("1.6.0", parameter={}), api(parameter={**GOOD, **said})) == ["announced", rule]
    assert f"deprecation-{rule}" in BROKEN


def test_a_promise_that_was_bad_before_is_told_and_does_not_fail():
    bad = api(parameter={"deprecated": True})
    assert rules(bad, bad) == ["promise-missing-unchanged"]
    assert not {c.rule for c in found(bad, bad)} & BROKEN


@pytest.mark.parametrize(("said", "rule"), [
    ({"x-deprecated-since": "1.6.0"}, "since-changed"), ({"x-deprecated-since": "1.7"}, None),
    ({"x-removed-in": "3.0"}, "removal-moved-later"), ({"x-sunset": "2028-01-01"}, "sunset-moved-later"),
    ({"x-sunset": "2027-06-29"}, "sunset-moved-earlier"), ({"x-sunset": None}, "sunset-deleted")])
def test_a_promise_may_only_be_kept_longer(said, rule):
    changes = found(api(parameter=GOOD), api("1.8.0", parameter={**GOOD, **said}))
    assert [c.rule for c in changes] == ([f"deprecation-{rule}"] if rule else [])
    assert all((c.verdict is Verdict.BREAKING) == (c.rule in BROKEN) for c in changes)


def test_a_removal_that_moves_earlier_or_is_taken_back_breaks():
    far = {**GOOD, "x-removed-in": "3.0.0"}
    assert rules(api(parameter=far), api("1.8.0", parameter=GOOD)) == ["removal-moved-earlier"]
    gone = {k: v for k, v in GOOD.items() if k != "x-removed-in"}
    assert rules(api(parameter=GOOD), api("1.8.0", parameter=gone)) == ["promise-missing", "removal-deleted"]


@pytest.mark.parametrize("part", ["operation", "parameter", "member"])
def test_what_goes_early_is_a_broken_promise(part):
    before = api(**{part: GOOD})
    after = api("1.8.0")
    if part == "operation":
        after["paths"] = {"/v1/y": {}}
    elif part == "member":
        after["components"]["schemas"]["A"]["properties"] = {}
    assert rules(before, after) == ["removed-early", "removed-before-sunset"]
    after["info"]["version"] = "2.0.0"
    assert rules(before, after, today=date(2027, 7, 1)) == []


def test_a_call_is_known_by_the_shape_of_its_path_and_a_member_through_references():
    before, after = api(operation=GOOD, member=GOOD), api(operation=GOOD, member=GOOD, path="/v1/x/{key}")
    whole = after["components"]["schemas"].pop("A")
    after["components"]["schemas"]["A"] = {"allOf": [{"$ref": "#/components/schemas/B"}]}
    after["components"]["schemas"]["B"] = whole
    assert not {r for r in rules(before, after) if r.startswith("removed")}


def test_what_is_overdue_is_told():
    late = api("2.0.0", parameter=GOOD)
    assert rules(late, late) == ["overdue"]
    assert rules(late, late, today=date(2027, 7, 1)) == ["overdue", "sunset-passed"]
    assert not {f"deprecation-{r}" for r in ("overdue", "sunset-passed")} & BROKEN


def test_a_deprecated_call_declares_its_headers_in_form():
    bare = copy.deepcopy(GOOD) | {"responses": {"200": {"description": ""}, "400": {"description": ""}}}
    assert rules(api("1.6.0"), api(operation=bare)) == ["announced", "headers-undeclared"]
    true = {"Deprecation": {"schema": {"type": "boolean"}}, "Sunset": {}}
    wrong = copy.deepcopy(GOOD) | {"responses": {"200": {"description": "", "headers": true}}}
    assert rules(api("1.6.0"), api(operation=wrong)) == ["announced", "header-form"]
    dated = {"Deprecation": {"schema": {"type": "string"}, "example": "@1758095283"}, "Sunset": {}}
    right = copy.deepcopy(GOOD) | {"responses": {"200": {"description": "", "headers": dated}}}
    assert rules(api("1.6.0"), api(operation=right)) == ["announced"]


def test_what_consumers_must_send_cannot_be_deprecated():
    assert rules(api("1.6.0", parameter={"required": True}), api(parameter={**GOOD, "required": True})) \
        == ["announced", "of-required"]
    whole = api(required=["a"])
    whole["components"]["schemas"]["A"] |= GOOD
    assert rules(api("1.6.0", required=["a"]), whole) == ["announced", "of-required"]
    whole["components"]["schemas"]["A"]["readOnly"] = True
    assert rules(api("1.6.0", required=["a"]), whole) == ["announced"]


def test_born_deprecated_and_withdrawn_are_told():
    assert rules(api("1.6.0"), api(parameter=GOOD)) == ["born"]
    back, = found(api(parameter=GOOD), api("1.8.0", parameter={}))
    assert (back.rule, back.verdict) == ("deprecation-withdrawn", Verdict.ADDITIVE)


def test_a_member_or_data_called_deprecated_is_none():
    named = api()
    named["components"]["schemas"]["A"]["properties"] = {"deprecated": True, "x": {"example": {"deprecated": True}}}
    assert found(named, named) == ()


def test_recursive_schemas_end():
    loop = api(member=GOOD)
    loop["components"]["schemas"]["A"]["properties"]["self"] = {"$ref": "#/components/schemas/A"}
    assert found(loop, loop) == ()
