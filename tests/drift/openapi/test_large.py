"""Large and endless contracts: each named schema is compared once, recursive ones end, nothing is missed for it."""

import copy
import json

import pytest

from harness.drift import linked
from harness.drift.changes import Verdict
from harness.drift.document import read_document
from harness.drift.openapi import comparing
from harness.drift.openapi.compare import compare_openapi
from tests.benchmarks import drift_profiles
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


def test_in_a_large_contract_each_change_is_told_once_with_every_place_that_holds_it(monkeypatch):
    monkeypatch.setattr(comparing, "_WHOLE", 0)
    old = generated(200, 80)
    new = copy.deepcopy(old)
    new["components"]["schemas"]["Part3"]["properties"]["amount"]["minimum"] = 5
    changes = compare_openapi(document(old), document(new)).changes
    request, response = sorted(changes, key=lambda one: one.side.value)
    assert (request.verdict, response.verdict) == (Verdict.BREAKING, Verdict.ADDITIVE)
    assert request.old.pointer == "/components/schemas/Part3/properties/amount/minimum"
    assert request.witness.document["amount"] == 0
    assert sorted((request.where, *request.also)) == sorted(f"POST /things{n}/{{id}} request body application/json"
                                    for n in range(100) if n % 80 < 8)
    assert {one.partition(" ")[0] for one in (response.where, *response.also)} == {"GET", "POST"}


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


MADE = {"plain": generated(24, 16)} | {one.__name__: drift_profiles.document(one, 24, 16) for one in (
    drift_profiles.interlinked, drift_profiles.recursive, drift_profiles.composing, drift_profiles.choosing)}
EDITS = {"all edited": lambda old: edited(old, 1), "some edited": lambda old: edited(old, 5),
         "all retyped": drift_profiles.retyped, "one retyped": lambda old: drift_profiles.retyped(old, 3)}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("within", [0, 24])
def test_comparing_by_named_schemas_finds_what_comparing_whole_ones_finds(monkeypatch, within, made, edit):
    monkeypatch.setattr(linked, "MOST_WITHIN", within)
    old = MADE[made]
    new, found = EDITS[edit](old), []
    for whole, large in ((0, 0), (10_000, 10_000)):
        monkeypatch.setattr(comparing, "_WHOLE", whole)
        monkeypatch.setattr(comparing, "_LARGEST", large)
        changes = compare_openapi(document(old), document(new)).changes
        found.append({(one.rule, one.verdict, one.side, where, one.old, one.new) for one in changes
                      for where in (one.where, *one.also)})
    assert found[0] == found[1]
    assert len(found[0]) > 10


def test_the_same_document_is_unchanged_and_asks_nothing():
    changes, asked = counted(generated(60, 16), generated(60, 16))
    assert changes == ()
    assert asked == []
