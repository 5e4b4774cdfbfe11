"""The open pairs of OpenAPI documents are judged right, as often as the issue asks for."""

import pytest

from tests.drift.scores import CASES, manifest, score_openapi

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases of shared/data are not here")


@pytest.fixture(scope="module")
def scores():
    return {score.what: score for score in score_openapi()}


def share(score):
    return 1 - len(score.wrong) / score.cases


@pytest.mark.parametrize("tier", ["openapi core", "openapi constraint"])
def test_at_least_95_in_100_are_right(scores, tier):
    assert share(scores[tier]) >= 0.95, scores[tier].wrong


def test_no_break_in_core_is_missed(scores):
    cases, _ = manifest("openapi")
    breaking = {case["id"] for case in cases if case["policy_expected"] == "breaking"}
    assert not breaking & set(scores["openapi core"].wrong)


def test_at_least_90_in_100_traps_are_seen_and_what_changes_nothing_is_silent(scores):
    assert share(scores["openapi-traps"]) >= 0.9, scores["openapi-traps"].wrong
    cases, _ = manifest("openapi-traps")
    silent = {case["id"] for case in cases if case["kind"] == "no-op trap"}
    assert silent
    assert not silent & set(scores["openapi-traps"].wrong)
