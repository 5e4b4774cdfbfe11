"""Judges of whether each call is announced, on synthetic tries and lists."""

import json

import pytest

from harness.judges.expectations import each_announced_once, other_receiver_unharmed
from harness.judges.webhook_announced import all_announced
from harness.model.exchange import Exchange
from tests.judges.receiver_tries import PATH, UNREAD, delivered, judged, tries

FIVE = ((0, 500), (1, 500), (3, 500), (7, 500), (15, 500))
ONCE = ((0, 503),)


def test_every_call_is_announced_by_one_id_and_taken(make):
    good = [tries(n, (n, 500), (n + 1, 204)) for n in (1, 13, 135)]
    assert judged(make, each_announced_once, *good).outcome.value == "pass"
    assert judged(make, each_announced_once, *good, tries(2, (0, 500), (1, 500))).outcome.value == "fail"
    twice = tries(1, (5, 204), event="ev-other")
    assert judged(make, each_announced_once, *good, twice).outcome.value == "fail"


def test_a_call_without_any_try_is_lost_and_a_refused_one_needs_none(make):
    call = make.exchange(method="POST", operation="authorizeBet")
    draft = all_announced([("player-9", call)], PATH)
    assert make.outcome(draft, call) == "fail"
    refused = make.exchange(method="POST", operation="authorizeBet", status=422)
    assert make.outcome(all_announced([("player-9", refused)], PATH), refused) == "inconclusive", "nothing was observed"
    taken, (came,) = make.exchange(method="POST", operation="authorizeBet"), tries(1, (0, 204))
    both = all_announced([("player-9", refused), ("player-1", taken)], PATH)
    assert make.outcome(both, refused, taken, came) == "pass"
    assert make.outcome(all_announced([], PATH)) == "inconclusive"


@pytest.mark.parametrize(("seen", "listed", "outcome"), [
    (FIVE, "retrying", "inconclusive"), (ONCE, "retrying", "inconclusive"), (ONCE, "pending", "inconclusive"),
    (FIVE, "dead", "pass"), (FIVE[:3], "dead", "pass"), (FIVE[:2], "dead", "fail"), (ONCE, "dead", "fail"),
    (((0, 410),), "dead", "pass"), (ONCE, "delivered", "fail"), (FIVE, "delivered", "fail"), (FIVE, "", "fail"),
    (((0, "reset"), (1, "hang"), (2, 500)), "dead", "pass"), ((*ONCE, (30, 204)), "retrying", "pass")])
def test_what_is_not_taken_is_tried_on_or_given_up_visibly_or_lost(make, seen, listed, outcome):
    good = [tries(n, (n, 204)) for n in (2, 3)]
    items = [(2, "delivered"), (3, "delivered"), *([(1, listed)] if listed else [])]
    found = judged(make, each_announced_once, *good, tries(1, *seen), listed=items)
    assert found.outcome.value == outcome, found.message
    if outcome == "inconclusive":
        assert found.owner.value == "target profile"
    if outcome == "pass" and listed == "dead":
        assert found.measured["given_up"] == 1
        assert "1 not taken, and given up visibly" in found.message


@pytest.mark.parametrize("page", UNREAD)
def test_lists_that_were_not_read_lose_no_event(make, page):
    for operation in ("listWebhookDeliveries", "listDeadLetters"):
        more = [(operation, page)]
        assert judged(make, each_announced_once, tries(1, *FIVE), more=more).outcome.value == "inconclusive"
        assert judged(make, each_announced_once, tries(1, *FIVE), listed=[(1, "delivered")], more=more
                      ).outcome.value == "fail"
        assert judged(make, each_announced_once, tries(1, (0, 500), (1, 204)), more=more).outcome.value == "pass"


def unsent(make, *open_events, more=()):
    """Events 1 and 2 were called for and never came; so many events the lists call open."""
    played, exchanges = delivered(make, tries(1, (0, 204)), tries(2, (0, 204)), tries(3, (0, 204)),
                                  listed=[(3, "delivered"), *open_events], more=more)
    return make.verdict(each_announced_once(played), *(e for e in exchanges if e.id[:2] not in ("r1", "r2")))


def test_a_call_without_any_try_waits_only_where_an_event_that_we_never_saw_is_open(make):
    found = unsent(make, (11, "pending"), (12, "retrying"))
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")
    assert unsent(make, (11, "pending")).outcome.value == "fail", "one of the two is lost for sure"
    assert unsent(make, (11, "pending"), (3, "pending")).outcome.value == "fail", "that one was seen"
    assert unsent(make, (11, "dead"), (12, "dead")).outcome.value == "fail", "given up without any try"
    assert unsent(make).outcome.value == "fail"
    assert unsent(make, more=[("listDeadLetters", UNREAD[0])]).outcome.value == "inconclusive"


def test_what_is_open_about_one_event_hides_no_loss_and_no_double_of_another(make):
    waits, gone = tries(1, *ONCE), tries(2, *FIVE)
    assert judged(make, each_announced_once, waits, gone, listed=[(1, "retrying")]).outcome.value == "fail"
    twice = [tries(2, (0, 204)), tries(2, (1, 204), event="ev-other")]
    assert judged(make, each_announced_once, waits, *twice, listed=[(1, "retrying")]).outcome.value == "fail"


def test_a_receiver_that_is_well_takes_every_event_whatever_the_lists_of_another_say(make):
    played, exchanges = delivered(make, tries(1, *FIVE), tries(1, *ONCE, path="/hooks/other"),
                                  listed=[(1, "retrying")])
    assert make.outcome(other_receiver_unharmed(played), *exchanges) == "fail"


def test_hostile_lists_announce_nothing(make, hostile):
    played, exchanges = delivered(make, tries(1, *FIVE), listed=[(1, "dead")])
    bent = [Exchange.from_line({**e.to_line(), "response_body": json.dumps(hostile)})
            if e.operation.startswith("list") else e for e in exchanges]
    assert make.outcome(each_announced_once(played), *bent) in ("fail", "inconclusive")


def test_a_claim_of_an_older_journal_is_judged_without_lists(make):
    played, exchanges = delivered(make, tries(1, (0, 500), (1, 204)))
    draft = all_announced(played.calls, PATH)
    old = type(draft)(judge=draft.judge, says=draft.says, over=draft.over,
                      params={k: v for k, v in draft.params.items() if k != "endpoint"})
    assert make.outcome(old, *exchanges) == "pass"
