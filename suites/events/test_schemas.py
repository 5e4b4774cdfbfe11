"""EVT-01, EVT-02: every event is complete and valid, and consumers of what was released before can read it."""

import pytest

from harness import Lab, old_readers_read, registered, schemas_evolve


@pytest.mark.certifies("EVT-01")
def test_every_event_is_complete_and_valid(lab: Lab, watch) -> None:
    """Judged over all events of the run; a session and two bets make sure that there are some."""
    _some_events(lab, watch)
    lab.claim(registered(least=4))


@pytest.mark.certifies("EVT-02")
def test_event_schemas_evolve_compatibly(lab: Lab) -> None:
    """The target's own schemas against every released version of their major; nothing is sent."""
    lab.claim(schemas_evolve())


@pytest.mark.certifies("EVT-02")
def test_consumers_of_released_versions_read_every_event(lab: Lab, watch) -> None:
    """Judged over all events of the run; a session and two bets make sure that there are some."""
    _some_events(lab, watch)
    lab.claim(old_readers_read(least=4))


def _some_events(lab: Lab, watch) -> None:
    """A session with a bet that is settled and one that is rolled back, until both ends were told."""
    player = lab.player()
    session = lab.session(player)
    watching = watch(lab.call("getSession", path={"session_id": session}))
    settled, undone = lab.bet(session, player), lab.bet(session, player)
    lab.must(lab.authorize(settled), 200)
    lab.must(lab.authorize(undone), 200)
    lab.must(lab.settle(settled, 1_500), 200)
    lab.must(lab.rollback(undone), 200)
    watching.events(("bet.settled", {"bet_id": settled.bet_id}), ("bet.rolled_back", {"bet_id": undone.bet_id}))
