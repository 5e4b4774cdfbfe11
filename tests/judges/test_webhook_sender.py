"""Judges of how a platform sends webhooks, on synthetic tries at a receiver."""

import json
import random

import pytest

from harness.judges.webhook_dead_letters import dead_letters_visible, redriven_once
from harness.judges.webhook_sender import (
    rest_flows,
    stops_when_gone,
    tried_again,
    tries_end,
    waits_as_asked,
    webhooks_back_off,
)
from harness.model.exchange import Exchange
from tests.judges.receiver_tries import SECOND, UNREAD, delivered, judged, tries


@pytest.mark.parametrize(("seen", "listed", "outcome"), [
    (((0, 500), (1, 204)), "delivered", "pass"), (((0, "reset"), (1, 204)), "delivered", "pass"),
    (((0, "reset", {"took": 0.1}), (1, 200), (2, 200)), "delivered", "pass"),
    (((0, 500), (1, 204, {"body": {"attempt": 2}})), "delivered", "fail"),
    (((0, 500), (1, 204, {"signature": "invalid"})), "delivered", "fail"),
    (((0, 500),), "dead", "fail"), (((0, 500),), "delivered", "fail"), (((0, 500),), "", "fail"),
    (((0, 500),), "retrying", "inconclusive"), (((0, 204),), "delivered", "inconclusive"), ((), "", "inconclusive")])
def test_what_was_not_taken_comes_again_the_same(make, seen, listed, outcome):
    events = [tries(1, *seen)] if seen else []
    found = judged(make, tried_again, *events, listed=[(1, listed)] if listed else [])
    assert found.outcome.value == outcome, found.message


@pytest.mark.parametrize("page", UNREAD)
def test_what_is_missing_on_lists_that_were_not_read_tells_nothing(make, page):
    for operation in ("listWebhookDeliveries", "listDeadLetters"):
        more = [(operation, page)]
        for draft, seen in ((tried_again, (0, 500)), (stops_when_gone, (0, 410)), (dead_letters_visible, (0, 500))):
            assert judged(make, draft, tries(1, seen)).outcome.value == "fail"
            found = judged(make, draft, tries(1, seen), more=more)
            assert found.outcome.value == "inconclusive", found.message
        assert judged(make, tried_again, tries(1, (0, 500)), listed=[(1, "dead")], more=more).outcome.value == "fail"
        seen = tries(1, (0, 500), (1, 500), (3, 500))
        assert judged(make, dead_letters_visible, seen, listed=[(1, "dead")], more=more).outcome.value == "pass"


def test_lists_that_the_journal_lacks_tell_nothing(make):
    for draft, seen in ((tried_again, (0, 500)), (stops_when_gone, (0, 410)), (dead_letters_visible, (0, 500))):
        played, exchanges = delivered(make, tries(1, seen))
        found = make.verdict(draft(played), *(e for e in exchanges if e.operation != "listDeadLetters"))
        assert (found.outcome.value, found.owner.value) == ("inconclusive", "harness")


def test_a_dead_letter_on_a_later_page_is_seen(make):
    item = {"event_id": "ev-1", "endpoint_id": "we-1", "status": "dead", "delivery_id": "dlv-1"}
    old = {**item, "event_id": "ev-0", "endpoint_id": "we-0"}
    more = [("listDeadLetters", {"body": {"items": [old] * 200, "has_more": True, "next_cursor": "n"}}),
            ("listDeadLetters", {"body": {"items": [item], "has_more": False, "next_cursor": None}})]
    seen = tries(1, (0, 500), (1, 500), (3, 500))
    assert judged(make, dead_letters_visible, seen, more=more).outcome.value == "pass"
    assert judged(make, dead_letters_visible, seen, more=more[:1]).outcome.value == "inconclusive"


def test_what_is_open_about_one_event_hides_no_loss_of_another(make):
    waits, gone = tries(1, (0, 500)), tries(2, (0, 500))
    for draft in (tried_again, dead_letters_visible):
        assert judged(make, draft, waits, gone, listed=[(1, "retrying")]).outcome.value == "fail"
        assert judged(make, draft, waits, gone, listed=[(1, "retrying"), (2, "pending")]
                      ).outcome.value == "inconclusive"


def schedule(make, count, *pauses):
    """Events whose tries fail, but for the last; `pauses`: functions of a random source to seconds."""
    chance = random.Random(7)
    events = []
    for n in range(count):
        at, seen = n * 0.05, []
        for pause in pauses:
            seen.append((at, 500))
            at += 0.001 + pause(chance)
        events.append(tries(n, *seen, (at, 204)))
    return judged(make, webhooks_back_off, *events)


@pytest.mark.parametrize(("count", "pauses", "outcome"), [
    (30, (lambda c: c.uniform(0.8, 1.2), lambda c: 2 * c.uniform(0.8, 1.2)), "pass"),
    (30, (lambda c: c.uniform(0.8, 1.2), lambda c: c.uniform(0.8, 1.2)), "fail"),
    (30, (lambda _: 1.0, lambda _: 2.0), "fail"), (30, (lambda c: c.uniform(0.8, 1.2),), "pass"),
    (8, (lambda c: c.uniform(0.8, 1.2), lambda c: 2 * c.uniform(0.8, 1.2)), "inconclusive")])
def test_tries_are_spaced_and_not_in_step(make, count, pauses, outcome):
    found = schedule(make, count, *pauses)
    assert found.outcome.value == outcome, found.message
    if outcome == "pass":
        assert found.measured["samples"][0] == count
        assert len(found.measured["spread_ms"]) == 2


@pytest.mark.parametrize(("said", "outcome"), [("retrying", "inconclusive"), ("dead", "fail")])
def test_a_schedule_that_goes_on_beyond_our_patience_may_still_grow(make, said, outcome):
    chance = random.Random(7)
    events = []
    for n in range(30):
        first = chance.uniform(4.5, 5.5)
        events.append(tries(n, (0, 500), (first, 500), (first + chance.uniform(4.5, 5.5), 500)))
    found = judged(make, webhooks_back_off, *events, listed=[(n, said) for n in range(30)])
    assert found.outcome.value == outcome, found.message


def test_a_schedule_that_nobody_saw_decides_nothing_unless_all_was_given_up(make):
    assert judged(make, webhooks_back_off, tries(1, (0, 500)), listed=[(1, "retrying")]).outcome.value == "inconclusive"
    assert judged(make, webhooks_back_off, tries(1, (0, 500)), listed=[(1, "dead")]).outcome.value == "fail"


@pytest.mark.parametrize(("again", "outcome"), [(2.0, "pass"), (2.4, "pass"), (1.97, "pass"), (1.5, "fail"),
                                                (0.05, "fail"), (None, "inconclusive")])
def test_a_receiver_s_wish_is_honoured(make, again, outcome):
    seen = [(0, 503, {"asked": 2}), *([] if again is None else [(0.001 + again, 204)])]
    assert judged(make, waits_as_asked, tries(1, *seen)).outcome.value == outcome


@pytest.mark.parametrize(("took", "failure", "outcome"), [
    (5.0, "hung_up", "pass"), (5.6, "hung_up", "pass"), (6.5, "hung_up", "fail"), (20.0, "hang", "fail"),
    (3.0, "hang", "inconclusive"), (0.1, "reset", "inconclusive")])
def test_a_silent_receiver_is_given_up(make, took, failure, outcome):
    found = judged(make, tries_end, tries(1, (0, failure, {"took": took}), (30, 204)))
    assert found.outcome.value == outcome, found.message


@pytest.mark.parametrize(("took", "failure", "declared", "outcome"), [
    (29.0, "hung_up", None, "pass"), (35.0, "hung_up", None, "inconclusive"), (60.0, "hung_up", None, "inconclusive"),
    (35.0, "hang", None, "inconclusive"), (20.0, "hang", None, "inconclusive"), (60.0, "hung_up", 60.0, "pass"),
    (35.0, "hung_up", 30.0, "fail"), (65.0, "hang", 60.0, "fail")])
def test_only_a_limit_that_is_declared_can_be_broken(make, took, failure, declared, outcome):
    found = judged(make, tries_end, tries(1, (0, failure, {"took": took}), (70, 204)), try_seconds=declared)
    assert found.outcome.value == outcome, found.message
    if outcome == "inconclusive":
        assert found.owner.value == "target profile"
        assert "try_seconds" in found.message


@pytest.mark.parametrize(("seen", "listed", "outcome"), [
    (((0, 410),), "dead", "pass"), (((0, 410),), "pending", "pass"), (((0, 410), (1, 410)), "dead", "fail"),
    (((0, 410), (1, 204)), "dead", "fail"), (((0, 410),), "", "fail"), (((0, 204),), "delivered", "inconclusive")])
def test_a_receiver_that_is_gone_is_left_alone(make, seen, listed, outcome):
    found = judged(make, stops_when_gone, tries(1, *seen), listed=[(1, listed)] if listed else [])
    assert found.outcome.value == outcome, found.message


@pytest.mark.parametrize(("poison", "others", "outcome"), [
    (((0, 500), (2, 500), (5, 500)), ((0.1, 204),), "pass"), (((0, 500), (2, 500), (5, 500)), ((5.5, 204),), "fail"),
    (((0, 500), (2, 500), (5, 500)), ((0.1, 500), (0.5, 500)), "inconclusive"),
    (((0, 500), (0.1, 500), (0.2, 500)), ((0.3, 204),), "inconclusive"),
    (((0, 204),), ((0.1, 204),), "inconclusive")])
def test_the_rest_flows_past_poison(make, poison, others, outcome):
    found = judged(make, rest_flows, tries(1, *poison), tries(2, *others), tries(3, *others))
    if outcome == "inconclusive" and others[-1][1] == 500:
        assert found.outcome.value in ("inconclusive", "fail")  # nothing at all came: that is the receiver's word, too
        return
    assert found.outcome.value == outcome, found.message


@pytest.mark.parametrize(("seen", "listed", "outcome"), [
    (((0, 500), (1, 500), (3, 500)), "dead", "pass"), (((0, 500), (1, 500)), "dead", "fail"),
    (((0, 500), (1, 500), (3, 500)), "", "fail"), (((0, 500), (1, 500), (3, 500)), "delivered", "fail"),
    (((0, 500), (1, 500), (3, 500)), "retrying", "inconclusive"), (((0, 204),), "delivered", "inconclusive")])
def test_what_is_never_taken_ends_visibly(make, seen, listed, outcome):
    found = judged(make, dead_letters_visible, tries(1, *seen), listed=[(1, listed)] if listed else [])
    assert found.outcome.value == outcome, found.message


def redrive(make, at, status=202, label=""):
    answer = make.exchange(method="POST", operation="redriveDeadLetter", status=status, label=label, body={},
                           started=at * SECOND)
    return "dlv-1", answer


@pytest.mark.parametrize(("after", "event", "second", "outcome"), [
    (((11, 204),), None, 404, "pass"), (((11, 204), (13, 204)), None, 202, "pass"),
    (((11, 204), (13, 204)), None, 404, "fail"), (((11, 204), (12, 204), (13, 204)), None, 202, "fail"),
    ((), None, 404, "fail"), (((11, 204),), "ev-new", 404, "fail")])
def test_a_redrive_doubles_nothing(make, after, event, second, outcome):
    events = [tries(1, (0, 500), (1, 500), (2, 500))]
    events.append(tries(1, *after, event=event) if event else [Exchange.from_line({**e.to_line(), "id": f"r1-again{n}"})
                                                               for n, e in enumerate(tries(1, *after))])
    redrives = [redrive(make, 10), redrive(make, 12, second, "again")]
    found = judged(make, redriven_once, *events, redrives=redrives, listed=[(1, "dead")])
    assert found.outcome.value == outcome, found.message


def test_a_redrive_that_is_refused_is_a_finding_and_none_is_no_evidence(make):
    event = tries(1, (0, 500))
    refused = judged(make, redriven_once, event, redrives=[redrive(make, 10, 500)], listed=[(1, "dead")])
    assert refused.outcome.value == "fail"
    assert judged(make, redriven_once, event).outcome.value == "inconclusive"


@pytest.mark.parametrize("status", [429, 503])
def test_a_redrive_that_is_turned_away_decides_nothing(make, status):
    event = tries(1, (0, 500), (1, 500), (2, 500))
    found = judged(make, redriven_once, event, redrives=[redrive(make, 10, status)], listed=[(1, "dead")])
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "subject")


def test_hostile_lists_crash_nothing(make, hostile):
    played, exchanges = delivered(make, tries(1, (0, 500)), listed=[(1, "dead")])
    bent = [Exchange.from_line({**e.to_line(), "response_body": json.dumps(hostile)})
            if e.operation.startswith("list") else e for e in exchanges]
    for draft in (tried_again, webhooks_back_off, stops_when_gone, dead_letters_visible):
        assert make.outcome(draft(played), *bent) in ("fail", "inconclusive")
