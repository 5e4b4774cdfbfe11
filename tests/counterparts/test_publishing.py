"""The publisher: complete events, honest signatures, and every part of it open to be spoiled."""

import hashlib
import hmac
import json
import time

import pytest

from harness.contracts import packs
from harness.counterparts.lab import Lab
from harness.model.errors import NoHook

INBOX = "POST /v1/inbox/events"
SECRET = "canary-signing-1"


@pytest.fixture
def signing(workshop_of, target, changed, client):
    """A lab whose provider can sign."""
    provider = client("provider", signing_secret=SECRET)
    return Lab(workshop_of(changed(target, credentials={**target.credentials, "provider": provider})), "c", ("X-01",))


def signed(stamp, body):
    return hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def test_an_event_is_complete_and_signed_over_the_bytes_that_are_sent(signing, subject):
    publisher = signing.publisher()
    event = publisher.event({"player_id": "p-1"}, sequence=3)
    publisher.publish(event, label="first")
    (sent,) = subject.sent(INBOX)
    assert json.loads(sent.body) == event
    stamp = sent.headers["X-Timestamp"]
    assert abs(int(stamp) - time.time()) < 5
    assert sent.headers["X-Signature"] == signed(stamp, sent.body)
    assert sent.headers["Content-Type"] == "application/json"
    assert (event["key"], event["sequence"], event["tenant_id"]) == ("player:p-1", 3, "tenant-a")
    schema = packs.event_schemas("1.7")["rg.reality_check"]
    assert set(schema["required"]) <= set(event)
    assert signing.seen()[-1].label == "first"


def test_every_publication_is_a_call_of_its_own_unless_told_otherwise(signing, subject):
    publisher = signing.publisher()
    event = publisher.event({"player_id": "p-1"})
    for key in ({}, {}, {"key": "k-1"}, {"key": None}):
        publisher.publish(event, **key)
    keys = [r.headers.get("X-Idempotency-Key") for r in subject.sent(INBOX)]
    assert keys[0] != keys[1]
    assert keys[2:] == ["k-1", None]
    assert len({r.headers["X-Trace-Id"] for r in subject.sent(INBOX)}) == 4


def test_every_part_can_be_spoiled(signing, subject):
    publisher = signing.publisher()
    publisher.skew = 3_600
    publisher.publish(b"{ }", timestamp="x", headers={"X-Event-Id": "e-9"})
    publisher.publish(b"{}", signature="no", headers={"X-Timestamp": None})
    publisher.publish(b"{}", secret="other")
    first, second, third = subject.sent(INBOX)
    assert (first.body, first.headers["X-Signature"]) == (b"{ }", signed("x", b"{ }"))
    assert first.headers["X-Event-Id"] == "e-9"
    assert (second.headers["X-Signature"], second.headers["X-Timestamp"]) == ("no", None)
    assert third.headers["X-Signature"] != signed(third.headers["X-Timestamp"], b"{}")
    assert int(third.headers["X-Timestamp"]) > time.time() + 3_500


def test_the_signing_secret_never_reaches_the_journal(signing, lines):
    publisher = signing.publisher()
    publisher.publish(publisher.event({"player_id": "p-1"}))
    assert SECRET not in json.dumps(lines.of("exchange"))


def test_without_a_signing_secret_or_an_inbox_there_is_no_way_in(lab, workshop_of, target, changed, client):
    with pytest.raises(NoHook, match="no signing_secret of provider") as error:
        lab.publisher()
    assert "[target.x.credentials.provider]" in error.value.line()
    provider = client("provider", signing_secret=SECRET)
    shop = workshop_of(changed(target, credentials={"provider": provider}))
    shop.contract = {"paths": {"/v1/events": {"get": {"operationId": "listEvents"}}}}
    with pytest.raises(NoHook, match="no publishEvent") as error:
        Lab(shop, "c", ("X-01",)).publisher()
    assert "inbox = false" in error.value.line()
    shop.contract = {"paths": {"/v1/inbox/events": {"post": {"operationId": "itsOwnName"}}}}
    Lab(shop, "c", ("X-01",)).publisher()
