"""Preflight: what a target answers becomes one clear line, in order, and nothing mutating is ever sent."""

import json
import re
import socket
import time
from email.utils import formatdate

import pytest

from harness.counterparts.preflight import probes, require
from harness.model.errors import EnvironmentFault, UsageError
from tests.support import Handler
from tests.tls import server_context

READ = "GET /v1/events"


def asked(workshop):
    return {p.name: p for p in probes(workshop)}


def test_a_good_sandbox_is_all_well_and_its_clock_measured(workshop, subject):
    found = asked(workshop)
    assert list(found) == ["reachable", "clock", "sandbox", "credentials provider", "credentials other",
                           "credentials admin", "first read"]
    assert all(p.ok for p in found.values())
    assert "API 1.7" in found["sandbox"].seen
    facts = require(workshop)
    assert abs(facts["clock_offset_seconds"]) < 2
    assert {r.method for r in subject.requests} == {"GET", "POST"}
    assert {r.path for r in subject.requests if r.method == "POST"} == {"/v1/oauth/token"}


def fails(workshop, kind=EnvironmentFault):
    with pytest.raises(kind) as error:
        require(workshop)
    line = error.value.line()
    assert line.startswith("target x: ")
    assert "\n" not in line
    assert error.value.remedy
    return line


@pytest.mark.parametrize("status", [401, 404, 429, 503, 500, 302])
def test_a_target_that_refuses_everything_is_no_sandbox(workshop, subject, status):
    subject.answers, subject.default = {}, (status, {"code": "NO_WAY"}, {"Location": "/"})
    line = fails(workshop)
    assert "sandbox: GET /sandbox/info" in line
    assert f"{status} NO_WAY" in line
    assert {r.path for r in subject.requests} == {"/sandbox/info"}, "what follows would only repeat it"


@pytest.mark.parametrize("info", [{}, {"sandbox": False}, {"sandbox": "true"}, {"sandbox": 1}, [], None, "sandbox"],
                         ids=repr)
def test_only_a_target_that_says_true_is_a_sandbox(workshop, subject, info):
    subject.answers["GET /sandbox/info"] = (200, info, {})
    assert "sandbox: true" in fails(workshop)
    assert subject.sent("POST /v1/oauth/token") == []


def test_a_target_that_is_down(workshop_of, target, changed):
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    assert "no connection" in fails(workshop_of(changed(target, base_url=f"http://{host}", hosts=(host,))))


@pytest.mark.parametrize(("certificate", "says"), [
    ("server", "self-signed certificate in certificate chain|unable to get local issuer"),
    ("expired", "certificate has expired|unable to get local issuer"), ("", "no TLS can be agreed on")])
def test_tls_that_is_not_believed_is_told_apart_from_nobody_there(workshop_of, target, changed, serve, monkeypatch,
                                                                  certificate, says):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    url = serve(Handler, context=server_context(certificate) if certificate else None).replace("http:", "https:")
    line = fails(workshop_of(changed(target, base_url=url, hosts=(url.removeprefix("https://"),))))
    assert re.search(says, line)
    assert "no connection" not in line


def test_a_target_that_accepts_and_says_nothing(workshop_of, target, changed):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        mute = changed(target, base_url=f"http://{host}", hosts=(host,), timeout_seconds=0.3)
        assert "no whole answer in time" in fails(workshop_of(mute))


@pytest.mark.parametrize(("reply", "says"), [
    (b"SSH-2.0-OpenSSH_9\r\n", "not HTTP"), (b"", "not HTTP"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "not HTTP"),
    (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", "content-encoding"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b" " * 3_000_000, "endless or huge")],
    ids=["ssh", "nothing", "half", "brotli", "huge"])
def test_a_target_that_answers_nonsense(workshop, subject, reply, says):
    subject.answers["GET /sandbox/info"] = reply
    assert says in fails(workshop)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_refused_credentials_name_the_party_and_the_status(workshop, subject, status):
    subject.answers["POST /v1/oauth/token"] = (status, {"code": "AUTH_FAILED"}, {})
    line = fails(workshop)
    assert "credentials provider" in line
    assert str(status) in line
    assert "secret of this party" in line
    assert "canary" not in line


HOSTILE_TOKENS = [None, [], "token", {}, {"access_token": None}, {"access_token": ["t"]}, {"access_token": ""},
                  {"access_token": "two words"}, {"access_token": "a\r\nX-Evil: 1"}, {"access_token": "\ud800"},
                  {"access_token": "Zoë"}]


@pytest.mark.parametrize("answer", HOSTILE_TOKENS, ids=repr)
def test_a_token_that_no_header_carries_is_none(workshop, subject, answer):
    subject.answers["POST /v1/oauth/token"] = (200, answer, {})
    assert "answered 200 without a usable access_token" in fails(workshop)


def test_the_second_party_is_named_when_only_it_is_refused(workshop, subject, target):
    good = subject.answers["POST /v1/oauth/token"]
    by_client = iter([good, (401, {}, {})])
    subject.answers["POST /v1/oauth/token"] = lambda _: next(by_client)
    assert "credentials other" in fails(workshop)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503, 204])
def test_a_first_read_that_fails_is_named(workshop, subject, status):
    subject.answers[READ] = (status, b"" if status == 204 else {"code": "NOPE"}, {})
    line = fails(workshop)
    assert f"first read: GET /v1/events answered {status}" in line
    assert "events:read" in line


@pytest.mark.parametrize("change", [{"sandbox": False}, {"credentials": {}}])
def test_a_profile_that_allows_nothing_is_our_users_to_mend_and_the_target_left_alone(
        workshop_of, target, subject, changed, change):
    assert "profile" in fails(workshop_of(changed(target, **change)), UsageError)
    assert subject.requests == []


@pytest.mark.parametrize("missing", ["provider", "admin"])
def test_a_profile_without_a_needed_party(workshop_of, target, changed, missing):
    fewer = {k: v for k, v in target.credentials.items() if k != missing}
    line = fails(workshop_of(changed(target, credentials=fewer)), UsageError)
    assert f"no credentials for {missing}" in line
    assert f"[target.x.credentials.{missing}]" in line


@pytest.mark.parametrize(("shift", "ok"), [(0, True), (60, False), (-60, False)])
def test_a_clock_that_is_off_warns_and_stops_nothing(workshop, subject, shift, ok):
    info = subject.answers["GET /sandbox/info"]
    subject.answers["GET /sandbox/info"] = lambda _: dated(info, formatdate(time.time() + shift, usegmt=True))
    probe = asked(workshop)["clock"]
    assert (probe.ok, probe.fatal) == (ok, False)
    assert abs(probe.value - shift) < 2
    assert ("NTP" in probe.remedy) is not ok
    assert abs(require(workshop)["clock_offset_seconds"] - shift) < 2


def dated(answer, date):
    """A raw reply with this Date header alone."""
    body = json.dumps(answer[1]).encode()
    return (f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{f'Date: {date}' if date else 'X-No: date'}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Nov 2026 06:00:00 GMT", "9" * 500,
                                  "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"])
def test_a_date_that_is_none_leaves_the_clock_unknown(workshop, subject, date):
    info = subject.answers["GET /sandbox/info"]
    subject.answers["GET /sandbox/info"] = lambda _: dated(info, date)
    assert asked(workshop)["clock"].ok is None
    assert require(workshop) == {}
