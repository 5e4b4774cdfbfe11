"""EVT-01: every event, in the feed and in webhooks, is complete and validates against its registered schema."""

import pytest

from harness import Lab, registered


@pytest.mark.certifies("EVT-01")
def test_every_event_is_complete_and_valid(lab: Lab, watch) -> None:
    """Judged over all events of the run; a session and three bets make sure that there are some."""
    player = lab.player()
    session = lab.session(player)
    watching = watch(lab.call("getSession", path={"session_id": session}))
    settled, undone = lab.bet(session, player), lab.bet(session, player)
    lab.must(lab.authorize(settled), 200)
    lab.must(lab.authorize(undone), 200)
    lab.must(lab.settle(settled, 1_500), 200)
    lab.must(lab.rollback(undone), 200)
    watching.events(("bet.settled", {"bet_id": settled.bet_id}), ("bet.rolled_back", {"bet_id": undone.bet_id}))
    lab.claim(registered(least=4))
