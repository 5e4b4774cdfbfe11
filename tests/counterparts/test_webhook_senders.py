"""Webhook senders of every kind: early, late, many at once, to nowhere, with bodies that are no JSON."""

import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from harness.counterparts import signatures
from harness.counterparts.webhook_receiver import WebhookReceiver
from harness.engine.redaction import Redactor
from harness.model.profile import ContractProfile

SECRET = "whsec-sender-0001"


@pytest.fixture
def receiver(lines):
    one = WebhookReceiver(lines, Redactor(), ContractProfile(), prefix="t")
    yield one
    one.close()


@pytest.fixture
def endpoint(receiver):
    """The URL of an endpoint whose secret is known."""
    url = receiver.path()
    receiver.secret_of(url, SECRET)
    return url


def post(url, body=b"{}", *, method="POST", secret=SECRET, **headers):
    stamp = str(int(time.time()))
    signed = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        line.request(method, parts.path, body, {"X-Timestamp": stamp, "X-Signature": signed, **headers})
        return line.getresponse().status
    finally:
        line.close()


@pytest.mark.parametrize("path", ["/", "/hooks/unknown", "/hooks/../../etc/passwd", "//evil.test/x"])
def test_a_delivery_to_an_endpoint_that_nobody_registered_is_recorded_as_that(receiver, endpoint, lines, monkeypatch,
                                                                             path):
    monkeypatch.setattr(signatures, "_SECRET_WAIT", 0.01)
    parts = urlsplit(endpoint)
    with socket.create_connection((parts.hostname, parts.port), 10) as line:
        line.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 204")
    (seen,) = receiver.deliveries()
    assert seen.facts["signature"] == "secret_unknown"
    assert len(lines) == 1


def test_a_delivery_that_overtakes_the_answer_with_its_secret_is_judged_by_it(receiver):
    url = receiver.path()
    answers = []
    sender = threading.Thread(target=lambda: answers.append(post(url)))
    sender.start()
    receiver.secret_of(url, SECRET)
    sender.join(10)
    assert answers == [204]
    assert receiver.deliveries()[0].facts["signature"] == "valid"


def test_each_endpoint_has_its_own_secret(receiver, endpoint):
    second = receiver.path()
    assert second != endpoint
    receiver.secret_of(second, "whsec-another-02")
    post(second)
    post(second, secret="whsec-another-02")
    assert [d.facts["signature"] for d in receiver.deliveries()] == ["invalid", "valid"]


@pytest.mark.parametrize("body", [b"", b"not json", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"a": 1}{', b"null"],
                         ids=lambda b: repr(b[:8]))
def test_a_body_that_is_no_json_is_kept_for_the_judge(receiver, endpoint, lines, body):
    assert post(endpoint, body) == 204
    (seen,) = receiver.deliveries()
    assert seen.sent_json() is None
    assert seen.request_body.encode("utf-8", "surrogateescape") == body
    assert seen.facts["signature"] == "valid", "a true signature over nonsense"
    json.dumps(lines.of("exchange"))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "NONSENSE"])
def test_only_a_post_delivers(receiver, endpoint, lines, method):
    assert post(endpoint, method=method) == 501
    assert post(endpoint) == 204
    assert len(receiver.deliveries()) == len(lines) == 1


def test_many_at_once_are_each_recorded_once_under_their_own_id(receiver, endpoint, lines):
    senders = [threading.Thread(target=post, args=(endpoint, json.dumps({"n": n}).encode())) for n in range(40)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(20)
    found = receiver.wait(lambda _: True, count=40, timeout=10)
    assert sorted(d.sent_json()["n"] for d in found) == list(range(40))
    assert len({d.id for d in found}) == len(lines) == 40
    assert {d.facts["signature"] for d in found} == {"valid"}


def test_one_line_carries_many_deliveries(receiver, endpoint):
    parts = urlsplit(endpoint)
    line = http.client.HTTPConnection(parts.netloc, timeout=10)
    for _ in range(5):
        line.request("POST", parts.path, b"{}")
        assert line.getresponse().read() == b""
    line.close()
    assert len(receiver.deliveries()) == 5


def test_secrets_in_a_delivery_are_redacted_after_their_signature_was_judged(receiver, endpoint, lines):
    body = json.dumps({"echo": SECRET, "access_token": "abc.def.ghi"}).encode()
    post(endpoint, body, Authorization="Bearer abc.def.ghi")
    assert receiver.deliveries()[0].facts["signature"] == "valid"
    assert SECRET not in str(lines)
    assert "abc.def.ghi" not in str(lines)


@pytest.mark.parametrize(("frame", "delivered"), [
    (b"2\r\n{}\r\n0\r\n\r\n", True), (b"2;ext=1\r\n{}\r\n0\r\nTrailer: x\r\n\r\n", True),
    (b"2\r\n{}\r\n0\r\n" + b"T: x\r\n" * 120, False), (b"A\r\n{}", False), (b"2\r\n{}\r\n", False), (b"", False),
    (b"\r\n", False)], ids=["plain", "extension", "endless-trailers", "half-chunk", "no-end", "nothing", "no-size"])
def test_chunks_count_only_as_a_whole(receiver, endpoint, frame, delivered):
    parts = urlsplit(endpoint)
    with socket.create_connection((parts.hostname, parts.port), 10) as line:
        line.sendall(f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + frame)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100).startswith(b"HTTP/1.1 204" if delivered else b"HTTP/1.1 413")
    assert post(endpoint) == 204
    assert len(receiver.deliveries()) == 1 + delivered


def test_a_flood_of_headers_is_refused(receiver, endpoint, lines):
    assert post(endpoint, **{f"X-{n}": "x" for n in range(150)}) == 431
    assert post(endpoint) == 204
    assert len(lines) == 1


def test_a_sender_that_asks_before_it_sends_is_answered(receiver, endpoint):
    parts = urlsplit(endpoint)
    with socket.create_connection((parts.hostname, parts.port), 10) as line:
        head = f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(100).startswith(b"HTTP/1.1 100")
        line.sendall(b"{}")
        assert line.recv(100).startswith(b"HTTP/1.1 204")


def test_a_silent_line_does_not_hold_up_the_others(receiver, endpoint):
    parts = urlsplit(endpoint)
    with socket.create_connection((parts.hostname, parts.port), 10) as line:
        line.sendall(b"POST")
        assert post(endpoint) == 204
    assert len(receiver.deliveries()) == 1


def test_waiters_wake_with_the_delivery(receiver, endpoint):
    found = []
    waiter = threading.Thread(target=lambda: found.extend(receiver.wait(lambda _: True, count=2, timeout=20)))
    waiter.start()
    post(endpoint)
    post(endpoint)
    waiter.join(15)
    assert len(found) == 2
