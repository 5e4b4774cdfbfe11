"""CONT-01, CONT-07, CONT-09: the OpenAPI document is valid and complete, and keeps what was released before.

Everything else is generated from it or tested against it: a hole here is a hole in every client.
"""

import pytest

from harness import Lab, documented_operations, only_additions, same_vocabulary, speaks, valid_document


@pytest.mark.certifies("CONT-01")
def test_the_document_is_valid_and_complete(lab: Lab) -> None:
    """Read from the target's own document; nothing is sent."""
    lab.claim(valid_document())
    lab.claim(documented_operations())


@pytest.mark.certifies("CONT-07", api="any", needs=("released_baseline",))
def test_the_document_only_adds_to_what_was_released(lab: Lab) -> None:
    """Within a major only additions, a break on a path of its own; what the profile does not offer is left out."""
    lab.claim(only_additions(absent=[name for name, offered in lab.target.capabilities.items() if not offered]))


@pytest.mark.certifies("CONT-09")
def test_the_document_keeps_the_vocabulary_of_its_major_version(lab: Lab) -> None:
    """Identifiers, money, statuses, codes and idempotency, against the released baseline."""
    lab.claim(same_vocabulary())


@pytest.mark.certifies("CONT-09")
def test_the_life_of_a_bet_is_told_in_the_same_words(lab: Lab) -> None:
    """A session, a bet that is settled, a bet that is rolled back: ids, states and money as ever."""
    player = lab.player()
    session = lab.session(player)
    lab.claim(speaks(lab.call("getSession", path={"session_id": session}), statuses=("active",),
                     ids={"session_id": session, "player_id": player.player_id}))
    bet, undone = lab.bet(session, player, amount=1_200), lab.bet(session, player, amount=700)
    for each in (bet, undone):
        held = lab.must(lab.authorize(each), 200)
        lab.claim(speaks(held, statuses=("authorized",), amounts=("amount",),
                         ids={"bet_id": each.bet_id, "round_id": each.round_id, "session_id": session}))
    lab.claim(speaks(lab.read_bet(bet), ids={"bet_id": bet.bet_id}, statuses=("authorized",)))
    settled = lab.must(lab.settle(bet, 2_500), 200)
    lab.claim(speaks(settled, ids={"bet_id": bet.bet_id, "round_id": bet.round_id}, statuses=("credited",),
                     amounts=("win",)))
    lab.claim(speaks(lab.read_bet(bet), ids={"bet_id": bet.bet_id}, statuses=("settled",)))
    back = lab.must(lab.rollback(undone), 200)
    lab.claim(speaks(back, ids={"bet_id": undone.bet_id}, statuses=("rolled_back",)))
    lab.claim(speaks(lab.read_bet(undone), ids={"bet_id": undone.bet_id}, statuses=("rolled_back",)))
