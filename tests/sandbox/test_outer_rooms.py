"""Inbox, flags, audit trail, metrics, logs, payments and the API page of the reference platform."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
import uuid

import pytest

from harness.contracts import packs
from harness.sandbox.audit import digest, intact
from harness.sandbox.telemetry.logs import masked


def published(partner, event_id=None, *, secret=None, at=None, **changes):
    """Publish one event as a provider does; returns the answer."""
    event = {"event_id": event_id or str(uuid.uuid4()), "type": "rg.reality_check", "schema_version": "1.7",
             "occurred_at": "2026-11-21T12:00:00.000Z", "tenant_id": "tenant-a", "brand_id": "brand-a1",
             "region": "eu-west", "trace_id": "t", "idempotency_key": "k", "key": "player:p", "sequence": 1,
             "data": {"player_id": "p"}} | changes
    body = json.dumps(event).encode()
    known = partner.running.credentials["provider-a"].inbound_secret if secret is None else secret
    stamp = str(int(time.time()) if at is None else at)
    signature = hmac.new(known.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return partner.send("POST", "/v1/inbox/events", body, X_Timestamp=stamp, X_Signature=signature)


def test_an_event_is_taken_once_by_its_id(partner):
    event_id = str(uuid.uuid4())
    first, again = published(partner, event_id), published(partner, event_id)
    assert (first.status_code, first.json()["status"]) == (202, "accepted")
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    other = published(partner, event_id, sequence=2)
    assert (other.status_code, other.json()["code"]) == (409, "DUPLICATE")


@pytest.mark.parametrize("wrong", [{"secret": "not ours"}, {"at": 1}, {"at": 9_999_999_999}])
def test_an_event_with_a_bad_or_stale_signature_is_refused(partner, wrong):
    answer = published(partner, **wrong)
    assert answer.status_code in (400, 401)
    assert answer.json()["code"] in ("AUTH_FAILED", "VALIDATION_FAILED")


def test_an_event_of_another_tenant_is_refused(partner):
    assert published(partner, tenant_id="tenant-b").status_code == 403


def test_the_kill_switch_stops_new_risk_and_lets_money_home(start):
    partner = start()
    session = partner.session(partner.player())
    open_bet, other = partner.bet(session), partner.bet(session)
    partner.admin("PUT", "/sandbox/flags", {"betting_enabled": False, "sessions_enabled": False})
    refused = partner.authorize(session)
    assert (refused.status_code, refused.json()["code"]) == (503, "FEATURE_DISABLED")
    assert partner.settle(open_bet, 50).status_code == 200
    assert partner.rollback(other).status_code == 200
    partner.admin("PUT", "/sandbox/flags", {"betting_enabled": True})
    assert partner.authorize(session).status_code == 200
    assert partner.admin("GET", "/sandbox/flags")["sessions_enabled"] is False
    told = [one for one in partner.admin("GET", "/sandbox/audit")["items"] if one["action"] == "flags.changed"]
    assert [one["detail"] for one in told] == [{"betting_enabled": False, "sessions_enabled": False},
                                               {"betting_enabled": True}]
    assert {one["actor"] for one in told} == {"sandbox-admin"}


def test_flags_survive_a_crash_and_a_reset_keeps_the_audit_trail(start):
    partner = start()
    partner.admin("PUT", "/sandbox/flags", {"bonuses_enabled": False})
    partner.running.kill_platform()
    partner.running.wait_ready()
    assert partner.admin("GET", "/sandbox/flags")["bonuses_enabled"] is False
    partner.admin("POST", "/sandbox/reset")
    assert partner.admin("GET", "/sandbox/flags")["bonuses_enabled"] is True
    trail = partner.admin("GET", "/sandbox/audit")
    assert trail["intact"] is True
    assert [one["action"] for one in trail["items"]] == ["flags.changed", "sandbox.reset"], "written once, for ever"


@pytest.mark.parametrize("body", [{"betting_enabled": "no"}, {"unknown_flag": True}, [], None])
def test_flags_take_booleans_of_known_names(partner, body):
    headers = {"Authorization": f"Bearer {partner.admin_token}"}
    answer = partner.http.put("/sandbox/flags", json=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == "VALIDATION_FAILED"


def test_an_edited_audit_row_breaks_the_chain():
    rows, before = [], ""
    for n in range(3):
        row = {"previous_hash": before, "occurred_at": n, "actor": "a", "action": "x", "detail": "{}"}
        before = digest(row)
        rows.append({**row, "hash": before})
    assert intact(rows)
    assert intact([])
    assert not intact([rows[0], {**rows[1], "detail": '{"forged": 1}'}, rows[2]])
    assert not intact([rows[0], rows[2]]), "a row was taken out"


def metric(text, name, **labels):
    """The value of one sample of the exposition text."""
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found and all(f'{k}="{v}"' in (found[1] or "") for k, v in labels.items()):
            return float(found[2])
    return 0.0


def test_metrics_count_rate_errors_and_time_by_route_template(partner):
    route = "/v1/bets/authorize"
    before = partner.http.get("/metrics").text
    session = partner.session(partner.player(50))
    assert partner.authorize(session, 40).status_code == 200
    assert partner.authorize(session, 40).json()["code"] == "INSUFFICIENT_FUNDS"
    after = partner.http.get("/metrics").text

    def grew(name, **labels):
        return metric(after, name, route=route, **labels) - metric(before, name, route=route, **labels)

    assert grew("http_requests_total", status="200") == 1
    assert grew("http_errors_total", code="INSUFFICIENT_FUNDS") == 1
    assert grew("http_request_duration_seconds_count") == 2
    assert metric(after, "wallet_breaker_state") == 0
    assert "webhook_deliveries_owed" in after


def test_labels_of_metrics_do_not_grow_with_what_callers_invent(partner):
    for n in range(20):
        partner.http.request(f"VERB{n}", f"/nowhere/{n}")
        partner.http.get(f"/v1/players/invented-{n}/balances")
    text = partner.http.get("/metrics").text
    assert "VERB" not in text
    assert "nowhere" not in text
    assert "invented" not in text


def test_logs_are_json_lines_with_trace_ids_and_nothing_personal(start, tmp_path):
    log = tmp_path / "platform.log"
    partner = start(log_file=log)
    player, trace = partner.player(), uuid.uuid4().hex
    session = partner.session(player)
    assert partner.authorize(session, X_Trace_Id=trace).status_code == 200
    assert partner.eventually(lambda: trace in log.read_text())
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    (mine,) = [line for line in lines if line.get("trace_id") == trace]
    assert (mine["route"], mine["status"], mine["tenant_id"]) == ("/v1/bets/authorize", 200, "tenant-a")
    text = log.read_text()
    assert player not in text
    assert partner.token not in text
    assert partner.running.credentials["provider-a"].secret not in text


@pytest.mark.parametrize(("text", "gone"), [
    ("of jane.doe@example.com here", "jane"), ("card 4111111111111111 used", "4111"),
    ("Authorization: Bearer abc.def-1", "abc"), ("basic dXNlcjpwYXNz", "dXNl")])
def test_log_lines_are_masked(text, gone):
    assert gone not in masked(text)


def ended(partner, answer):
    """The operation's final state."""
    assert answer.status_code == 202, answer.text
    path = answer.headers["Location"]
    assert partner.eventually(lambda: partner.get(path)["status"] in ("succeeded", "failed"))
    return partner.get(path)


def pay(partner, player, direction, amount, payment_id=None):
    return partner.send("POST", "/v1/payments", {
        "payment_id": payment_id or f"pay-{uuid.uuid4().hex[:8]}", "player_id": player, "direction": direction,
        "amount": {"amount": amount, "currency": "EUR"}})


def test_payments_end_and_move_money_once(partner):
    player, payment = partner.player(1_000), f"pay-{uuid.uuid4().hex[:8]}"
    first, again = pay(partner, player, "deposit", 500, payment), pay(partner, player, "deposit", 500, payment)
    assert ended(partner, first)["status"] == "succeeded"
    assert again.json()["operation_id"] == first.json()["operation_id"]
    assert partner.balance(player) == (1_500, 0)
    assert partner.wallet_balance(player) == 1_500
    assert pay(partner, player, "deposit", 501, payment).status_code == 409


def test_a_withdrawal_above_the_balance_fails_and_holds_nothing(partner):
    player = partner.player(1_000)
    done = ended(partner, pay(partner, player, "withdrawal", 1_001))
    assert (done["status"], done["error"]["code"]) == ("failed", "INSUFFICIENT_FUNDS")
    assert partner.balance(player) == (1_000, 0)
    assert ended(partner, pay(partner, player, "withdrawal", 1_000))["status"] == "succeeded"
    assert partner.balance(player) == (0, 0)


def test_a_payment_that_a_crash_interrupts_is_carried_out_after_it(start):
    partner = start()
    player = partner.player(0)
    accepted = [pay(partner, player, "deposit", 10) for _ in range(20)]
    partner.running.kill_platform()
    partner.running.wait_ready()
    assert all(ended(partner, one)["status"] == "succeeded" for one in accepted if one.status_code == 202)
    assert partner.balance(player) == (10 * len(accepted), 0)


def test_the_api_page_shows_every_operation_and_loads_nothing(partner):
    page = partner.http.get("/docs").text
    for path, item in packs.openapi("1.7")["paths"].items():
        assert path in page
        assert all(op["operationId"] in page for op in item.values() if isinstance(op, dict) and "operationId" in op)
    assert "<script" not in page
    assert "http://" not in re.sub(r"<pre>.*?</pre>", "", page, flags=re.S)


def test_the_published_contract_is_the_shipped_one(partner):
    assert partner.http.get("/openapi.json").json() == packs.openapi("1.7")
    assert partner.http.get("/openapi.yaml").text == (packs.pack_path("1.7") / "openapi.yaml").read_text()
    assert partner.http.get("/asyncapi.yaml").text == (packs.pack_path("1.7") / "asyncapi.yaml").read_text()
