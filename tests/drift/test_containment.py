"""Containment: yes is proved and doubted, no comes with a witness that both validators confirm, all ends in time."""

import time

import jsonschema_rs
import pytest

from harness.drift.containment import Prover, contained


def ask(writer, reader, *, closed=False, seconds=2.0):
    return contained(writer, reader, writer_root=writer, reader_root=reader, closed=closed, seconds=seconds)


def members(required=(), **properties):
    return {"type": "object", "properties": properties, "required": list(required)}


INTEGER, NUMBER, TEXT = {"type": "integer"}, {"type": "number"}, {"type": "string"}


def tree(value, **more):
    """A schema that leads back to itself."""
    return {"$ref": "#/$defs/node", "$defs": {"node": members(
        ["value"], value=value, children={"type": "array", "items": {"$ref": "#/$defs/node"}}) | more}}


def expression(value):
    """A recursive oneOf that is told apart by a constant."""
    return {"$ref": "#/$defs/e", "$defs": {"e": {"oneOf": [
        members(["kind", "value"], kind={"const": "literal"}, value=value),
        members(["kind", "of"], kind={"const": "minus"}, of={"$ref": "#/$defs/e"})]}}}


def wrapped(leaf, levels):
    made = leaf
    for _ in range(levels):
        made = members(["a"], a=made)
    return made


@pytest.mark.parametrize(("writer", "reader", "answer"), [
    (INTEGER, NUMBER, "yes"), (NUMBER, INTEGER, "no"), (True, INTEGER, "no"), (False, INTEGER, "yes"),
    (INTEGER, True, "yes"),
    (INTEGER, False, "no"), ({"enum": [1, 2]}, INTEGER, "yes"), ({"enum": [1, True]}, {"enum": [1, 1.0]}, "no"),
    ({"const": 1}, {"const": True}, "no"), ({"type": ["string", "null"]}, {"anyOf": [{"type": "null"}, TEXT]}, "yes"),
    ({"multipleOf": 6, "type": "integer"}, {"multipleOf": 4}, "no"), ({"multipleOf": 8}, {"multipleOf": 4}, "yes"),
    (TEXT, {"type": "string", "format": "date"}, "no"), ({"type": "string", "format": "date"}, TEXT, "yes"),
    ({"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"}, "no"),
    (TEXT, {"type": "string", "format": "strange"}, "unsure"), (TEXT, {"type": "string", "format": "password"}, "yes"),
    (members(a=TEXT), members(a=TEXT, b=TEXT), "no"), (members(["a"], a=TEXT), members(a=TEXT), "yes"),
    ({"type": "array", "minItems": 67}, {"type": "array", "minItems": 71}, "no"),
    ({"oneOf": [{"minimum": 3}, {"type": "string"}]}, {"anyOf": [{"minimum": 3}, {"type": "string"}]}, "yes"),
    ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"dependentRequired": {"a": ["b"]}}, "yes"),
    ({"dependentRequired": {"a": ["b"]}}, {"dependentRequired": {"a": ["c"]}}, "no"),
    (tree(INTEGER), tree(NUMBER), "yes"), (tree(NUMBER), tree(INTEGER), "no"),
    (tree(INTEGER), tree(NUMBER, required=["value", "children"]), "no"),
    (expression(INTEGER), expression(NUMBER), "yes"), (expression(NUMBER), expression(INTEGER), "no"),
    (wrapped(TEXT, 12), wrapped(NUMBER, 12), "no"), ({"$ref": "#/gone"}, TEXT, "unsure"),
    ({"$ref": "http://127.0.0.1:9/x"}, TEXT, "unsure"), ({"type": "strin"}, TEXT, "unsure"), (5, TEXT, "unsure"),
    ({"pattern": "(("}, TEXT, "unsure"), ({"allOf": 5}, TEXT, "unsure"), ({"format": {}}, TEXT, "unsure"),
    ({"properties": {1: TEXT, "a": TEXT}, "required": ["a"]}, members(b=TEXT), "unsure"),
    ({"properties": {"a": 5}}, members(b=TEXT), "unsure"), ({"enum": [10**400, 1]}, members(b=TEXT), "no"),
    ({"enum": [10**400, 1]}, INTEGER, "yes")])
def test_answers(writer, reader, answer):
    found = ask(writer, reader)
    assert found.answer == answer
    assert bool(found.why) == (answer == "unsure")
    assert found.shown == (answer == "no")
    if found.shown:
        assert jsonschema_rs.Draft202012Validator(writer, validate_formats=True).is_valid(found.witness)


@pytest.mark.parametrize(("writer", "reader", "answer"), [
    (members(a=TEXT), members(a=TEXT, b=TEXT), "yes"), (members(a=TEXT), members(["b"], a=TEXT, b=TEXT), "no"),
    (members(a=TEXT, b=TEXT), members(a=TEXT) | {"additionalProperties": False}, "no"),
    ({"type": "object", "additionalProperties": TEXT, "properties": {"a": TEXT}}, members(b=NUMBER), "no"),
    ({"type": "object"}, members(b=NUMBER), "no"),
    (members(a=members(b=TEXT)), members(a=members(b=TEXT, c=TEXT)), "yes"),
    ({"allOf": [members(a=TEXT), members(b=TEXT)]}, members(a=TEXT, b=TEXT, c=TEXT), "yes"),
    ({"allOf": [members(a=TEXT), members(b=TEXT)]}, members(a=TEXT) | {"additionalProperties": False}, "no"),
    ({"type": "object", "anyOf": [members(a=TEXT), members(b=TEXT)]}, members(c=TEXT), "yes"),
    ({"oneOf": [members(a=members(b=TEXT)), members(a=members(c=TEXT))]},
     {"oneOf": [members(a=members(b=TEXT)), members(a=members(c=TEXT))], "title": "same"}, "yes"),
    (tree(TEXT), tree(TEXT) | {"$defs": {"node": tree(TEXT)["$defs"]["node"] | {
        "properties": {**tree(TEXT)["$defs"]["node"]["properties"], "note": NUMBER}}}}, "yes")])
def test_a_closed_writer_sends_only_what_it_declares(writer, reader, answer):
    found = ask(writer, reader, closed=True)
    assert (found.answer, found.shown) == (answer, answer == "no")


def test_references_resolve_each_in_its_own_document():
    bets = members(["stake"], stake=INTEGER, of={"$ref": "#/x/~1y"})
    old = {"openapi": "3.1.0", "components": {"schemas": {"Bet": bets}}, "x": {"/y": TEXT}}
    new = {"components": {"schemas": {"Wager": members(["stake"], stake=NUMBER, of=TEXT)}}}
    prover = Prover(old, new)
    bet, wager = {"$ref": "#/components/schemas/Bet"}, {"$ref": "#/components/schemas/Wager"}
    assert prover.contained(bet, wager).answer == "yes"
    assert Prover(new, old).contained(wager, bet).witness["stake"] % 1
    assert prover.contained(bet, wager) is prover.contained(bet, wager)


def test_the_answer_does_not_depend_on_what_was_asked_before():
    first = ask(tree(NUMBER), tree(INTEGER))
    ask(INTEGER, TEXT)
    assert ask(tree(NUMBER), tree(INTEGER)) == first


def doubled(word, leaf, levels):
    """A schema that unfolds to two to the power of `levels`."""
    made = {"d0": leaf}
    for level in range(1, levels):
        below = {"$ref": f"#/$defs/d{level - 1}"}
        made[f"d{level}"] = {"allOf": [below, below]} if word == "allOf" else members(["a", "b"], a=below, b=below)
    return {"$ref": f"#/$defs/d{levels - 1}", "$defs": made}


def nested(levels):
    made = TEXT
    for _ in range(levels):
        made = {"type": "array", "items": made}
    return made


ALTERNATIVES = {"allOf": [{"anyOf": [members(**{f"p{at}": TEXT}), members(**{f"q{at}": TEXT})]} for at in range(14)]}


@pytest.mark.parametrize(("writer", "reader", "answers"), [
    (nested(3000), nested(2999), "unsure"), (nested(100), {"type": "array", "items": nested(98)}, "unsure no"),
    ({"$ref": "#"}, {"$ref": "#", "$defs": {}}, "yes unsure"), ({"not": {"$ref": "#"}}, TEXT, "unsure no"),
    (doubled("allOf", TEXT, 40), doubled("allOf", NUMBER, 40), "unsure"),
    (doubled("properties", TEXT, 40), doubled("properties", NUMBER, 40), "unsure no"),
    (doubled("properties", INTEGER, 40), doubled("properties", NUMBER, 40), "yes"),
    ({"enum": [f"v{at}" for at in range(30_000)]}, {"enum": [f"v{at}" for at in range(1, 30_001)]}, "no"),
    ({"type": "array", "minItems": 10**9}, {"type": "array", "minItems": 10**9 + 1}, "unsure no"),
    ({"type": "array", "minItems": 32724, "items": INTEGER}, {"type": "array", "items": NUMBER}, "yes"),
    ({"type": "string", "minLength": 10**9}, {"type": "string", "minLength": 10**9 + 1}, "unsure no"),
    ({"type": "object", "minProperties": 10**7}, {"type": "object", "minProperties": 10**8}, "unsure no"),
    ({"type": "integer", "minimum": 10**400}, {"type": "integer", "minimum": 10**401}, "unsure no"),
    (ALTERNATIVES, {"anyOf": [ALTERNATIVES, members(z=TEXT)]}, "unsure no yes"),
    ({"type": "string", "pattern": "^(a+)+$"}, {"type": "string", "pattern": "^(a|aa)+$"}, "unsure yes")])
@pytest.mark.parametrize("closed", [False, True])
def test_hostile_schemas_end(writer, reader, answers, closed):
    start = time.monotonic()
    assert ask(writer, reader, closed=closed, seconds=1.0).answer in answers.split()
    assert time.monotonic() - start < 30  # a hang would be far longer; the machine may be slow
