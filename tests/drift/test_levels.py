"""Levels: which versions are compared, and what each makes of an effect."""

import pytest

from harness.drift.changes import Effect, Verdict
from harness.drift.levels import Level, judged, level_named, pairs, version_named
from harness.model.errors import UsageError


def versions(*labels):
    return [version_named(label) for label in labels]


@pytest.mark.parametrize(("labels", "level", "found"), [
    (("1", "2", "3"), Level.FULL, [(0, 1), (1, 2)]),
    (("1", "2", "3"), Level.FULL_TRANSITIVE, [(0, 1), (0, 2), (1, 2)]),
    (("1.0.0", "1.1.0", "2.0.0", "2.1.0"), Level.BACKWARD_TRANSITIVE, [(0, 1), (2, 3)]),
    (("1.9.0", "1.10.0"), Level.FORWARD, [(0, 1)]), (("1", "2"), Level.NONE, []), ((), Level.FULL, []),
    (("v1", "v2"), Level.FULL_TRANSITIVE, []),
])
def test_pairs_follow_the_level_and_stay_within_a_major(labels, level, found):
    assert list(pairs(versions(*labels), level)) == found


def test_a_history_must_rise():
    with pytest.raises(ValueError, match="must rise"):
        list(pairs(versions("2", "1"), Level.FULL))


@pytest.mark.parametrize(("label", "numbers"), [
    ("7", (0, 7, 0)), ("v2", (2, 0, 0)), ("1.4", (1, 4, 0)), ("v1.4.2", (1, 4, 2)), ("V3", (3, 0, 0))])
def test_versions_are_read(label, numbers):
    version = version_named(label)
    assert (version.major, version.minor, version.patch) == numbers


@pytest.mark.parametrize("label", ["", "v", "1.2.3.4", "1.x", "latest", "-1", "²", "1" * 12])
def test_what_is_no_version_is_refused(label):
    with pytest.raises(UsageError, match="is no version"):
        version_named(label)


@pytest.mark.parametrize(("effect", "breaking_under"), [
    (Effect.NARROWS, {"backward", "full"}), (Effect.WIDENS, {"forward", "full"}),
    (Effect.INCOMPARABLE, {"backward", "forward", "full"}), (Effect.NONE, set())])
def test_an_effect_breaks_the_levels_that_ask_for_that_reading(effect, breaking_under):
    for name in ("none", "backward", "forward", "full", "full_transitive"):
        verdict, _ = judged(effect, level_named(name))
        assert (verdict is Verdict.BREAKING) == (name.removesuffix("_transitive") in breaking_under)


def test_levels_have_names_in_any_spelling():
    assert level_named("Full-Transitive") is Level.FULL_TRANSITIVE
