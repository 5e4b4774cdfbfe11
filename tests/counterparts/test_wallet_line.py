"""The wallet line: calls pass, are seen, and come to grief as they were told to; nothing outlives the trouble."""

import http.client
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.counterparts.wallet_line import WalletLine
from harness.engine.redaction import Redactor
from harness.model.scenario import Trouble

DEBIT = {"tx_id": "t-1", "player_id": "p-1", "amount": 5}


class Journal:
    def __init__(self):
        self.lines = []

    def append(self, kind, line):
        self.lines.append((kind, line))


@pytest.fixture
def wallet():
    """A wallet that counts what it did; .url, .done."""
    class Wallet(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            server.done.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps({"status": "ok", "path": self.path, "who": self.headers.get("Authorization")}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Wallet", "yes")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Wallet)
    server.daemon_threads = True
    server.done = []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def line(wallet):
    line = WalletLine(wallet.url, Journal(), Redactor(["canary-secret"]), prefix="wl")
    yield line
    line.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(line.address.split(":"))


def seen_by(line, count, *about):
    return line.wait(count, *about, seconds=10)


def call(line, body=DEBIT, seconds=10.0, connection=None):
    """(status, answer) over a connection of its own."""
    made = connection or http.client.HTTPConnection(line.address, timeout=seconds)
    try:
        made.request("POST", "/wallet/debit", body=json.dumps(body), headers={"Authorization": "Bearer canary-secret"})
        answer = made.getresponse()
        return answer.status, answer.read()
    finally:
        if connection is None:
            made.close()


def test_calls_pass_both_ways_and_are_seen(line, wallet):
    connection = http.client.HTTPConnection(line.address, timeout=10)
    for _ in range(3):
        status, answer = call(line, connection=connection)
        assert (status, json.loads(answer)) == (200, {"status": "ok", "path": "/wallet/debit",
                                                      "who": "Bearer canary-secret"})
    connection.close()
    assert wallet.done == [DEBIT] * 3
    seen = seen_by(line, 3, "p-1")
    assert [(e.id, e.channel, e.status, e.failure, e.sent_json(), e.facts) for e in seen] == [
        (f"wl-{n}", "wallet", 200, "", DEBIT, {"trouble": "", "committed": True, "answered": 200}) for n in (1, 2, 3)]
    assert all(e.started_ns < e.ended_ns for e in seen)
    assert line.calls("p-2") == []
    assert line.most_at_once == 1
    told = json.dumps(line._recorder.lines)
    assert "canary-secret" not in told


@pytest.mark.parametrize(("trouble", "what", "done", "failure"), [
    (Trouble(kind="reset_before"), ConnectionResetError, 0, "reset"),
    (Trouble(kind="reset_after"), ConnectionResetError, 1, "reset"),
    (Trouble(kind="half"), http.client.IncompleteRead, 1, "half"),
    (Trouble(kind="hang"), TimeoutError, 0, "hung_up"),
    (Trouble(kind="status", status=503), (503, b'{"code":"UNAVAILABLE"}'), 0, ""),
    (Trouble(kind="garbage"), (200, b"\x00<html>"), 1, "")])
def test_a_call_comes_to_grief(line, wallet, trouble, what, done, failure):
    with line.trouble(trouble) as active:
        if isinstance(what, tuple):
            assert call(line) == what
        else:
            with pytest.raises(what):
                call(line, seconds=0.3)
        seen = seen_by(line, 1)
        assert len(active.met) == 1
    assert (len(wallet.done), seen[0].failure, seen[0].facts["committed"]) == (done, failure, bool(done))
    assert seen[0].facts["trouble"] == trouble.kind
    assert call(line)[0] == 200, "after the trouble all is well"


def test_slow_and_dripping_answers_take_their_time(line, wallet):
    for trouble in (Trouble(kind="slow", seconds=0.2), Trouble(kind="drip", seconds=0.002)):
        began = time.monotonic()
        with line.trouble(trouble):
            status, answer = call(line)
        assert (status, json.loads(answer)["status"]) == (200, "ok")
        assert time.monotonic() - began >= 0.19
    assert len(wallet.done) == 2


def test_only_some_calls_meet_it(line, wallet):
    with line.trouble(Trouble(kind="status", times=2)):
        assert [call(line)[0] for _ in range(3)] == [503, 503, 200]
    with line.trouble(Trouble(kind="status", about=("p-2",))):
        assert call(line)[0] == 200
        assert call(line, {**DEBIT, "player_id": "p-2"})[0] == 503


def test_what_hangs_is_let_go_when_the_trouble_is_over(line):
    told = []

    def ask():
        with pytest.raises((http.client.HTTPException, OSError)) as raised:
            call(line)
        told.append(raised.value)

    with line.trouble(Trouble(kind="hang")):
        thread = threading.Thread(target=ask)
        thread.start()
        until = time.monotonic() + 10
        while line.most_at_once < 1 and time.monotonic() < until:
            time.sleep(0.005)
        assert not told
    thread.join(10)
    assert len(told) == 1
    assert seen_by(line, 1)[0].failure == "hang"


def test_calls_at_once_are_counted(line):
    with line.trouble(Trouble(kind="slow", seconds=0.3)):
        threads = [threading.Thread(target=call, args=(line,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert line.most_at_once == 8
    assert len(seen_by(line, 8)) == 8


def test_a_wallet_that_is_gone_is_told_as_such(line, wallet):
    wallet.shutdown()
    wallet.server_close()
    assert call(line)[0] == 502
    assert [e.failure for e in seen_by(line, 1)] == ["down"]


@pytest.mark.parametrize("raw", [
    b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"\x00\x01\r\n\r\n", b"POST / HTT",
    b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"])
def test_odd_callers_do_no_harm(line, raw):
    with socket.create_connection(line.address.split(":"), timeout=10) as caller:
        caller.sendall(raw)
        caller.shutdown(socket.SHUT_WR)
        while caller.recv(4096):
            pass
    assert call(line)[0] == 200


def test_an_unknown_trouble_is_refused():
    with pytest.raises(ValueError, match="unknown trouble 'rain'"):
        Trouble(kind="rain")
