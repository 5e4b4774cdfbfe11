"""CONT-02 in the details: headers by their schemas, bodies where none may be, JSON that parsers read differently."""

from dataclasses import replace

import pytest

from harness.judges.conformance import conforms


def contract(schema=None, *, headers=None, version="3.1.0", method="get", status="200", content=True, parts=None):
    """A document with one operation; its only answer has these headers and a body of this schema."""
    answer = {"description": "d", "headers": {n: {"schema": s} for n, s in (headers or {}).items()}}
    if content:
        answer["content"] = {"application/json": {"schema": schema if schema is not None else {}}}
    return {"openapi": version, "paths": {"/v1/x": {method: {"operationId": "x", "responses": {status: answer}}}},
            "components": {"schemas": parts or {}}}


@pytest.mark.parametrize(("schema", "good", "bad"), [
    ({"type": "integer", "minimum": 0}, ["0", "30"], ["-1", "soon", "1.5", "", "30 s",
                                                      "Sun, 22 Nov 2026 10:00:00 GMT"]),
    ({"type": "number"}, ["1.5", "3", "1e3"], ["a", "NaN"]),
    ({"type": "boolean"}, ["true", "false"], ["yes"]),
    ({"type": "string", "pattern": "^@[0-9]+$"}, ["@17"], ["17", "@x"]),
    ({"type": "string", "enum": ["HIT", "MISS"]}, ["HIT"], ["hit?"]),
    ({"enum": ["HIT"]}, ["HIT"], ["MISS"]),
    ({"type": "array", "items": {"type": "integer"}}, ["1, 2", "7"], ["1, b"]),
    ({"oneOf": [{"type": "integer"}, {"type": "string", "pattern": "GMT$"}]}, ["5", "x GMT"], ["soon"]),
    ({"type": ["integer", "null"]}, ["5"], ["x"]),
    ({"$ref": "#/components/schemas/Wait"}, ["5"], ["x"]),
    ({"type": "object", "properties": {"a": {"type": "integer"}}}, ["a,1", "x"], []),
    ({"type": "nonsense"}, ["x"], []), ({}, ["x"], []), (True, ["x"], [])])
def test_headers_are_held_against_their_schemas(make, schema, good, bad):
    document = contract(headers={"X-It": schema}, parts={"Wait": {"type": "integer"}})
    for value, wanted in [*((v, "pass") for v in good), *((v, "fail") for v in bad)]:
        call = make.exchange(path="/v1/x", body={}, answer={"X-It": value})
        assert make.outcome(conforms(), call, contract=document) == wanted, value


def test_a_header_that_is_json_is_read_as_such(make):
    document = contract()
    document["paths"]["/v1/x"]["get"]["responses"]["200"]["headers"] = {"X-It": {"content": {"application/json": {
        "schema": {"type": "array"}}}}}
    for value, wanted in (("[1]", "pass"), ("{}", "fail"), ("[1", "fail")):
        call = make.exchange(path="/v1/x", body={}, answer={"X-It": value})
        assert make.outcome(conforms(), call, contract=document) == wanted, value


def test_what_only_echoes_the_request_or_is_redacted_or_ignored_accuses_nobody(make):
    short = {"type": "string", "maxLength": 3}
    document = contract(headers={"X-It": short, "Content-Type": {"type": "integer"}})
    echoed = make.exchange(path="/v1/x", body={}, headers={"X-It": "too long"}, answer={"X-It": "too long"})
    hidden = make.exchange(path="/v1/x", body={}, answer={"X-It": "redacted-0123456789ab"})
    absent = make.exchange(path="/v1/x", body={})
    assert make.outcome(conforms(), echoed, hidden, absent, contract=document) == "pass"
    other = make.exchange(path="/v1/x", body={}, headers={"X-It": "abcde"}, answer={"X-It": "too long"})
    assert make.outcome(conforms(), other, contract=document) == "fail"


@pytest.mark.parametrize(("raw", "answer", "says"), [
    ('{"a": 1, "a": 2}', {}, "'a' twice"), ('[{"b": {"c": 1, "c": 1}}]', {}, "'c' twice"),
    ('{"a": NaN}', {}, "not JSON"), ('{"a": -Infinity}', {}, "not JSON"), ("{} {}", {}, "not JSON"),
    ("{}x", {}, "not JSON"), ('\ufeff{"a": 1}', {}, "begins with one"), ("[" * 5_000, {}, "not JSON"),
    ('{"a": "\udcff"}', {}, "not UTF-8"),
    ('{"a": "\u00fc"}', {"Content-Type": "application/json; charset=iso-8859-1"}, "iso-8859-1"),
    ("{}", {"Content-Type": 'application/json; charset="utf-16"'}, "utf-16")])
def test_json_that_parsers_read_differently_or_not_at_all(make, raw, answer, says):
    found = make.verdict(conforms(), make.exchange(path="/v1/x", raw=raw, answer=answer),
                         contract=contract({"properties": {"a": {"type": "string"}}}))
    assert found.outcome.value == "fail"
    assert says in found.seen


@pytest.mark.parametrize("stated", ["application/json; charset=utf-8", "application/json;charset=UTF8",
                                    "application/json; charset=iso-8859-1", "application/json; profile=x"])
def test_a_charset_that_changes_nothing_is_no_break(make, stated):
    call = make.exchange(path="/v1/x", raw='{"a": 1}', answer={"Content-Type": stated})
    assert make.outcome(conforms(), call, contract=contract()) == "pass"


@pytest.mark.parametrize(("second", "wanted"), [
    ("text/plain; charset=utf-8", "fail"), ("text/json", "fail"), ("application/json; charset=utf-8", "pass"),
    ("Application/JSON", "pass")])
def test_an_answer_has_one_content_type(make, second, wanted):
    call = make.exchange(path="/v1/x", raw='{"a": 1}', answer={"Content-Type": "application/json"})
    call = replace(call, response_headers=(*call.response_headers, ("content-type", second)))
    found = make.verdict(conforms(), call, contract=contract())
    assert found.outcome.value == wanted
    assert wanted == "pass" or "one content type" in found.expected


@pytest.mark.parametrize(("status", "method", "raw", "answer", "wanted"), [
    (204, "get", "", {}, "pass"), (204, "get", "{}", {}, "fail"), (204, "get", "", {"Content-Length": "17"}, "fail"),
    (204, "get", "", {"Content-Length": "0"}, "pass"), (304, "get", "", {"Content-Length": "17"}, "pass"),
    (304, "get", "{}", {}, "fail"), (200, "head", "", {"Content-Length": "17"}, "pass"),
    (200, "head", "{}", {}, "fail"),
    (200, "head", "", {"Content-Type": None}, "pass")])
def test_no_body_where_none_may_be(make, status, method, raw, answer, wanted):
    document = contract({"type": "object"}, method=method, status=str(status))
    call = make.exchange(method.upper(), "/v1/x", status, raw=raw, answer=answer)
    assert make.outcome(conforms(), call, contract=document) == wanted


_ACCOUNT = {"type": "object", "required": ["id", "password"], "properties": {
    "id": {"type": "string", "readOnly": True}, "password": {"type": "string", "writeOnly": True},
    "pin": {"$ref": "#/components/schemas/Pin"}}}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("schema", [_ACCOUNT, {"$ref": "#/components/schemas/Account"},
                                    {"allOf": [{"$ref": "#/components/schemas/Account"}]},
                                    {"allOf": [{**_ACCOUNT, "required": []}, {"required": ["id", "password"]}]}])
def test_what_is_write_only_is_not_asked_for_and_may_not_come(make, version, schema):
    document = contract(schema, version=version, parts={
        "Account": _ACCOUNT, "Pin": {"type": "string", "writeOnly": True}})
    for body, wanted in (({"id": "a"}, "pass"), ({"id": "a", "password": "p"}, "fail"), ({}, "fail"),
                         ({"id": "a", "pin": "1"}, "fail"), ({"id": "a", "password": "redacted-012345"}, "fail")):
        found = make.verdict(conforms(), make.exchange(path="/v1/x", body=body), contract=document)
        assert found.outcome.value == wanted, (body, found.message)
    assert "writeOnly" in found.seen


def test_a_second_kind_of_break_of_one_answer_is_told_too(make):
    document = contract({"type": "object", "required": ["a"], "properties": {"b": {"type": "integer"}}})
    calls = [make.exchange(path="/v1/x", body=body) for body in ({"b": 1}, {"a": 1, "b": "x"}, {"c": 1})]
    found = make.verdict(conforms(), *calls, contract=document)
    assert found.exchanges == (calls[0].id, calls[1].id)
