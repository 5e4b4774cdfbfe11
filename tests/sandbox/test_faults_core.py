"""Every fault switch of the core shows its defect when it is on, and the healthy platform shows none of them.

A probe returns True when it sees the defect. budget: one short probe per switch, kept in one table.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.sandbox import faults
from harness.sandbox.faults_core import FAULTS
from tests.sandbox.switches import probed

Probe = Callable[[Any], bool]
PROBES: dict[str, Probe] = {}


def probe(*names: str) -> Callable[[Probe], Probe]:
    def register(function: Probe) -> Probe:
        for name in names:
            assert name not in PROBES
            PROBES[name] = function
        return function

    return register


def open_session(p: Any, amount: int = 10_000, currency: str = "EUR", **rg: Any) -> tuple[str, str]:
    player = p.player(amount, currency, **rg)
    return player, p.session(player, currency)


@probe("key-ignored", "bet-id-not-unique")
def second_debit(p: Any) -> bool:
    player, session = open_session(p)
    bet = p.new_bet()
    p.authorize(session, 100, bet, "k-" + bet)
    p.authorize(session, 100, bet, "k-" + bet if faults_on(p) == {"key-ignored"} else None)
    return bool(p.balance(player)[0] != 9_900)


@probe("key-optional")
def keyless_write(p: Any) -> bool:
    player, session = open_session(p)
    p.authorize(session, 100, X_Idempotency_Key=None)
    return bool(p.balance(player)[0] != 10_000)


@probe("key-not-bound", "key-mismatch-executes")
def mismatch(p: Any) -> bool:
    player, session = open_session(p)
    key = p.new_bet()
    p.authorize(session, 100, None, key)
    answer = p.authorize(session, 200, None, key)
    return bool(answer.status_code != 409 or p.balance(player)[0] != 9_900)


@probe("key-scope-global", "key-shared-by-brands")
def shared_key(p: Any) -> bool:
    other = type(p)(p.running, "provider-a", "brand-a2")
    try:
        key = p.new_bet()
        codes = [one.authorize(open_session(one)[1], 100, None, key).status_code for one in (p, other)]
    finally:
        other.http.close()
    return codes != [200, 200]


@probe("idempotency-race")
def copies(p: Any) -> bool:
    player, session = open_session(p)
    bet, key = p.new_bet(), p.new_bet()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: p.authorize(session, 100, bet, key), range(8)))
    return bool(p.balance(player)[0] != 9_900)


@probe("replay-differs")
def replay(p: Any) -> bool:
    _, session = open_session(p)
    bet, key = p.new_bet(), p.new_bet()
    return len({p.authorize(session, 100, bet, key).content for _ in range(2)}) != 1


@probe("refusal-not-stored")
def refusal_replay(p: Any) -> bool:
    player, session = open_session(p, 50)
    bet, key = p.new_bet(), p.new_bet()
    p.authorize(session, 100, bet, key)
    p.fund(player, 100)
    return bool(p.authorize(session, 100, bet, key).status_code == 200)


@probe("refusal-keeps-hold")
def hidden_hold(p: Any) -> bool:
    player, session = open_session(p, 50)
    p.authorize(session, 100)
    return bool(p.balance(player) != (50, 0))


@probe("keys-expire-early", "keys-expire-in-half-a-day")
def forgotten_key(p: Any) -> bool:
    body = {"player_id": p.player(), "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}
    key, past = p.new_bet(), 600 if faults_on(p) == {"keys-expire-early"} else 13 * 3_600
    p.admin("POST", "/sandbox/clock", {"advance_seconds": -past})  # back: tokens of now are still good then
    try:
        first = p.send("POST", "/v1/sessions", body, key).json()["session_id"]
    finally:
        p.admin("POST", "/sandbox/clock", {"advance_seconds": past})
    return bool(p.send("POST", "/v1/sessions", body, key).json()["session_id"] != first)


@probe("ledger-entry-missing")
def unbooked_win(p: Any) -> bool:
    player, session = open_session(p)
    p.settle(p.bet(session, 100), 250)
    return bool(p.balance(player)[0] == 10_150 and sum(e["amount"] for e in p.ledger(player)) != 10_150)


@probe("largest-win-without-entry")
def unbooked_fortune(p: Any) -> bool:
    player, session = open_session(p)
    fortune = 999_999_999_999_000_000
    p.settle(p.bet(session, 100), 250)
    assert sum(e["amount"] for e in p.ledger(player)) == p.balance(player)[0] == 10_150, "a small win is booked"
    p.settle(p.bet(session, 100), fortune)
    return bool(p.balance(player)[0] == fortune + 10_050 and sum(e["amount"] for e in p.ledger(player)) < fortune)


@probe("partner-request-id-ignored")
def keyless_partner(p: Any) -> bool:
    _, session = open_session(p)
    body = {"session_id": session, "bet_id": p.new_bet(), "round_id": "r",
            "amount": {"amount": 70, "currency": "EUR"}, "partner_request_id": "pr-1"}
    return bool(p.send("POST", "/v1/bets/authorize", body, X_Idempotency_Key=None).status_code != 200)


def exact(p: Any, stake: int, currency: str, funds: int) -> bool:
    player, session = open_session(p, funds, currency)
    bet = p.authorize(session, stake, currency=currency)
    return bool(bet.status_code != 200 or p.balance(player, currency) != (funds - stake, stake))


@probe("float-money")
def cents(p: Any) -> bool:
    return any(exact(p, stake, "EUR", 10_000) for stake in (29, 57, 58, 113, 1001))


@probe("money-lossy-above-2-53")
def large(p: Any) -> bool:
    return exact(p, 2**53 + 1, "EUR", 2**54)


@probe("three-decimals-as-two")
def dinars(p: Any) -> bool:
    return exact(p, 1_237, "KWD", 10_000)


@probe("zero-decimals-as-two")
def yen(p: Any) -> bool:
    return exact(p, 7, "JPY", 10_000)


@probe("float-amounts-accepted")
def exponents(p: Any) -> bool:
    player, session = open_session(p)
    raw = json.dumps({"session_id": session, "bet_id": p.new_bet(), "round_id": "r1",
                      "amount": {"amount": 0, "currency": "EUR"}}).replace('"amount": 0', '"amount": 1e2')
    return bool(p.send("POST", "/v1/bets/authorize", raw.encode()).status_code == 200
                or p.balance(player) != (10_000, 0))


@probe("negative-amounts-accepted")
def negative(p: Any) -> bool:
    player, session = open_session(p)
    p.authorize(session, -500)
    return bool(p.balance(player)[0] != 10_000)


@probe("large-win-short-by-one")
def large_win(p: Any) -> bool:
    player, session = open_session(p)
    p.settle(p.bet(session), 123_456)
    return bool(p.balance(player)[0] != 10_000 - 100 + 123_456)


@probe("overdraft-race")
def overdraft(p: Any) -> bool:
    for _ in range(8):  # a race shows in one of a few tries, not in each
        _, session = open_session(p, 1_000)
        with ThreadPoolExecutor(8) as pool:
            codes = [a.status_code for a in pool.map(lambda _, s=session: p.authorize(s, 600), range(8))]
        if codes.count(200) > 1:
            return True
    return False


@probe("lost-update")
def hot(p: Any) -> bool:
    for _ in range(8):  # a race shows in one of a few tries, not in each
        player, session = open_session(p)
        bets = [p.bet(session, 100) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda bet: p.settle(bet, 100), bets))
        if p.balance(player)[0] != 10_000:
            return True
    return False


@probe("settlements-lost-in-burst")
def burst(p: Any) -> bool:
    player, session = open_session(p, 100_000)
    for _ in range(120):
        p.settle(p.bet(session, 10), 10)
    return bool(p.balance(player)[0] != 100_000)


@probe("bet-currency-ignored")
def foreign_bet(p: Any) -> bool:
    player, session = open_session(p)
    p.fund(player, 10_000, "USD")
    return bool(p.authorize(session, 100, currency="USD").status_code == 200)


@probe("win-currency-ignored")
def foreign_win(p: Any) -> bool:
    player, session = open_session(p)
    p.settle(p.bet(session), 5_000, currency="JPY")
    return bool(p.balance(player)[0] != 9_900)


@probe("settle-without-authorize-pays")
def unknown_settle(p: Any) -> bool:
    player, _ = open_session(p)
    p.settle(p.new_bet(), 700)
    return bool(p.balance(player)[0] != 10_000)


@probe("settle-pays-twice")
def two_settles(p: Any) -> bool:
    player, session = open_session(p)
    bet = p.bet(session)
    p.settle(bet, 300)
    p.settle(bet, 300)
    return bool(p.balance(player)[0] != 10_200)


@probe("settle-races-rollback")
def both_win(p: Any) -> bool:
    player, session = open_session(p)
    bet = p.bet(session)
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(p.settle, bet, 300), pool.submit(p.rollback, bet)]
        codes = sorted(job.result().status_code for job in jobs)
    return codes == [200, 200] and p.balance(player)[0] not in (10_200, 10_000)


@probe("rollback-pays-twice")
def two_rollbacks(p: Any) -> bool:
    player, session = open_session(p)
    bet = p.bet(session)
    p.rollback(bet)
    p.rollback(bet)
    return bool(p.balance(player)[0] != 10_000)


@probe("rollback-leaves-no-tombstone")
def late_bet(p: Any) -> bool:
    player, session = open_session(p)
    bet = p.new_bet()
    p.rollback(bet)
    p.authorize(session, 100, bet)
    return bool(p.balance(player)[0] != 10_000)


@probe("rollback-unknown-refunds-latest")
def refund_of_nothing(p: Any) -> bool:
    player, session = open_session(p)
    p.bet(session)
    p.rollback(p.new_bet())
    return bool(p.balance(player) != (9_900, 100))


@probe("rollback-of-foreign-bet")
def foreign_rollback(p: Any) -> bool:
    other = type(p)(p.running, "provider-b", "brand-b1")
    try:
        player, session = open_session(other)
        p.rollback(other.bet(session))
        return bool(other.balance(player) != (9_900, 100))
    finally:
        other.http.close()


@probe("self-excluded-can-play")
def excluded(p: Any) -> bool:
    player, session = open_session(p)
    p.admin("PATCH", f"/sandbox/players/{player}", {"rg": {"self_excluded": True}})
    return bool(p.authorize(session).status_code == 200)


@probe("limits-ignored")
def over_limit(p: Any) -> bool:
    _, session = open_session(p, limits={"max_bet": {"amount": 50, "currency": "EUR"}})
    return bool(p.authorize(session, 51).status_code == 200)


@probe("rg-blocks-settle")
def blocked_settle(p: Any) -> bool:
    player, session = open_session(p)
    bet = p.bet(session)
    p.admin("PATCH", f"/sandbox/players/{player}", {"rg": {"self_excluded": True}})
    return bool(p.settle(bet, 50).status_code != 200)


@probe("slow-authorize")
def slow(p: Any) -> bool:
    _, session = open_session(p)
    return bool(p.authorize(session).elapsed.total_seconds() > 0.5)


@probe("token-not-required")
def no_token(p: Any) -> bool:
    return bool(p.send("GET", f"/v1/players/{p.player()}", Authorization=None).status_code == 200)


@probe("token-garbage-accepted")
def garbage_token(p: Any) -> bool:
    return bool(p.send("GET", f"/v1/players/{p.player()}", Authorization="Bearer nonsense").status_code == 200)


@probe("token-signature-unchecked")
def forged_token(p: Any) -> bool:
    forged = p.token.rpartition(".")[0] + "." + "A" * 43
    return bool(p.send("GET", f"/v1/players/{p.player()}", Authorization=f"Bearer {forged}").status_code == 200)


@probe("token-expiry-unchecked")
def expired_token(p: Any) -> bool:
    old = p.admin("POST", "/sandbox/tokens", {"client_id": "provider-a", "expires_in": -1})["access_token"]
    return bool(p.send("GET", f"/v1/players/{p.player()}", Authorization=f"Bearer {old}").status_code == 200)


@probe("refused-401-after-effect")
def late_401(p: Any) -> bool:
    player, session = open_session(p)
    answer = p.authorize(session, Authorization="Bearer nonsense")
    assert answer.status_code == 401
    return bool(p.balance(player) != (10_000, 0))


@probe("refused-400-after-effect")
def late_400(p: Any) -> bool:
    player, session = open_session(p)
    answer = p.authorize(session, X_Region=None)
    assert answer.status_code == 400
    return bool(p.balance(player) != (10_000, 0))


@probe("scope-unchecked-settle")
def narrow(p: Any) -> bool:
    _, session = open_session(p)
    token = p.token_of("provider-a", "bets:write")
    return bool(p.settle(p.bet(session), 1, Authorization=f"Bearer {token}").status_code != 403)


def stranger(p: Any, path: Callable[[str, str], str]) -> bool:
    _, session = open_session(p)
    bet = p.bet(session)
    other = type(p)(p.running, "provider-b", "brand-b1")
    try:
        return bool(other.send("GET", path(session, bet)).status_code != 404)
    finally:
        other.http.close()


@probe("tenant-unchecked-bet")
def foreign_read(p: Any) -> bool:
    return stranger(p, lambda _, bet: f"/v1/bets/{bet}")


@probe("tenant-unchecked-session")
def foreign_session(p: Any) -> bool:
    return stranger(p, lambda session, _: f"/v1/sessions/{session}")


@probe("region-not-enforced")
def other_region(p: Any) -> bool:
    _, session = open_session(p)
    return bool(p.send("GET", f"/v1/bets/{p.bet(session)}", X_Region="uk").status_code != 403)


def without(name: str) -> Probe:
    return lambda p: bool(p.send("GET", f"/v1/players/{p.player()}", **{name: None}).status_code == 200)


probe("missing-region-accepted")(without("X_Region"))
probe("missing-brand-accepted")(without("X_Brand_Id"))
probe("missing-provider-accepted")(without("X_Provider_Id"))
probe("missing-trace-accepted")(without("X_Trace_Id"))


@probe("version-unchecked")
def version(p: Any) -> bool:
    accept = "application/vnd.platform.api+json; version=9.9"
    return bool(p.send("GET", f"/v1/players/{p.player()}", Accept=accept).status_code != 406)


def raw_rollback(p: Any, raw: bytes, **more: str) -> int:
    return int(p.send("POST", "/v1/bets/rollback", raw, **more).status_code)


@probe("duplicate-keys-accepted")
def duplicate_names(p: Any) -> bool:
    return raw_rollback(p, b'{"bet_id": "a", "bet_id": "dup-1"}') != 400


@probe("media-type-unchecked")
def media_type(p: Any) -> bool:
    return raw_rollback(p, b'{"bet_id": "mt-1"}', Content_Type="text/plain") != 415


@probe("body-size-unlimited")
def size(p: Any) -> bool:
    return raw_rollback(p, b'{"bet_id": "' + b"a" * 300_000 + b'"}') != 413


@probe("malformed-gives-500")
def malformed(p: Any) -> bool:
    return raw_rollback(p, b"{nonsense") != 400


@probe("trace-lost-on-errors", "trace-cached")
def trace(p: Any) -> bool:
    answers = [p.send("GET", "/v1/bets/none-such") for _ in range(2)]
    return any(a.headers.get("X-Trace-Id") != a.request.headers["X-Trace-Id"] for a in answers)


@probe("trace-not-generated")
def no_trace(p: Any) -> bool:
    return "X-Trace-Id" not in p.http.get("/healthz").headers


def unknown_bet(p: Any) -> Any:
    return p.send("GET", "/v1/bets/none-such")


probe("error-leaks-sql")(lambda p: "SELECT" in unknown_bet(p).text)
probe("error-leaks-stack")(lambda p: "Traceback" in p.send("POST", "/v1/bets/rollback", {}).text)
probe("markup-reflected")(lambda p: "<script>" in p.send("POST", "/v1/bets/rollback", {"bet_id": "<script>"}).text)
probe("error-without-retryable")(lambda p: "retryable" not in unknown_bet(p).json())
probe("error-code-invented")(lambda p: unknown_bet(p).json()["code"] != "NOT_FOUND")
probe("refusals-said-retryable")(lambda p: bool(unknown_bet(p).json()["retryable"]))
probe("challenge-missing")(lambda p: "WWW-Authenticate" not in p.send("GET", "/v1/bets/b", Authorization=None).headers)


@probe("funds-said-limit")
def other_meaning(p: Any) -> bool:
    _, session = open_session(p, 100)
    refused = p.authorize(session, 200)
    return bool(refused.status_code == 422 and refused.json()["code"] != "INSUFFICIENT_FUNDS")


@probe("rolled-back-read-as-tombstoned")
def other_status(p: Any) -> bool:
    _, session = open_session(p)
    bet = p.new_bet()
    p.authorize(session, 100, bet)
    p.rollback(bet)
    return bool(p.get(f"/v1/bets/{bet}")["status"] != "rolled_back")


@probe("refusals-answer-200")
def refusal_200(p: Any) -> bool:
    return bool(p.settle(p.new_bet(), 1).status_code == 200)


@probe("field-renamed", "amount-as-string", "undocumented-status", "time-without-zone")
def shape(p: Any) -> bool:
    _, session = open_session(p)
    answer = p.authorize(session)
    body = answer.json()
    well = "hold_id" in body and type(body["balance"]["amount"]) is int and body["authorized_at"].endswith("Z")
    return bool(answer.status_code != 200 or not well)


@probe("location-missing")
def location(p: Any) -> bool:
    body = {"player_id": p.player(), "game_id": "g", "currency": "EUR", "locale": "de"}
    return "Location" not in p.send("POST", "/v1/sessions", body).headers


def faults_on(p: Any) -> set[str]:
    return set(p.admin("GET", "/sandbox/faults")["enabled"])


# Shown by their own tests: they need a restart, a flood, switched flags or a disturbed wallet.
ELSEWHERE = {
    "keys-kept-in-memory", "ack-before-commit", "crash-forgets-open-calls", "no-wallet-timeout", "retry-storm",
    "retry-without-jitter", "retry-with-new-tx-id", "no-bulkhead", "busy-held-open", "no-breaker",
    "breaker-never-closes", "timeout-said-refused", "unknown-never-reconciled", "broken-answer-said-ok",
    "rate-limit-off", "rate-limit-shared-by-all", "retry-after-missing", "refused-429-after-effect",
    "kill-switch-ignored", "kill-switch-stops-settle",
}


(test_every_switch_has_a_probe, test_the_switch_shows_its_defect,
 test_the_healthy_platform_shows_none) = probed(PROBES, FAULTS, elsewhere=ELSEWHERE)


def test_catalogue_is_well_formed() -> None:
    for fault in faults.catalogue().values():
        assert fault.proves, fault.name
        assert not set(fault.proves) & set(fault.also), fault.name
        assert len(fault.title) > 10


def test_unknown_names_are_refused(partner: Any) -> None:
    headers = {"Authorization": f"Bearer {partner.admin_token}"}
    answer = partner.http.put("/sandbox/faults", json={"enabled": [uuid.uuid4().hex]}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    with pytest.raises(ValueError, match="unknown fault"):
        faults.activate(["no-such-fault"])
