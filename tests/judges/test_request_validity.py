"""What the contract says of a request, decided from what was sent; what may be read in two ways is not accused."""

import dataclasses

import pytest

from harness.judges.request_validity import RequestRules
from harness.model.operations import operations

MONEY = {"type": "object", "required": ["amount", "currency"], "additionalProperties": False, "properties": {
    "amount": {"type": "integer", "minimum": 0}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}}}
CONTRACT = {
    "openapi": "3.1.0", "components": {"schemas": {"Money": MONEY}}, "paths": {
        "/v1/pots/{pot_id}/coins": {"post": {
            "operationId": "putCoin", "parameters": [
                {"name": "pot_id", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 5}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 200}},
                {"name": "deep", "in": "query", "schema": {"type": "boolean"}},
                {"name": "kind", "in": "query", "required": True, "schema": {"type": "string", "enum": ["a", "b"]}},
                {"name": "X-Mode", "in": "header", "required": True, "schema": {"type": "string", "pattern": "^m"}},
                {"name": "X-Brand-Id", "in": "header", "required": True, "schema": {"type": "string", "maxLength": 3}}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": {
                "type": "object", "required": ["coin"], "additionalProperties": False, "properties": {
                    "coin": {"$ref": "#/components/schemas/Money"}, "note": {"type": "string", "format": "uuid"},
                    "way": {"oneOf": [{"type": "object", "required": ["x"], "additionalProperties": False,
                                       "properties": {"x": {"type": "integer"}}},
                                      {"type": "object", "additionalProperties": False,
                                       "properties": {"y": {"type": "integer"}}}]}}}}}},
            "responses": {"200": {"description": "ok"}}}}}}
COIN = {"coin": {"amount": 5, "currency": "EUR"}}
JSON = {"Content-Type": "application/json", "X-Mode": "m1", "X-Brand-Id": "far too long"}


@pytest.fixture
def broken(make):
    def ask(path="/v1/pots/p1/coins?kind=a", sent=COIN, raw=None, **headers):
        sent_headers = {**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}
        exchange = make.exchange("POST", path, operation="putCoin", sent=sent, headers=sent_headers)
        if raw is not None:
            exchange = dataclasses.replace(exchange, request_body=raw)
        rules = RequestRules(CONTRACT, frozenset({"x-brand-id"}))
        return rules.broken(operations(CONTRACT)["putCoin"], exchange)

    return ask


def test_a_valid_request_breaks_nothing(broken):
    assert broken() == ""


@pytest.mark.parametrize(("sent", "says"), [
    ({}, "coin"), ({"coin": 5}, "/coin"), ({"coin": {"amount": "5", "currency": "EUR"}}, "/coin/amount"),
    ({"coin": {"amount": -1, "currency": "EUR"}}, "/coin/amount"),
    ({"coin": {"amount": 5.5, "currency": "EUR"}}, "/coin/amount"),
    ({"coin": {"amount": 5, "currency": "eur"}}, "/coin/currency"), ([], "the body"), (7, "the body")])
def test_a_body_that_breaks_its_schema_is_named(broken, sent, says):
    assert says in broken(sent=sent)


@pytest.mark.parametrize("raw", ["", "{", "{'coin': 1}", '{"coin": NaN}', "[" * 100_000])
def test_a_body_that_is_missing_or_no_json_is_named(broken, raw):
    assert "body" in broken(raw=raw)


@pytest.mark.parametrize(("query", "says"), [
    ("", "kind: missing"), ("?kind=c", "kind"), ("?kind=a&limit=201", "limit"), ("?kind=a&limit=many", "limit"),
    ("?kind=a&deep=maybe", "deep")])
def test_a_query_parameter_that_breaks_its_schema_is_named(broken, query, says):
    assert says in broken(path=f"/v1/pots/p1/coins{query}")


def test_path_and_header_parameters_are_held_against_their_schemas(broken):
    assert "path parameter pot_id" in broken(path="/v1/pots/longer-than-5/coins?kind=a")
    assert "header parameter X-Mode" in broken(X_Mode="n1")


@pytest.mark.parametrize(("path", "why"), [
    ("/v1/pots/p1/coins?kind=a&more=1", "unknown parameters are ignored by many"),
    ("/v1/pots/p1/coins?kind=a&limit=", "an empty value may stand for none"),
    ("/v1/pots/p1/coins?kind=a&limit=1&limit=999", "which of two values counts is a matter of style"),
    ("/v1/pots/p1/coins?kind=a&limit=%2B5", "a sign may be read"), ("/v1/pots/p1/coins?kind=a&limit=1.0", "so may .0"),
    ("/v1/pots/p1/coins?kind=a&deep=1", "1 is true for many"),
    ("/v1/pots/too%2Flong%2Fby%2Ffar/coins?kind=a", "a gateway may split it"),
    ("/v1/pots/%ff%ff%ff%ff%ff%ff/coins?kind=a", "not UTF-8: what was read is unknown")])
def test_what_may_be_read_in_two_ways_is_not_accused(broken, path, why):
    assert broken(path=path) == "", why


@pytest.mark.parametrize(("sent", "why"), [
    ({**COIN, "extra": 1}, "a tolerant reader ignores what it does not know"),
    ({"coin": {**COIN["coin"], "extra": 1}}, "at any depth"),
    ({"coin": {"amount": 5.0, "currency": "EUR"}}, "5.0 is an integer in JSON Schema"),
    ({**COIN, "note": "no uuid"}, "formats are notes unless the contract says otherwise"),
    ({**COIN, "way": {"x": 1, "y": 2}}, "which branch is meant is open once members may be ignored"),
    ({"coin": {"amount": 10 ** 400, "currency": "EUR"}}, "valid, however large")])
def test_a_legal_difference_is_not_accused(broken, sent, why):
    assert broken(sent=sent) == "", why


@pytest.mark.parametrize("raw", ['{"coin": 1, "coin": {"amount": 5, "currency": "EUR"}}',
                                 '{"coin": {"amount": 5, "currency": "EUR"}, "note": "\\ud800"}'])
def test_what_has_a_control_of_its_own_is_not_decided_here(broken, raw):
    assert broken(raw=raw) == ""
    assert broken(raw="x", Content_Type="text/plain") == "", "SEC-09 decides media types"


def test_headers_with_controls_of_their_own_are_left_out(broken):
    assert "X-Brand-Id" not in broken()
    assert broken(X_Mode=None) == "", "a missing header is for CONT-05"


def test_any_document_and_any_exchange_is_survived(make, hostile):
    posts = ({"requestBody": hostile, "parameters": [hostile]},
             {"parameters": [{"name": "a", "in": "query", "schema": hostile}],
              "requestBody": {"content": {"application/json": {"schema": hostile}}}})
    for contract in ({"paths": {"/x": {"post": post}}} for post in posts):
        for operation in operations(contract).values():
            exchange = make.exchange("POST", "/x?a=1", operation=operation.id, sent=hostile, headers=JSON)
            assert isinstance(RequestRules(contract, frozenset()).broken(operation, exchange), str)
