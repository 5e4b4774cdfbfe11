"""What the provider calls by itself is judged from the other side: it writes the requests, the consumer the answers."""

import pytest

from tests.drift.openapi.comparing import body, operation, told

ONE, OTHER = {"type": "object"}, {"type": "string"}


def call(content=None, responses=None, **given):
    responses = responses or {"200": {"description": "ok"}}
    return {"requestBody": {**(content or body(ONE)), **given}, "responses": responses}


def webhook(**names):
    return {**operation(), "webhooks": {name: {"post": inside} for name, inside in names.items()}}


def callback(inside=None, expression="{$request.body#/url}", **more):
    named = {"done": {expression: {"post": inside}}} if inside else {}
    return operation({"callbacks": {**named, **more}})


@pytest.mark.parametrize("made", [lambda inside: webhook(a=inside), callback])
@pytest.mark.parametrize(("old", "new", "expected"), [
    (call(), call(body(OTHER)), ["schema-differs breaking out"]),
    (call(), call(required=True), ["request-body-became-required additive out"]),
    (call(required=True), call(), ["request-body-became-optional breaking out"]),
    (call(), call(responses={"200": {"description": "ok", **body(ONE)}}), ["media-type-added additive in"]),
    (call(responses={"200": {"description": "ok", **body(ONE)}}),
     call(responses={"200": {"description": "ok", **body(OTHER)}}), ["schema-differs breaking in"]),
    (call(responses={"200": {}, "204": {}}), call(responses={"200": {}}),
     ["response-success-status-removed breaking in"]),
    (call(responses={"200": {}}), call(responses={"200": {}, "204": {}}),
     ["response-success-status-added additive in"]),
    ({**call(), "parameters": [{"name": "X-Sig", "in": "header", "required": True}]}, call(),
     ["required-parameter-removed breaking out"]),
    (call(), {**call(), "parameters": [{"name": "X-Sig", "in": "header", "required": True}]},
     ["sent-parameter-added additive out"]),
    (call(), {**call(), "security": [{"key": []}]}, ["security-added additive out"]),
    ({**call(), "security": [{"key": []}]}, call(), ["security-dropped breaking out"])])
def test_sides_are_swapped(made, old, new, expected):
    assert told(made(old), made(new)) == expected


def test_calls_that_come_and_go():
    assert told(webhook(a=call(), b=call()), webhook(a=call())) == ["webhook-removed breaking out"]
    assert told(webhook(a=call()), webhook(a=call(), b=call())) == ["webhook-added additive out"]
    assert told(callback(call()), callback()) == ["callback-removed breaking out"]
    assert told(callback(), callback(call())) == ["callback-added additive out"]
    assert told(callback(call()), callback(call(body(OTHER)), "{$request.query.url}")) == [
        "callback-url-changed breaking out", "schema-differs breaking out"]


def test_a_callback_of_itself_ends():
    def endless(schema):
        return operation({"requestBody": body(schema), "callbacks": {"again": {"{$url}": {"$ref": "#/paths/~1bets"}}}})
    found = told(endless(ONE), endless(OTHER))
    assert found[0] == "schema-differs breaking in"
    assert 2 <= len(found) < 10
