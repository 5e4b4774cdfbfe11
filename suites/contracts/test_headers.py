"""CONT-05: the headers that say who calls, for which brand and region, are enforced, and before any effect.

A platform that guesses a missing brand or region books money and personal data in the wrong place.
"""

import pytest

from harness import Lab, answered, refused, unmoved

HEADERS = ("X-Trace-Id", "X-Brand-Id", "X-Region", "X-Provider-Id")


@pytest.mark.certifies("CONT-05")
def test_a_call_without_a_required_header_is_refused(lab: Lab) -> None:
    """Each header left out in turn of a read, a write and a money call, between calls that work."""
    player = lab.player()
    session = lab.session(player)
    lab.must(lab.authorize(lab.bet(session, player)), 200)
    before = lab.balances(player)
    body = {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}
    for name in HEADERS:
        left_out = {"headers": {name: None}, "label": f"without {name}"}
        read = lab.call("getSession", path={"session_id": session}, **left_out)
        if name == "X-Trace-Id" and lab.profile.missing_trace_id == "generated":
            lab.claim(answered(read, 200, says="a call without X-Trace-Id is served, as the profile declares"))
            continue
        probes = (read, lab.call("createSession", body, **left_out),
                  lab.authorize(lab.bet(session, player), **left_out))
        for probe in probes:
            lab.claim(refused(probe, says=f"{probe.operation} without {name} is refused"))
    for probe in (lab.call("createSession", body, key=None), lab.authorize(lab.bet(session, player), key=None)):
        lab.claim(refused(probe, says=f"{probe.operation} without {lab.profile.idempotency_header} is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.call("getSession", path={"session_id": session}), 200))
    lab.baseline(answered(lab.call("createSession", body), 201))
    lab.baseline(answered(lab.authorize(lab.bet(session, player)), 200))
