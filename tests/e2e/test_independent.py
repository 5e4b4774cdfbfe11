"""A platform that is right but unlike ours: other wording, order, transport and pace turn nothing red.

A gateway before the sandbox rewrites what the contract leaves free; the suites must certify it all the same.
"""

import gzip
import http.client
import json
import random
import re
import threading
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.support import Handler

FRAMING = {"content-length", "transfer-encoding", "connection"}
TRACE = re.compile(r"[A-Za-z0-9._-]{1,128}")
INSTANT = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z"')


def reworded(value):
    """Other words for people; codes, fields and values are the contract's."""
    if isinstance(value, dict):
        return {k: "Das ging leider nicht. 残念" if k in ("message", "problem") and isinstance(v, str) else reworded(v)
                for k, v in reversed(list(value.items()))}
    return [reworded(v) for v in value] if isinstance(value, list) else value


class Strange:
    """How this platform differs; every choice is legal."""

    def __init__(self, *, delay=0.0, rate=0.0, close=False, packed=False, rewrite=False):
        self.delay, self.rate, self.close, self.packed, self.rewrite = delay, rate, close, packed, rewrite
        self.limited = 0
        self._lock, self._buckets = threading.Lock(), {}

    def admits(self, who):
        """A token bucket for each provider and brand."""
        if not self.rate:
            return True
        with self._lock:
            now = time.monotonic()
            tokens, filled = self._buckets.get(who, (20.0, now))
            tokens = min(20.0, tokens + (now - filled) * self.rate)
            self._buckets[who] = (tokens - 1 if tokens >= 1 else tokens, now)
            self.limited += tokens < 1
            return tokens >= 1

    def dress(self, headers, body):
        """The answer in other clothes."""
        kind = next((v for k, v in headers if k.lower() == "content-type"), "")
        if self.rewrite and "json" in kind and body:
            document = json.loads(body)
            if "openapi" not in document:  # the document is the contract's own text
                text = json.dumps(reworded(document), ensure_ascii=True, indent=2)
                body = INSTANT.sub(lambda m: f'"{m[1]}{m[2] or ".000"}000+00:00"', text).encode()
            headers = [(name.upper(), value) for name, value in headers] + [("Server", "strange/1"), ("ETag", '"x"')]
        if self.packed and body:
            body = gzip.compress(body)
            headers = [*headers, ("Content-Encoding", "gzip")]
        return headers, body


def read_body(handler):
    """The body of a request whose frame is right (RFC 9112 6.3 and 7.1), else None."""
    lengths, coding = handler.headers.get_all("Content-Length", []), handler.headers.get("Transfer-Encoding")
    if coding is None:
        if len(set(lengths)) > 1 or not all(one.isascii() and one.isdigit() for one in lengths):
            return None
        return handler.rfile.read(int(lengths[0])) if lengths else b""
    body = b""
    while coding == "chunked" and not lengths:
        size = handler.rfile.readline(100).strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,6}", size):
            return None
        body += handler.rfile.read(int(size, 16))
        handler.rfile.readline(10)
        if not int(size, 16):
            return body
    return None


@pytest.fixture
def strange_gateway(serve):
    """Start a gateway before `upstream`; returns its URL."""
    def start(upstream, strange):
        host = urlsplit(upstream).netloc

        class Answering(Handler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def pass_on(self):
                body = read_body(self)
                if body is None:
                    self.close_connection = True
                    self.answer(400, [], b"this is no HTTP")
                    return
                if not strange.admits((self.headers.get("X-Provider-Id"), self.headers.get("X-Brand-Id"))):
                    trace = self.headers.get("X-Trace-Id", "")
                    trace = trace if TRACE.fullmatch(trace) else f"{random.getrandbits(128):032x}"
                    said = {"code": "RATE_LIMITED", "message": "slower", "retryable": True, "trace_id": trace}
                    self.answer(429, [("Retry-After", "1"), ("Content-Type", "application/json"),
                                      ("X-Trace-Id", trace)], json.dumps(said).encode())
                    return
                time.sleep(strange.delay * random.random())
                sent = {n: v for n, v in self.headers.items() if n.lower() not in FRAMING}
                with closing(http.client.HTTPConnection(host, timeout=30)) as link:
                    link.request(self.command, self.path, body or None, sent)
                    got = link.getresponse()
                    text = got.read()
                headers = [(n, v) for n, v in got.getheaders()
                           if n.lower() not in ("transfer-encoding", "content-length", "connection")]
                self.answer(got.status, *strange.dress(headers, text))

            def answer(self, status, headers, body):
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                if strange.close:
                    self.send_header("Connection", "close")
                    self.close_connection = True
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = pass_on

        return serve(Answering)

    return start


@pytest.mark.parametrize("strange", [
    {"rewrite": True, "packed": True}, {"close": True}, {"delay": 0.06}, {"rate": 150.0}],
    ids=["other-words-and-gzip", "a-connection-a-call", "slow-and-uneven", "rate-limited"])
def test_legal_differences_are_no_findings(certify, config_text, external_sandbox, strange_gateway, verdicts,
                                               strange):
    odd = Strange(**strange)
    done = certify("--target", "x", "--json", "--budget", "quick",
                   text=config_text(strange_gateway(external_sandbox(), odd)))
    assert verdicts(done) == {}
    assert done.returncode == 0
    assert not strange.get("rate") or odd.limited > 20, "the limit was met"
