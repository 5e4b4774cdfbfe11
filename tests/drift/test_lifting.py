"""Schemas of every dialect come out as 2020-12 with the same meaning, and each side sees what it may send."""

import jsonschema_rs
import pytest

from harness.drift.changes import Side
from harness.drift.lifting import lifted, projected
from harness.drift.subschemas import at_pointer
from harness.model.errors import UsageError

DRAFTS = {"draft-04": 4, "draft-06": 6, "draft-07": 7}
VALUES = [None, True, 0, 1, 5, 5.5, 10, -1, "", "a", "abc", [], [1], ["a"], [1, "a"], [1, "a", None], [1, 1], {},
          {"a": 1}, {"a": "x"}, {"b": 1}, {"a": 1, "b": "y"}, {"a": 1, "c": 2}, {"a": {"a": 1}}, {"a": [1, {"b": 2}]}]


@pytest.mark.parametrize(("draft", "schema"), [
    ("draft-04", {"minimum": 5, "exclusiveMinimum": True}), ("draft-04", {"maximum": 5, "exclusiveMaximum": True}),
    ("draft-04", {"minimum": 5, "exclusiveMinimum": False}), ("draft-04", {"items": [{"type": "integer"}]}),
    ("draft-04", {"items": [{"type": "integer"}], "additionalItems": False}),
    ("draft-07", {"items": [{"type": "integer"}], "additionalItems": {"type": "string"}}),
    ("draft-07", {"items": {"type": "integer"}, "additionalItems": False}), ("draft-04", {"additionalItems": False}),
    ("draft-07", {"dependencies": {"a": ["b"]}}), ("draft-07", {"dependencies": {"a": {"required": ["b"]}}}),
    ("draft-07", {"dependencies": {"a": ["b"], "b": {"minProperties": 2}}}),
    ("draft-07", {"$ref": "#/definitions/x", "maximum": 1, "definitions": {"x": {"type": "number"}}}),
    ("draft-04", {"const": 1}), ("draft-04", {"if": {"type": "string"}, "then": False}),
    ("draft-06", {"if": {"type": "string"}, "then": False}), ("draft-06", {"contains": {"const": 1}}),
    ("draft-07", {"contains": {"const": 1}, "minContains": 2}), ("draft-07", {"dependentRequired": {"a": ["b"]}}),
    ("draft-07", {"properties": {"a": {"$ref": "#/items/0"}}, "items": [{"type": "integer"}]}),
    ("draft-07", {"properties": {"a": {"$ref": "#/dependencies/b"}}, "dependencies": {"b": {"type": "integer"}}}),
    ("draft-07", {"properties": {"a": {"$ref": "#/additionalItems"}}, "items": [{}], "additionalItems": False}),
    ("draft-07", {"prefixItems": [False]}), ("draft-07", {"unevaluatedProperties": False}),
    ("draft-07", {"$ref": "#/definitions/x", "definitions": {"x": {"items": [{"type": "integer"}]}}})])
def test_a_lifted_schema_takes_what_the_old_one_took(draft, schema):
    old = jsonschema_rs.validator_for(schema | {"$schema": f"http://json-schema.org/{draft}/schema#"})
    new = jsonschema_rs.Draft202012Validator(lifted(schema, dialect=draft))
    assert [old.is_valid(one) for one in VALUES] == [new.is_valid(one) for one in VALUES]


@pytest.mark.parametrize(("schema", "null", "text", "number"), [
    ({"type": "string", "nullable": True}, True, True, False),
    ({"type": "string", "nullable": False}, False, True, False),
    ({"nullable": True, "allOf": [{"type": "string"}]}, True, True, False),
    ({"nullable": True, "anyOf": [{"type": "string"}]}, True, True, False),
    ({"type": "string", "nullable": True, "enum": ["x"]}, False, False, False),
    ({"type": "string", "nullable": True, "enum": ["x", None]}, True, False, False),
    ({"nullable": True}, True, True, True)])
def test_nullable_of_openapi(schema, null, text, number):
    check = jsonschema_rs.Draft202012Validator(lifted(schema, dialect="openapi-3.0"))
    assert [check.is_valid(one) for one in (None, "abc", 1)] == [null, text, number]


def test_openapi_words_of_its_own():
    told_apart = {"discriminator": {"propertyName": "k"}}
    schema = {"type": "integer", "maximum": 5, "exclusiveMaximum": True, "example": 1} | told_apart
    new = {"type": "integer", "exclusiveMaximum": 5, "examples": [1]} | told_apart
    assert lifted(schema, dialect="openapi-3.0") == new


def test_a_whole_document_is_lifted_where_its_schemas_are():
    bound = {"type": "integer", "minimum": 0, "exclusiveMinimum": True}
    made = {"type": "integer", "exclusiveMinimum": 0}
    example = {"schema": {"exclusiveMinimum": True}}
    document = {"openapi": "3.0.3", "info": {"title": "schema"}, "paths": {"/schema": {"get": {
        "parameters": [{"name": "q", "in": "query", "schema": bound}],
        "responses": {"200": {"content": {"application/json": {"schema": bound, "example": example}}}}}}},
        "components": {"schemas": {"schema": bound, "example": {"properties": {"schema": bound}}}}}
    new = lifted(document, dialect="openapi-3.0")
    get = new["paths"]["/schema"]["get"]
    assert get["parameters"][0]["schema"] == made
    assert get["responses"]["200"]["content"]["application/json"] == {"schema": made, "example": example}
    assert new["components"]["schemas"] == {"schema": made, "example": {"properties": {"schema": made}}}
    assert document["components"]["schemas"]["schema"] == bound


MEMBER = {"type": "object", "required": ["id", "pin", "name"], "properties": {
    "id": {"type": "string", "readOnly": True}, "pin": {"type": "string", "writeOnly": True}, "name": {}}}
BOUND, LIFTED = {"type": "integer", "minimum": 0, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 0}


@pytest.mark.parametrize(("file", "inside"), [
    (BOUND, ""), ({"Money": BOUND}, "/Money"), ({"definitions": {"Money": BOUND}}, "/definitions/Money"),
    ([BOUND], "/0"), ({"type": {"type": "object"}, "Money": BOUND}, "/Money"),  # `type` is a name here
    ({"Other": {"type": "object", "x-shelf": {"a/b": BOUND}}}, "/Other/x-shelf/a~1b"),
    ({"next": {"$ref": "#/x-certify-files/m.json/x-far"}, "x-far": BOUND}, "/x-far")])
def test_files_that_were_brought_in_are_lifted_wherever_a_reference_leads(file, inside):
    ref = {"$ref": f"#/x-certify-files/m.json{inside}"}
    document = {"openapi": "3.0.3", "components": {"schemas": {"M": {"type": "array", "items": ref}}},
                "x-certify-files": {"m.json": file}}
    made = lifted(document, dialect="openapi-3.0")
    assert at_pointer(made, f"/x-certify-files/m.json{inside}") == LIFTED
    assert at_pointer(document, f"/x-certify-files/m.json{inside}") == BOUND
    schema = {"items": ref, "x-certify-files": {"m.json": file}}
    assert at_pointer(lifted(schema, dialect="draft-04"), f"/x-certify-files/m.json{inside}") == LIFTED


def test_a_side_sees_only_what_it_may_send_of_other_files_too():
    document = {"components": {"schemas": {"M": {"$ref": "#/x-certify-files/m.json/x-shelf/M"}}},
                "x-certify-files": {"m.json": {"type": "object", "x-shelf": {"M": MEMBER}}}}
    made = projected(document, Side.IN)
    assert list(at_pointer(made, "/x-certify-files/m.json/x-shelf/M/properties")) == ["pin", "name"]


def test_numbers_that_json_does_not_know_leave_an_enum():
    assert lifted({"enum": [1, float("nan")]}, dialect="draft-04") == {"enum": [1]}
    assert lifted({"enum": [float("nan")]}, dialect="draft-04") == {"not": {}}


def test_what_cannot_be_lifted_is_said():
    with pytest.raises(UsageError, match="draft-03"):
        lifted({}, dialect="draft-03")
    deep = {"readOnly": True}
    for _ in range(3000):
        deep = {"items": deep}
    with pytest.raises(UsageError, match="nested deeper"):
        lifted(deep, dialect="draft-07")
    with pytest.raises(UsageError, match="nested deeper"):
        projected(deep, Side.IN)


@pytest.mark.parametrize(("side", "left"), [(Side.IN, ["pin", "name"]), (Side.OUT, ["id", "name"]),
                                            (Side.NEITHER, ["id", "pin", "name"])])
def test_a_side_sees_only_what_it_may_send(side, left):
    made = projected({"components": {"schemas": {"M": {"items": MEMBER}}}}, side)["components"]["schemas"]["M"]["items"]
    assert (list(made["properties"]), made["required"]) == (left, left)


def test_a_mark_in_one_part_of_a_composition_frees_the_others():
    schema = {"allOf": [{"properties": {"id": {"readOnly": True}, "n": {}}}, {"required": ["id", "n"]}]}
    assert projected(schema, Side.IN) == {"allOf": [{"properties": {"n": {}}}, {"required": ["n"]}]}
