"""SEC-01: no, bad, expired or foreign token: 401 AUTH_FAILED on every operation, before any effect."""

import base64
import hashlib
import hmac
from functools import partial

import pytest

from harness import Exchange, Lab, NoHook, Prerequisite, answered, turned_away, unmoved


@pytest.mark.certifies("SEC-01")
def test_every_operation_refuses_a_bad_token(lab: Lab, calls) -> None:
    """Walk the contract twice, with no token and with one whose signature was altered; nothing happens."""
    player = lab.player()
    session = lab.session(player)
    bet = lab.bet(session, player)
    lab.must(lab.authorize(bet), 200)
    lab.baseline(answered(lab.call("getSession", path={"session_id": session}), 200))
    before = lab.balances(player)
    every = calls(player_id=player.player_id, session_id=session)
    altered = _altered(lab.provider.token(check=lab.check))
    for label, token in (("no token", None), ("altered signature", altered)):
        probes = lab.side_by_side([partial(every.send, name, token=token, label=label) for name in every.names()], 4)
        lab.claim(turned_away(probes, 401, code="AUTH_FAILED", header="WWW-Authenticate",
                              says=f"every operation refuses a call with {label}"))
    for money in (lab.settle(bet, 5_000, token=None), lab.rollback(bet, token=altered)):
        lab.claim(turned_away([money], 401, says="a money call with a bad token is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.settle(bet, 0), 200))


@pytest.mark.certifies("SEC-01")
def test_forged_and_misplaced_tokens_are_refused(lab: Lab) -> None:
    """Garbage, empty, another scheme, Basic credentials, unsigned and self-signed tokens, on read, write and money."""
    player = lab.player()
    session = lab.session(player)
    before = lab.balances(player)
    token = lab.provider.token(check=lab.check)
    forged = {"garbage": "Bearer not-a-token", "empty": "Bearer", "scheme Token": f"Token {token}",
              "Basic": "Basic " + base64.b64encode(b"provider:guess").decode(), "the token alone": token,
              "cut short": f"Bearer {token[:-8]}", **_jwt_forgeries(token)}
    body = {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}
    for label, value in forged.items():
        sent = {"headers": {"Authorization": value}, "label": label}
        probes = [lab.call("getPlayer", path={"player_id": player.player_id}, **sent),
                  lab.call("createSession", body, **sent), lab.authorize(lab.bet(session, player), **sent)]
        lab.claim(turned_away(probes, 401, code="AUTH_FAILED", says=f"a call with a forged token ({label}) is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.authorize(lab.bet(session, player)), 200))


@pytest.mark.certifies("SEC-01")
def test_an_expired_token_is_refused(lab: Lab) -> None:
    """A genuine token whose life is over, from the sandbox's administration."""
    player = lab.player()
    session = lab.session(player)
    before = lab.balances(player)
    fresh = _token(lab, 600)
    lab.baseline(answered(lab.call("getSession", path={"session_id": session}, token=fresh), 200))
    expired = _token(lab, -120)
    probes = [lab.call("getSession", path={"session_id": session}, token=expired, label="expired"),
              lab.authorize(lab.bet(session, player), token=expired, label="expired")]
    lab.claim(turned_away(probes, 401, code="AUTH_FAILED", says="a call with an expired token is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.call("getSession", path={"session_id": session}, token=fresh), 200))


def _token(lab: Lab, seconds: int) -> str:
    """A token of that lifetime; NoHook where the target does not issue such."""
    answer: Exchange
    answer, token = lab.admin.call_keeping("access_token", "issueSandboxToken", {
        "client_id": lab.provider.credential.client_id, "expires_in": seconds}, check=lab.check)
    if answer.status in (404, 405, 501):
        raise NoHook("the target issues no tokens of a given lifetime (/sandbox/tokens)", exchanges=(answer.id,))
    if answer.status not in (200, 201) or not token:
        raise Prerequisite(f"issueSandboxToken answered {answer.status or answer.failure}", exchanges=(answer.id,))
    return token


def _altered(token: str) -> str:
    """One character changed: the first of the signature, or the middle of an opaque token."""
    place = token.rfind(".") + 1 or len(token) // 2
    return token[:place] + ("B" if token[place] != "B" else "C") + token[place + 1:]


def _jwt_forgeries(token: str) -> dict[str, str]:
    """Unsigned and self-signed copies, where the token is a JWT."""
    pieces = token.split(".")
    if len(pieces) != 3:
        return {}
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    mac = hmac.digest(b"another-platform", f"{pieces[0]}.{pieces[1]}".encode(), hashlib.sha256)
    own = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    return {"alg none": f"Bearer {none}.{pieces[1]}.", "no signature": f"Bearer {pieces[0]}.{pieces[1]}.",
            "self-signed": f"Bearer {pieces[0]}.{pieces[1]}.{own}"}
