"""What calls of unknown wallet protocols say."""

import json

import pytest

from harness.judges.wallet_words import Kinds, said, same_content, same_key
from harness.model.exchange import Exchange


def call(body=None, url="/wallet/debit", method="POST", headers=()):
    return Exchange(id="w", check="", actor="platform", channel="wallet", method=method, url=url,
                    request_headers=headers, request_body=body if isinstance(body, str) else json.dumps(body))


@pytest.mark.parametrize(("body", "keys"), [
    ({"txId": "a"}, ({}, {"txId": "a"}, {})), ({"idempotencyKey": "a"}, ({"idempotencyKey": "a"}, {}, {})),
    ({"Transaction": {"Uuid": "a"}}, ({}, {"Transaction.Uuid": "a"}, {})),
    ({"bet": {"id": 7}}, ({}, {}, {"bet.id": "7"})),
    ({"transactions": [{"id": "a"}]}, ({}, {"transactions.0.id": "a"}, {})),
    ({"transaction_id_type": "uuid", "player_id": "p", "session_id": "s", "context": "c", "request_id": "r"},
     ({}, {}, {})),
    ({"reference_transaction_id": "a", "originalTxId": "b"}, ({}, {}, {})),
    ({"tx_id": "", "bet_id": None}, ({}, {}, {}))])
def test_names_are_known_by_what_they_are_called(body, keys):
    assert said(call(body)).keys == keys


@pytest.mark.parametrize(("body", "amount"), [
    ({"amount": 5}, True), ({"amount": "5.00"}, True), ({"money": {"value": 5}}, True), ({"amountMinor": 5}, True),
    ({"amount": None}, False), ({"amount": True}, False), ({"balance": 5}, False), ({"debit_id": 5}, False)])
def test_an_amount_is_a_number_that_is_called_so(body, amount):
    assert said(call(body)).amount == amount


def test_a_url_names_what_its_segments_do():
    assert said(call(url="/v2/players/p-1/bets/b%2F7/debit")).keys[2] == {"bets_id": "b/7"}
    assert said(call(url="/v2/players/p-1/bets/b-7/debit")).path == "/v2/players/*/bets/*/debit"


def test_kinds_are_told_by_members_of_few_plain_values():
    calls = [call({"type": kind, "event": f"ev-{n}"}) for n, kind in enumerate(("debit", "debit", "cancel"))]
    assert [len(kind) for kind in Kinds(calls).apart(calls)] == [2, 1]


def test_headers_decide_where_they_are_called_a_key():
    first, later = ([call({"amount": 5}, headers=((name, value),)) for value in ("1", "2")]
                    for name in ("Idempotency-Key", "X-Transaction-Id"))
    assert (same_key(*first), same_key(*later)) == (False, None)


@pytest.mark.parametrize("text", ["[" * 3000, "{" * 20, "\x00", "a=b&c", "=&=", json.dumps({"a": [{}] * 2000}),
                                  "9" * 5000])
def test_hostile_calls_are_read(text):
    assert same_key(call(text), call(text)) is True
    assert same_content(call(text), call(text))


def test_hostile_values_are_read(hostile):
    for body in (hostile, {"tx_id": hostile, "action": hostile, "amount": hostile}):
        Kinds([call(body)]).of(call(body))
        assert same_key(call(body), call(body)) is True
