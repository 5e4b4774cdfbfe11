"""CONT-08: what is deprecated says since when and until when, in the document and in every answer."""

import pytest

from harness import Lab, deprecations_announced, deprecations_promised, read_deprecated


@pytest.mark.certifies("CONT-08")
def test_the_document_promises_an_end(lab: Lab) -> None:
    """Since, removal and sunset of what is deprecated; and nothing goes earlier than the baseline promised."""
    lab.claim(deprecations_promised(absent=[n for n, offered in lab.target.capabilities.items() if not offered]))


@pytest.mark.certifies("CONT-08")
def test_deprecated_calls_say_so(lab: Lab) -> None:
    """Judged over all answers of the run; what is deprecated and can be read is called, so that there are some."""
    player = lab.player()
    session = lab.session(player)
    bet = lab.bet(session, player)
    settled = lab.must(lab.authorize(bet), 200) and lab.must(lab.settle(bet, 1_500), 200)
    read = lab.must(lab.call("getPlayer", path={"player_id": player.player_id}), 200)
    settlement = settled.field("settlement_id")
    read_deprecated(lab, read, {
        "player_id": player.player_id, "session_id": session, "bet_id": bet.bet_id,
        **({"settlement_id": settlement} if isinstance(settlement, str) else {})})
    lab.claim(deprecations_announced(unreachable=lab.target.unreachable))
