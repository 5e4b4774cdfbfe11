"""The recording client against hostile targets: bounded time and memory, every exchange recorded."""

import gzip
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.drivers.recording_client import MAX_BODY, RecordingClient
from harness.engine.ports import Request
from harness.engine.redaction import Redactor
from harness.model.errors import UsageError
from tests.support import Handler, Lines
from tests.tls import AUTHORITY, server_context


@pytest.fixture
def hostile():
    """Serve one raw reply per connection on a free port; yields a function reply -> URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    replies, stop = [], threading.Event()

    def serve():
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    connection.recv(65536)
                    for piece in replies[0]:
                        if stop.is_set():
                            return
                        connection.sendall(piece)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def start(pieces):
        replies.append(pieces)
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    stop.set()
    listener.shutdown(socket.SHUT_RDWR)  # closing alone leaves accept() waiting
    listener.close()
    thread.join(5)


def send(url, timeout=2.0):
    lines = Lines()
    client = RecordingClient(lines, Redactor(), hosts=[url.split("/")[2]], prefix="t", timeout=timeout)
    try:
        began = time.monotonic()
        exchange = client.send(Request(method="GET", url=url)).exchange
        assert time.monotonic() - began < timeout + 3
    finally:
        client.close()
    assert [kind for kind, _ in lines] == ["exchange"]
    return exchange


def endless(head, piece):
    yield head
    while True:
        yield piece


def drip(head):
    yield head
    while True:
        time.sleep(0.05)
        yield b"x"


OK = b"HTTP/1.1 200 OK\r\n"


def test_a_plain_answer_is_recorded_whole(hostile):
    exchange = send(hostile([OK + b"Content-Length: 4\r\n\r\ntrue"]))
    assert (exchange.status, exchange.json(), exchange.failure) == (200, True, "")


def test_without_a_recorder_nothing_is_recorded_and_every_limit_is_kept(hostile):
    url = hostile(endless(OK + b"Retry-After: 3\r\n\r\n", b"x" * 65536))
    client = RecordingClient(None, Redactor(), hosts=[url.split("/")[2]], prefix="t", timeout=10.0)
    try:
        sent = client.send(Request(method="GET", url=url, operation="listEvents"))
        assert (sent.exchange.failure, len(sent.body), sent.exchange.response_body) == ("too_large", MAX_BODY, "")
        assert (sent.exchange.status, sent.exchange.retry_after(), sent.exchange.operation) == (200, 3.0, "listEvents")
        with pytest.raises(UsageError, match="refusing to contact"):
            client.send(Request(method="GET", url="http://elsewhere/"))
    finally:
        client.close()


def test_an_endless_body_is_cut(hostile):
    exchange = send(hostile(endless(OK + b"\r\n", b"x" * 65536)), timeout=10)
    assert exchange.failure == "too_large"
    assert len(exchange.response_body) == MAX_BODY


def test_a_gzip_bomb_is_cut(hostile):
    bomb = gzip.compress(b"0" * (64 << 20))
    head = OK + f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    exchange = send(hostile([head + bomb]), timeout=10)
    assert exchange.failure == "too_large"
    assert len(exchange.response_body) == MAX_BODY


def test_a_slow_drip_ends_with_the_time_limit(hostile):
    assert send(hostile(drip(OK + b"Content-Length: 100000\r\n\r\n")), timeout=1).failure == "timeout"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 O", OK + b"X-Odd: "], ids=["nothing", "status", "header"])
def test_a_drip_before_the_body_ends_with_the_time_limit_too(hostile, head):
    exchange = send(hostile(drip(head)), timeout=0.5)
    assert (exchange.failure, exchange.status) == ("timeout", None)
    assert exchange.seconds < 3


def test_each_exchange_has_its_own_time_on_a_line_that_is_kept():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

        def serve():
            connection, _ = listener.accept()
            with connection:
                for _ in range(3):
                    connection.recv(65536)
                    connection.sendall(OK + b"Content-Length: 4\r\n\r\ntrue")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        client = RecordingClient(Lines(), Redactor(), hosts=[url.split("/")[2]], prefix="t", timeout=1.0)
        for _ in range(3):
            assert client.send(Request(method="GET", url=url)).exchange.json() is True
            client._deadline.at = 0.0  # long ago
        thread.join(5)
        client.close()


@pytest.mark.parametrize(("reply", "failure"), [
    (OK + b"X-Big: " + b"a" * (10 << 20) + b"\r\n\r\n", "protocol"),
    (b"SSH-2.0-OpenSSH_9\r\n", "protocol"),
    (OK + b"Content-Length: nonsense\r\n\r\n", "protocol"),
    (OK + b"Content-Length: 10\r\n\r\nshort", "protocol"),
    (OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "encoding"),
    (OK + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", "encoding"),
    (b"", "protocol")], ids=["10MB-header", "ssh", "length", "half", "not-gzip", "brotli", "hang-up"])
def test_nonsense_becomes_a_failure_not_an_exception(hostile, reply, failure):
    assert send(hostile([reply]), timeout=5).failure == failure


def test_bytes_that_are_not_utf8_survive(hostile):
    exchange = send(hostile([OK + b"Content-Type: text/plain; charset=latin-1\r\nContent-Length: 2\r\n\r\n\xff\xe4"]))
    assert exchange.response_body.encode("utf-8", "surrogateescape") == b"\xff\xe4"


def test_a_redirect_is_not_followed(hostile):
    exchange = send(hostile([b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"]))
    assert exchange.status == 307


def test_a_closed_port_is_a_connect_failure():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}/").failure == "connect"


def test_an_authority_of_ones_own_is_believed_where_the_environment_names_it(serve, monkeypatch):
    url = serve(Handler, context=server_context()) + "/"
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert send(url).failure == "connect"
    monkeypatch.setenv("SSL_CERT_FILE", AUTHORITY)
    assert send(url).status == 501


def test_an_unnamed_host_is_never_contacted():
    client = RecordingClient(Lines(), Redactor(), hosts=["127.0.0.1:9"], prefix="t")
    with pytest.raises(UsageError, match="refusing to contact"):
        client.send(Request(method="GET", url="http://127.0.0.1:10/"))
    client.close()


def test_threads_that_send_at_once_get_ids_of_their_own(monkeypatch):
    recorder = Lines()
    client = RecordingClient(recorder, Redactor(()), hosts=("127.0.0.1:1",), prefix="t", timeout=1)
    monkeypatch.setattr(client, "_exchange", lambda _: (204, (), b"", ""))
    request = Request(method="GET", url="http://127.0.0.1:1/", check="c", actor="a", operation="o")
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # a change of thread wherever one can be
    try:
        with ThreadPoolExecutor(8) as pool:
            sent = [f.result().exchange.id for f in [pool.submit(client.send, request) for _ in range(2000)]]
    finally:
        sys.setswitchinterval(before)
        client.close()
    assert len(set(sent)) == len(recorder) == 2000
