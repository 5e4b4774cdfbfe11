"""Payments: accepted first, final at the operation's address, booked once whatever the wallet or a crash does."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.contract_shape import conforming, refused, registered_event
from tests.sandbox.test_faults_of_operation import Wallet


def pay(partner: Any, player: str, direction: str, amount: int, payment_id: str | None = None, currency: str = "EUR",
        **more: str | None) -> Any:
    body = {"payment_id": payment_id or f"pay-{uuid.uuid4().hex[:12]}", "player_id": player, "direction": direction,
            "amount": {"amount": amount, "currency": currency}}
    return partner.send("POST", "/v1/payments", body, **more)


def status(partner: Any, answer: Any) -> str:
    return str(conforming("getOperationStatus", partner.send("GET", answer.headers["Location"]), 200)["status"])


def final(partner: Any, answer: Any) -> dict[str, Any]:
    """The operation's last state."""
    accepted = conforming("createPayment", answer, 202)
    assert answer.headers["Location"] == f"/v1/ops/{accepted['operation_id']}/status"
    assert partner.eventually(lambda: status(partner, answer) in ("succeeded", "failed"))
    found: dict[str, Any] = partner.get(answer.headers["Location"])
    return found


@pytest.fixture
def wallet() -> Iterator[Wallet]:
    """A wallet that answers as told."""
    one = Wallet()
    yield one
    one.close()


def hanging(_n: int, raw: bytes) -> bytes | None:
    return None if b"/wallet/debit" in raw or b"/wallet/credit" in raw else Wallet.ok(b'{"status":"ok"}')


def transaction_ids(wallet: Wallet, action: str) -> list[str]:
    return [json.loads(raw.partition(b"\r\n\r\n")[2])["tx_id"] for _, raw in wallet.calls
            if raw.startswith(f"POST /wallet/{action}".encode())]


@pytest.mark.parametrize(("direction", "left"), [("deposit", 1_400), ("withdrawal", 600)])
def test_a_payment_is_booked_once_in_ledger_wallet_and_feed(partner: Any, direction: str, left: int) -> None:
    player, payment = partner.player(1_000), f"pay-{uuid.uuid4().hex[:12]}"
    first = pay(partner, player, direction, 400, payment)
    again = pay(partner, player, direction, 400, payment)
    done = final(partner, first)
    assert (done["status"], done["kind"], done["resource_id"]) == ("succeeded", "payment", payment)
    assert again.json()["operation_id"] == first.json()["operation_id"]
    assert pay(partner, player, direction, 400, payment).json()["operation_id"] == done["operation_id"]
    assert partner.balance(player) == (left, 0)
    assert partner.wallet_balance(player) == left
    booked = [(one["kind"], one["amount"]) for one in partner.ledger(player) if one["reference"] == payment]
    assert booked == [(direction, left - 1_000)]
    (event,) = [one for one in partner.get("/v1/events?type=payment.succeeded&limit=200")["items"]
                if registered_event(one)["data"]["payment_id"] == payment]
    assert event["data"]["operation_id"] == done["operation_id"]
    assert event["trace_id"] == first.request.headers["X-Trace-Id"]
    assert partner.admin("GET", "/sandbox/ledger")["balanced"]


def test_a_payment_beyond_the_balance_fails_and_says_why(partner: Any) -> None:
    player, payment = partner.player(1_000), f"pay-{uuid.uuid4().hex[:12]}"
    done = final(partner, pay(partner, player, "withdrawal", 1_001, payment))
    assert (done["status"], done["error"]["code"]) == ("failed", "INSUFFICIENT_FUNDS")
    assert partner.balance(player) == (1_000, 0)
    told = [one["data"]["payment_id"] for one in partner.get("/v1/events?type=payment.failed&limit=200")["items"]]
    assert told.count(payment) == 1
    partner.fund(player, 500)
    assert final(partner, pay(partner, player, "withdrawal", 1_001, payment))["status"] == "failed", "final is final"
    assert partner.balance(player) == (1_500, 0)


def test_the_same_key_gives_the_same_answer(partner: Any) -> None:
    player, payment, key = partner.player(0), f"pay-{uuid.uuid4().hex[:12]}", partner.new_bet()
    first = pay(partner, player, "deposit", 10, payment, X_Idempotency_Key=key)
    final(partner, first)
    assert pay(partner, player, "deposit", 10, payment, X_Idempotency_Key=key).content == first.content
    refused(pay(partner, player, "deposit", 11, payment, X_Idempotency_Key=key), 409, "IDEMPOTENCY_MISMATCH")
    assert partner.balance(player) == (10, 0)


def test_a_known_payment_id_with_other_parameters_is_refused(partner: Any) -> None:
    player, other, payment = partner.player(1_000), partner.player(1_000), f"pay-{uuid.uuid4().hex[:12]}"
    final(partner, pay(partner, player, "deposit", 10, payment))
    refused(pay(partner, player, "deposit", 11, payment), 409, "DUPLICATE")
    refused(pay(partner, player, "withdrawal", 10, payment), 409, "DUPLICATE")
    refused(pay(partner, other, "deposit", 10, payment), 409, "DUPLICATE")
    assert (partner.balance(player), partner.balance(other)) == ((1_010, 0), (1_000, 0))


def test_a_platform_may_answer_every_repeat_with_its_own_code(start: Any) -> None:
    partner = start(profile={"duplicate_answer": "own_code"})
    player = partner.player(0)
    final(partner, pay(partner, player, "deposit", 10, "pay-1"))
    refused(pay(partner, player, "deposit", 10, "pay-1"), 409, "DUPLICATE")
    assert partner.balance(player) == (10, 0)


def test_absurd_payments_are_refused_at_once(partner: Any) -> None:
    player = partner.player(1_000)
    refused(pay(partner, player, "deposit", 0), 422, "AMOUNT_INVALID")
    refused(pay(partner, player, "deposit", -5), 400, "VALIDATION_FAILED")
    refused(pay(partner, player, "gift", 5), 400, "VALIDATION_FAILED")
    refused(pay(partner, player, "deposit", 5, currency="USD"), 422, "CURRENCY_MISMATCH")
    refused(pay(partner, player, "deposit", 5, currency="XXX"), 422, "CURRENCY_UNSUPPORTED")
    refused(pay(partner, "nobody", "deposit", 5), 404, "NOT_FOUND")
    assert partner.balance(player) == (1_000, 0)


def test_a_deposit_never_takes_a_balance_beyond_what_the_contract_can_say(partner: Any) -> None:
    player = partner.player(10**18 - 2)
    refused(pay(partner, player, "deposit", 10**18 - 1), 422, "AMOUNT_INVALID")
    assert partner.balance(player) == (10**18 - 2, 0)


def test_an_operation_is_its_owners_to_read(partner: Any) -> None:
    path = pay(partner, partner.player(0), "deposit", 5).headers["Location"]
    answers = {}
    for who in (("provider-b", "brand-b1"), ("provider-a", "brand-a2"), ("provider-a", "brand-a1", "uk")):
        other = type(partner)(partner.running, *who)
        answers[who] = other.send("GET", path)
        other.http.close()
    refused(answers["provider-b", "brand-b1"], 404, "NOT_FOUND")
    refused(answers["provider-a", "brand-a2"], 404, "NOT_FOUND")
    refused(answers["provider-a", "brand-a1", "uk"], 403, "REGION_MISMATCH")
    refused(partner.send("GET", "/v1/ops/op-of-nobody/status"), 404, "NOT_FOUND")


def test_an_open_withdrawal_holds_its_money_until_the_wallet_speaks(start: Any, wallet: Wallet) -> None:
    partner = start(wallet_url=wallet.url)
    player = partner.player(1_000)
    wallet.answers = hanging
    open_one = pay(partner, player, "withdrawal", 700)
    assert partner.eventually(lambda: status(partner, open_one) == "running")
    assert partner.balance(player) == (300, 700)
    too_much = pay(partner, player, "withdrawal", 301)
    assert final(partner, too_much)["error"]["code"] == "INSUFFICIENT_FUNDS"
    wallet.answers = lambda _n, _raw: Wallet.ok(b'{"status":"ok"}')
    assert final(partner, open_one)["status"] == "succeeded"
    assert partner.balance(player) == (300, 0)
    assert len(set(transaction_ids(wallet, "debit"))) == 1


def test_a_withdrawal_that_the_wallet_refuses_gives_its_money_back(start: Any, wallet: Wallet) -> None:
    partner = start(wallet_url=wallet.url)
    player = partner.player(1_000)
    wallet.answers = lambda _n, _raw: Wallet.ok(b'{"code":"INSUFFICIENT_FUNDS"}', "422 Unprocessable")
    done = final(partner, pay(partner, player, "withdrawal", 700))
    assert (done["status"], done["error"]["code"]) == ("failed", "INSUFFICIENT_FUNDS")
    assert partner.balance(player) == (1_000, 0)


def test_a_crash_during_the_wallet_call_books_the_payment_once(start: Any, wallet: Wallet) -> None:
    partner = start(wallet_url=wallet.url)
    player = partner.player(0)
    wallet.answers = hanging
    accepted = pay(partner, player, "deposit", 250)
    assert partner.eventually(lambda: len(transaction_ids(wallet, "credit")) == 1)
    partner.running.kill_platform()
    wallet.answers = lambda _n, _raw: Wallet.ok(b'{"status":"ok"}')
    assert partner.eventually(lambda: partner.running.restarts > 0)
    partner.running.wait_ready()
    partner.http.close()
    partner.http = httpx.Client(base_url=partner.running.platform_url, timeout=10)
    assert final(partner, accepted)["status"] == "succeeded"
    assert partner.balance(player) == (250, 0)
    assert len(set(transaction_ids(wallet, "credit"))) == 1
    assert [one["amount"] for one in partner.ledger(player) if one["kind"] == "deposit"] == [0, 250]
