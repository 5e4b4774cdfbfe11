"""Containment over generated schemas: no "yes" is refuted by a document, every witness is one for two validators."""

from collections import Counter

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness.drift.containment import contained
from tests.drift import schema_made

DOCUMENTS = 60
"""So many documents are held against each "yes"."""
FORMATS = jsonschema.FormatChecker(["date"])  # the other formats are read in more than one way
draws = st.randoms(use_true_random=False)


def second_says(schema, document):
    """What another validator says, of which the code under test knows nothing; None where it gives up."""
    try:
        return jsonschema.Draft202012Validator(schema, format_checker=FORMATS).is_valid(document)
    except RecursionError:  # of references that lead to themselves
        return None


def separates(writer, reader, document):
    """Whether the document is valid for the one and not for the other, by both validators."""
    first = [jsonschema_rs.Draft202012Validator(one, validate_formats=True).is_valid(document)
             for one in (writer, reader)]
    second = [second_says(one, document) for one in (writer, reader)]
    return first == [True, False] and second[0] is not False and second[1] is not True


def pair(draw):
    """A schema of the whole keyword space and another one, mostly an edited version."""
    writer = schema_made.schema(draw)
    return writer, schema_made.edited(draw, writer) if draw.random() < 0.85 else schema_made.schema(draw)


def ask(writer, reader, *, closed=False):
    return contained(writer, reader, writer_root=writer, reader_root=reader, closed=closed, steps=20_000)


def generating(examples):
    """So many examples, the same ones every time."""
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None,
                    phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck))


def test_no_yes_is_refuted_and_every_witness_is_one():
    answers = Counter()

    @generating(300)
    @given(draws)
    def holds(draw):
        writer, reader = pair(draw)
        found = ask(writer, reader)
        answers[found.answer] += 1
        answers["shown"] += found.shown
        if found.shown:
            assert separates(writer, reader, found.witness), (writer, reader, found.witness)
        elif found.answer == "yes":
            takes, accepts = (jsonschema_rs.Draft202012Validator(one, validate_formats=True)
                              for one in (writer, reader))
            for document in (schema_made.document(draw) for _ in range(DOCUMENTS)):
                assert accepts.is_valid(document) or not takes.is_valid(document), (writer, reader, document)
                if takes.is_valid(document):
                    assert second_says(reader, document) is not False, (writer, reader, document)

    holds()
    asked = answers["yes"] + answers["no"] + answers["unsure"]
    assert min(answers["yes"], answers["shown"]) > asked / 6  # else this proves little
    assert answers["unsure"] < asked / 20


def test_what_a_closed_writer_sends_is_what_it_declares_and_takes():
    shown = Counter()

    @generating(80)
    @given(draws)
    def holds(draw):
        writer, reader = pair(draw)
        found = ask(writer, reader, closed=True)
        if found.shown:
            shown["no"] += 1
            assert separates(writer, reader, found.witness), (writer, reader, found.witness)
        elif found.answer == "no":
            shown["bare"] += 1

    holds()
    assert shown["no"] > 10 > shown["bare"]


def test_what_an_open_writer_is_proved_for_a_closed_one_is():
    @generating(60)
    @given(draws)
    def holds(draw):
        writer, reader = pair(draw)
        if ask(writer, reader).answer == "yes":
            assert ask(writer, reader, closed=True).answer in ("yes", "unsure"), (writer, reader)

    holds()


@generating(60)
@given(draws)
def test_a_schema_contains_itself_however_it_is_spelled(draw):
    writer = schema_made.schema(draw)
    for again in ({"allOf": [{"$ref": "#/$defs/all"}], "$defs": {**writer["$defs"], "all": {
            word: value for word, value in writer.items() if word != "$defs"}}}, dict(reversed(writer.items()))):
        assert ask(writer, again).answer != "no", (writer, again)


@pytest.mark.parametrize(("writer", "reader"), [({"type": "integer"}, {"type": "number"}), ({"const": 1}, {})])
def test_the_second_validator_would_see_a_false_witness(writer, reader):
    assert not separates(writer, reader, 1)
    assert separates(reader, writer, "x" if reader == {} else 1.5)
