"""Members that no schema names: told by default, a break where the profile says so, silent where they are legal."""

from dataclasses import replace

import pytest

from harness.judges.conformance import conforms
from harness.judges.undocumented import Naming
from harness.model.profile import ContractProfile
from tests.judges.test_answer_contract import contract

NAMED = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {}}}, "list": {
    "type": "array", "items": {"$ref": "#/components/schemas/Item"}}}}
PARTS = {"Item": {"type": "object", "properties": {"id": {}, "next": {"$ref": "#/components/schemas/Item"}}}}
STRICT = ContractProfile(undocumented_fields="fail")


@pytest.mark.parametrize(("schema", "body", "found"), [
    (NAMED, {"a": {"b": 1}, "list": [{"id": 1}]}, set()),
    (NAMED, {"x": 1, "a": {"c/d": 1}, "list": [{"y": 1}, {"z": 2, "next": {"next": {"deep": 1}}}]},
     {"/x", "/a/c~1d", "/list/*/y", "/list/*/z", "/list/*/next/next/deep"}),
    ({"type": "object"}, {"x": 1}, set()), ({}, {"x": 1}, set()), (True, {"x": 1}, set()),
    ({**NAMED, "additionalProperties": True}, {"x": 1}, set()),
    ({**NAMED, "additionalProperties": {}}, {"x": 1}, set()),
    ({**NAMED, "additionalProperties": {"properties": {"k": {}}}}, {"x": {"k": 1, "l": 1}}, {"/x/l"}),
    ({"properties": {"a": {}}, "patternProperties": {"^x-": {}}}, {"x-b": 1, "c": 1}, {"/c"}),
    ({"properties": {"a": {}}, "patternProperties": {"(": {}}}, {"c": 1}, set()),
    ({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, {"a": 1, "b": 1, "c": 1}, {"/c"}),
    ({"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, {"a": 1, "b": 1, "c": 1}, {"/c"}),
    ({"properties": {"a": {}}, "if": {}, "then": {"properties": {"b": {}}}}, {"b": 1, "c": 1}, {"/c"}),
    ({"properties": {"a": {}}, "dependentSchemas": {"a": {"properties": {"b": {}}}}}, {"b": 1, "c": 1}, {"/c"}),
    ({"prefixItems": [{"properties": {"a": {}}}], "items": {"properties": {"b": {}}}}, [{"b": 1}, {"b": 1, "c": 2}],
     {"/*/b", "/*/c"}),
    ({"$ref": "#/components/schemas/Loop"}, {"a": 1, "b": 2}, {"/b"})])
def test_what_no_schema_names_is_found(schema, body, found):
    loop = {"allOf": [{"$ref": "#/components/schemas/Loop"}, {"properties": {"a": {}}}]}
    assert Naming(contract(parts={**PARTS, "Loop": loop})).unnamed(schema, body) == found


def test_depth_and_width_are_bounded():
    deep = {}
    for _ in range(500):
        deep = {"id": 1, "next": deep}
    wide = {"list": [{"id": n} for n in range(5_000)] + [{"late": 1}]}
    naming = Naming(contract(parts=PARTS))
    assert naming.unnamed({"$ref": "#/components/schemas/Item"}, deep) == set()
    assert naming.unnamed(NAMED, wide) == set()


def test_they_are_told_with_their_counts_and_break_nothing(make):
    document = contract(NAMED, parts=PARTS)
    calls = [make.exchange(path="/v1/x", body={"debug": n, "list": [{"id": 1}]}) for n in range(3)]
    found = make.verdict(conforms(), *calls, make.exchange(path="/v1/x", body={}), contract=document)
    assert found.outcome.value == "pass"
    assert found.measured["undocumented"] == [{"operation": "x", "status": 200, "field": "/debug", "answers": 3}]
    assert "x 200 /debug (3)" in found.message
    assert found.told == ("fields that the contract does not name: x 200 /debug (3)",)


def test_nothing_is_told_where_nothing_is_new(make):
    found = make.verdict(conforms(), make.exchange(path="/v1/x", body={}), contract=contract(NAMED, parts=PARTS))
    assert (found.told, "undocumented" in found.measured) == ((), False)


def test_they_break_the_contract_where_the_profile_says_so(make):
    document = contract(NAMED, parts=PARTS)
    calls = [make.exchange(path="/v1/x", body={"a": {}}), make.exchange(path="/v1/x", body={"debug": 1})]
    found = make.verdict(conforms(), *calls, contract=document, profile=STRICT)
    assert found.outcome.value == "fail"
    assert found.seen == "200: /debug: not in the contract"
    assert found.exchanges == (calls[1].id,)
    assert make.outcome(conforms(), calls[0], contract=document, profile=STRICT) == "pass"


def test_a_closed_object_is_closed_whatever_the_profile_says(make):
    for word in ("additionalProperties", "unevaluatedProperties"):
        document = contract({**NAMED, word: False}, parts=PARTS)
        assert make.outcome(conforms(), make.exchange(path="/v1/x", body={"debug": 1}), contract=document) == "fail"


def test_headers_that_nobody_documents_are_not_told(make):
    call = make.exchange(path="/v1/x", body={}, answer={"X-Gateway": "g"})
    assert make.verdict(conforms(), call, contract=contract(NAMED), profile=STRICT).told == ()


def test_hostile_bodies_never_raise(make, hostile):
    call = make.exchange(path="/v1/x", body=hostile)
    assert make.outcome(conforms(), call, contract=contract(NAMED, parts=PARTS), profile=STRICT) in ("pass", "fail")


def test_samples_are_judged_like_all_other_answers(make):
    document = contract({"type": "object", "required": ["a"]})
    recorded, kept = make.exchange(path="/v1/x", body={"a": 1}), make.exchange(path="/v1/x", body={})
    found = make.verdict(conforms(), recorded, contract=document, samples=(kept,))
    assert (found.outcome.value, found.exchanges) == ("fail", (kept.id,))
    found = make.verdict(conforms(least=2), recorded, contract=document, samples=(recorded,))
    assert (found.outcome.value, found.measured["answers"], found.measured["sampled"]) == ("pass", 2, 2)


def test_answers_of_every_check_and_worker_are_judged_in_any_order(make):
    document = contract({"type": "object", "required": ["a"]})
    calls = [replace(make.exchange(path="/v1/x", body=body), id=f"{worker}-1", check=check, actor=actor)
             for worker, check, actor, body in (("w1", "idempotency.py::a", "provider", {"a": 1}),
                                                ("c1", "scenarios/inbox.py::GAP", "observer", {}),
                                                ("w2", "contracts/test_fuzzing.py::b", "other", {"a": 1}))]
    for order in (calls, calls[::-1]):
        found = make.verdict(conforms(least=3), *order, contract=document)
        assert (found.outcome.value, found.exchanges) == ("fail", ("c1-1",))
