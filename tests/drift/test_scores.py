"""The open cases are answered right, set by set."""

import pytest

from tests.drift.scores import CASES, score_avro, score_jsonschema_registry, score_protobuf


def wrong(scores):
    assert all(score.cases for score in scores)
    return [(score.what, score.wrong) for score in scores if score.wrong]


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases of shared/data are not here")
@pytest.mark.parametrize("scored", [score_avro, score_protobuf, score_jsonschema_registry])
def test_every_case_is_right(scored):
    assert wrong(scored()) == []
