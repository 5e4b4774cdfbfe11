"""Large and endless contracts: each named schema is compared once, recursive ones end, nothing is missed for it."""

import copy
import json

import pytest

from harness.drift.changes import Verdict
from harness.drift.document import read_document
from harness.drift.openapi import comparing
from harness.drift.openapi.compare import compare_openapi
from harness.drift.openapi.comparing import member_references
from tests.benchmarks.drift_documents import edited, generated
from tests.drift.openapi.comparing import differ


def document(value):
    return read_document(json.dumps(value).encode(), file="api.json")


def counted(old, new):
    """The changes, and how many schemas were asked about."""
    asked = []

    def slots(*given, **named):
        asked.append((named["old_pointer"], named["side"]))
        return differ(*given, **named)
    return compare_openapi(document(old), document(new), slots=slots).changes, asked


def test_a_schema_that_many_operations_use_is_asked_about_once_for_each_side():
    old = generated(100, 8)
    new = copy.deepcopy(old)
    new["components"]["schemas"]["Error"]["properties"]["code"]["enum"].append("E99")
    changes, asked = counted(old, new)
    assert len(changes) == 300
    assert len(asked) == len(set(asked)) == 1
    assert {one.where for one in changes} >= {"GET /things0/{id} response default body application/json"}


def test_in_a_large_contract_what_changed_below_is_told_of_every_schema_that_holds_it(monkeypatch):
    monkeypatch.setattr(comparing, "_MANY", 0)
    old = generated(200, 80)
    new = copy.deepcopy(old)
    new["components"]["schemas"]["Part3"]["properties"]["amount"]["minimum"] = 5
    changes, asked = counted(old, new)
    assert len(asked) == len(set(asked)) == 2
    assert {one.old.pointer for one in changes} >= {"/components/schemas/Part3"}
    bodies = {one.where for one in changes if "request body" in one.where}
    assert {f"POST /things{n}/{{id}} request body application/json" for n in range(8)} <= bodies
    assert not any("things8/" in where for where in bodies)


@pytest.mark.parametrize("every", [1, 16])
def test_a_generated_pair_is_judged_like_a_small_one(every):
    old = generated(40, 16)
    new = edited(old, every)
    found = compare_openapi(document(old), document(new))
    assert found.verdict is Verdict.BREAKING
    rules = {(one.rule, one.verdict.value) for one in found.changes}
    assert ("response-property-max-length-increased", "breaking") in rules
    assert ("request-property-max-length-increased", "additive") in rules
    assert ("optional-parameter-added", "additive") in rules


def test_comparing_by_named_schemas_finds_what_comparing_whole_ones_finds(monkeypatch):
    old = generated(24, 16)
    new, found = edited(old, 5), []
    for many in (0, 10_000):
        monkeypatch.setattr(comparing, "_MANY", many)
        changes = compare_openapi(document(old), document(new)).changes
        found.append({(one.rule, one.verdict, one.side, one.where, one.old, one.new) for one in changes})
    assert found[0] == found[1]
    assert len(found[0]) > 50


def test_the_same_document_is_unchanged_and_asks_nothing():
    changes, asked = counted(generated(60, 16), generated(60, 16))
    assert changes == ()
    assert asked == []


def test_references_count_for_themselves_only_where_nothing_is_beside_them():
    ref = {"$ref": "#/a"}
    assert list(member_references(ref)) == ["/a"]
    assert list(member_references({"properties": {"x": {"items": ref}}, "additionalProperties": ref})) == ["/a", "/a"]
    assert list(member_references({"properties": {"x": ref}, "allOf": [ref]})) == []
    assert list(member_references({"$ref": "#/a", "required": ["x"]})) == []
    assert list(member_references({"not": ref, "oneOf": [ref]})) == []
