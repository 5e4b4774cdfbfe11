"""OBS-01, OBS-02: one trace id from the call through its answer to the events that it causes.

At three in the morning the trace id is all that support has.
"""

import pytest

from harness import Exchange, Lab, same_trace, traced

UNTRACED = 12


@pytest.mark.certifies("OBS-01")
def test_every_answer_carries_the_trace_id(lab: Lab) -> None:
    """Judged over the whole run; here successes, 4xx of many kinds, and calls that send none or a bad one."""
    player = lab.player()
    session = lab.session(player)
    where = {"session_id": session}
    lab.call("getSession", path=where)
    lab.call("getSession", path={"session_id": lab.fresh("session")})
    lab.call("getSession", path=where, token=None)
    lab.call("getSession", path=where, token="not-a-token")
    lab.call("createSession", {"player_id": player.player_id})
    lab.call("authorizeBet", raw=b"{")
    lab.authorize(lab.bet(session, player), key=None)
    lab.settle(lab.bet(session, player))
    for _ in range(UNTRACED):
        lab.call("getSession", path=where, headers={"X-Trace-Id": None})
    for bad in ("", "a" * 300, "two words", '{"id":1}'):
        lab.call("getSession", path=where, headers={"X-Trace-Id": bad})
    lab.claim(traced(echoed=8, made=UNTRACED))


@pytest.mark.certifies("OBS-02")
def test_the_trace_id_is_in_the_events_of_the_feed(lab: Lab) -> None:
    """Authorize and settle under trace ids of our own: bet.authorized and bet.settled carry them."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player)
    held = lab.must(lab.authorize(bet), 200)
    settled = lab.must(lab.settle(bet, 500), 200)
    ids = {"bet_id": bet.bet_id}
    for call, kind in ((held, "bet.authorized"), (settled, "bet.settled")):
        page = lab.until(lambda: lab.call("listEvents", query={"bet_id": bet.bet_id, "limit": 200}),
                         lambda page, kind=kind: kind in _types(page, bet.bet_id))
        lab.claim(same_trace(call, kind, ids, page))


@pytest.mark.certifies("OBS-02", needs=("webhooks",))
def test_the_trace_id_is_in_the_webhook(lab: Lab) -> None:
    """The delivery of bet.authorized carries the call's trace id, in its body and in its header."""
    lab.listen()
    player = lab.player()
    bet = lab.bet(lab.session(player), player)
    held = lab.must(lab.authorize(bet), 200)
    told = lab.deliveries(lambda d: bet.bet_id in d.request_body and "bet.authorized" in d.request_body)
    lab.claim(same_trace(held, "bet.authorized", {"bet_id": bet.bet_id}, *told))


def _types(page: Exchange, bet_id: str) -> set[str]:
    """Event types about the bet on a page of the feed."""
    listed = page.field("items")
    return {str(e.get("type")) for e in (listed if isinstance(listed, list) else []) if isinstance(e, dict)
            and isinstance(e.get("data"), dict) and e["data"].get("bet_id") == bet_id}
