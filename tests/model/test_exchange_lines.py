"""Exchanges and claims: read back from the journal as they were, whatever a target put into them."""

import json
import subprocess

import pytest

from harness.model.claim import Claim
from harness.model.curl import curl
from harness.model.exchange import Exchange, parse_json

NASTY = "a'b\"c$(touch owned)`touch owned`\\ !*;&|<>\x1b\t\udcff\u202e"


def exchange(**values):
    return Exchange(**{"id": "e1", "check": "c", "actor": "provider", "method": "POST", "url": "http://x/v1/a",
                       **values})


def test_an_exchange_survives_the_journal():
    one = exchange(request_headers=(("X-A", NASTY), ("X-A", "twice")), request_body=NASTY, status=200,
                   response_headers=(("Set-Cookie", "a"), ("set-cookie", "b")), response_body=NASTY, failure="timeout",
                   started_ns=1, ended_ns=2_000_000_001, facts={"signature": "valid"}, channel="webhook", label="l")
    line = json.loads(json.dumps(one.to_line()))
    assert Exchange.from_line(line) == one
    assert Exchange.from_line({**line, "from_a_newer_release": 1, "k": "exchange", "t": 3}) == one
    assert one.seconds == 2.0


def test_a_journal_line_without_what_is_needed_is_refused():
    line = exchange().to_line()
    del line["url"]
    with pytest.raises(TypeError, match="url"):
        Exchange.from_line(line)


def test_a_claim_survives_the_journal():
    claim = Claim(id="c#1", check="c", control="X-01", judge="moved", says=NASTY, over=("e1", "e2"),
                  params={"by": -5, "odd": [None, NASTY]}, positive_control=True)
    assert Claim.from_line(json.loads(json.dumps(claim.to_line()))) == claim
    with pytest.raises(KeyError):
        Claim.from_line({"id": "c#1", "check": "c"})


@pytest.mark.parametrize(("values", "answered"), [
    ({"status": 200}, True), ({"status": 500}, True), ({}, False), ({"failure": "timeout"}, False),
    ({"status": 200, "failure": "too_large"}, False)])
def test_only_a_whole_answer_counts_as_one(values, answered):
    assert exchange(**values).answered is answered


def test_headers_are_found_in_any_case_the_first_one_first():
    one = exchange(request_headers=(("X-A", "1"), ("x-a", "2")), response_headers=(("x-b", ""), ("X-B", "2")))
    assert (one.sent_header("x-A"), one.header("X-b"), one.header("x-a")) == ("1", "", None)


@pytest.mark.parametrize(("body", "field"), [
    ('{"code": "X"}', "X"), ("", None), ("{", None), ("[1]", None), ("null", None), ('{"other": 1}', None),
    ("[" * 200_000, None), ("9" * 5000, None), ('{"code": 1' + "0" * 5000 + "}", None), ("\udcff", None)],
    ids=lambda v: repr(v)[:16])
def test_a_body_that_is_no_json_object_has_no_fields(body, field):
    one = exchange(response_body=body, request_body=body)
    assert one.field("code") == field
    assert one.json() == one.sent_json() == parse_json(body)


def arguments_of(line):
    """What a shell makes of the line: the arguments that curl would get."""
    done = subprocess.run(["sh", "-c", 'curl() { for a in "$@"; do printf "%s\\0" "$a"; done; }; CERTIFY_TOKEN=t0ken; '
                           + line], capture_output=True, check=True)
    return done.stdout.split(b"\0")[:-1]


def test_the_curl_line_is_inert_and_says_the_request_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nasty = NASTY.replace("\udcff", "")
    line = curl(exchange(url=f"http://x/{nasty}", request_body=f"@{nasty}\n", request_headers=(
        ("Host", "x"), ("Content-Length", "5"), ("Authorization", "Bearer redacted-0123456789ab"), ("X-Odd", nasty),
        ("X-Empty", ""))))
    assert arguments_of(line) == [a.encode() for a in (
        "-sS", "-i", "-X", "POST", "-H", "Authorization: Bearer t0ken", "-H", f"X-Odd: {nasty}", "-H", "X-Empty;",
        "--data-raw", f"@{nasty}\n", f"http://x/{nasty}")]
    assert list(tmp_path.iterdir()) == []


def test_the_curl_line_of_bytes_can_be_printed_and_a_bad_token_stays():
    line = curl(exchange(method="GET", request_body="\udcff", request_headers=(("Authorization", "Bearer bad"),)))
    assert line == r"curl -sS -i -X GET -H 'Authorization: Bearer bad' --data-raw '\udcff' http://x/v1/a"
