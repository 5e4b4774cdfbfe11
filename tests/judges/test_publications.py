"""Judges of an inbox, on synthetic answers."""

import pytest

from harness.judges.publications import each_taken_once, poison_refused
from harness.model.played import Filed

WORDS = {"accepted": (202, {"status": "accepted"}), "duplicate": (200, {"status": "duplicate"}),
         "plain 202": (202, {}), "plain 200": (200, {}), "own code": (409, {"code": "DUPLICATE"}),
         "refused": (422, {"code": "INVALID"}), "malformed": (400, {}), "busy": (503, {}), "broken": (500, {}),
         "lost": (None, None)}


def answer(make, word):
    status, body = WORDS[word]
    return make.exchange(method="POST", operation="publishEvent", status=status or 200, body=body,
                         failure="" if status else "hung_up")


def judged(make, *words, last="duplicate"):
    published = [answer(make, word) for word in words]
    end = answer(make, last)
    draft = each_taken_once(Filed(events=[("ev-1", published, end)]))
    return make.verdict(draft, *published, end)


@pytest.mark.parametrize(("words", "last", "outcome"), [
    (("accepted",), "duplicate", "pass"), (("accepted", "duplicate", "duplicate"), "duplicate", "pass"),
    (("plain 202", "plain 200"), "plain 200", "pass"), (("lost", "duplicate"), "duplicate", "pass"),
    (("lost", "accepted"), "duplicate", "pass"), (("accepted", "accepted"), "duplicate", "fail"),
    (("accepted",), "accepted", "fail"), (("refused",), "duplicate", "fail"), (("broken",), "duplicate", "fail"),
    (("busy",), "duplicate", "inconclusive"), (("accepted",), "lost", "inconclusive"),
    (("accepted",), "malformed", "fail"), (("accepted", "own code"), "own code", "pass"),
    (("accepted", "refused"), "refused", "pass"), (("own code",), "own code", "fail"),
    (("duplicate", "duplicate"), "duplicate", "fail"), (("lost", "own code"), "own code", "pass"),
    (("lost", "refused"), "refused", "inconclusive"), (("accepted", "malformed"), "duplicate", "fail")])
def test_each_event_is_taken_once(make, words, last, outcome):
    found = judged(make, *words, last=last)
    assert found.outcome.value == outcome, found.message


def test_nothing_published_is_no_evidence(make):
    assert make.outcome(each_taken_once(Filed(events=[]))) == "inconclusive"
    assert make.outcome(poison_refused(Filed(events=[]))) == "inconclusive"


@pytest.mark.parametrize(("word", "outcome"), [("refused", "pass"), ("accepted", "fail"), ("broken", "fail"),
                                               ("busy", "inconclusive"), ("lost", "inconclusive")])
def test_spoiled_events_are_refused(make, word, outcome):
    made = [answer(make, "refused"), answer(make, word)]
    assert make.outcome(poison_refused(Filed(events=[], poison=made)), *made) == outcome
