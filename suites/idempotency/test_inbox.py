"""IDEM-12: published events pass an inbox: the same event any number of times, in whatever wrapping, one effect.

A sender repeats what it got no answer for, signed anew and under a new key. Only the event id inside the signed body
tells a repeat from a new event: headers can be edited by anybody on the way.
"""

from contextlib import suppress
from functools import partial

import pytest

from harness import Exchange, Lab, NoHook, Publisher, not_taken, taken_once

COPIES, RACES = 10, 3
RECENT = 10
"""Timestamps of repeats lie in these seconds before now: all fresh, none in the future."""


def _accepted(lab: Lab, publisher: Publisher, event: dict[str, object]) -> Exchange:
    """The first publication; a target that takes no event at all is not judged here."""
    return lab.must(publisher.publish(event, timestamp=publisher.now() - RECENT), 200, 202)


@pytest.mark.certifies("IDEM-12", needs=("inbox",))
def test_a_repeated_event_is_a_duplicate(lab: Lab) -> None:
    """Repeated to the letter, then signed anew with later timestamps under new keys, then with edited headers."""
    publisher = lab.publisher()
    player = lab.player()
    event = publisher.event({"player_id": player.player_id})
    first = _accepted(lab, publisher, event)
    replay = lab.again(first)
    later = [publisher.publish(event, timestamp=publisher.now() - RECENT + n) for n in (1, 5, RECENT)]
    lab.claim(taken_once([first, *later], replays=[replay]))
    edited = [publisher.publish(event, headers=headers) for headers in (
        {lab.profile.event_id_header: lab.fresh("event")}, {"X-Trace-Id": lab.fresh("trace")},
        {lab.profile.event_id_header: lab.fresh("event"), "X-Trace-Id": lab.fresh("trace")})]
    lab.claim(taken_once([first, *edited], says="edited headers, which are not signed, make no second event"))
    another = _accepted(lab, publisher, publisher.event({"player_id": player.player_id}))
    lab.claim(taken_once([another], says="an event of the same content with an id of its own is a new event"))


@pytest.mark.certifies("IDEM-12", needs=("inbox",))
def test_copies_at_the_same_instant_are_taken_once(lab: Lab) -> None:
    """Ten copies at once, each signed and keyed on its own, three events in turn; and once more later."""
    publisher = lab.publisher()
    player = lab.player()
    for _ in range(RACES):
        event = publisher.event({"player_id": player.player_id})
        now = publisher.now()
        copies = lab.together([partial(publisher.publish, event, timestamp=now - n) for n in range(COPIES)])
        lab.claim(taken_once([*copies, publisher.publish(event)],
                             says=f"{COPIES} copies of an event at the same instant, and one later, are taken once"))


@pytest.mark.certifies("IDEM-12", needs=("inbox",))
def test_another_body_under_a_known_id_is_not_taken(lab: Lab) -> None:
    """The first body wins: another one is never accepted, and the first is a duplicate still."""
    publisher = lab.publisher()
    player, other = lab.player(), lab.player()
    event = publisher.event({"player_id": player.player_id})
    first = _accepted(lab, publisher, event)
    for changed in ({**event, "data": {"player_id": other.player_id}, "key": f"player:{other.player_id}"},
                    {**event, "trace_id": lab.fresh("trace"), "sequence": 7}):
        lab.claim(not_taken(publisher.publish(changed)))
    lab.claim(taken_once([first, publisher.publish(event)]))


@pytest.mark.certifies("IDEM-12", needs=("inbox",), isolation="exclusive")
def test_what_was_taken_is_known_after_a_restart_and_for_hours(lab: Lab) -> None:
    """A kill between the event and its repeat, then (where the clock can be moved) hours: a duplicate still."""
    publisher = lab.publisher()
    player = lab.player()
    event = publisher.event({"player_id": player.player_id})
    first = _accepted(lab, publisher, event)
    lab.restart()
    later = lab.until(partial(publisher.publish, event), lambda answer: answer.answered and answer.status != 503)
    lab.claim(taken_once([first, later], says="after a restart a repeated event is a duplicate still"))
    new = publisher.publish(publisher.event({"player_id": player.player_id}))
    lab.claim(taken_once([new], says="after a restart a new event is taken"))
    with suppress(NoHook), lab.clock() as clock:
        for seconds in (2 * lab.profile.freshness_window_seconds + 60, lab.profile.retry_horizon_hours * 3_600):
            clock.to(seconds)
            publisher.skew = seconds
            lab.claim(not_taken(publisher.publish(event), says="an event that is repeated hours later, signed anew, "
                                                               "is not accepted a second time"))
