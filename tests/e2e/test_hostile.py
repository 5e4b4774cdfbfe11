"""A platform whose answers turn hostile: bounded time and memory, a true verdict, everything readable after."""

import gzip
import http.client
import json
import os
import resource
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from harness.drivers.recording_client import MAX_BODY
from tests.support import Handler

AUTHORIZE, BALANCES = "/v1/bets/authorize", "/balances"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MARKUP = '<script>alert(1)</script><img src=x onerror="alert(2)">]]>'


def endless(write):
    write(OK + b"\r\n")
    for _ in range(1000):
        write(b"[" * 65536)


def drip(write):
    write(OK + b"Content-Length: 100000\r\n\r\n")
    for _ in range(200):
        write(b" ")
        time.sleep(0.05)


def whole(headers, body):
    return lambda write: write(OK + headers + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)


HOSTILE = {
    "endless-body": endless,
    "slow-drip": drip,
    "gzip-bomb": whole(b"Content-Encoding: gzip\r\n", gzip.compress(b"[" * (256 << 20), 1)),
    "redirect-loop": lambda write: write(
        b"HTTP/1.1 307 Here\r\nLocation: /v1/bets/authorize\r\nContent-Length: 0\r\n\r\n"),
    "10-MB-header": lambda write: write(OK + b"X-Big: " + b"a" * (10 << 20) + b"\r\n\r\n"),
    "wrong-charset": whole(b"", '{"hold_id": "ä"}'.encode("utf-16")),
    "not-utf-8": whole(b"", b'{"hold_id": "\xff\xfe\xc0", "balance": 1}'),
    "lone-surrogate": whole(b"", rb'{"hold_id": "\ud800", "balance": {"amount": "\udfff"}}'),
    "deep-nesting": whole(b"", b"[" * 100_000),
    "huge-number": whole(b"", b'{"hold_id": 1' + b"0" * 100_000 + b', "balance": {"amount": 1e999}}'),
    "wrong-types": whole(b"", b'{"hold_id": [null], "balance": {"amount": true, "currency": {}}, "balances": "x"}'),
    "markup": whole(f"X-Trace-Id: {MARKUP}\r\n".encode(), json.dumps({"code": MARKUP, "message": MARKUP}).encode()),
    "terminal-escapes": whole(b"", json.dumps({"code": "\x1b[2J\x1b]0;owned\x07\u202e\x9b31m"}).encode()),
}


@pytest.fixture
def gateway(serve):
    """A gateway before `upstream` that answers paths ending in `path` with `poison`; returns its URL."""
    def start(upstream, path, poison):
        host = urlsplit(upstream).netloc

        class Answering(Handler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.sent()
                if self.path.partition("?")[0].endswith(path):
                    self.close_connection = True
                    try:
                        poison(self.wfile.write)
                    except OSError:
                        return
                    return
                link = http.client.HTTPConnection(host, timeout=30)
                link.request(self.command, self.path, body, dict(self.headers))
                answer = link.getresponse()
                text = answer.read()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                link.close()

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = pass_on

        return serve(Answering)

    return start


@pytest.mark.parametrize(("kind", "path"), [*((kind, AUTHORIZE) for kind in HOSTILE), *(
    (kind, BALANCES) for kind in ("slow-drip", "wrong-types", "huge-number", "markup"))], ids=lambda v: v.strip("/"))
def test_a_hostile_answer_ends_red_or_unclear_never_green_never_broken(certify, config_text, external_sandbox,
                                                                       gateway, canaries, kind, path):
    url = gateway(external_sandbox(), path, HOSTILE[kind])
    (certify.folder / "certify.toml").write_text(config_text(url, extra="timeout_seconds = 1.0"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli.main", "--target", "x", "--only", "IDEM-03,IDEM-05,MONEY-09,CONT-02,SEC-08",
         "--json"], cwd=certify.folder, env={**os.environ, **canaries}, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    rows = [r for r in json.loads(done.stdout)["rows"] if r["counted"]]
    assert done.returncode in (1, 3), done.stderr
    assert {r["finding"]["outcome"] for r in rows} <= {"pass", "fail", "inconclusive"}
    red = [r["control"]["id"] for r in rows if r["finding"]["outcome"] != "pass"]
    assert "IDEM-03" in red
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before < 400 << 10, "KiB: memory must stay bounded"
    (run,) = certify.folder.glob("certify-runs/*")
    lines = (run / "journal.jsonl").read_bytes().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert max(map(len, lines)) < 8 * MAX_BODY
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    again = certify("judge", run)
    assert again.returncode == done.returncode
    assert "Traceback" not in again.stderr
    assert "\x1b" not in again.stdout
    assert "\x9b" not in again.stdout
    assert "\u202e" not in again.stdout


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_target_hostile_from_its_first_answer_is_one_line(certify, config_text, gateway, kind):
    text = config_text(gateway("http://127.0.0.1:9", "/sandbox/info", HOSTILE[kind]), extra="timeout_seconds = 1.0")
    done = certify("--target", "x", text=text)
    assert done.returncode == 4
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("certify: ")
    assert not set("\x1b\x07\x9b\u202e") & set(line)
    assert len(line) < 500
