"""Avro: every verdict is right, and every witness is proven by reading real bytes with fastavro."""

import io
import json

import pytest
from fastavro import json_reader, parse_schema, schemaless_reader, schemaless_writer

from harness.drift.avro_events import compare_avro
from harness.drift.changes import Effect, Place, Verdict, worst
from harness.model.errors import UsageError


def compare(old, new, level="full"):
    return compare_avro(old, new, where="event bet.settled", level=level,
                        old_place=lambda pointer: Place(file="old.avsc", pointer=pointer),
                        new_place=lambda pointer: Place(file="new.avsc", pointer=pointer))


def verdict(old, new, level="full"):
    return worst(one.verdict for one in compare(old, new, level))


def rules(old, new, level="full"):
    return {one.rule: one.verdict.value for one in compare(old, new, level)}


def record(*fields, name="Bet", **more):
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(name, type_, **more):
    return {"name": name, "type": type_, **more}


ID = field("id", "string")
STATE = {"type": "enum", "name": "State", "symbols": ["WON", "LOST"]}


@pytest.mark.parametrize(("old", "new", "level", "expected"), [
    (record(ID), record(ID, field("note", "string", default="")), "full", "additive"),
    (record(ID), record(ID, field("note", "string")), "backward", "breaking"),
    (record(ID), record(ID, field("note", "string")), "forward", "additive"),
    (record(ID, field("note", "string")), record(ID), "backward", "additive"),
    (record(ID, field("note", "string")), record(ID), "forward", "breaking"),
    (record(ID, field("note", "string", default="")), record(ID), "full", "additive"),
    (record(field("a", "int")), record(field("a", "long")), "backward", "additive"),
    (record(field("a", "int")), record(field("a", "long")), "full", "breaking"),
    (record(field("a", "int")), record(field("b", "int", aliases=["a"])), "backward", "additive"),
    (record(field("a", "int")), record(field("b", "int", aliases=["a"])), "full", "breaking"),
    (record(ID), record(ID, name="Wager"), "full", "breaking"),
    (record(ID), record(ID, name="Wager", aliases=["Bet"]), "backward", "additive"),
    (record(ID, namespace="x"), record(ID, name="Wager", aliases=["Bet"], namespace="x"), "backward", "additive"),
    (record(field("s", STATE)), record(field("s", {**STATE, "symbols": ["WON", "LOST", "VOID"]})), "backward",
     "additive"),
    (record(field("s", STATE)), record(field("s", {**STATE, "symbols": ["WON", "LOST", "VOID"]})), "full", "breaking"),
    (record(field("s", {**STATE, "default": "LOST"})),
     record(field("s", {**STATE, "symbols": ["WON", "LOST", "VOID"], "default": "LOST"})), "full", "additive"),
    (record(field("s", ["null", "string"])), record(field("s", ["null", "string", "long"])), "backward", "additive"),
    (record(field("s", ["null", "string"])), record(field("s", ["null", "string", "long"])), "forward", "breaking"),
    (record(field("s", ["null", "string"])), record(field("s", ["string", "null"])), "full", "editorial"),
    (record(ID), record(field("id", "string", doc="of the bet")), "full", "editorial"),
    (record(field("a", "int")), record(field("a", "string")), "none", "additive"),
])
def test_directions_follow_the_level(old, new, level, expected):
    assert verdict(old, new, level) is Verdict(expected)


def decimal(scale=2, precision=9):
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


@pytest.mark.parametrize(("old", "new", "rule", "expected"), [
    (decimal(), decimal(scale=4), "avro-scale-changed", "breaking"),
    (decimal(), decimal(precision=12), "avro-precision-changed", "breaking"),
    ({"type": "long", "logicalType": "timestamp-millis"}, {"type": "long", "logicalType": "timestamp-micros"},
     "avro-logical-type-changed", "breaking"),
    ("int", {"type": "int", "logicalType": "date"}, "avro-logical-type-changed", "breaking"),
    ("string", {"type": "string", "logicalType": "uuid"}, "avro-logical-type-changed", "breaking"),
    ("long", {"type": "long", "logicalType": "date"}, "avro-words-changed", None),
    ("string", {"type": "string", "logicalType": "our-own"}, "avro-logical-type-changed", "unsure"),
    ({"type": "fixed", "name": "F", "size": 4}, {"type": "fixed", "name": "F", "size": 8}, "avro-fixed-size-changed",
     "breaking"),
    ("bytes", "string", "avro-bytes-read-as-string", "unsure"),
])
def test_what_the_specification_lets_pass_in_silence(old, new, rule, expected):
    found = rules(record(field("a", old)), record(field("a", new)))
    assert found.get(rule) == expected


def test_defaults_must_fit():
    assert rules(record(ID), record(ID, field("n", "int", default="none"))) == {"avro-default-does-not-fit": "breaking"}
    grown = rules(record(ID, field("n", "int", default=0)), record(ID, field("n", "int", default=2**31)))
    assert grown == {"avro-default-does-not-fit": "breaking"}
    null_first = field("n", ["null", "int"], default=None)
    assert verdict(record(ID), record(ID, null_first)) is Verdict.ADDITIVE
    assert verdict(record(ID), record(ID, field("n", ["int", "null"]))) is Verdict.BREAKING


def test_an_explicit_null_default_is_a_default():
    assert verdict(record(ID), record(ID, field("n", ["null", "int"], default=None)), "full") is Verdict.ADDITIVE


def test_one_change_seen_from_both_sides_is_told_once():
    found = compare(record(field("a", "int")), record(field("a", "string")))
    assert [(one.rule, one.effect) for one in found] == [("avro-type-changed", Effect.INCOMPARABLE)]
    assert found[0].old == Place(file="old.avsc", pointer="/fields/0/type")


def test_a_policy_says_why_the_past_counts():
    (found,) = compare(record(ID), record(ID, field("n", "int")), "backward")
    assert (found.effect, found.verdict) == (Effect.NARROWS, Verdict.BREAKING)
    assert found.policy == "level backward: stored events of the old version are read again"


NODE = record(field("value", "int"), field("next", ["null", "Node"]), name="Node")


def test_recursion_ends_and_hides_nothing():
    wide = record(field("value", "long"), field("next", ["null", "Node"]), name="Node")
    assert verdict(NODE, NODE) is None
    assert verdict(NODE, wide, "forward") is Verdict.BREAKING
    behind = record(field("value", "int"), field("next", ["null", "Node", "string"]), name="Node")
    assert verdict(NODE, behind, "forward") is Verdict.BREAKING


@pytest.mark.parametrize(("old", "new"), [
    (record(field("a", "int")), record(field("a", "string"))),
    (record(ID, field("in", record(field("deep", ["null", "string"]), name="In"))),
     record(ID, field("in", record(field("deep", ["null", "string", "long"]), name="In")))),
    (record(field("s", {"type": "array", "items": STATE})),
     record(field("s", {"type": "array", "items": {**STATE, "symbols": ["WON", "LOST", "VOID"]}}))),
    (record(field("m", {"type": "map", "values": "int"})), record(field("m", {"type": "map", "values": "string"}))),
    (record(ID), record(ID, field("n", "int"))),
    (record(ID, field("n", "int")), record(ID)),
    (NODE, record(field("value", "int"), field("next", ["null", "Node", "string"]), name="Node")),
    (record(field("b", "bytes")), record(field("b", "string"))),
])
def test_a_witness_is_written_by_one_and_refused_by_the_other(old, new):
    seen = 0
    for one in compare(old, new):
        if one.witness is None:
            continue
        writer, reader = (old, new) if one.witness.valid_in == "old" else (new, old)
        (datum,) = json_reader(io.StringIO(json.dumps(one.witness.document)), parse_schema(writer))
        written = io.BytesIO()
        schemaless_writer(written, parse_schema(writer), datum)
        written.seek(0)
        with pytest.raises(Exception) as refused:
            schemaless_reader(written, parse_schema(writer), parse_schema(reader))
        assert type(refused.value).__name__ in ("SchemaResolutionError", "UnicodeDecodeError")
        seen += 1
    assert seen


@pytest.mark.parametrize("value", [
    {"type": "record", "name": "X"}, {"type": "record", "name": "X", "fields": [{"name": "a", "type": "Unknown"}]},
    None, 7, [["int"]], {"type": "enum", "name": "E", "symbols": ["1-"]}, {},
])
def test_what_is_no_avro_schema_gets_one_line(value):
    with pytest.raises(UsageError) as error:
        compare("int", value)
    assert "event bet.settled, new" in error.value.line()


def test_a_schema_whose_values_double_with_every_level_is_compared():
    inner = "int"
    for number in range(60):
        inner = record(field("a", inner), field("b", f"R{number - 1}" if number else "int"), name=f"R{number}")
    found = compare(inner, json.loads(json.dumps(inner).replace('"int"', '"string"')))
    assert {one.verdict for one in found} == {Verdict.BREAKING}
    assert len(found) < 200


def test_nesting_is_bounded():
    deep = "int"
    for _ in range(5000):
        deep = {"type": "array", "items": deep}
    with pytest.raises(UsageError, match="nested too deep"):
        compare("int", deep)
