"""SEC-08: errors tell the caller what to do, and an attacker nothing; odd text in ids and routes stays text."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from harness import Lab, answered, gives_nothing_away, inert

ODD = {"markup": "<script>alert(1)</script>", "SQL": "x' OR '1'='1' --", "quotes": "a\"b'c`d",
       "a way up": "../../etc/passwd", "a template": "{{7*7}}${7*7}", "NUL": "a\x00b"}


@pytest.mark.certifies("SEC-08")
def test_errors_give_nothing_away(lab: Lab) -> None:
    """Judged over every error of the run; here the ones that tempt a platform to tell its insides."""
    player = lab.player({"EUR": 500})
    session = lab.session(player)
    lab.baseline(answered(lab.call("getSession", path={"session_id": session}), 200))
    lab.authorize(lab.bet(session, player, amount=900_000))
    lab.settle(lab.bet(session, player))
    lab.call("authorizeBet", raw=b'{"amount": ')
    lab.call("authorizeBet", {"session_id": 7, "bet_id": [], "round_id": {}, "amount": "x"})
    lab.call("getSession", path={"session_id": session}, token="eyJ.not-a-token")
    lab.call("getBet", path={"bet_id": lab.fresh("bet")})
    lab.call("listEvents", query={"limit": "many", "order": "sideways"})
    lab.claim(gives_nothing_away(least=6))


@pytest.mark.certifies("SEC-08")
def test_odd_text_stays_inert(lab: Lab) -> None:
    """Markup, SQL, quotes, paths and templates as ids, filters, player names and routes."""
    player = lab.player()
    session = lab.session(player)
    known = lab.must(lab.call("getSession", path={"session_id": session}), 200)
    probes = []
    for label, text in ODD.items():
        probes += [lab.call("getSession", path={"session_id": text}, label=f"{label} as an id"),
                   lab.call("listEvents", query={"bet_id": text}, label=f"{label} as a filter"),
                   lab.call("createSession", {"player_id": text, "game_id": "studio:slot_forge_02", "currency": "EUR",
                                              "locale": "de-DE"}, label=f"{label} as a player")]
        unknown = known.url.partition("/v1/")[0] + "/v1/" + quote(text, safe="")
        probes.append(lab.again(replace(known, url=unknown, operation=""), label=f"{label} as a route"))
    lab.claim(inert(probes, list(ODD.values())))
    lab.baseline(answered(lab.call("getSession", path={"session_id": session}), 200))
