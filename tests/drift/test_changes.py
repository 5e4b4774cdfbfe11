"""The verdict follows from effect and side; whoever says otherwise says why."""

import pytest

from harness.drift.changes import Comparison, Effect, Side, Verdict, change, verdict_of, worst


@pytest.mark.parametrize(("effect", "side", "verdict"), [
    (Effect.NARROWS, Side.IN, Verdict.BREAKING), (Effect.NARROWS, Side.OUT, Verdict.ADDITIVE),
    (Effect.WIDENS, Side.IN, Verdict.ADDITIVE), (Effect.WIDENS, Side.OUT, Verdict.BREAKING),
    (Effect.NONE, Side.IN, Verdict.EDITORIAL), (Effect.UNKNOWN, Side.OUT, Verdict.UNSURE),
    (Effect.INCOMPARABLE, Side.IN, Verdict.BREAKING), (Effect.INCOMPARABLE, Side.OUT, Verdict.BREAKING),
    (Effect.WIDENS, Side.NEITHER, Verdict.BREAKING)])
def test_the_verdict_follows(effect, side, verdict):
    assert verdict_of(effect, side) is verdict
    assert change("x", "X.", where="here", effect=effect, side=side).verdict is verdict


def test_another_verdict_needs_its_policy():
    with pytest.raises(ValueError, match="policy"):
        change("x", "X.", where="here", effect=Effect.NONE, verdict=Verdict.BREAKING)
    made = change("x", "X.", where="here", effect=Effect.NONE, verdict=Verdict.BREAKING, policy="names come back")
    assert (made.verdict, made.policy) == (Verdict.BREAKING, "names come back")


def test_the_worst_that_is_not_waived_decides():
    assert worst([Verdict.EDITORIAL, Verdict.UNSURE, Verdict.ADDITIVE]) is Verdict.UNSURE
    assert worst([]) is None
    assert Comparison(format="openapi", old_version="1.0.0", new_version="1.0.0", changes=()).verdict is None
