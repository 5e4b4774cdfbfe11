"""Metrics and logs: what an operator sees of every call, and what nobody may see in them."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.sandbox.supervisor import SandboxOptions, start_sandbox
from harness.sandbox.telemetry.logs import JsonLines
from tests.sandbox.conftest import Partner
from tests.sandbox.test_faults_of_operation import Wallet, broken, hang
from tests.sandbox.test_webhooks import FAST, Receiver, subscribe

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(partner: Any) -> Samples:
    """Every sample of the exposition, parsed by the format's own library."""
    answer = partner.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return {(one.name, frozenset(one.labels.items())): one.value
            for family in text_string_to_metric_families(answer.text) for one in family.samples}


def value(partner: Any, name: str, **labels: str) -> float:
    return samples(partner).get((name, frozenset(labels.items())), 0.0)


def test_each_answer_counts_once_under_method_template_and_status(partner: Any) -> None:
    def seen() -> tuple[float, ...]:
        now = samples(partner)
        route = {"method": "GET", "route": "/v1/bets/{bet_id}"}
        return tuple(now.get((name, frozenset((route | more).items())), 0.0) for name, more in (
            ("http_requests_total", {"status": "200"}), ("http_requests_total", {"status": "404"}),
            ("http_requests_total", {"status": "401"}), ("http_errors_total", {"code": "NOT_FOUND"}),
            ("http_errors_total", {"code": "AUTH_FAILED"}), ("http_request_duration_seconds_count", {})))

    bet = partner.bet(partner.session(partner.player()))
    before = seen()
    partner.send("GET", f"/v1/bets/{bet}")
    for _ in range(2):
        partner.send("GET", f"/v1/bets/{partner.new_bet()}")
    partner.send("GET", f"/v1/bets/{bet}", Authorization="Bearer nonsense")
    assert [after - earlier for earlier, after in zip(before, seen(), strict=True)] == [1, 2, 1, 2, 1, 4]


def test_a_refusal_that_is_replayed_counts_as_one_too(partner: Any) -> None:
    session, key = partner.session(partner.player(10)), partner.new_bet()
    labels = {"method": "POST", "route": "/v1/bets/authorize", "code": "INSUFFICIENT_FUNDS"}
    before = value(partner, "http_errors_total", **labels)
    for _ in range(3):
        partner.authorize(session, 11, "b-" + key, key)
    assert value(partner, "http_errors_total", **labels) - before == 3


def test_durations_are_a_histogram_that_shows_the_objective(partner: Any) -> None:
    partner.bet(partner.session(partner.player()))
    route = ("route", "/v1/bets/authorize")
    buckets = {float(dict(labels)["le"]): count for (name, labels), count in samples(partner).items()
               if name == "http_request_duration_seconds_bucket" and route in labels}
    assert 0.4 in buckets, "the API's objective is 400 ms"
    counts = [buckets[edge] for edge in sorted(buckets)]
    assert counts == sorted(counts)
    assert counts[-1] == value(partner, "http_request_duration_seconds_count", method="POST",
                               route="/v1/bets/authorize")


def test_labels_hold_no_identifier(partner: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    bet = partner.bet(session)
    partner.settle(bet, 5)
    partner.send("GET", f"/v1/players/{player}/transactions")
    text = partner.http.get("/metrics").text
    assert not [secret for secret in (player, session, bet, "tenant-a", "brand-a1", partner.token) if secret in text]
    names = {name for _, labels in samples(partner) for name, _ in labels}
    assert names <= {"method", "route", "status", "code", "le"}


def test_the_wallets_trouble_shows_in_gauges(start: Any) -> None:
    wallet = Wallet()
    with contextlib.closing(wallet):
        partner = start(wallet_url=wallet.url)
        session = partner.session(partner.player())
        wallet.answers = hang
        assert partner.authorize(session).status_code == 202
        assert value(partner, "wallet_calls_in_doubt") == 1
        wallet.answers = lambda _n, _raw: Wallet.ok(b'{"status":"ok"}')
        assert partner.eventually(lambda: value(partner, "wallet_calls_in_doubt") == 0)
        wallet.answers = broken
        for _ in range(3):
            partner.authorize(session)
        assert value(partner, "wallet_breaker_state") == 2
        assert partner.eventually(lambda: value(partner, "wallet_calls_in_flight") == 0), "what asks after them ends"


def test_owed_and_given_up_deliveries_show_in_gauges(start: Any) -> None:
    partner, receiver = start(changes=FAST), Receiver()
    with contextlib.closing(receiver):
        receiver.script = [(503, {"Retry-After": "600"}), *[(500, {})] * 15]
        subscribe(partner, receiver, "bet.authorized")
        partner.bet(partner.session(partner.player()))
        receiver.wait(1)
        assert value(partner, "webhook_deliveries_owed") == 1
        assert value(partner, "webhook_dead_letters") == 0
        partner.admin("POST", "/sandbox/clock", {"advance_seconds": 601})
        partner.bet(partner.session(partner.player()))  # wakes the sender, which sleeps by the wall clock
        assert partner.eventually(lambda: value(partner, "webhook_deliveries_owed") == 0)
        assert value(partner, "webhook_dead_letters") == len(partner.get("/v1/webhooks/dead-letters")["items"]) == 2


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Partner, Path]]:
    """A partner, and the file that its platform logs to."""
    path = tmp_path_factory.mktemp("logs") / "platform.log"
    with start_sandbox(SandboxOptions(log_file=path)) as running:
        one = Partner(running)
        yield one, path
        one.http.close()


def lines_of(logged: tuple[Partner, Path], trace: str, count: int = 1) -> list[dict[str, Any]]:
    """The log lines with that trace id, once there are `count`."""
    partner, path = logged

    def found() -> list[dict[str, Any]]:
        complete = path.read_text().rpartition("\n")[0].splitlines()
        return [line for line in map(json.loads, complete) if line["trace_id"] == trace]

    assert partner.eventually(lambda: len(found()) >= count)
    return found()


def test_every_line_is_json_with_the_same_members(logged: tuple[Partner, Path]) -> None:
    partner, trace = logged[0], uuid.uuid4().hex
    bet = partner.new_bet()
    partner.send("GET", f"/v1/bets/{bet}?note=%0Aforged", X_Trace_Id=trace)
    (line,) = lines_of(logged, trace)
    assert set(line) == {"time", "level", "service", "event", "trace_id", "method", "route", "status", "code", "ms",
                         "tenant_id", "provider_id", "brand_id"}
    assert (line["level"], line["event"], line["method"], line["route"]) == ("INFO", "request", "GET",
                                                                            "/v1/bets/{bet_id}")
    assert line["time"].endswith("+00:00")
    assert bet not in json.dumps(line)
    assert "forged" not in logged[1].read_text()


@pytest.mark.parametrize(("how", "status", "code"), [
    ({"Authorization": "Bearer nonsense"}, 401, "AUTH_FAILED"), ({"X_Region": None}, 400, "MISSING_HEADER"),
    ({"X_Brand_Id": "brand-b1"}, 403, "FORBIDDEN"), ({}, 404, "NOT_FOUND")])
def test_refusals_are_logged_with_their_code_and_trace(logged: tuple[Partner, Path], how: dict[str, Any], status: int,
                                                       code: str) -> None:
    trace = uuid.uuid4().hex
    logged[0].send("GET", "/v1/bets/none-such", X_Trace_Id=trace, **how)
    (line,) = lines_of(logged, trace)
    assert (line["status"], line["code"]) == (status, code)


def test_a_trace_id_is_made_when_none_is_given_or_it_is_forged(logged: tuple[Partner, Path]) -> None:
    for headers in ({}, {"X-Trace-Id": "two words"}, {"X-Trace-Id": "x" * 500}):
        made = logged[0].http.get("/healthz", headers=headers).headers["X-Trace-Id"]
        assert made not in headers.values()
        assert [line["route"] for line in lines_of(logged, made)] == ["/healthz"]


def test_nothing_personal_or_secret_reaches_the_log(logged: tuple[Partner, Path]) -> None:
    partner, path = logged
    mail, card, trace = "jane.doe@example.com", "4111111111111111", uuid.uuid4().hex
    partner.send("GET", f"/v1/players/{mail}")
    partner.send("GET", f"/v1/bets/{card}?q={card}")
    partner.send("POST", "/v1/bets/rollback", {"bet_id": mail})
    partner.send("POST", f"/v1/{mail}/{card}", {"iban": card}, User_Agent=mail)
    partner.http.post("/v1/oauth/token", data={"grant_type": "client_credentials", "client_id": mail,
                                               "client_secret": "wrong-secret"})
    player = partner.player()
    partner.settle(partner.bet(partner.session(player)), 12_345_678)
    partner.send("GET", "/v1/bets/none-such", X_Trace_Id=trace)
    lines_of(logged, trace)
    text = path.read_text()
    hidden = [mail, "jane", card, "wrong-secret", player, "12345678", partner.token, partner.admin_token,
              partner.running.settings.token_key, partner.running.settings.wallet_secret]
    assert not [one for one in hidden if one in text]


def test_an_exception_is_one_masked_line() -> None:
    try:
        raise ValueError("jane.doe@example.com paid with 4111111111111111\nBearer abc.def")
    except ValueError:
        record = logging.LogRecord("sandbox", logging.ERROR, __file__, 1, "request\nfailed", (), sys.exc_info())
    record.trace_id = "t-1"
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["trace_id"] == "t-1"
    assert not [one for one in ("jane", "4111", "abc.def", "Traceback") if one in line]
