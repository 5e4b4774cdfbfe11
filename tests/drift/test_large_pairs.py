"""What is told does not hang on whether a contract is large: its named schemas tell what whole bodies tell."""

import copy

import pytest

from harness.drift.changes import Verdict
from harness.drift.openapi import comparing
from tests.drift.made_pairs import Pair, answered, changes_of, openapi_pairs, rows

PAIRS = tuple(openapi_pairs())
SCHEMAS = [row for section in ("3.0", "3.1") for row in rows("schemas.yaml")[section]]
A = {"$ref": "#/components/schemas/A"}
HOLDERS = {"a member": A, "what may be null": {"oneOf": [A, {"type": "null"}]}}
XML = "application/xml"


@pytest.fixture(params=["small", "large"])
def size(request, monkeypatch):
    as_if(request.param, monkeypatch)


def as_if(how, monkeypatch):
    """Contracts are taken for large ones, or for small ones, whatever they are."""
    most = {"small": 100_000, "large": 0}[how]
    monkeypatch.setattr(comparing, "_WHOLE", most)
    monkeypatch.setattr(comparing, "_LARGEST", most)


def both(pair, monkeypatch):
    """What is told of a pair as of a small contract, and as of a large one."""
    found = []
    for how in ("small", "large"):
        as_if(how, monkeypatch)
        found.append(changes_of(pair))
    return found


def document(schemas, *, where="request", kind="application/json"):
    """A document of one body that is the schema S."""
    content = {"content": {kind: {"schema": {"$ref": "#/components/schemas/S"}}}}
    call = {"responses": {"200": {"description": "ok"}}}
    call |= {"requestBody": content} if where == "request" else {"responses": {"200": {"description": "ok"} | content}}
    return {"openapi": "3.1.0", "info": {"title": "Bets", "version": "1.0.0"}, "paths": {"/bets": {"post": call}},
            "components": {"schemas": copy.deepcopy(schemas)}}


def fails(old, new, **given):
    """Whether anything that is told of two sets of schemas fails."""
    found = changes_of(Pair("", "", document(old, **given), document(new, **given)))
    return any(one.verdict in (Verdict.BREAKING, Verdict.UNSURE) for one in found)


def seen(changes):
    """What a change is to those that it concerns."""
    return {(one.rule, one.verdict, one.side, where, one.old, one.new) for one in changes
            for where in (one.where, *one.also)}


@pytest.mark.parametrize("pair", PAIRS, ids=[one.name for one in PAIRS])
def test_argued_pairs_are_told_the_same_as_of_a_large_contract(monkeypatch, pair):
    small, large = both(pair, monkeypatch)
    assert answered(pair, large)
    assert seen(small) == seen(large)


@pytest.mark.parametrize("held", HOLDERS)
@pytest.mark.parametrize("where", ["request", "response"])
def test_named_members_fail_where_whole_bodies_fail(monkeypatch, where, held):
    other = []
    for name, *_, old, new in SCHEMAS:
        pair = Pair(name, "", *(document({"S": {"type": "object", "properties": {"a": HOLDERS[held]}}, "A": one},
                                         where=where) for one in (old, new)))
        small, large = (any(one.verdict in (Verdict.BREAKING, Verdict.UNSURE) for one in found)
                        for found in both(pair, monkeypatch))
        other += [name] if small != large else []
    assert other == []
    assert len(SCHEMAS) > 150


def tree(within, held):
    """A schema that holds itself, its first level spelled out, with one word more there and one in itself."""
    return {"S": {"type": "object", "properties": {"v": {"type": "string", **held}, "n": within}}}


def test_members_that_are_spelled_out_are_not_taken_for_those_of_the_reference(size):
    itself, short = {"$ref": "#/components/schemas/S"}, {"maxLength": 3}
    spelled = {"type": "object", "properties": {"v": {"type": "string"}, "n": itself}}
    assert fails(tree(itself, short), tree(spelled, short), where="response")
    assert not fails(tree(itself, short), tree(spelled, short))
    same = {"type": "object", "properties": {"v": {"type": "string", **short}, "n": itself}}
    assert not fails(tree(itself, short), tree(same, short), where="response")


def test_what_became_read_only_behind_a_reference_is_named(size):
    old = {"S": {"type": "object", "properties": {"a": A, "b": {"$ref": "#/components/schemas/B"}}, "required": ["a"]},
           "A": {"type": "string"}, "B": {"type": "string"}}
    new = copy.deepcopy(old)
    new["A"]["readOnly"] = True
    new["B"]["maxLength"] = 3
    rules = {one.rule: one.verdict for one in changes_of(Pair("", "", document(old), document(new)))}
    assert rules["request-property-became-read-only"] is not Verdict.EDITORIAL
    assert rules["request-property-max-length-set"] is Verdict.BREAKING


def test_schemas_that_only_a_discriminator_chooses_are_compared(size):
    old = {"S": {"type": "object", "properties": {"pet": {"$ref": "#/components/schemas/Pet"}}},
           "Pet": {"type": "object", "properties": {"kind": {"type": "string"}}, "required": ["kind"],
                   "discriminator": {"propertyName": "kind"}},
           "Dog": {"allOf": [{"$ref": "#/components/schemas/Pet"},
                             {"type": "object", "properties": {"bark": {"type": "string"}}}]}}
    new = copy.deepcopy(old)
    new["Dog"]["allOf"][1]["properties"]["bark"]["maxLength"] = 3
    assert fails(old, new)
    assert not fails(old, new, where="response")


def test_a_name_in_xml_is_judged_by_each_member_that_has_it(size):
    old = {"S": {"type": "object", "properties": {"a": A, "b": A}}, "A": {"type": "string"}}
    new = {**old, "A": {"type": "string", "xml": {"name": "a"}}}
    assert fails(old, new, kind=XML)
    assert not fails(old, new)
    assert not fails(*({**one, "S": {"type": "object", "properties": {"a": A}}} for one in (old, new)), kind=XML)


def test_words_beside_a_reference_are_told_and_bind_nobody(size):
    old = {"S": {"type": "object", "properties": {"a": A}}, "A": {"type": "string"}}
    new = {**old, "S": {"type": "object", "properties": {"a": {**A, "description": "One."}}}}
    found = changes_of(Pair("", "", document(old), document(new)))
    assert [(one.rule, one.verdict) for one in found] == [("request-property-description-added", Verdict.EDITORIAL)]
