"""The inbox: an event is believed by its signature over the raw bytes, and taken once by the id inside them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.sandbox.contract_shape import conforming, refused

WINDOW = 300


def an_event(event_id: str | None = None, **changes: Any) -> bytes:
    event = {"event_id": event_id or str(uuid.uuid4()), "type": "rg.reality_check", "schema_version": "1.7",
             "occurred_at": "2026-11-21T12:00:00.000Z", "data": {"player_id": "p-1"}} | changes
    return json.dumps(event).encode()


def signature(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def secret_of(partner: Any) -> str:
    return str(partner.running.credentials[partner.client_id].inbound_secret)


def publish(partner: Any, body: bytes, stamp: str | None = None, signed: str | None = None, key: str | None = None,
            **more: str | None) -> Any:
    stamp = stamp or str(int(time.time()))
    headers: dict[str, str | None] = {"X_Timestamp": stamp,
                                      "X_Signature": signed or signature(secret_of(partner), stamp, body)}
    return partner.send("POST", "/v1/inbox/events", body, key, **headers | more)


def test_the_first_is_accepted_and_every_repeat_is_a_duplicate(partner: Any) -> None:
    event_id = str(uuid.uuid4())
    body = an_event(event_id)
    assert conforming("publishEvent", publish(partner, body), 202) == {"event_id": event_id, "status": "accepted"}
    for _ in range(2):
        assert conforming("publishEvent", publish(partner, body), 200) == {"event_id": event_id, "status": "duplicate"}
    refused(publish(partner, an_event(event_id, data={})), 409, "DUPLICATE")


def test_a_repeat_of_the_call_under_its_key_is_answered_as_the_first(partner: Any) -> None:
    body, key = an_event(), partner.new_bet()
    first, again = publish(partner, body, key=key), publish(partner, body, key=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)


def test_racing_copies_are_accepted_once(partner: Any) -> None:
    body = an_event()
    with ThreadPoolExecutor(8) as pool:
        codes = sorted(one.status_code for one in pool.map(lambda _: publish(partner, body), range(8)))
    assert codes == [200] * 7 + [202]


@pytest.mark.parametrize(("name", "status"), [("", 200), ("inbox-forgets-on-restart", 202)])
def test_what_was_taken_outlives_a_kill(start: Any, name: str, status: int) -> None:
    partner, body = start(faults=(name,) if name else ()), an_event()
    assert [publish(partner, body).status_code for _ in range(2)] == [202, 200]
    partner.running.kill_platform()
    assert partner.eventually(lambda: partner.running.restarts > 0)
    partner.running.wait_ready()
    partner.http.close()
    partner.http = httpx.Client(base_url=partner.running.platform_url, timeout=10)
    assert publish(partner, body).status_code == status


def test_ids_are_counted_by_provider(partner: Any) -> None:
    body = an_event()
    other = type(partner)(partner.running, "provider-b", "brand-b1")
    try:
        assert [publish(one, body).status_code for one in (partner, other)] == [202, 202]
    finally:
        other.http.close()


def test_the_signature_is_over_the_bytes_and_the_timestamp(partner: Any) -> None:
    event_id, now = str(uuid.uuid4()), str(int(time.time()))
    body = an_event(event_id)
    good = signature(secret_of(partner), now, body)
    spaced = json.dumps(json.loads(body), indent=1).encode()
    for wrong in (
        publish(partner, spaced, now, good), publish(partner, body, str(int(now) - 1), good),
        publish(partner, body, now, hmac.new(secret_of(partner).encode(), body, hashlib.sha256).hexdigest()),
        publish(partner, body, now, signature("whsec_of_somebody_else", now, body)),
        publish(partner, body, now, good[:-1]), publish(partner, body, now, X_Signature=None),
    ):
        refused(wrong, 401, "AUTH_FAILED")
    assert publish(partner, body, now, good).status_code == 202, "what was refused left no trace"


def test_one_good_signature_of_several_is_enough(partner: Any) -> None:
    body, now = an_event(), str(int(time.time()))
    good = signature(secret_of(partner), now, body)
    assert publish(partner, body, now, f"{'0' * 64}, {good}").status_code == 202


@pytest.mark.parametrize(("age", "status"), [(0, 202), (WINDOW - 20, 202), (WINDOW + 20, 401), (-WINDOW - 20, 401)])
def test_a_signature_is_good_for_minutes(partner: Any, age: int, status: int) -> None:
    assert partner.running.settings.profile.freshness_window_seconds == WINDOW
    body, stamp = an_event(), str(int(time.time()))
    partner.admin("POST", "/sandbox/clock", {"advance_seconds": age})
    try:
        assert publish(partner, body, stamp).status_code == status
    finally:
        partner.admin("POST", "/sandbox/clock", {"advance_seconds": -age})


@pytest.mark.parametrize("stamp", [None, "soon", "17000000000", "1700000000.0", "-170000000"])
def test_a_timestamp_is_unix_seconds(partner: Any, stamp: str | None) -> None:
    refused(publish(partner, an_event(), X_Timestamp=stamp), 400, "VALIDATION_FAILED")


@pytest.mark.parametrize("changes", [{"event_id": ""}, {"type": "Nonsense"}, {"schema_version": "one"}, {"data": []},
                                     {"occurred_at": "yesterday"}, {"sequence": 0}])
def test_events_outside_the_contract_are_refused(partner: Any, changes: dict[str, Any]) -> None:
    body = json.dumps(json.loads(an_event()) | changes).encode()
    refused(publish(partner, body), 400, "VALIDATION_FAILED")


def test_foreign_data_may_hold_fractions(partner: Any) -> None:
    assert publish(partner, an_event(data={"rtp": 96.51})).status_code == 202


def test_only_the_own_tenant_is_spoken_for(partner: Any) -> None:
    refused(publish(partner, an_event(tenant_id="tenant-b")), 403, "FORBIDDEN")
    assert publish(partner, an_event(tenant_id="tenant-a")).status_code == 202


def test_publishing_needs_its_scope(partner: Any) -> None:
    narrow = partner.token_of("provider-a", "bets:write")
    refused(publish(partner, an_event(), Authorization=f"Bearer {narrow}"), 403, "FORBIDDEN")
