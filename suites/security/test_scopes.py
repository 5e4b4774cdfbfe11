"""SEC-02: a token opens what its scope names and nothing else."""

from functools import partial

import pytest

from harness import Lab, answered, not_let_in, turned_away, unmoved

ELSEWHERE = {"events": "sessions:read"}
"""A scope of another family, by family; `events:read` serves all other families."""


@pytest.mark.certifies("SEC-02")
def test_money_and_sessions_ask_for_their_own_scope(lab: Lab) -> None:
    """Too narrow is 403, without effect; the one right scope is enough."""
    player = lab.player()
    session = lab.session(player)
    bet, other = lab.bet(session, player), lab.bet(session, player)
    token = partial(lab.provider.token, check=lab.check)
    lab.baseline(answered(lab.authorize(bet, token=token("bets:write")), 200))
    before = lab.balances(player)
    body = {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}
    where = {"session_id": session}
    endpoint = {"url": f"http://{lab.target.webhook_listen}:9/never", "event_types": ["rg.reality_check"]}
    probes = [lab.authorize(other, token=token("bets:read"), label="bets:read"),
              lab.authorize(other, token=token("settlements:write"), label="settlements:write"),
              lab.settle(bet, 5_000, token=token("bets:write"), label="bets:write"),
              lab.settle(bet, 5_000, token=token("settlements:read"), label="settlements:read"),
              lab.rollback(bet, token=token("settlements:write"), label="settlements:write"),
              lab.call("createSession", body, token=token("sessions:read"), label="sessions:read"),
              lab.call("getSession", path=where, token=token("events:read"), label="events:read"),
              lab.call("getPlayer", path={"player_id": player.player_id}, token=token("bets:write"),
                       label="bets:write"),
              lab.call("listEvents", token=token("sessions:read"), label="sessions:read"),
              lab.call("createWebhookEndpoint", endpoint, token=token("webhooks:read"), label="webhooks:read")]
    lab.claim(turned_away(probes, 403, says="a token with another scope is refused with 403"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.call("getSession", path=where, token=token("sessions:read")), 200))
    lab.baseline(answered(lab.call("createSession", body, token=token("sessions:write")), 201))
    lab.baseline(answered(lab.call("listEvents", query={"limit": 1}, token=token("events:read")), 200))
    lab.baseline(answered(lab.settle(bet, 0, token=token("settlements:write")), 200))


@pytest.mark.certifies("SEC-02")
def test_every_operation_refuses_a_scope_of_another_family(lab: Lab, calls) -> None:
    """Walk the contract with a token that is good for something else: nothing lets it in."""
    player = lab.player()
    session = lab.session(player)
    before = lab.balances(player)
    lab.baseline(answered(lab.call("getSession", path={"session_id": session}), 200))
    every = calls(player_id=player.player_id, session_id=session)
    tokens = {scope: lab.provider.token(scope, check=lab.check) for scope in ("events:read", *ELSEWHERE.values())}

    def send(name: str):
        families = {scope.partition(":")[0] for scope in every.scopes(name)}
        scope = next((ELSEWHERE[f] for f in families if f in ELSEWHERE), "events:read")
        return every.send(name, token=tokens[scope], label=scope)

    lab.claim(not_let_in(lab.side_by_side([partial(send, name) for name in every.names()], 4),
                         says="no operation serves a token of another scope"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.call("getSession", path={"session_id": session}), 200))
