"""Pairs written from first principles: effect and side say what each must be told, whatever the code does."""

from collections import Counter

import pytest

from tests.drift.made_pairs import answered, changes_of, openapi_pairs

PAIRS = tuple(openapi_pairs())


@pytest.mark.parametrize("pair", PAIRS, ids=[one.name for one in PAIRS])
def test_openapi_pairs_are_told_as_they_were_argued(pair):
    found = changes_of(pair)
    assert answered(pair, found), f"{pair.answer}: {[(one.rule, one.verdict.value, one.side.value) for one in found]}"


def test_there_are_many_pairs_of_every_answer_and_each_has_a_name_of_its_own():
    assert len({one.name for one in PAIRS}) == len(PAIRS) > 600
    assert {answer: count > 20 for answer, count in Counter(one.answer for one in PAIRS).items() if answer != "F"} == {
        "B": True, "G": True, "N": True}
