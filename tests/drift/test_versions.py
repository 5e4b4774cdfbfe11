"""A version number says what changed: by numbers, by path, and never backwards."""

import pytest

from harness.drift.changes import Verdict
from harness.drift.versions import judge_version, loosely, parsed, path_major, path_majors
from tests.drift.scores import CASES, score_semver

BREAKING, UNSURE, ADDITIVE, EDITORIAL = Verdict


def judge(verdict, old, new, paths=(None, None), *, deprecates=False):
    return judge_version(verdict, old_version=old, new_version=new, old_path_major=paths[0], new_path_major=paths[1],
                         deprecates=deprecates)


@pytest.mark.parametrize(("verdict", "old", "new", "ok", "minimum"), [
    (BREAKING, "1.4.2", "2.0.0", True, "2.0.0"), (BREAKING, "1.4.2", "1.5.0", False, "2.0.0"),
    (UNSURE, "1.4.2", "1.5.0", False, "2.0.0"), (ADDITIVE, "1.4.2", "1.5.0", True, "1.5.0"),
    (ADDITIVE, "1.4.2", "1.4.3", False, "1.5.0"), (EDITORIAL, "1.4.2", "1.4.3", True, "1.4.3"),
    (EDITORIAL, "1.4.2", "1.4.2", False, "1.4.3"), (None, "1.4.2", "1.4.2", True, "1.4.2"),
    (None, "1.4.2", "1.4.3", True, "1.4.2"), (None, "1.4.2", "1.4.1", False, "1.4.2"),
    (ADDITIVE, "1.9.0", "1.10.0", True, "1.10.0"), (BREAKING, "1.4.2", "3.0.0", False, "2.0.0"),
    (BREAKING, "1.4.2", "2.1.0", False, "2.0.0"), (ADDITIVE, "1.4.2", "1.7.3", True, "1.5.0"),
    (BREAKING, "0.4.2", "0.5.0", True, "0.5.0"), (BREAKING, "0.4.2", "0.4.3", False, "0.5.0"),
    (ADDITIVE, "0.4.2", "0.4.3", True, "0.4.3"), (BREAKING, "0.4.2", "1.0.0", True, "0.5.0"),
    (BREAKING, "0.4.2", "1.1.0", False, "0.5.0"),
    (ADDITIVE, "1.4.2+a", "1.4.2+b", False, "1.5.0"), (None, "1.4.2+a", "1.4.2+b", True, "1.4.2"),
    (BREAKING, "1.4.2", "2.0.0-rc.1", True, "2.0.0"), (BREAKING, "1.4.2", "1.5.0-rc.1", False, "2.0.0"),
    (BREAKING, "2.0.0-rc.1", "2.0.0-rc.2", True, "2.0.0"), (BREAKING, "2.0.0-rc.9", "2.0.0-rc.10", True, "2.0.0"),
    (BREAKING, "2.0.0-rc.2", "2.0.0-rc.1", False, "2.0.0"), (EDITORIAL, "2.0.0-rc.1", "2.0.0-rc.1", False, "2.0.0"),
    (BREAKING, "2.0.0-rc.1", "2.0.0", True, "2.0.0"), (ADDITIVE, "2.0.0", "2.0.0-rc.1", False, "2.1.0"),
    (BREAKING, "2.0.0-rc.1", "2.1.0", False, "2.0.0")])
def test_the_number_is_judged_by_the_worst_change(verdict, old, new, ok, minimum):
    told = judge(verdict, old, new)
    assert (told.ok, told.minimum) == (ok, minimum), told.says


@pytest.mark.parametrize(("old", "new", "paths", "ok"), [
    ("1.4.2", "2.0.0", (1, 2), True), ("1.4.2", "2.0.0", (1, 1), False), ("1.4.2", "1.5.0", (1, 2), False),
    ("1.4.2", "2.0.0", (1, None), False), ("1.4.2", "2.0.0", (None, None), True)])
def test_path_and_version_name_the_same_major(old, new, paths, ok):
    assert judge(BREAKING if new[0] == "2" else ADDITIVE, old, new, paths).ok is ok


def test_a_deprecation_is_a_minor_by_itself():
    assert judge(EDITORIAL, "1.4.2", "1.4.3", deprecates=True).minimum == "1.5.0"
    assert judge(None, "1.4.2", "1.5.0", deprecates=True).ok
    assert not judge(None, "1.4.2", "1.4.2", deprecates=True).ok
    assert judge(EDITORIAL, "0.4.2", "0.4.3", deprecates=True).ok


@pytest.mark.parametrize(("text", "remedy"), [("1.0", "write 1.0.0"), ("v2", "write 2.0.0"),
                                              ("2026-01-01", "MAJOR.MINOR.PATCH"), ("01.2.3", "MAJOR.MINOR.PATCH"),
                                              ("1.2.3-01", "MAJOR.MINOR.PATCH"), ("١.٢.٣", "MAJOR.MINOR.PATCH")])
def test_what_is_no_semantic_version_fails_with_its_remedy(text, remedy):
    for old, new in (("1.0.0", text), (text, "2.0.0")):
        told = judge(BREAKING, old, new)
        assert not told.ok
        assert remedy in told.says
        assert "semantic version" in told.says


def test_a_missing_version_is_told_and_nothing_changed_passes():
    assert "there is none" in judge(ADDITIVE, "", "1.0.0").says
    assert judge(None, "1.7", "1.7").ok
    assert not judge(None, "1.7", "1.8").ok


def test_what_is_no_version_still_gets_its_smallest_number():
    assert judge(ADDITIVE, "1.7", "1.8").minimum == "1.8.0"
    assert judge(BREAKING, "1.7.0", "2").minimum == "2.0.0"
    assert judge(BREAKING, "2026-01-01", "2026-06-01").minimum == ""


def test_a_larger_bump_passes_with_a_note():
    assert "more than the 1.4.3 that is needed" in judge(EDITORIAL, "1.4.2", "1.5.0").says
    assert "more than" not in judge(EDITORIAL, "1.4.2", "1.4.3").says


def test_versions_are_read_as_they_are_written_or_loosely_for_promises():
    assert parsed("1.7") is None
    assert loosely("1.7") == parsed("1.7.0")
    assert loosely("v2").core == (2, 0, 0)
    assert loosely("soon") is None
    assert parsed("1" * 400) is None


@pytest.mark.parametrize(("document", "majors"), [
    ({"servers": [{"url": "https://v9.example.com/api/v1"}], "paths": {"/bets": {}}}, (1,)),
    ({"paths": {"/v1/bets": {}, "/v2/bets": {}}}, (1, 2)), ({"servers": [{"url": "/v3/"}]}, (3,)),
    ({"servers": {"a": {"pathname": "/v4"}}}, (4,)), ({"paths": {"/vip/x": {}, "/v1beta/x": {}}}, ()),
    ({"servers": None, "paths": []}, ()), ([], ())])
def test_the_major_is_taken_from_servers_and_paths(document, majors):
    assert path_majors(document) == majors
    assert path_major(document) == max(majors, default=None)


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases of shared/data are not here")
def test_every_open_case_is_right():
    scores = score_semver()
    assert [(score.cases > 0, score.wrong) for score in scores] == [(True, ())] * 2
