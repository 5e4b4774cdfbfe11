"""Each document goes to the comparer of its format; what is none of them is never `no change`."""

from datetime import date

import pytest

from harness.drift import compare as dispatch
from harness.drift.changes import Comparison
from harness.drift.compare import FORMATS, Options, compare, format_of
from harness.drift.document import Document
from harness.model.errors import UsageError

OPTIONS = Options(today=date(2026, 11, 22))


def document(value, file="c.json"):
    return Document(file=file, value=value, lines={})


@pytest.mark.parametrize(("value", "file", "known"), [
    ({"openapi": "3.1.0"}, "c.yaml", "openapi"), ({"openapi": "3.0.3", "type": "object"}, "c.yaml", "openapi"),
    ({"asyncapi": "2.6.0"}, "c.yaml", "asyncapi"), ({"asyncapi": "3.0.0"}, "c.yaml", "asyncapi"),
    ({"$schema": "x", "type": "object"}, "c.json", "jsonschema"), ({"properties": {}}, "c.json", "jsonschema"),
    ({}, "c.json", "jsonschema"), (True, "c.json", "jsonschema"), ({"type": "array"}, "c.json", "jsonschema"),
    ({"type": "record", "name": "A", "fields": []}, "c.json", "avro"), (["null", "string"], "c.json", "avro"),
    ({"type": "array", "items": "string"}, "c.json", "avro"), ({"type": "string"}, "c.avsc", "avro"),
    ("syntax = 'proto3';", "main:a/c.proto", "protobuf")])
def test_the_format_is_told_by_the_content(value, file, known):
    assert format_of(document(value, file)) == known


@pytest.mark.parametrize(("value", "said"), [
    ({"swagger": "2.0"}, "Swagger 2.0"), ({"openapi": "3.2.0"}, "'3.2.0'"), ({"openapi": 2}, "'2'"),
    ({"asyncapi": "1.0.0"}, "asyncapi '1.0.0'"), ({"some": "file"}, "neither"), ("text", "neither")])
def test_what_is_not_compared_is_refused_with_what_to_do(value, said):
    with pytest.raises(UsageError, match=said) as refused:
        format_of(document(value))
    assert refused.value.remedy


def test_two_formats_are_no_two_versions():
    with pytest.raises(UsageError, match=r"is openapi, .* is asyncapi"):
        compare(document({"openapi": "3.1.0"}), document({"asyncapi": "3.0.0"}), options=OPTIONS)
    with pytest.raises(UsageError, match="no such format"):
        compare(document({}), document({}), options=OPTIONS, format="wsdl")


def test_the_comparer_of_the_format_is_asked_with_the_options(monkeypatch):
    asked = []

    def fake(old, new, options):
        asked.append((old, new, options))
        return Comparison(format="avro", old_version="", new_version="", changes=())

    monkeypatch.setitem(dispatch.COMPARERS, "avro", fake)
    old, new = document(["null"]), document(["null", "int"])
    assert compare(old, new, options=OPTIONS).format == "avro"
    assert asked == [(old, new, OPTIONS)]


def test_what_is_too_deep_is_refused_clearly(monkeypatch):
    def deep(old, new, options):
        return deep(old, new, options)

    monkeypatch.setitem(dispatch.COMPARERS, "avro", deep)
    with pytest.raises(UsageError, match="too deep"):
        compare(document(["null"]), document(["null"]), options=OPTIONS)


def test_every_format_has_its_comparer():
    assert tuple(dispatch.COMPARERS) == FORMATS
