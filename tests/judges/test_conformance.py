"""CONT-02: answers against the document, by route, status, header, content type and schema."""

import time

import pytest

from harness.contracts import packs
from harness.judges.conformance import Routes, conforms, request_path
from harness.judges.schemas import modern
from harness.model.history import History

DOCUMENT = {
    "openapi": "3.1.0", "info": {"title": "t", "version": "1.7"},
    "paths": {
        "/v1/sessions/{session_id}": {"get": {"operationId": "getSession", "responses": {
            "200": {"description": "d", "headers": {"X-Made": {"required": True, "schema": {"type": "string"}}},
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}}},
            "404": {"$ref": "#/components/responses/NotFound"}, "default": {"description": "any"}}}},
        "/v1/sessions/known": {"get": {"operationId": "known", "responses": {"204": {"description": "d"}}}},
        "/v1/strict": {"post": {"operationId": "strict", "responses": {"200": {"description": "d"}}}},
        "/sandbox/info": {"get": {"operationId": "info", "responses": {"200": {"description": "d", "content": {
            "application/json": {"schema": {"type": "integer"}}}}}}}},
    "components": {
        "schemas": {"Session": {"type": "object", "required": ["id"], "properties": {
            "id": {"type": "string"}, "secret": {"type": "string", "minLength": 60},
            "next": {"$ref": "#/components/schemas/Session"}}}},
        "responses": {"NotFound": {"description": "d", "content": {"application/json": {
            "schema": {"type": "object", "required": ["code"]}}}}}}}
MADE = {"X-Made": "1"}


@pytest.mark.parametrize(("status", "body", "answer", "says"), [
    (200, {"id": 7}, MADE, "/id"),
    (200, {"id": "a", "next": {"id": []}}, MADE, "/next/id"),
    (200, {}, MADE, "id"),
    (200, {"id": "a"}, {}, "X-Made"),
    (200, {"id": "a"}, {**MADE, "Content-Type": "text/html"}, "content type"),
    (404, {}, {}, "code"),
])
def test_a_violation_is_found_and_named(make, status, body, answer, says):
    found = make.verdict(conforms(), make.exchange(status=status, body=body, answer=answer), contract=DOCUMENT)
    assert found.outcome.value == "fail"
    assert says in f"{found.expected} {found.seen}"
    assert found.exchanges


def test_conforming_answers_hold(make):
    good = [make.exchange(body={"id": "a", "more": 1, "next": {"id": "b"}}, answer=MADE),
            make.exchange(status=404, body={"code": "X"}), make.exchange(status=418, raw="teapot"),
            make.exchange(path="/v1/sessions/known", status=204),
            make.exchange(body={"id": "a", "secret": "redacted-0123456789ab"}, answer=MADE)]
    found = make.verdict(conforms(least=5), *good, contract=DOCUMENT)
    assert (found.outcome.value, found.measured["answers"]) == ("pass", 5)


def test_an_undocumented_status_is_a_violation(make):
    found = make.verdict(conforms(), make.exchange("POST", "/v1/strict", 203), contract=DOCUMENT)
    assert "203" in found.seen


@pytest.mark.parametrize("raw", ["{", "", "nothing", '{"id": NaN}'])
def test_a_body_that_is_not_json_is_a_violation(make, raw):
    assert make.outcome(conforms(), make.exchange(raw=raw, answer=MADE), contract=DOCUMENT) == "fail"


def test_what_the_contract_does_not_cover_is_not_judged(make):
    unrelated = [make.exchange(path="/v9/sessions/s", status=404, raw="no"), make.exchange("PUT", status=405),
                 make.exchange(path="/sandbox/info", body="x"), make.exchange(failure="timeout"),
                 make.exchange(status=502, raw="<html>"), make.webhook({})]
    assert make.outcome(conforms(), *unrelated, contract=DOCUMENT) == "inconclusive"
    assert make.outcome(conforms(), contract={}) == "inconclusive"


def test_violations_are_counted_and_the_first_of_each_kind_cited(make):
    bad = [make.exchange(body={}, answer=MADE) for _ in range(9)] + [make.exchange("POST", "/v1/strict", 500)]
    found = make.verdict(conforms(), *bad, contract=DOCUMENT)
    assert found.measured["violations"] == 10
    assert found.exchanges == (bad[0].id, bad[9].id)


def test_hostile_answers_never_raise(make, hostile):
    for path in ("/v1/bets/b-1", "/v1/events?limit=2"):
        probe = make.exchange(path=path, body=hostile)
        assert make.outcome(conforms(), probe, contract=packs.openapi("1.7")) == "fail"


@pytest.mark.parametrize("contract", [{"paths": []}, {"paths": {"/v1/x": {"get": {"responses": []}}}}, {"openapi": 3}])
def test_a_hostile_document_never_raises(make, contract):
    assert make.outcome(conforms(), make.exchange(path="/v1/x"), contract=contract) in ("inconclusive", "fail")


def test_the_vendor_type_is_json_where_it_was_asked_for(make):
    vendor = "application/vnd.platform.api+json"
    answer = {**MADE, "Content-Type": f"{vendor}; version=1.7"}
    asked = make.exchange(body={"id": "a"}, answer=answer, headers={"Accept": f"{vendor}; version=1.7"})
    assert make.outcome(conforms(), asked, contract=DOCUMENT) == "pass"
    assert make.outcome(conforms(), make.exchange(body={"id": "a"}, answer=answer), contract=DOCUMENT) == "fail"


def test_a_platform_below_a_prefix_is_recognised(make):
    calls = [make.exchange("POST", "/api/v1/strict", 200, operation="strict"), make.exchange(path="/api/v1/sessions/s")]
    routes = Routes(History(exchanges=tuple(calls), contract=DOCUMENT))
    assert [routes.find(call).id for call in calls] == ["strict", "getSession"]
    servers = {**DOCUMENT, "servers": [{"url": "https://x.test/deep/"}, {"url": 3}, "no"]}
    routes = Routes(History(contract=servers))
    assert routes.find(make.exchange(path="/deep/v1/sessions/known")).id == "known"
    assert routes.find(make.exchange(path="/other/v1/sessions/known")) is None


def test_literal_paths_win_and_queries_do_not_count(make):
    routes = Routes(History(contract=DOCUMENT))
    assert routes.find(make.exchange(path="/v1/sessions/known?x=/y")).id == "known"
    assert request_path("http://h.test") == "/"


def test_openapi_3_0_schemas_are_translated(make):
    old = {"openapi": "3.0.3", "paths": {"/v1/x": {"get": {"operationId": "x", "responses": {"200": {
        "description": "d", "content": {"application/json": {"schema": {"type": "object", "properties": {
            "a": {"type": "string", "nullable": True}, "b": {"$ref": "#/components/schemas/B"},
            "c": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}}}}}}}}}},
        "components": {"schemas": {"B": {"type": "string", "nullable": True, "enum": ["x"]}}}}
    good, bad = {"a": None, "b": None, "c": 1}, {"a": 1, "b": None, "c": 0}
    assert make.outcome(conforms(), make.exchange(path="/v1/x", body=good), contract=old) == "pass"
    assert make.outcome(conforms(), make.exchange(path="/v1/x", body=bad), contract=old) == "fail"
    assert make.outcome(conforms(), make.exchange(path="/v1/x", body={"c": 0}), contract=old) == "fail"
    assert modern({"allOf": [], "nullable": True}) == {"anyOf": [{"allOf": []}, {"type": "null"}]}


def test_thousands_of_answers_are_judged_in_a_moment(make):
    body = {"session_id": "s", "player_id": "p", "game_id": "g", "currency": "EUR", "locale": "de", "status": "active",
            "created_at": "2026-11-21T12:00:00Z", "expires_at": "2026-11-21T12:00:00Z"}
    many = [make.exchange(body=body) for _ in range(4_000)]
    began = time.monotonic()
    found = make.verdict(conforms(), *many, contract=packs.openapi("1.7"))
    assert found.measured["answers"] == 4_000
    assert time.monotonic() - began < 3, "a run's worth of answers must not hold up the verdict"
