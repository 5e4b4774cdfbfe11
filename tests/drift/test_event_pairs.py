"""Event schemas and version numbers: pairs written from the formats' own rules, and what each must be told."""

import json

import pytest

from harness.drift.avro_events import compare_avro
from harness.drift.changes import Verdict, worst
from harness.drift.document import Document
from harness.drift.jsonschema_events import compare_jsonschema
from harness.drift.protobuf import compare_protobuf
from harness.drift.protobuf.rules import CATEGORIES
from harness.drift.versions import judge_version
from tests.drift.made_pairs import Pair, answered, changes_of, rows
from tests.drift.scores import pointing_into

_HEADS = {"proto3": 'syntax = "proto3";', "proto2": 'syntax = "proto2";', "edition": 'edition = "2023";'}
_LEVELS = ("backward", "forward")
_KINDS = {"none": None, **{verdict.value: verdict for verdict in Verdict}}
_SIDES = {"receive": "backward", "send": "forward"}
AVRO = [row for section in rows("avro.yaml").values() for row in section]
PROTOBUF = [(head, *row) for head, section in rows("protobuf.yaml").items() for row in section]
PAYLOADS = [row for row in rows("schemas.yaml")["3.1"] if "Only" not in json.dumps(row)]  # events have one writer


def _by_level(listed):
    return [pytest.param(level, Pair(row[0], answer, row[3], row[4]), id=f"{row[0]}-{level}")
            for row in listed for level, answer in zip(_LEVELS, row[1:3], strict=True)]


def _told(pair, found):
    assert answered(pair, found), f"{pair.answer} {[(one.rule, one.verdict.value) for one in found]}"


@pytest.mark.parametrize(("level", "pair"), _by_level(AVRO))
def test_avro(level, pair):
    _told(pair, compare_avro(pair.old, pair.new, where="event", level=level, old_place=pointing_into("old"),
                             new_place=pointing_into("new")))


@pytest.mark.parametrize(("head", "name", "breaks", "old", "new"), PROTOBUF, ids=[one[1] for one in PROTOBUF])
def test_protobuf(head, name, breaks, old, new):
    before, after = ({"a.proto": f"{_HEADS[head]}\npackage p.v1;\n{body}"} for body in (old, new))
    found = {category: worst(one.verdict for one in compare_protobuf(before, after, category=category))
             for category in CATEGORIES}
    letters = dict(zip("FPJW", ("FILE", "PACKAGE", "WIRE_JSON", "WIRE"), strict=True))
    assert {letter for letter, category in letters.items() if found[category] is Verdict.BREAKING} == set(breaks or "")


def _jsonschema(pair, level, *, strict):
    old, new = (Document(file=name, lines={}, value={"$schema": "https://json-schema.org/draft/2020-12/schema", **one}
                         if isinstance(one, dict) else one) for name, one in (("old", pair.old), ("new", pair.new)))
    return compare_jsonschema(old, new, level=level, strict=strict).changes


@pytest.mark.parametrize(("level", "pair"), _by_level(rows("registry.yaml")["strict"]))
def test_json_schema_as_registries_read_it(level, pair):
    _told(pair, _jsonschema(pair, level, strict=True))


@pytest.mark.parametrize(("level", "pair"), _by_level(PAYLOADS))
def test_json_schema_of_events_is_judged_as_that_of_bodies(level, pair):
    _told(pair, _jsonschema(pair, level, strict=False))


def _asyncapi(schema, action):
    payload = {"schemaFormat": "application/schema+json;version=2020-12", "schema": schema}
    return {"asyncapi": "3.0.0", "info": {"title": "t", "version": "1.0.0"},
            "channels": {"c": {"address": "c", "messages": {"m": {"payload": payload}}}},
            "operations": {"o": {"action": action, "channel": {"$ref": "#/channels/c"}}}}


@pytest.mark.parametrize("action", _SIDES)
@pytest.mark.parametrize("row", PAYLOADS, ids=[row[0] for row in PAYLOADS])
def test_payloads_are_judged_by_who_sends_them(row, action):
    answer = row[1 + _LEVELS.index(_SIDES[action])]
    pair = Pair(row[0], answer, *(_asyncapi(one, action) for one in row[3:]))
    _told(pair, changes_of(pair))


@pytest.mark.parametrize("row", rows("versions.yaml"), ids=[" ".join(map(str, row)) for row in rows("versions.yaml")])
def test_version_numbers(row):
    change, old, new, old_major, new_major, expected = row
    told = judge_version(_KINDS[change], old_version=str(old), new_version=str(new), old_path_major=old_major,
                         new_path_major=new_major)
    said = "ok" if told.ok else "not-judged" if "semantic version" in told.says else "violation"
    assert said == expected, told.says
