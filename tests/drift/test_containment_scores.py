"""The bars on the labelled pairs: never "yes" where a counterexample exists, few unsure, the rest right."""

import pytest

from tests.drift.scores import DATA, SCHEMA_SETS, score_schemas


@pytest.fixture(scope="module")
def scores():
    if not DATA.exists():
        pytest.skip(f"the labelled pairs are not beside the project: {DATA}")
    return score_schemas()


@pytest.mark.parametrize("folder", SCHEMA_SETS)
def test_a_pair_with_a_counterexample_is_never_taken_for_compatible(scores, folder):
    assert scores[folder]["false yes"] == 0


@pytest.mark.parametrize("folder", SCHEMA_SETS)
def test_few_stay_unsure_and_the_rest_is_right(scores, folder):
    score = scores[folder]
    assert score["unsure"] * 100 <= 3 * score["of"]
    assert score["wrong"] == 0, score["off"]
    assert score["witnessed"] == score["refused"]
