"""Answers cut out of what comes over the wire: whole or not yet, and never beyond what an honest platform sends."""

import pytest

from harness.drivers.locust_engine.answers import LONGEST_BODY, Unreadable, cut

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
CHUNKED = b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n"
TRAILED = CHUNKED[:-2] + b"X-Sum: 1\r\n\r\n"
LOWER = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\ncontent-length:2\r\nconnection: Close\r\n\r\n{}"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + PLAIN
EMPTY = b"HTTP/1.1 204 No Content\r\nX-Trace-Id: 1\r\n\r\n"
UNCHANGED = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"
OLD = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(("data", "status", "body", "closes"), [
    (PLAIN, 200, b'{"a":1}', False), (CHUNKED, 201, b'{"a":1}', False), (TRAILED, 201, b'{"a":1}', False),
    (LOWER, 429, b"{}", True), (INTERIM, 200, b'{"a":1}', False), (EMPTY, 204, b"", False),
    (UNCHANGED, 304, b"", False), (OLD, 200, b"{}", True)],
    ids=["plain", "chunked", "trailed", "lower-case", "interim", "empty", "unchanged", "old"])
def test_an_answer_is_cut_out_once_it_is_whole(data, status, body, closes):
    for upto in range(len(data)):
        assert cut(data[:upto]) is None
    answer = cut(data + b"HTTP/1.1 200")
    assert (answer.status, answer.body, answer.closes, answer.used) == (status, body, closes, len(data))


def test_headers_are_found_in_any_case():
    answer = cut(LOWER)
    assert (answer.header(b"retry-after"), answer.header(b"content-length"), answer.header(b"x")) == (b"2", b"2", None)
    assert cut(PLAIN).header(b"content-type") == b"application/json"
    assert cut(PLAIN).head.endswith(b"Content-Length: 7")


def test_a_body_may_end_with_the_connection():
    data = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nas long as it lasts"
    assert cut(data) is None
    answer = cut(data, ended=True)
    assert (answer.body, answer.closes, answer.used) == (b"as long as it lasts", True, len(data))


@pytest.mark.parametrize("data", [
    b"SSH-2.0-OpenSSH", b"HTTP/2 200", b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 999 X\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
    b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LONGEST_BODY + 1),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 2_000])
def test_what_will_never_be_an_answer_is_told_at_once(data):
    with pytest.raises(Unreadable):
        cut(data)
