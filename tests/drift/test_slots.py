"""The walk names, the prover decides, and neither is believed alone."""

import copy
import time

import pytest

from harness.drift.changes import Effect, Side, Verdict
from tests.drift.walking import IN, OUT, TEXT, WHOLE, Prover, Says, judged, objects

SHORT = {**TEXT, "maxLength": 5}
FEW, MANY = {"enum": ["a"]}, {"enum": ["a", "b"]}
PET, CAR, BOAT = objects(["paws"], paws=WHOLE), objects(["wheels"], wheels=WHOLE), objects(["sail"], sail=TEXT)


def verdicts(changes):
    return [(one.rule, one.verdict.value) for one in changes]


def test_equal_schemas_are_not_asked_about():
    prover = Prover()
    root = {"schemas": {"A": objects(a=TEXT)}}
    assert judged({"$ref": "#/schemas/A"}, {"$ref": "#/schemas/A"}, prover, old_root=root,
                  new_root=copy.deepcopy(root)) == []
    assert prover.asked == []


@pytest.mark.parametrize(("side", "writer", "reader"), [(IN, "old", "new"), (OUT, "new", "old")])
def test_who_writes_is_asked_whether_the_other_reads(side, writer, reader):
    prover = Prover("yes", "no")
    old, new = objects(a=TEXT), objects(a=TEXT, b=TEXT)
    judged(old, new, prover, side)
    named = {"old": old, "new": new}
    assert prover.asked[0] == (named[writer], named[reader], True)
    prover = Prover("unsure")
    judged(old, new, prover, side, reading="strict")
    assert prover.asked == [(named[writer], named[reader], False)]


def test_documents_that_both_write_must_be_read_both_ways():
    prover = Prover("yes", "no", witness={"a": 1})
    found, = judged(objects(a=SHORT), objects(a=TEXT), prover, Side.NEITHER)
    assert (found.verdict, found.witness.valid_in) == (Verdict.BREAKING, "new")
    assert len(prover.asked) == 2


def test_a_break_that_the_walk_named_bears_the_witness():
    found, = judged(objects(a=TEXT), objects(a=SHORT), Prover("no", witness={"a": "123456"}))
    assert (found.rule, found.verdict) == ("request-property-max-length-set", Verdict.BREAKING)
    assert (found.witness.document, found.witness.valid_in) == ({"a": "123456"}, "old")
    found, = judged(FEW, MANY, Prover("no", witness="b"), OUT)
    assert found.rule == "response-body-enum-value-added"
    assert (found.witness.document, found.witness.valid_in) == ("b", "new")


def test_the_witness_goes_to_the_finding_that_it_is_about():
    found = judged(objects(a=TEXT, b=TEXT), objects(a=SHORT, b=SHORT), Prover("no", witness={"b": "123456"}))
    assert [one.witness is not None for one in found] == [False, True]
    found = judged(objects(a=TEXT), objects(["c"], a=SHORT, c=TEXT), Prover("no", witness={}))
    assert [one.rule for one in found if one.witness] == ["new-required-request-property"]


def test_null_is_a_witness_too():
    class Shown:
        answer, witness, why, shown = "no", None, "", True
    found, = judged({"type": ["string", "null"]}, TEXT, lambda *_, **__: Shown)
    assert (found.witness.document, found.rule) == (None, "request-body-became-not-nullable")
    assert found.witness is not None


def test_a_break_without_a_witness_is_a_break():
    found, = judged(objects(a=TEXT), objects(a=SHORT), Prover("no"))
    assert (found.verdict, found.witness) == (Verdict.BREAKING, None)


def test_a_counterexample_that_nothing_explains_is_a_finding_of_its_own():
    found = judged(SHORT, {**SHORT, "description": "Text."}, Prover("no", witness="x"))
    assert verdicts(found) == [("request-body-description-added", "editorial"),
                               ("request-body-unexplained-break", "breaking")]
    assert found[1].witness.document == "x"
    assert (found[1].old.pointer, found[1].new.pointer) == ("/old", "/new")
    found = judged(SHORT, TEXT, Prover("no", witness="x"))
    assert verdicts(found) == [("request-body-max-length-unset", "additive"),
                               ("request-body-unexplained-break", "breaking")]
    found = judged({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, Prover("no", witness="x", why="Odd."))
    assert verdicts(found) == [("request-body-unexplained-break", "breaking")]


def test_a_changed_default_explains_no_refusal():
    found = judged({**TEXT, "default": "a"}, {**TEXT, "default": "b"}, Prover("no", witness="x"))
    assert verdicts(found) == [("request-body-default-value-changed", "breaking"),
                               ("request-body-unexplained-break", "breaking")]
    assert found[0].witness is None


def test_a_refusal_settles_what_the_walk_could_not_tell():
    old, new = {**TEXT, "pattern": "^a"}, {**TEXT, "pattern": "^b"}
    found, = judged(old, new, Prover("no", witness="a"))
    assert (found.verdict, found.effect, found.witness.document) == (Verdict.BREAKING, Effect.NARROWS, "a")
    found, = judged(old, new, Prover("no", witness="b"), OUT)
    assert (found.verdict, found.effect) == (Verdict.BREAKING, Effect.WIDENS)


def test_a_branch_that_overlaps_explains_a_refusal():
    found, = judged({"oneOf": [PET, CAR]}, {"oneOf": [PET, CAR, BOAT]}, Prover("no", witness={"wheels": 1}))
    assert (found.rule, found.verdict, found.effect) == ("request-body-one-of-added", Verdict.BREAKING,
                                                         Effect.INCOMPARABLE)


def test_a_proof_settles_what_the_walk_could_not_tell():
    old, new = {**TEXT, "pattern": "^a"}, {**TEXT, "pattern": "^[ab]"}
    found, = judged(old, new, Prover("yes", "no"))
    assert (found.verdict, found.effect) == (Verdict.ADDITIVE, Effect.WIDENS)
    found, = judged(old, new, Prover("yes", "yes"))
    assert (found.verdict, found.effect) == (Verdict.EDITORIAL, Effect.NONE)
    assert "accept the same documents" in found.says
    found, = judged(old, new, Prover("yes", "no"), OUT)
    assert (found.verdict, found.effect) == (Verdict.ADDITIVE, Effect.NARROWS)


def test_a_proof_cancels_what_was_only_composed_otherwise():
    old, new = {"oneOf": [PET, CAR, BOAT]}, {"oneOf": [{"anyOf": [PET, CAR]}, BOAT]}
    walk_alone = judged(old, new, Prover("unsure"))
    assert Verdict.BREAKING in [one.verdict for one in walk_alone]
    assert {one.verdict for one in judged(old, new, Prover("yes", "yes"))} == {Verdict.EDITORIAL}
    assert {one.verdict for one in judged(old, new, Prover("yes", "no"))} == {Verdict.ADDITIVE}


def test_a_proof_never_stands_alone_against_a_plain_narrowing():
    for backward in ("yes", "no"):
        found, = judged(objects(a=TEXT), objects(a=SHORT), Prover("yes", backward))
        assert (found.verdict, found.effect) == (Verdict.UNSURE, Effect.UNKNOWN)
        assert "A proof says" in found.says
    found, = judged(MANY, FEW, Prover("yes", "yes"))
    assert found.verdict is Verdict.UNSURE


def test_a_proof_leaves_policies_standing():
    both = Prover("yes", "yes")
    for old, new, side, rule in (
            (objects(a=TEXT, b=WHOLE), objects(a=TEXT), IN, "request-property-removed"),
            (objects(a=TEXT, b=WHOLE), objects(a=TEXT), OUT, "response-optional-property-removed"),
            (objects(stake=TEXT), objects(amount=TEXT), IN, "request-property-renamed"),
            ({**TEXT, "default": "a"}, {**TEXT, "default": "b"}, IN, "request-body-default-value-changed"),
            (objects(a=TEXT), {**objects(a=TEXT), "additionalProperties": False}, IN,
             "request-body-additional-properties-restricted"),
            (TEXT, {**TEXT, "format": "mine"}, IN, "request-body-format-added"),
            ({**TEXT, "contentEncoding": "base64"}, {**TEXT, "contentEncoding": "base32"}, OUT,
             "response-body-content-encoding-changed")):
        both.asked.clear()
        assert verdicts(judged(old, new, both, side)) == [(rule, "breaking")]


def test_a_proof_leaves_named_parts_standing():
    root = {"schemas": {"A": PET, "B": PET, "C": CAR}}
    a, b, c = ({"$ref": f"#/schemas/{name}"} for name in "ABC")
    found = judged({"anyOf": [a, b, c]}, {"anyOf": [a, c]}, Prover("yes", "yes"), old_root=root, new_root=root)
    assert verdicts(found) == [("request-body-any-of-removed", "breaking")]
    off = judged({"anyOf": [a, b, c]}, {"anyOf": [a, c]}, Prover("yes", "yes"), old_root=root, new_root=root,
                 policies=())
    assert verdicts(off) == [("request-body-any-of-removed", "editorial")]


def test_a_proof_about_a_writer_that_can_send_nothing_is_empty():
    old, new = ({"type": "array", "items": TEXT, "contains": WHOLE, "maxContains": one} for one in (6, 5))
    found, = judged(old, new, lambda *_, **__: Says("yes"))
    assert (found.rule, found.verdict) == ("request-body-max-contains-decreased", Verdict.BREAKING)
    found, = judged(old, new, lambda *_, **__: Says("yes"), reading="strict")
    assert found.verdict is Verdict.UNSURE


def test_a_demand_that_was_made_in_a_composition_is_no_new_one():
    old = {"anyOf": [{**WHOLE, "minimum": 1}, {"type": "boolean"}], "not": TEXT, "minimum": 1}
    found = judged(old, {"type": ["integer", "boolean"], "minimum": 1}, Prover("yes", "yes"))
    assert {one.verdict for one in found} == {Verdict.EDITORIAL}


def test_members_that_were_allowed_in_so_many_words_were_still_not_declared():
    old, new = ({**one, "additionalProperties": True} for one in (objects(a=TEXT), objects(a=TEXT, b=TEXT)))
    found, = judged(old, new, Prover("no", witness={"b": 7}))
    assert (found.verdict, found.witness.document) == (Verdict.ADDITIVE, {"b": 7})
    assert found.policy.startswith("closed-models: ")
    found = judged(old, new, Prover("no", witness={"a": 7}))
    assert verdicts(found) == [("new-optional-request-property", "additive"),
                               ("request-body-unexplained-break", "breaking")]
    found, = judged({"type": "object"}, objects(b=TEXT), Prover("no", witness={"b": 7}))
    assert (found.rule, found.verdict) == ("new-optional-request-property", Verdict.BREAKING)


def test_a_name_that_is_required_and_nowhere_declared_is_a_slip():
    old, new = objects(a=TEXT), objects(["b"], a=TEXT)
    found, = judged(old, new, Prover("no", witness={"a": "x"}))
    assert (found.verdict, found.policy.partition(":")[0]) == (Verdict.ADDITIVE, "undeclared-required")
    found, = judged(old, new, Prover("no", witness={"a": "x"}), reading="strict")
    assert (found.verdict, found.policy) == (Verdict.BREAKING, "")


def test_a_new_member_is_additive_though_both_accept_the_same():
    found, = judged(objects(a=TEXT), objects(a=TEXT, b=True), Prover("yes", "yes"))
    assert found.verdict is Verdict.ADDITIVE


def test_additive_or_editorial_is_told_by_asking_the_other_way_round():
    found, = judged({**TEXT, "minLength": 2, "pattern": "^ab"}, {**TEXT, "pattern": "^ab"}, Prover("yes", "yes"))
    assert (found.rule, found.verdict) == ("request-body-min-length-unset", Verdict.EDITORIAL)
    prover = Prover("yes", "no")
    found, = judged({**TEXT, "minLength": 2}, TEXT, prover)
    assert found.verdict is Verdict.ADDITIVE
    assert prover.asked[1] == (TEXT, {**TEXT, "minLength": 2}, False)


def test_what_nobody_could_decide_is_the_walks_own_or_unsure():
    assert verdicts(judged(objects(a=TEXT), objects(a=SHORT), Prover("unsure"))) == [
        ("request-property-max-length-set", "breaking")]
    assert verdicts(judged(objects(a=SHORT), objects(a=TEXT), Prover("unsure"))) == [
        ("request-property-max-length-unset", "additive")]
    found, = judged({**TEXT, "pattern": "^a"}, {**TEXT, "pattern": "^b"}, Prover("unsure", why="No time."))
    assert found.verdict is Verdict.UNSURE
    assert "No time." in found.says


def test_only_text_for_people_is_editorial():
    assert verdicts(judged(TEXT, {**TEXT, "title": "Text"}, Prover("yes", "yes"))) == [
        ("request-body-title-added", "editorial")]


def test_a_policy_that_is_off_leaves_what_follows():
    old, new = objects(a=TEXT, b=WHOLE), objects(a=TEXT)
    found, = judged(old, new, Prover("yes", "no"), policies={"defaults"})
    assert (found.verdict, found.policy, found.effect) == (Verdict.ADDITIVE, "", Effect.WIDENS)
    found, = judged({**TEXT, "default": "a"}, {**TEXT, "default": "b"}, Prover("yes", "yes"), policies=())
    assert (found.verdict, found.policy) == (Verdict.EDITORIAL, "")


def test_a_strict_reading_lets_containment_decide_about_names():
    optional = objects(a=TEXT, b=TEXT)
    found, = judged(objects(a=TEXT), optional, Prover("no", witness={"b": 1}), reading="strict")
    assert (found.rule, found.verdict, found.witness.document) == ("new-optional-request-property", Verdict.BREAKING,
                                                                   {"b": 1})
    found, = judged(optional, objects(a=TEXT), Prover("yes", "no"), reading="strict")
    assert found.verdict is Verdict.ADDITIVE


def test_enums_that_grow_are_excused_for_their_new_values_only():
    old, new = {**FEW, "x-extensible-enum": True}, {**MANY, "x-extensible-enum": True}
    found, = judged(old, new, Prover("no", witness="b"), OUT)
    assert (found.verdict, found.witness.document) == (Verdict.ADDITIVE, "b")
    assert found.policy.startswith("extensible-enums: ")
    found = judged(objects(e=old), objects(e=new), Prover("no", witness={"z": 7}), OUT)
    assert [one.verdict.value for one in found] == ["additive", "breaking"]


def test_a_shared_component_gets_a_verdict_for_each_side():
    old, new = ({"schemas": {"Kind": one}} for one in (FEW, MANY))
    ref = {"$ref": "#/schemas/Kind"}
    request, = judged(ref, ref, Prover("yes", "no"), IN, old_root=old, new_root=new)
    response, = judged(ref, ref, Prover("no", witness="b"), OUT, old_root=old, new_root=new)
    assert (request.verdict, response.verdict) == (Verdict.ADDITIVE, Verdict.BREAKING)
    assert request.new.pointer == response.new.pointer == "/schemas/Kind/enum"


def test_a_changed_component_of_five_hundred_operations_is_quick():
    members = {f"member{place}": {**TEXT, "maxLength": place + 1} for place in range(20)}
    old = {"schemas": {"Bet": objects(**members)}}
    new = copy.deepcopy(old)
    new["schemas"]["Bet"]["properties"]["member7"]["maxLength"] = 1
    ref = {"$ref": "#/schemas/Bet"}
    started = time.process_time()
    for _ in range(500):
        assert len(judged(ref, ref, Prover("no"), old_root=old, new_root=new)) == 1
    assert time.process_time() - started < 5
