"""JSON Schema events: both readings, the levels, dialects, and the strict reading."""

import pytest

from harness.drift.changes import Side, Verdict
from harness.drift.document import Document
from harness.drift.jsonschema_events import compare_jsonschema
from harness.model.errors import UsageError


def event(*required, **properties):
    return {"title": "bet.settled", "type": "object", "properties": properties, "required": list(required)}


def compared(old, new, **options):
    return compare_jsonschema(Document(file="old.json", value=old, lines={}),
                              Document(file="new.json", value=new, lines={}), **options)


TEXT, SHORT = {"type": "string"}, {"type": "string", "maxLength": 3}


@pytest.mark.parametrize(("old", "new", "verdicts"), [
    (event("a", a=TEXT), event("a", a=TEXT, b=TEXT), ("additive", "additive", "additive")),
    (event("a", a=TEXT), event("a", "b", a=TEXT, b=TEXT), ("breaking", "additive", "breaking")),
    (event("a", "b", a=TEXT, b=TEXT), event("a", a=TEXT, b=TEXT), ("additive", "breaking", "breaking")),
    (event("a", a=TEXT), event("a", a=SHORT), ("breaking", "additive", "breaking")),
    (event("a", a=SHORT), event("a", a=TEXT), ("additive", "breaking", "breaking")),
])
def test_levels_say_who_must_read_whom(old, new, verdicts):
    found = [compared(old, new, level=level).verdict.value for level in ("backward", "forward", "full")]
    assert tuple(found) == verdicts
    assert compared(old, new, level="none").verdict is Verdict.ADDITIVE


def test_each_reading_has_its_side_and_witness():
    changes = compared(event("a", a=TEXT), event("a", a=SHORT), level="full").changes
    (broken,) = [one for one in changes if one.verdict is Verdict.BREAKING]
    assert (broken.side, broken.witness.valid_in) == (Side.IN, "old")
    assert len(broken.witness.document["a"]) > 3
    assert broken.where == "event bet.settled, stored ones read by the new version"


def test_strict_is_what_registries_do():
    old, new = event("a", a=TEXT), event("a", a=TEXT, b=TEXT)
    assert compared(old, new, strict=True).verdict is Verdict.BREAKING


def test_another_dialect_is_a_doubt():
    seven = {**event("a", a=TEXT), "$schema": "http://json-schema.org/draft-07/schema#"}
    later = {**event("a", a=TEXT), "$schema": "https://json-schema.org/draft/2020-12/schema"}
    assert [one.rule for one in compared(seven, later).changes] == ["jsonschema-dialect-changed"]
    assert compared(seven, later).verdict is Verdict.UNSURE
    assert compared(event("a", a=TEXT), seven).verdict is Verdict.EDITORIAL
    own = {**event("a", a=TEXT), "$schema": "https://example.org/our-own"}
    assert compared(own, own).verdict is Verdict.UNSURE


def test_old_dialects_are_lifted():
    seven = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "t", "type": "object",
             "definitions": {"t": TEXT}, "properties": {"a": {"$ref": "#/definitions/t"}}, "required": ["a"]}
    tuples = {**seven, "properties": {"a": {"$ref": "#/definitions/t"}, "b": {"items": [TEXT]}}}
    assert compared(seven, tuples).verdict is Verdict.ADDITIVE


def test_words_are_editorial():
    found = compared(event("a", a=TEXT), {**event("a", a={**TEXT, "description": "x"}), "$id": "urn:x"})
    assert found.verdict is Verdict.EDITORIAL
    assert compared(event("a", a=TEXT), event("a", a=TEXT)).changes == ()


def test_an_unknown_level_is_refused():
    with pytest.raises(UsageError, match="no compatibility level"):
        compared({}, {}, level="sideways")
