"""The webhook receiver: whatever a right or wrong sender does, what arrived whole is recorded once, and truly."""

import hashlib
import hmac
import http.client
import socket
import time
from urllib.parse import urlsplit

import pytest

from harness.counterparts.signatures import verify
from harness.counterparts.webhook_receiver import MAX_DELIVERY, WebhookReceiver
from harness.engine.redaction import Redactor
from harness.model.profile import ContractProfile
from tests.support import Lines

SECRET = "whsec-receiver-0001"


@pytest.fixture
def receiver():
    """A receiver with one endpoint whose secret is known: (receiver, endpoint URL, journal lines)."""
    lines = Lines()
    one = WebhookReceiver(lines, Redactor(), ContractProfile(), prefix="t")
    url = one.path()
    one.secret_of(url, SECRET)
    yield one, url, lines
    one.close()


def signature(body, stamp, secret=SECRET):
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def deliver(url, body=b"{}", *, chunked=False, **headers):
    """Send one signed delivery; returns the status."""
    parts = urlsplit(url)
    stamp = str(int(time.time()))
    sent = {"Content-Type": "application/json", "X-Timestamp": stamp, "X-Event-Id": "e-1",
            "X-Signature": signature(body, stamp)} | {n.replace("_", "-"): v for n, v in headers.items()}
    line = http.client.HTTPConnection(parts.netloc, timeout=10)
    line.request("POST", parts.path, iter([body[:5], body[5:]]) if chunked else body,
                 {n: v for n, v in sent.items() if v is not None}, encode_chunked=chunked)
    status = line.getresponse().status
    line.close()
    return status


def only(receiver):
    (one,) = receiver.wait(lambda _: True, timeout=10)
    return one


@pytest.mark.parametrize("chunked", [False, True])
def test_a_good_delivery_is_valid_fresh_and_kept_to_the_byte(receiver, chunked):
    one, url, lines = receiver
    body = '{"type": "bet.settled", "name": "Zoë"}'.encode()
    assert deliver(url, body, chunked=chunked) == 204
    seen = only(one)
    assert seen.facts["signature"] == "valid"
    assert abs(seen.facts["age_seconds"]) < 30
    assert seen.facts["event_id"] == "e-1"
    assert seen.request_body.encode() == body
    assert [kind for kind, _ in lines] == ["exchange"]
    assert SECRET not in str(lines)


@pytest.mark.parametrize(("headers", "worth"), [
    ({"X_Signature": None}, "missing"), ({"X_Signature": "00" * 32}, "invalid"), ({"X_Signature": "ä\xff"}, "invalid"),
    ({"X_Signature": signature(b"{}", "1700000000", "another")}, "invalid"),
    ({"X_Signature": hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()}, "body_only"),
    ({"X_Timestamp": None, "X_Signature": hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()}, "body_only")])
def test_a_bad_signature_is_named(receiver, headers, worth):
    one, url, _ = receiver
    assert deliver(url, **headers) == 204
    assert only(one).facts["signature"] == worth


@pytest.mark.parametrize("form", ["{0}", "sha256={0}", "v1={0}", "{1},{0}", " {0} ", "{2}"])
def test_legal_forms_of_one_signature(form):
    right = signature(b"x", "1700000000")
    header = form.format(right, "00" * 32, right.upper())
    assert verify(SECRET, "1700000000", header, b"x") == "valid"


@pytest.mark.parametrize("stamp", ["", "soon", "17000000000000", "1e9", "-1", "٣٣٣٣٣٣٣٣٣٣"])
def test_a_timestamp_that_is_no_unix_time_has_no_age(receiver, stamp):
    one, url, _ = receiver
    if not stamp.isascii():
        stamp = stamp.encode().decode("latin-1")
    assert deliver(url, X_Timestamp=stamp) == 204
    assert only(one).facts["age_seconds"] is None


def raw(url, text):
    """Send bytes as they are; returns the first line of the answer."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), 10) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        return line.recv(4096).partition(b"\r\n")[0]


@pytest.mark.parametrize(("head", "status"), [
    (b"Content-Length: 9999999999\r\n\r\n", b"413"), (b"Content-Length: -5\r\n\r\n", b"411"), (b"\r\n", b"411"),
    (b"Content-Length: x\r\n\r\n", b"411"), (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"413"),
    (b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", b"413"), (b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"413")])
def test_hostile_frames_are_refused_and_not_recorded(receiver, head, status):
    one, url, lines = receiver
    assert status in raw(url, b"POST " + urlsplit(url).path.encode() + b" HTTP/1.1\r\nHost: x\r\n" + head)
    assert deliver(url) == 204, "it serves on"
    assert len(one.deliveries()) == len(lines) == 1


def test_half_a_delivery_is_none(receiver):
    one, url, _ = receiver
    raw(url, b"POST " + urlsplit(url).path.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"half\":")
    assert deliver(url) == 204
    assert len(one.deliveries()) == 1


def test_the_largest_delivery_is_taken(receiver):
    one, url, _ = receiver
    assert deliver(url, b"x" * MAX_DELIVERY) == 204
    assert len(only(one).request_body) == MAX_DELIVERY


def test_waiting_ends_with_the_wanted_delivery_or_the_time(receiver):
    one, url, _ = receiver
    assert one.wait(lambda _: True, timeout=0.05) == []
    deliver(url, X_Event_Id="other")
    deliver(url, X_Event_Id="wanted")
    (found,) = one.wait(lambda d: d.facts["event_id"] == "wanted", timeout=10)
    assert found.sent_header("X-Event-Id") == "wanted"


def test_closing_frees_the_port(receiver):
    one, url, _ = receiver
    one.close()
    with pytest.raises(ConnectionError):
        deliver(url)
