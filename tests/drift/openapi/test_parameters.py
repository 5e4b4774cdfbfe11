"""Parameters: what must be sent, how it is written, and which parameter is which."""

import pytest

from tests.drift.openapi.comparing import compared, operation, told


def query(**given):
    return {"name": "q", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}, **given}


def taking(*parameters, path="/bets", **inside):
    return operation({"parameters": list(parameters), **inside}, path=path)


@pytest.mark.parametrize(("old", "new", "expected"), [
    ([], [query(required=True)], ["required-parameter-added breaking in"]),
    ([], [query()], ["optional-parameter-added additive in"]),
    ([query()], [], ["parameter-removed breaking in"]),
    ([query()], [query(required=True)], ["parameter-became-required breaking in"]),
    ([query(required=True)], [query()], ["parameter-became-optional additive in"]),
    ([query()], [query(**{"in": "header"})], ["parameter-moved breaking in"]),
    ([query()], [query(style="pipeDelimited")], ["parameter-style-changed breaking in"]),
    ([query()], [query(explode=False)], ["parameter-explode-changed breaking in"]),
    ([query()], [query(allowReserved=True)], ["parameter-allow-reserved-changed breaking in"]),
    ([query(allowEmptyValue=True)], [query()], ["parameter-allow-empty-value-unset breaking in"]),
    ([query()], [query(allowEmptyValue=True)], ["parameter-allow-empty-value-set additive in"]),
    ([query()], [query(schema={"type": "integer"})], ["schema-differs breaking in"]),
    ([{"name": "q", "in": "query", "content": {"application/json": {"schema": {}}}}],
     [{"name": "q", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}}],
     ["schema-differs breaking in"]),
    ([{"name": "q", "in": "query", "content": {"application/json": {}}}],
     [{"name": "q", "in": "query", "content": {"application/xml": {}}}], ["parameter-media-type-changed breaking in"]),
    ([query()], [{"name": "q", "in": "query", "content": {"application/json": {}}}],
     ["parameter-serialization-changed breaking in"])])
def test_what_changed_is_told(old, new, expected):
    assert told(taking(*old), taking(*new)) == expected


@pytest.mark.parametrize(("old", "new"), [
    ([query()], [query(required=False, style="form", explode=True, allowReserved=False, deprecated=False)]),
    ([query(schema={"type": "string"})], [query(schema={"type": "string"}, explode=False)]),
    ([query(name="X-Id", **{"in": "header"})], [query(name="x-id", **{"in": "header"})]),
    ([query(), query(name="r")], [query(name="r"), query()]),
    ([query(content=None)], [query()])])
def test_other_words_for_the_same_are_silent(old, new):
    assert told(taking(*old), taking(*new)) == []


def test_parameters_of_the_path_item_are_those_of_its_operations():
    shared = {"paths": {"/bets": {"parameters": [query(required=True)],
                                  "post": {"responses": {"200": {"description": "ok"}}}}}}
    assert told(taking(query(required=True)), shared) == []
    assert told(shared, taking(query(required=True))) == []
    assert told(operation(), shared) == ["required-parameter-added breaking in"]
    overridden = {"paths": {"/bets": {"parameters": [query(required=True)],
                                      "post": {"parameters": [query()], "responses": {"200": {"description": "ok"}}}}}}
    assert told(shared, overridden) == ["parameter-became-optional additive in"]


def test_variables_of_the_path_are_matched_by_where_they_stand():
    old = taking({"name": "a", "in": "path", "required": True, "schema": {"type": "string"}},
                 {"name": "b", "in": "path", "required": True, "schema": {"type": "integer"}}, path="/x/{a}/{b}")
    new = taking({"name": "b", "in": "path", "required": True, "schema": {"type": "string"}},
                 {"name": "c", "in": "path", "required": True, "schema": {"type": "integer"}}, path="/x/{b}/{c}")
    assert told(old, new) == []
    swapped = taking({"name": "b", "in": "path", "required": True, "schema": {"type": "string"}},
                     {"name": "a", "in": "path", "required": True, "schema": {"type": "integer"}}, path="/x/{a}/{b}")
    assert len(told(old, swapped)) == 2


def test_a_parameter_behind_a_reference_is_the_parameter():
    referring = taking({"$ref": "#/components/parameters/Q"})
    referring["components"] = {"parameters": {"Q": query()}}
    assert told(taking(query()), referring) == []
    changed = taking({"$ref": "#/components/parameters/Q"})
    changed["components"] = {"parameters": {"Q": query(required=True)}}
    assert told(referring, changed) == ["parameter-became-required breaking in"]


def test_both_places_have_their_lines():
    head = "openapi: 3.0.3\ninfo: {version: '1'}\npaths:\n  /a:\n    get:\n      parameters:\n"
    old, new = head + "      - {name: q, in: query}\n", head + "      - {name: p, in: query}\n" \
        "      - {name: q, in: query, required: true}\n"
    changes = {one.rule: one for one in compared(old, new).changes}
    became = changes["parameter-became-required"]
    assert (became.old.file, became.old.line, became.new.file, became.new.line) == ("old.yaml", 7, "new.yaml", 8)
    assert became.new.pointer == "/paths/~1a/get/parameters/1"
    assert changes["optional-parameter-added"].old.line == 5
    assert became.where == "GET /a, the query parameter 'q'"
