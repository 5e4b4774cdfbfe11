"""Idempotency keys: one effect, one answer, bound to tenant, provider, brand, operation and body."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest


def test_same_key_and_body_gets_the_same_bytes(partner: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    bet, key = partner.new_bet(), partner.new_bet()
    answers = [partner.authorize(session, 100, bet, key) for _ in range(3)]
    assert {a.status_code for a in answers} == {200}
    assert len({a.content for a in answers}) == 1
    assert len({a.headers["X-Trace-Id"] for a in answers}) == 3
    assert partner.balance(player) == (9_900, 100)


def test_body_is_compared_by_meaning_and_not_by_bytes(partner: Any) -> None:
    session = partner.session(partner.player())
    bet, key = partner.new_bet(), partner.new_bet()
    first = partner.authorize(session, 100, bet, key)
    shuffled = (f'{{"round_id": "r1",\n "amount": {{"currency": "EUR", "amount": 100}}, "bet_id": "{bet}", '
                f'"session_id": "{session}"}}').encode()
    assert partner.send("POST", "/v1/bets/authorize", shuffled, key).content == first.content


def test_same_key_other_body_or_operation_is_a_mismatch_without_effect(partner: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    key = partner.new_bet()
    bet = partner.authorize(session, 100, None, key).json()["bet_id"]
    for answer in (partner.authorize(session, 100, None, key), partner.settle(bet, 100, key),
                   partner.rollback(bet, key)):
        assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_MISMATCH")
    assert partner.balance(player) == (9_900, 100)


def test_write_without_key_is_refused_without_effect(partner: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    answer = partner.authorize(session, 100, X_Idempotency_Key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")
    assert partner.balance(player) == (10_000, 0)


def test_partner_request_id_stands_in_for_a_key(partner: Any) -> None:
    player = partner.player()
    body = {"session_id": partner.session(player), "bet_id": partner.new_bet(), "round_id": "r",
            "amount": {"amount": 70, "currency": "EUR"}, "partner_request_id": "pr-1"}
    answers = [partner.send("POST", "/v1/bets/authorize", body, X_Idempotency_Key=None) for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert partner.balance(player) == (9_930, 70)


def test_copies_at_once_have_one_effect_and_one_answer(partner: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    bet, key = partner.new_bet(), partner.new_bet()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: partner.authorize(session, 100, bet, key), range(24)))
        assert {a.status_code for a in answers} == {200}
        assert len({a.content for a in answers}) == 1
        wins = list(pool.map(lambda _: partner.settle(bet, 900), range(24)))
    assert {a.status_code for a in wins} == {200}
    assert len({a.content for a in wins}) == 1
    assert partner.balance(player) == (10_800, 0)
    assert partner.wallet_balance(player) == 10_800


def test_refusal_is_replayed_even_when_it_would_work_now(partner: Any) -> None:
    player = partner.player(50)
    session = partner.session(player)
    bet, key = partner.new_bet(), partner.new_bet()
    first = partner.authorize(session, 100, bet, key)
    partner.fund(player, 1_000)
    again = partner.authorize(session, 100, bet, key)
    assert (first.status_code, first.json()["code"]) == (422, "INSUFFICIENT_FUNDS")
    assert (again.status_code, again.json()["code"]) == (422, "INSUFFICIENT_FUNDS")
    assert again.json()["trace_id"] == again.headers["X-Trace-Id"]
    assert partner.balance(player) == (1_050, 0)


def test_brands_and_tenants_may_use_the_same_key(sandbox: Any, partner: Any) -> None:
    others = [type(partner)(sandbox, "provider-a", "brand-a2"), type(partner)(sandbox, "provider-b", "brand-b1")]
    key = partner.new_bet()
    for one in (partner, *others):
        player = one.player()
        assert one.authorize(one.session(player), 100, None, key).status_code == 200
        assert one.balance(player) == (9_900, 100)
    for one in others:
        one.http.close()


def test_session_is_created_once_per_key(partner: Any) -> None:
    body = {"player_id": partner.player(), "game_id": "g", "currency": "EUR", "locale": "de-DE"}
    key = partner.new_bet()
    first, again = (partner.send("POST", "/v1/sessions", body, key) for _ in range(2))
    assert first.content == again.content
    assert again.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "ä"])
def test_malformed_keys_are_refused(partner: Any, key: str) -> None:
    headers = [(k.encode(), v.encode()) for k, v in partner.headers(X_Idempotency_Key=None).items()]
    headers.append((b"X-Idempotency-Key", key.encode()))
    answer = partner.http.post("/v1/bets/rollback", json={"bet_id": "b"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "MISSING_HEADER")


def test_profile_choices_about_repeats(start: Any) -> None:
    partner = start(profile={"duplicate_answer": "own_code", "mismatch_status": 422, "replay_balance": "recomputed",
                             "idempotency_header": "Idempotency-Key"})
    player = partner.player()
    with_header = {"Idempotency_Key": "k1", "X_Idempotency_Key": None}
    opened = partner.send("POST", "/v1/sessions", {"player_id": player, "game_id": "g", "currency": "EUR",
                                                   "locale": "de"}, Idempotency_Key="s1")
    session = opened.json()["session_id"]
    bet = partner.new_bet()
    first = partner.authorize(session, 100, bet, **with_header)
    assert first.status_code == 200, first.text
    own = partner.authorize(session, 100, bet, Idempotency_Key="k2")
    assert (own.status_code, own.json()["code"]) == (409, "DUPLICATE")
    mismatch = partner.authorize(session, 101, bet, **with_header)
    assert (mismatch.status_code, mismatch.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    partner.fund(player, 500)
    again = partner.authorize(session, 100, bet, **with_header).json()
    assert again == first.json() | {"balance": {"amount": 10_400, "currency": "EUR"}}
