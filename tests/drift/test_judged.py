"""The gate: what fails, and which number the changes ask for."""

import pytest

from harness.drift.changes import Effect, Verdict, change
from harness.drift.promises import ANNOUNCED
from tests.drift.made_up import ADDED, BREAK, PROMISE, UNSURE, WORDS, report

BREAKING, UNDECIDED, ADDITIVE, EDITORIAL = Verdict


@pytest.mark.parametrize(("changes", "allow", "failing"), [
    ((), ADDITIVE, ()), ((WORDS, ADDED), ADDITIVE, ()), ((WORDS, ADDED), EDITORIAL, (ADDED,)),
    ((BREAK, UNSURE), ADDITIVE, (BREAK, UNSURE)), ((BREAK, UNSURE), UNDECIDED, (BREAK,)),
    ((BREAK, UNSURE), BREAKING, ()), ((PROMISE, BREAK), BREAKING, (PROMISE,))])
def test_a_gate_lets_pass_what_it_allows(changes, allow, failing):
    assert report(*changes, allow=allow).failing == failing


def test_a_version_fails_by_itself_and_a_right_one_passes_with_what_is_allowed():
    assert not report(ADDED, new="1.6.1").ok
    assert not report(BREAK, allow=BREAKING).ok
    assert report(BREAK, allow=BREAKING, new="2.0.0").ok
    assert not report(BREAK, new="2.0.0").ok


def test_a_broken_promise_asks_for_no_number_and_a_deprecation_for_a_minor():
    assert report(PROMISE, new="1.6.0").version.ok
    announced = change(ANNOUNCED, "It goes.", where="x", effect=Effect.NONE, verdict=ADDITIVE, policy="a minor")
    assert report(announced, new="1.6.1").version.minimum == "1.7.0"


def test_formats_without_versions_are_not_judged_by_one():
    assert report(ADDED, old="", new="", kind="avro").version is None
    assert not report(ADDED, old="", new="").version.ok
