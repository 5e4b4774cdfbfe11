"""Each difference has its name, effect and both places; what only is spelled otherwise has none."""

import copy
import time

import pytest

from harness.drift.changes import Effect
from harness.model.errors import UsageError
from tests.drift.walking import IN, OUT, TEXT, WHOLE, objects, ruled, walked

NULL = {"type": "null"}
LIST = {"type": "array"}
PET, CAR = objects(["paws"], paws=WHOLE), objects(["wheels"], wheels=WHOLE)


def _text(**words):
    return {**TEXT, **words}


def _whole(**words):
    return {**WHOLE, **words}


NARROWINGS = [  # rule ids without the subject: what narrows, from old to new; the other way round it widens
    (TEXT, _text(maxLength=5), "max-length-set", "max-length-unset"),
    (_text(maxLength=9), _text(maxLength=5), "max-length-decreased", "max-length-increased"),
    (TEXT, _text(minLength=1), "min-length-set", "min-length-unset"),
    (_text(minLength=1), _text(minLength=2), "min-length-increased", "min-length-decreased"),
    (WHOLE, _whole(maximum=9), "max-set", "max-unset"),
    (_whole(maximum=9), _whole(maximum=5), "max-decreased", "max-increased"),
    (_whole(minimum=1), _whole(minimum=5), "min-increased", "min-decreased"),
    ({"type": "number"}, {"type": "number", "exclusiveMinimum": 0}, "exclusive-min-set", "exclusive-min-unset"),
    ({"type": "number", "exclusiveMaximum": 9}, {"type": "number", "exclusiveMaximum": 5}, "exclusive-max-decreased",
     "exclusive-max-increased"),
    (_whole(multipleOf=5), _whole(multipleOf=10), "multiple-of-increased", "multiple-of-decreased"),
    (WHOLE, _whole(multipleOf=5), "multiple-of-set", "multiple-of-unset"),
    (LIST, {**LIST, "maxItems": 5}, "max-items-set", "max-items-unset"),
    (LIST, {**LIST, "minItems": 1}, "min-items-set", "min-items-unset"),
    (LIST, {**LIST, "uniqueItems": True}, "unique-items-added", "unique-items-removed"),
    (LIST, {**LIST, "items": TEXT}, "items-added", "items-removed"),
    (LIST, {**LIST, "contains": TEXT}, "contains-added", "contains-removed"),
    ({**LIST, "contains": TEXT, "maxContains": 4}, {**LIST, "contains": TEXT, "maxContains": 3},
     "max-contains-decreased", "max-contains-increased"),
    ({**LIST, "contains": TEXT}, {**LIST, "contains": TEXT, "minContains": 2}, "min-contains-increased",
     "min-contains-decreased"),
    (objects(a=TEXT), {**objects(a=TEXT), "minProperties": 1}, "min-properties-set", "min-properties-unset"),
    (objects(a=TEXT), {**objects(a=TEXT), "maxProperties": 2}, "max-properties-set", "max-properties-unset"),
    (objects(a=TEXT), {**objects(a=TEXT), "additionalProperties": False}, "additional-properties-restricted",
     "additional-properties-relaxed"),
    (objects(a=TEXT), {**objects(a=TEXT), "additionalProperties": TEXT}, "additional-properties-restricted",
     "additional-properties-relaxed"),
    (objects(), {**objects(), "propertyNames": {"maxLength": 3}}, "property-names-added", "property-names-removed"),
    (objects(), {**objects(), "patternProperties": {"^x": TEXT}}, "pattern-property-added", "pattern-property-removed"),
    (objects(a=TEXT, b=TEXT), {**objects(a=TEXT, b=TEXT), "dependentRequired": {"a": ["b"]}},
     "dependent-required-added", "dependent-required-removed"),
    (objects(a=TEXT), {**objects(a=TEXT), "dependentSchemas": {"a": {"minProperties": 2}}}, "dependent-schemas-added",
     "dependent-schemas-removed"),
    (TEXT, _text(**{"not": {"const": "x"}}), "not-added", "not-removed"),
    (TEXT, _text(pattern="^a"), "pattern-added", "pattern-removed"),
    (TEXT, _text(format="date"), "format-added", "format-removed"),
    (_whole(format="int64"), _whole(format="int32"), "format-narrowed", "format-widened"),
    (TEXT, _text(contentEncoding="base64"), "content-encoding-added", "content-encoding-removed"),
    (TEXT, _text(contentSchema=WHOLE), "content-schema-added", "content-schema-removed"),
    ({"type": "number"}, WHOLE, "type-specialized", "type-generalized"),
    ({"type": ["string", "integer"]}, WHOLE, "list-of-types-narrowed", "list-of-types-widened"),
    ({"type": "number", "minimum": 5}, {"type": "number", "exclusiveMinimum": 5}, "exclusive-min-increased",
     "min-decreased"),
    ({"type": "number", "exclusiveMaximum": 6}, {"type": "number", "maximum": 5}, "max-decreased",
     "exclusive-max-increased"),
    ({}, TEXT, "type-added", "type-removed"),
    ({"type": ["string", "null"]}, TEXT, "became-not-nullable", "became-nullable"),
    ({"enum": ["a", "b", None]}, {"enum": ["a", "b"]}, "became-not-nullable", "became-nullable"),
    ({"enum": ["a", "b"]}, {"enum": ["a"]}, "enum-value-removed", "enum-value-added"),
    (TEXT, {"enum": ["a", "b"]}, "became-enum", "became-not-enum"),
    (TEXT, {"const": "a"}, "const-added", "const-removed"),
    ({"anyOf": [PET, CAR]}, {"anyOf": [PET]}, "any-of-removed", "any-of-added"),
    ({"oneOf": [PET, CAR, _text(minLength=3)]}, {"oneOf": [CAR, PET]}, "one-of-removed", "one-of-added"),
    ({"anyOf": [PET, CAR]}, {"oneOf": [PET, CAR]}, "any-of-became-one-of", "one-of-became-any-of"),
    (PET, {**PET, "if": {"required": ["a"]}, "then": {"required": ["b"]}}, "if-added", "if-removed"),
    ({**LIST, "items": TEXT}, {**LIST, "items": False}, "items-added", "items-removed"),
]


@pytest.mark.parametrize(("wide", "narrow", "narrowed", "widened"), NARROWINGS,
                         ids=[f"{one[2]}-{place}" for place, one in enumerate(NARROWINGS)])
def test_a_narrowing_and_its_reverse(wide, narrow, narrowed, widened):
    for old, new, tail, effect in ((wide, narrow, narrowed, Effect.NARROWS), (narrow, wide, widened, Effect.WIDENS)):
        for side, prefix in ((IN, "request-property-"), (OUT, "response-property-")):
            found = walked(objects(m=old), objects(m=new), side)
            assert [(one.rule, one.effect) for one in found] == [(prefix + tail, effect)]


@pytest.mark.parametrize(("old", "new", "tail", "effect"), [
    (TEXT, WHOLE, "type-changed", Effect.INCOMPARABLE),
    (TEXT, LIST, "type-changed", Effect.INCOMPARABLE),
    ({"const": "a"}, {"const": "b"}, "const-changed", Effect.INCOMPARABLE),
    (_whole(multipleOf=4), _whole(multipleOf=6), "multiple-of-changed", Effect.INCOMPARABLE),
    (_text(format="date"), _text(format="uuid"), "format-changed", Effect.INCOMPARABLE),
    (_text(contentEncoding="base64"), _text(contentEncoding="base32"), "content-encoding-changed",
     Effect.INCOMPARABLE),
    (_text(pattern="^a"), _text(pattern="^b"), "pattern-changed", Effect.UNKNOWN),
    (_text(pattern="^a"), _text(pattern=".*"), "pattern-generalized", Effect.WIDENS),
    (LIST, {**LIST, "prefixItems": [TEXT]}, "prefix-items-added", Effect.UNKNOWN),
    (TEXT, _text(divisibleBy=3), "divisible-by-added", Effect.UNKNOWN),
    (TEXT, _text(description="Text."), "description-added", Effect.NONE),
    (_text(title="A"), _text(title="B"), "title-changed", Effect.NONE),
    (TEXT, _text(**{"x-owner": "us"}), "x-owner-added", Effect.NONE),
    (TEXT, _text(deprecated=True), "deprecated", Effect.NONE),
    ({"$dynamicRef": "#a"}, {"$dynamicRef": "#b"}, None, None),
])
def test_other_edits(old, new, tail, effect):
    found = walked(objects(m=old), objects(m=new))
    assert [(one.rule, one.effect) for one in found] == ([(f"request-property-{tail}", effect)] if tail else [])


def test_a_bound_for_another_type_is_told_though_it_binds_nothing():
    found, = walked(_text(maximum=9), _text(maximum=5))
    assert (found.rule, found.verdict.value) == ("request-body-max-decreased", "breaking")
    assert ruled(_text(maximum=9), _whole(maximum=5)) == [("request-body-type-changed", "breaking")]
    assert ruled({"enum": ["a"], "maximum": 9}, {"enum": ["a"], "maximum": 5}) == [
        ("request-body-max-decreased", "breaking")]


def test_a_member_of_an_object_that_took_anything():
    assert ruled({"type": "object"}, objects(a=TEXT)) == [("new-optional-request-property", "unsure")]
    assert ruled({"type": "object"}, objects(a=TEXT), OUT) == [("response-optional-property-added", "additive")]
    counts = {**objects(a=TEXT), "additionalProperties": WHOLE}
    assert ruled(counts, {**counts, "properties": {"a": TEXT, "b": TEXT}}, OUT) == [
        ("response-optional-property-added", "unsure")]


def test_what_is_required_and_nowhere_declared():
    needs = objects(["b"], a=TEXT)
    assert ruled(objects(a=TEXT), needs) == [("new-required-request-property", "additive")]
    assert ruled(objects(), objects(["b"])) == [("new-required-request-property", "additive")]
    assert ruled({}, {"required": ["b"]}) == [("new-required-request-property", "breaking")]
    assert walked(objects(a=TEXT), needs)[0].effect is Effect.NARROWS
    assert ruled(needs, objects(a=TEXT), OUT) == [("response-required-property-removed", "breaking")]
    assert ruled(needs, objects(a=TEXT)) == [("request-property-removed", "additive")]
    assert ruled({**objects(a=TEXT), "additionalProperties": False}, {**needs, "additionalProperties": False})[0][1] \
        == "breaking"


def test_members_come_and_go():
    two = objects(a=TEXT, b=WHOLE)
    assert ruled(objects(a=TEXT), two) == [("new-optional-request-property", "additive")]
    assert ruled(objects(a=TEXT), two, OUT) == [("response-optional-property-added", "additive")]
    needs = {**two, "required": ["b"]}
    assert ruled(objects(a=TEXT), needs) == [("new-required-request-property", "breaking")]
    assert ruled(objects(a=TEXT), needs, OUT) == [("response-required-property-added", "additive")]
    assert ruled(two, objects(a=TEXT)) == [("request-property-removed", "breaking")]
    assert ruled(two, objects(a=TEXT), OUT) == [("response-optional-property-removed", "breaking")]
    assert ruled(needs, objects(a=TEXT), OUT) == [("response-required-property-removed", "breaking")]
    assert ruled(two, needs) == [("request-property-became-required", "breaking")]
    assert ruled(two, needs, OUT) == [("response-property-became-required", "additive")]
    assert ruled(needs, two, OUT) == [("response-property-became-optional", "breaking")]


def test_a_removal_that_validates_names_its_policy():
    removed, = walked(objects(a=TEXT, b=WHOLE), objects(a=TEXT))
    assert removed.effect is Effect.WIDENS
    assert removed.policy.startswith("removals: ")


def test_readers_that_were_closed_do_not_take_a_new_member():
    old, new = ({**one, "additionalProperties": False} for one in (objects(a=TEXT), objects(a=TEXT, b=TEXT)))
    assert ruled(old, new, OUT) == [("response-optional-property-added", "breaking")]
    assert ruled(old, new) == [("new-optional-request-property", "additive")]
    assert ruled(new, old)[0] == ("request-property-removed", "breaking")
    assert walked(new, old)[0].effect is Effect.NARROWS


def test_a_rename_is_one_change():
    renamed, = walked(objects(["stake"], stake=TEXT, round=TEXT), objects(["stake_amount"], stake_amount=TEXT,
                                                                         round=TEXT))
    assert (renamed.rule, renamed.verdict.value) == ("request-property-renamed", "breaking")
    assert "`stake`" in renamed.says
    assert "`stake_amount`" in renamed.says
    assert (renamed.old.pointer, renamed.new.pointer) == ("/old/properties/stake", "/new/properties/stake_amount")


def test_two_members_that_have_nothing_in_common_are_no_rename():
    rules = [rule for rule, _ in ruled(objects(note=TEXT, a=TEXT), objects(a=TEXT, expiry=WHOLE))]
    assert rules == ["request-property-removed", "new-optional-request-property"]
    rules = [rule for rule, _ in ruled(objects(x=TEXT, y=TEXT), objects(first=TEXT, second=TEXT))]
    assert "request-property-renamed" not in rules


def test_read_only_members_are_not_the_consumers():
    marked = {**WHOLE, "readOnly": True}
    assert ruled(objects(a=TEXT), objects(["id"], a=TEXT, id=marked)) == []
    assert ruled(objects(a=TEXT), objects(["id"], a=TEXT, id=marked), OUT) == [
        ("response-required-property-added", "additive")]
    assert ruled(objects(id=WHOLE), objects(id=marked)) == [("request-property-became-read-only", "additive")]
    assert ruled(objects(["id"], id=WHOLE), objects(["id"], id=marked)) == [
        ("request-property-became-read-only", "breaking")]
    assert ruled(objects(["id"], id=marked), objects(["id"], id=WHOLE)) == [
        ("request-property-became-not-read-only", "breaking")]
    assert ruled(objects(id=WHOLE), objects(id=marked), OUT) == [("response-property-became-read-only", "editorial")]


def test_write_only_members_are_not_the_providers():
    marked = {**TEXT, "writeOnly": True}
    assert ruled(objects(["pin"], pin=TEXT), objects(["pin"], pin=marked), OUT) == [
        ("response-property-became-write-only", "breaking")]
    assert ruled(objects(pin=marked), objects(pin=TEXT), OUT) == [
        ("response-property-became-not-write-only", "additive")]
    assert ruled(objects(pin=TEXT), objects(pin=marked)) == [("request-property-became-write-only", "editorial")]


def test_defaults_are_a_promise_to_those_who_leave_the_member_out():
    assert ruled(objects(n={**WHOLE, "default": 1}), objects(n={**WHOLE, "default": 2})) == [
        ("request-property-default-value-changed", "breaking")]
    assert ruled(objects(n={**WHOLE, "default": 1}), objects(n=WHOLE), OUT) == [
        ("response-property-default-value-removed", "editorial")]


def test_enums_that_are_marked_as_growing():
    old, new = ({"enum": one, "x-extensible-enum": True} for one in (["a"], ["a", "b"]))
    assert ruled(old, new, OUT) == [("response-body-enum-value-added", "additive")]
    assert ruled(new, old) == [("request-body-enum-value-removed", "breaking")]
    assert ruled({"enum": ["a"]}, {"enum": ["a", "b"]}, OUT) == [("response-body-enum-value-added", "breaking")]
    old, new = ({**TEXT, "x-extensible-enum": one} for one in (["a"], ["a", "b"]))
    assert ruled(old, new, OUT) == [("response-body-extensible-enum-value-added", "additive")]
    assert ruled(new, old) == [("request-body-extensible-enum-value-removed", "breaking")]


def test_discriminators():
    old = {"oneOf": [PET, CAR], "discriminator": {"propertyName": "kind", "mapping": {"p": "#/a", "c": "#/b"}}}
    for side in (IN, OUT):
        new = copy.deepcopy(old)
        new["discriminator"]["propertyName"] = "type"
        assert [verdict for _, verdict in ruled(old, new, side)] == ["breaking"]
        new = copy.deepcopy(old)
        del new["discriminator"]["mapping"]["p"]
        assert [verdict for _, verdict in ruled(old, new, side)] == ["breaking"]
        assert [verdict for _, verdict in ruled(new, old, side)] == ["additive"]


def test_xml_names_matter_where_xml_may_be_offered():
    old, new = objects(q={**WHOLE, "xml": {"name": "Q"}}), objects(q={**WHOLE, "xml": {"name": "R"}})
    assert ruled(old, new, OUT) == [("response-property-xml-changed", "breaking")]
    assert ruled(old, new, OUT, where="GET /a 200 application/xml") == [("response-property-xml-changed", "breaking")]
    assert ruled(old, new, OUT, where="GET /a 200 application/json") == []


@pytest.mark.parametrize(("where", "side", "rule"), [
    ("POST /bets request body", IN, "request-body-max-length-set"),
    ("GET /bets query parameter `q`", IN, "request-parameter-max-length-set"),
    ("GET /bets 200 header X-Total", OUT, "response-header-max-length-set"),
    ("event bet.settled", OUT, "event-payload-max-length-set"),
    ("webhook bet.settled request body", OUT, "event-payload-max-length-set")])
def test_the_rule_says_what_it_is_about(where, side, rule):
    assert [one.rule for one in walked(TEXT, _text(maxLength=3), side, where=where)] == [rule]


DOCUMENT = {"schemas": {"Bet": objects(["id"], id=TEXT, note={**TEXT, "maxLength": 20})}}
BET = {"$ref": "#/schemas/Bet"}
NO_OPS = {
    "enum reordered": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
    "required reordered": (objects(["a", "b"], a=TEXT, b=TEXT), objects(["b", "a"], b=TEXT, a=TEXT)),
    "oneOf reordered": ({"oneOf": [PET, CAR]}, {"oneOf": [CAR, PET]}),
    "inline to $ref": (DOCUMENT["schemas"]["Bet"], BET),
    "$ref to inline": (BET, DOCUMENT["schemas"]["Bet"]),
    "one-branch allOf": (BET, {"allOf": [BET]}),
    "one-branch anyOf": (PET, {"anyOf": [PET]}),
    "one-branch oneOf": ({"oneOf": [PET]}, PET),
    "object split over allOf": (objects(["a", "b"], a=TEXT, b=WHOLE),
                                {"allOf": [objects(["a"], a=TEXT), objects(["b"], b=WHOLE)]}),
    "allOf beside members": ({"allOf": [objects(["a"], a=TEXT)], **objects(b=WHOLE)}, objects(["a"], a=TEXT, b=WHOLE)),
    "duplicate allOf branch": ({"allOf": [BET, objects(b=TEXT)]}, {"allOf": [BET, BET, objects(b=TEXT)]}),
    "null as a type, in anyOf": ({"type": ["string", "null"]}, {"anyOf": [TEXT, NULL]}),
    "null as a type, in oneOf": ({"type": ["string", "null"]}, {"oneOf": [NULL, TEXT]}),
    "null in an enum": ({"enum": ["a", None]}, {"anyOf": [{"enum": ["a"]}, NULL]}),
    "null in an enum with type": ({"type": ["string", "null"], "enum": ["a", None]}, {"enum": [None, "a"]}),
    "nullable object": ({**PET, "type": ["object", "null"]}, {"anyOf": [PET, NULL]}),
    "nullable $ref": ({"anyOf": [BET, NULL]}, {"oneOf": [BET, {"const": None}]}),
    "type x or [x]": (TEXT, {"type": ["string"]}),
    "const or enum of one": ({"const": "a"}, {"enum": ["a"]}),
    "integer 1 or 1.0": (_whole(maximum=1, default=1), _whole(maximum=1.0, default=1.0)),
    "enum 1 or 1.0": ({"enum": [1, 2]}, {"enum": [1.0, 2]}),
    "type dropped beside enum": ({"type": "string", "enum": ["a"]}, {"enum": ["a"]}),
    "type dropped beside const": ({"type": "string", "const": "a"}, {"const": "a"}),
    "minLength 0": (TEXT, _text(minLength=0)),
    "defaults written out": (objects(a=LIST), {**objects(a={**LIST, "minItems": 0, "uniqueItems": False}),
                                               "additionalProperties": True, "required": [], "minProperties": 0}),
    "additionalProperties {}": (objects(a=TEXT), {**objects(a=TEXT), "additionalProperties": {}}),
    "items true": (LIST, {**LIST, "items": True}),
    "flags off": (TEXT, _text(readOnly=False, writeOnly=False, deprecated=False)),
    "undeclared but required": (objects(["b"], a=TEXT), objects(["b"], a=TEXT, b={})),
    "exclusive bound of integers": (_whole(exclusiveMinimum=0), _whole(minimum=1)),
    "multiple of 1": (WHOLE, _whole(multipleOf=1)),
    "number that is whole": (WHOLE, {"type": "number", "multipleOf": 1}),
    "then without if": (PET, {**PET, "then": {"required": ["x"]}}),
    "minContains without contains": (LIST, {**LIST, "minContains": 2}),
    "closed in two words": ({**PET, "additionalProperties": False}, {**PET, "unevaluatedProperties": False}),
    "values in oneOf": ({"enum": ["a", "b"]}, {"oneOf": [{"const": "a"}, {"const": "b"}]}),
    "values in anyOf": ({"enum": ["a", "b", "c"]}, {"anyOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}),
    "types in anyOf": ({"type": ["string", "integer"]}, {"anyOf": [TEXT, WHOLE]}),
    "number or integer and the rest": ({"type": "number"}, {"type": ["number", "integer"]}),
    "open extensible mark": ({"enum": ["a"], "x-extensible-enum": True}, {"enum": ["a"], "x-extensible-enum": True}),
    "true or {}": (objects(a=True), objects(a={})),
    "nothing in two words": (False, {"not": {}}),
    "minProperties below required": (PET, {**PET, "minProperties": 1}),
}


@pytest.mark.parametrize("name", NO_OPS)
@pytest.mark.parametrize("side", [IN, OUT])
def test_what_means_the_same_is_no_change(name, side):
    old, new = NO_OPS[name]
    for before, after in ((old, new), (new, old)):
        assert walked(objects(m=before), objects(m=after), side, old_root=DOCUMENT, new_root=DOCUMENT) == []
        assert walked(before, after, side, old_root=DOCUMENT, new_root=DOCUMENT) == []


@pytest.mark.parametrize(("old", "new"), [
    ({"const": 1}, {"const": True}), ({"enum": [0]}, {"enum": [False]}), ({"const": "1"}, {"const": 1}),
    (_text(minLength=0), _text(minLength=1)), ({**PET, "additionalProperties": True}, {**PET,
                                                                                      "additionalProperties": False}),
    ({"allOf": [{**PET, "additionalProperties": False}, objects(b=TEXT)]},
     {**objects(["paws"], paws=WHOLE, b=TEXT), "additionalProperties": False}),
    ({"anyOf": [PET, NULL]}, PET), (True, False), ({"not": {}}, {}),
    ({"oneOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, {"enum": ["a", "b", "c"]})])
def test_what_looks_the_same_and_is_not(old, new):
    assert walked(old, new)


def test_a_renamed_component_is_no_change():
    old = {"schemas": {"Bet": PET}}
    new = {"schemas": {"Wager": PET}}
    assert walked(BET, {"$ref": "#/schemas/Wager"}, old_root=old, new_root=new) == []


def test_the_pointer_leads_into_the_component_where_the_difference_is():
    new = copy.deepcopy(DOCUMENT)
    new["schemas"]["Bet"]["properties"]["note"]["maxLength"] = 10
    found, = walked(objects(bet=BET), objects(bet=BET), old_root=DOCUMENT, new_root=new)
    pointer = "/schemas/Bet/properties/note/maxLength"
    assert (found.old.file, found.old.pointer, found.new.file, found.new.pointer) == ("old", pointer, "new", pointer)
    assert found.says == "`bet/note`: `maxLength` is 10, was 20."


def test_a_component_used_on_both_sides_is_judged_for_each():
    new = copy.deepcopy(DOCUMENT)
    new["schemas"]["Bet"]["properties"]["note"]["maxLength"] = 10
    verdicts = [[one.verdict.value for one in walked(BET, BET, side, old_root=DOCUMENT, new_root=new)]
                for side in (IN, OUT)]
    assert verdicts == [["breaking"], ["additive"]]


def _tree(value, **more):
    return {"schemas": {"Node": objects(value=value, next={"$ref": "#/schemas/Node"}, **more)}}


def test_recursive_schemas_end_and_tell_each_difference_once():
    node = {"$ref": "#/schemas/Node"}
    found = walked(node, node, old_root=_tree(TEXT), new_root=_tree(_text(maxLength=3)))
    assert [one.rule for one in found] == ["request-property-max-length-set"]
    assert walked(node, node, old_root=_tree(TEXT), new_root=_tree(TEXT)) == []
    loop = {"schemas": {"A": {"anyOf": [{"$ref": "#/schemas/A"}, NULL]}, "B": {"$ref": "#/schemas/B"}}}
    assert walked({"$ref": "#/schemas/A"}, {"$ref": "#/schemas/B"}, old_root=loop, new_root=loop) is not None


def test_a_long_chain_of_components_is_followed_to_its_end():
    def document(last):
        chain = {f"N{place}": objects(next={"$ref": f"#/schemas/N{place + 1}"}) for place in range(900)}
        return {"schemas": {**chain, "N900": last}}
    node = {"$ref": "#/schemas/N0"}
    found, = walked(node, node, old_root=document(TEXT), new_root=document(_text(maxLength=3)))
    assert (found.rule, found.new.pointer) == ("request-property-max-length-set", "/schemas/N900/maxLength")
    assert len(found.says) < 200


def test_a_difference_behind_a_recursive_one_of_is_seen():
    def document(leaf):
        return {"schemas": {"Node": {"oneOf": [objects(["left"], left={"$ref": "#/schemas/Node"}),
                                               objects(["leaf"], leaf=leaf)]}}}
    node = {"$ref": "#/schemas/Node"}
    found = walked(node, node, old_root=document(TEXT), new_root=document(WHOLE))
    assert [one.rule for one in found] == ["request-property-type-changed"]


def test_under_a_negation_everything_is_the_other_way_round():
    old, new = ({"not": {**TEXT, "maxLength": one}} for one in (9, 5))
    found, = walked(old, new)
    assert (found.rule, found.effect) == ("request-property-max-length-decreased", Effect.WIDENS)


def test_branches_are_matched_by_what_they_are():
    longer = objects(["paws"], paws=WHOLE, name=TEXT)
    assert ruled({"oneOf": [PET, CAR]}, {"oneOf": [CAR, longer]}) == [("new-optional-request-property", "additive")]
    assert ruled(PET, {"oneOf": [CAR, PET]}) == [("request-body-one-of-added", "additive")]
    assert ruled({"anyOf": [CAR, PET]}, PET, OUT) == [("response-body-any-of-removed", "additive")]


NAMED = {"schemas": {"A": PET, "B": PET, "C": CAR}}
A, B, C = ({"$ref": f"#/schemas/{name}"} for name in "ABC")


def test_a_named_part_that_joins_or_leaves_is_told_though_it_says_nothing_new():
    roots = {"old_root": NAMED, "new_root": NAMED}
    assert ruled({"allOf": [A]}, {"allOf": [A, B]}, **roots) == [("request-body-all-of-added", "breaking")]
    assert ruled({"allOf": [A, B]}, {"allOf": [A]}, OUT, **roots) == [("response-body-all-of-removed", "breaking")]
    assert ruled({"anyOf": [A, B, C]}, {"anyOf": [A, C]}, **roots) == [("request-body-any-of-removed", "breaking")]
    assert ruled({"allOf": [A, A]}, {"allOf": [A]}, **roots) == []
    assert ruled({"allOf": [A]}, {"allOf": [B]}, **roots) == []
    assert ruled({"anyOf": [A, C]}, {"anyOf": [C, B]}, **roots) == []


def test_all_of_branches_that_cannot_be_put_together_are_demands_of_their_own():
    one, two = {"anyOf": [PET, CAR]}, {"anyOf": [objects(["a"], a=TEXT), objects(["b"], b=TEXT)]}
    assert ruled({"allOf": [one]}, {"allOf": [one, two]}) == [("request-body-all-of-added", "breaking")]
    assert ruled({"allOf": [one, two]}, {"allOf": [one]}, OUT) == [("response-body-all-of-removed", "breaking")]


def test_a_reference_into_nothing_is_an_error_and_no_silence():
    with pytest.raises(UsageError, match="leads to nothing"):
        walked({"$ref": "#/schemas/Gone"}, TEXT)
    with pytest.raises(UsageError, match="leads to nothing"):
        walked({"$ref": "other.json"}, {"$ref": "other.json"}, old_root={"a": 1}, new_root={})


@pytest.mark.parametrize(("keyword", "value"), [
    ("type", "strin"), ("type", 5), ("properties", None), ("required", "a"), ("required", [1]), ("enum", "a"),
    ("maxLength", "5"), ("minimum", True), ("multipleOf", None), ("anyOf", {}), ("allOf", "x"), ("pattern", 3),
    ("patternProperties", []), ("dependentRequired", {"a": "b"}), ("prefixItems", {}), ("uniqueItems", "yes"),
    ("maximum", float("nan")), ("discriminator", "kind"), ("items", [TEXT]), ("$ref", 3), ("xml", 1)])
def test_what_cannot_be_read_is_compared_and_never_a_crash(keyword, value):
    plain = objects(a=TEXT)
    odd = {**plain, keyword: value}
    assert walked(odd, copy.deepcopy(odd)) == []
    found = [*walked(plain, odd), *walked(odd, plain)]
    if keyword not in ("allOf", "items", "$ref", "xml", "discriminator"):
        assert {one.effect for one in found} >= {Effect.UNKNOWN}


def test_pointers_with_odd_names_are_followed():
    root = {"schemas": {"a/b~c d": TEXT}}
    ref = {"$ref": "#/schemas/a~1b~0c%20d"}
    found, = walked(ref, _text(maxLength=1), old_root=root)
    assert found.old.pointer == "/schemas/a~1b~0c d"


def test_five_hundred_operations_take_well_under_a_second():
    members = {f"member{place}": _text(maxLength=place + 1) for place in range(30)}
    root = {"schemas": {f"S{place}": objects(**members, other={"$ref": f"#/schemas/S{(place + 1) % 20}"})
                        for place in range(20)}}
    other = copy.deepcopy(root)
    started = time.process_time()
    for place in range(500):
        ref = {"$ref": f"#/schemas/S{place % 20}"}
        assert walked(ref, dict(ref), old_root=root, new_root=other) == []
    assert time.process_time() - started < 5
