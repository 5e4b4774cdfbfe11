"""No keyword of any schema dialect is silently passed over, and each row of the table is one that a walk can meet."""

import json
from pathlib import Path

import jsonschema_specifications
import openapi_schema_validator
import openapi_spec_validator
import pytest

from harness.drift.changes import Effect, Side, Verdict
from harness.drift.edit_space import EDIT_SPACE, POLICIES, WAIVED, Edit, flipped, row

_JSON_SCHEMA = Path(jsonschema_specifications.__file__).parent / "schemas"
_OPENAPI = Path(openapi_spec_validator.__file__).parent / "resources/schemas"
_DIALECT = Path(openapi_schema_validator.__file__).parent / "schemas"
BOUND = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxContains", "maxProperties")


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def _draft_2020():
    files = [_JSON_SCHEMA / "draft202012/metaschema.json",
             *(one for one in (_JSON_SCHEMA / "draft202012/vocabularies").rglob("*") if one.is_file())]
    return set().union(*(_read(one).get("properties", {}) for one in files))


def _openapi_31():
    """2020-12 and OpenAPI's own vocabulary; 3.2's, which is packaged, has the words of 3.1 and may have more."""
    own, = (_DIALECT / "oas3.2/meta").glob("*.json")
    return set(_read(own)["properties"]) | _draft_2020() | {"discriminator", "xml", "externalDocs", "example"}


DIALECTS = {
    "2020-12": _draft_2020(),
    "draft-07": set(_read(_JSON_SCHEMA / "draft7/metaschema.json")["properties"]),
    "openapi-3.0": set(_read(_OPENAPI / "v3.0/schema.json")["definitions"]["Schema"]["properties"]),
    "openapi-3.1": _openapi_31(),
}


@pytest.mark.parametrize(("dialect", "keyword"), [(name, one) for name, words in DIALECTS.items()
                                                  for one in sorted(words)])
def test_every_keyword_has_a_row_or_a_waiver_with_a_reason(dialect, keyword):
    rows = [one for (name, _), one in EDIT_SPACE.items() if name == keyword]
    assert rows or len(WAIVED.get(keyword, "")) > 10, f"{dialect}: nobody says what an edit of {keyword} means"
    assert not (rows and keyword in WAIVED)
    assert all(one.why for one in rows)


def test_the_dialects_were_really_read():
    assert {name: len(words) > 30 for name, words in DIALECTS.items()} == dict.fromkeys(DIALECTS, True)
    assert {"unevaluatedItems", "contentSchema", "$dynamicRef"} <= DIALECTS["2020-12"]
    assert {"additionalItems", "if"} <= DIALECTS["draft-07"]
    assert {"nullable", "discriminator", "xml"} <= DIALECTS["openapi-3.0"]


@pytest.mark.parametrize("keyword", BOUND)
def test_upper_bounds_narrow_downwards(keyword):
    assert [row(keyword, one).effect for one in (Edit.ADDED, Edit.LOWERED, Edit.REMOVED, Edit.RAISED)] == [
        Effect.NARROWS, Effect.NARROWS, Effect.WIDENS, Effect.WIDENS]


@pytest.mark.parametrize("keyword", [one.replace("max", "min").replace("Max", "Min") for one in BOUND])
def test_lower_bounds_narrow_upwards(keyword):
    assert [row(keyword, one).effect for one in (Edit.ADDED, Edit.RAISED, Edit.REMOVED, Edit.LOWERED)] == [
        Effect.NARROWS, Effect.NARROWS, Effect.WIDENS, Effect.WIDENS]


@pytest.mark.parametrize("keyword", ["title", "description", "examples", "$comment", "x-anything", "x-nullable"])
def test_text_for_people_and_extensions_are_of_no_effect(keyword):
    assert {row(keyword, one).effect for one in (Edit.ADDED, Edit.REMOVED, Edit.CHANGED)} == {Effect.NONE}


def test_what_nobody_knows_is_of_unknown_effect():
    assert row("divisibleBy", Edit.ADDED).effect is Effect.UNKNOWN
    assert row("maxLength", Edit.RENAMED).effect is Effect.UNKNOWN


def test_a_verdict_of_its_own_has_a_policy_with_a_reason():
    for (keyword, edit), one in EDIT_SPACE.items():
        own = [one.verdict(side) for side in (Side.IN, Side.OUT) if one.verdict(side) is not None]
        assert not own or one.policy, f"{keyword} {edit}"
        assert not one.policy or len(POLICIES[one.policy]) > 20
    assert {one.policy for one in EDIT_SPACE.values()} - {""} == set(POLICIES) - {"misplaced-words"}


def test_removals_break_on_both_sides_and_defaults_only_requests():
    removed = row("properties", Edit.REMOVED)
    assert (removed.verdict(Side.IN), removed.verdict(Side.OUT)) == (Verdict.BREAKING, Verdict.BREAKING)
    default = row("default", Edit.CHANGED)
    assert (default.verdict(Side.IN), default.verdict(Side.OUT), default.verdict(Side.NEITHER)) == (
        Verdict.BREAKING, None, None)


def test_a_negation_turns_an_effect_round():
    assert [flipped(one) for one in Effect] == [
        Effect.WIDENS, Effect.NARROWS, Effect.INCOMPARABLE, Effect.UNKNOWN, Effect.NONE]
