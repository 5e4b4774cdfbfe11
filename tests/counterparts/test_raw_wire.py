"""Frames that break HTTP: sent to the byte, one line each, with whatever comes back recorded."""

import contextlib
import socket
import threading

import pytest

from harness.counterparts.raw_wire import send_frame
from harness.engine.ports import Request
from harness.engine.redaction import Redactor
from harness.model.errors import Prerequisite
from tests.support import Lines


@pytest.fixture
def edge():
    """A server that reads one request to the end of the line and gives one raw reply: start(reply) -> (URL, got)."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads, got = [], []

    def start(reply, wait=None):
        def serve():
            line, _ = listener.accept()
            with line:
                line.settimeout(5)
                while b"END" not in b"".join(got):
                    got.append(line.recv(65536))
                if wait is not None:
                    wait.wait(5)
                line.sendall(reply)

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1/x", got

    yield start
    for thread in threads:
        thread.join(5)
    listener.close()


def send(url, frame, payload, timeout=5.0):
    lines, redactor = Lines(), Redactor(["token-0123456789"])
    request = Request(method="POST", url=url, headers=(("Authorization", "Bearer token-0123456789"),), body=b'{"a": 1}',
                      operation="x", label="odd")
    exchange = send_frame(request, frame, payload, exchange_id="f-1", recorder=lines, redactor=redactor,
                          timeout=timeout)
    assert [kind for kind, _ in lines] == ["exchange"]
    assert "token-0123456789" not in str(lines)
    return exchange


def test_the_frame_goes_out_as_it_is(edge):
    url, got = edge(b"HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno")
    exchange = send(url, [b"Content-Length: 5", b"Content-Length: 9", b"no colon"], b"\x00END")
    head, _, payload = b"".join(got).partition(b"\r\n\r\n")
    assert head.splitlines()[-3:] == [b"Content-Length: 5", b"Content-Length: 9", b"no colon"]
    assert payload == b"\x00END"
    assert (exchange.status, exchange.response_body, exchange.channel) == (400, "no", "frame")
    assert exchange.sent_json() == {"a": 1}, "the journal keeps what the body says, not how it was framed"


@pytest.mark.parametrize(("reply", "failure"), [
    (b"", "closed"), (b"SSH-2.0-x\r\n", "closed"), (b"HTTP/1.1 abc\r\n\r\n", "closed"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "closed")])
def test_no_answer_is_a_closed_line(edge, reply, failure):
    url, _ = edge(reply)
    exchange = send(url, [b"Content-Length: 3"], b"END")
    assert (exchange.status, exchange.failure) == (None, failure)


def test_a_hanging_edge_is_a_timeout(edge):
    let_go = threading.Event()
    url, _ = edge(b"", wait=let_go)
    exchange = send(url, [b"Content-Length: 100"], b"END", timeout=0.3)
    let_go.set()
    assert exchange.failure == "timeout"


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
def test_an_answer_that_drips_ends_with_the_time_limit(head):
    stop = threading.Event()

    def drip():
        line, _ = listener.accept()
        with line, contextlib.suppress(OSError):
            line.recv(65536)
            line.sendall(head)
            while not stop.wait(0.02):
                line.sendall(b"a")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        exchange = send(f"http://127.0.0.1:{listener.getsockname()[1]}/", [b"Content-Length: 3"], b"END", timeout=0.5)
        stop.set()
        thread.join(5)
    assert (exchange.status, exchange.failure) == (None, "timeout")
    assert exchange.seconds < 10, "a drip of 100,000 bytes would take half an hour"


def test_nobody_listening_stops_the_check():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Prerequisite, match="no connection"):
        send(f"http://127.0.0.1:{port}/", [], b"")
