"""CONT-01, CONT-09: the document valid, complete, and speaking as its major version always did."""

import copy

import pytest

from harness.contracts import packs
from harness.judges.contract_document import documented_operations, valid_document
from harness.judges.vocabulary import same_vocabulary, speaks
from harness.model.profile import ContractProfile


@pytest.fixture
def document():
    return copy.deepcopy(dict(packs.openapi("1.7")))


def settle(document):
    return document["paths"]["/v1/bets/settle"]["post"]


@pytest.mark.parametrize("version", packs.versions())
def test_the_released_documents_hold(make, version):
    for draft in (valid_document(), documented_operations()):
        assert make.outcome(draft, contract=packs.openapi(version)) == "pass"


BREAKS = {
    "no description": lambda d: settle(d)["responses"]["200"].pop("description"),
    "dangling reference": lambda d: settle(d)["responses"].update({"418": {"$ref": "#/components/responses/Teapot"}}),
    "bad schema": lambda d: d["components"]["schemas"].update({"X": {"type": "strin"}}),
    "inline bad schema": lambda d: settle(d)["responses"]["200"]["content"]["application/json"].update(
        schema={"type": "object", "required": "all"}),
    "two operations of one name": lambda d: settle(d).update(operationId="getBet"),
    "undeclared path parameter": lambda d: d["paths"].update({"/v1/x/{y}": {"get": {"responses": {}}}}),
    "same path twice": lambda d: d["paths"].update({"/v1/bets/{id}": d["paths"]["/v1/bets/{bet_id}"]}),
    "no info": lambda d: d.pop("info"),
    "parameters is no list": lambda d: settle(d).update(parameters={}),
}


@pytest.mark.parametrize("name", BREAKS)
def test_an_invalid_document_is_found_with_its_place(make, document, name):
    BREAKS[name](document)
    found = make.verdict(valid_document(), contract=document)
    assert found.outcome.value == "fail"
    assert "#" in found.seen


HOLES = {
    "request without example": (lambda d: settle(d)["requestBody"]["content"]["application/json"].pop("examples"),
                                "requestBody: no example of the request"),
    "answer without example": (lambda d: [settle(d)["responses"][s]["content"]["application/json"].pop("examples")
                                          for s in ("200", "202")], "no example of the success answer"),
    "no error answer": (lambda d: settle(d).update(responses={"200": settle(d)["responses"]["200"]}),
                        "no error answer"),
    "open to all": (lambda d: settle(d).update(security=[]), "may be called without credentials"),
    "optional credentials": (lambda d: settle(d).update(security=[{}, {"oauth2": []}]), "without credentials"),
    "unknown scheme": (lambda d: settle(d).update(security=[{"magic": []}]), "magic is not defined"),
}


@pytest.mark.parametrize("name", HOLES)
def test_an_operation_with_a_hole_is_found(make, document, name):
    tear, says = HOLES[name]
    tear(document)
    if "example" in name:
        for schema in ("SettleRequest", "Settlement", "Unknown", "Money", "AnyMoney"):
            document["components"]["schemas"][schema].pop("examples", None)
    found = make.verdict(documented_operations(), contract=document)
    assert found.outcome.value == "fail"
    assert says in found.seen
    assert "#/paths/~1v1~1bets~1settle/post" in found.seen


def test_examples_may_stand_in_the_schema(make, document):
    media = settle(document)["requestBody"]["content"]["application/json"]
    media.pop("examples")
    for schema in ({"type": "object", "example": {}}, {"allOf": [{"examples": [{}]}]},
                   {"required": ["a"], "properties": {"a": {"type": "array", "items": {"const": 1}}}}):
        media["schema"] = schema
        assert make.outcome(documented_operations(), contract=document) == "pass"


def test_what_cannot_be_judged_is_unknown(make, document):
    assert make.outcome(valid_document()) == "inconclusive"
    assert make.outcome(valid_document(), contract={**document, "openapi": "3.7.0"}) == "inconclusive"
    settle(document)["responses"]["200"]["content"]["application/json"]["schema"] = {"$ref": "other.yaml#/X"}
    assert make.outcome(valid_document(), contract=document) == "inconclusive"
    assert make.outcome(documented_operations()) == "inconclusive"


def test_literal_data_is_no_reference(make, document):
    document["components"]["schemas"]["X"] = {"type": "object", "properties": {"$ref": {"type": "string"},
                                                                             "example": {"type": "string"}},
                                              "default": {"$ref": "#/nowhere"}, "examples": [{"$ref": "#/nowhere"}]}
    assert make.outcome(valid_document(), contract=document) == "pass"
    document["components"]["schemas"]["X"]["properties"]["example"] = {"$ref": "#/nowhere"}
    assert make.outcome(valid_document(), contract=document) == "fail"


def test_an_openapi_3_0_document_is_judged_by_its_own_schema(make):
    old = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/v1/x": {"get": {
        "operationId": "x", "responses": {"200": {"description": "d"}}}}}}
    assert make.outcome(valid_document(), contract=old) == "pass"
    assert make.outcome(valid_document(), contract={**old, "webhooks": {}}) == "fail"


def test_hostile_documents_never_raise(make, hostile, document):
    for place in ("paths", "components", "security", "servers", "info", "x-error-codes", "x-currencies",
                  "x-idempotency"):
        for draft in (valid_document(), documented_operations(), same_vocabulary()):
            make.verdict(draft, contract={**document, place: hostile})
    for member in ("parameters", "responses", "requestBody", "security", "operationId"):
        torn = copy.deepcopy(document)
        settle(torn)[member] = hostile
        for draft in (valid_document(), documented_operations()):
            make.verdict(draft, contract=torn)


def test_the_vocabulary_of_the_next_minor_is_the_same(make, document):
    found = make.verdict(same_vocabulary(), contract=document)
    assert (found.outcome.value, found.measured["baseline"]) == ("pass", "1.6")


def schema_of(document, name):
    return document["components"]["schemas"][name]


CHANGES = {
    "identifier renamed": lambda d: schema_of(d, "Settlement")["properties"].update(
        settlementId=schema_of(d, "Settlement")["properties"].pop("settlement_id")),
    "identifier became a number": lambda d: schema_of(d, "SettleRequest")["properties"].update(
        bet_id={"type": "integer"}),
    "money became a number": lambda d: schema_of(d, "Settlement")["properties"].update(win={"type": "number"}),
    "amounts became floats": lambda d: schema_of(d, "AnyMoney")["properties"].update(amount={"type": "number"}),
    "a status is gone": lambda d: schema_of(d, "Bet")["properties"]["status"].update(enum=["open", "closed"]),
    "a code changed its status": lambda d: d["x-error-codes"]["DUPLICATE"].update(status=422),
    "a currency changed its scale": lambda d: d["x-currencies"].update(JPY=2),
    "keys live shorter": lambda d: d["x-idempotency"].update(lifetime_seconds=60),
    "keys are shared": lambda d: d["x-idempotency"].update(scope=["provider"]),
    "success has another status": lambda d: settle(d)["responses"].update({"201": settle(d)["responses"].pop("200")}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_word_is_found(make, document, name):
    CHANGES[name](document)
    found = make.verdict(same_vocabulary(), contract=document)
    assert found.outcome.value == "fail"


def test_additions_are_free(make, document):
    schema_of(document, "Settlement")["properties"]["note"] = {"type": "string"}
    schema_of(document, "Bet")["properties"]["status"]["enum"].append("suspended")
    document["paths"].pop("/v1/jackpots/{jackpot_id}")
    assert make.outcome(same_vocabulary(), contract=document) == "pass"


def test_the_profiles_own_choices_change_no_word(make, document):
    document["x-error-codes"]["IDEMPOTENCY_MISMATCH"]["status"] = 422
    assert make.outcome(same_vocabulary(), contract=document, profile=ContractProfile(mismatch_status=422)) == "pass"
    assert make.outcome(same_vocabulary(), contract=document,
                        profile=ContractProfile(money_form="decimal_string")) == "fail"


def test_without_a_baseline_nothing_is_known(make):
    strange = {"openapi": "3.1.0", "info": {"version": "2.0"}, "paths": {"/v2/x": {"get": {"responses": {}}}}}
    assert make.outcome(same_vocabulary(), contract=strange) == "inconclusive"


def test_an_answer_speaks_the_words_of_its_version(make):
    body = {"bet_id": "b", "status": "authorized", "amount": {"amount": 100, "currency": "EUR"}}
    wanted = {"ids": {"bet_id": "b"}, "statuses": ("authorized",), "amounts": ("amount",)}
    good = make.exchange(body=body)
    assert make.outcome(speaks(good, **wanted), good) == "pass"
    for change in ({"bet_id": 7}, {"status": "held"}, {"amount": "1.00"},
                   {"amount": {"amount": 1.0, "currency": "EUR"}}):
        bad = make.exchange(body={**body, **change})
        assert make.outcome(speaks(bad, **wanted), bad) == "fail"
    silent = make.exchange(failure="timeout")
    assert make.outcome(speaks(silent, **wanted), silent) == "inconclusive"


def test_hostile_words_never_raise(make, hostile):
    probe = make.exchange(body=hostile)
    assert make.outcome(speaks(probe, ids={"bet_id": "b"}, statuses=("x",), amounts=("amount",)), probe) == "fail"
