"""Storms through Locust: one process or several, each of them noticed when it is gone, none of them left behind."""

import dataclasses
import itertools
import json
import os
import re
import signal
import socket
import threading
import time
from dataclasses import replace
from http.server import ThreadingHTTPServer
from types import SimpleNamespace

import psutil
import pytest

from harness.counterparts.party import Party
from harness.drivers.locust_engine.storms import blow
from harness.engine.ports import Sent
from harness.engine.redaction import Redactor
from harness.model.arrivals import constant
from harness.model.errors import CertifyError, HarnessFault, Prerequisite
from harness.model.exchange import Exchange
from harness.model.profile import ContractProfile, Credential
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import Became
from tests.support import Handler
from tests.tls import AUTHORITY, server_context


class Willing(Handler):
    """Keep-alive, and every call succeeds."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.sent()
        self.send_response_only(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


@pytest.fixture
def platform(serve):
    """A base URL where every call succeeds."""
    return serve(Willing)


def plan(base_url, *, rate=60, seconds=2.0):
    return StormPlan(base_url=base_url, schedule=constant(rate, seconds, spacing="even"), mix=Mix(duplicates=0.2),
                     callers=(Caller(headers=(), token="t"),), pause_seconds=0.01, timeout_seconds=5,
                     seats=tuple(Seat(player_id=f"p-{n}", session_id=f"s-{n}") for n in range(5)))


def generators():
    return [p for p in psutil.Process().children(recursive=True) if "harness.drivers.locust_engine.process" in
            " ".join(p.cmdline())]


@pytest.mark.parametrize("processes", [1, 2])
def test_every_round_is_begun_and_ended_and_told_of(platform, processes):
    wanted, reports = plan(platform), []
    result = blow(wanted, processes=processes, on_report=lambda tally, _: reports.append(tally.calls))
    assert (result.workers, result.lost, result.problems, result.complete) == (processes, (), (), True)
    assert result.begun == result.ended == bytes([Became.DONE]) * 120
    copies = sum(wanted.round(n).duplicated for n in range(120))
    assert result.tally.calls == 2 * (120 + copies)
    assert result.tally.outcomes["authorizeBet"] == {"200": 120 + copies}
    assert result.busiest > 0
    assert reports[-1] == result.tally.calls
    assert generators() == []


def test_a_worker_that_is_lost_is_noticed_and_makes_the_storm_incomplete(platform):
    killed = []

    def kill_one(tally, report):
        del tally, report
        if not killed:
            workers = sorted(generators(), key=lambda p: p.create_time())[1:]
            killed.append(workers[-1].pid)
            os.kill(workers[-1].pid, signal.SIGKILL)

    result = blow(plan(platform, seconds=3.0), processes=2, on_report=kill_one)
    assert len(result.lost) == 1
    assert not result.complete
    assert 0 < result.begun.count(Became.DONE) < 180
    assert generators() == []


def test_an_interrupted_storm_leaves_no_process_behind(platform):
    def interrupt(tally, report):
        del tally, report
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        blow(plan(platform, seconds=60), processes=2, on_report=interrupt)
    assert time.monotonic() - began < 30
    assert generators() == []


def test_a_generator_that_dies_is_our_own_fault(platform):
    def kill(tally, report):
        del tally, report
        for process in generators():
            process.kill()

    with pytest.raises(HarnessFault, match="before the storm had"):
        blow(plan(platform, seconds=60), on_report=kill)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1:1", "http://:1"])
@pytest.mark.parametrize("processes", [1, 2])
def test_what_no_storm_can_be_blown_at_is_told(url, processes):
    with pytest.raises(CertifyError, match="needs an http or https address"):
        blow(plan(url), processes=processes)
    assert generators() == []


@pytest.mark.parametrize("processes", [1, 2])
def test_a_storm_over_https_is_a_storm_like_any_other(serve, monkeypatch, processes):
    """In Locust's own process, where gevent has patched sockets and TLS."""
    url = serve(Willing, context=server_context())
    monkeypatch.setenv("SSL_CERT_FILE", AUTHORITY)
    result = blow(plan(url.replace("127.0.0.1", "localhost")), processes=processes)
    assert (result.workers, result.problems, result.complete) == (processes, (), True)
    assert result.begun == result.ended == bytes([Became.DONE]) * 120
    assert {outcome for counts in result.tally.outcomes.values() for outcome in counts} == {"200"}


def test_a_storm_over_ipv6_names_its_host_in_brackets():
    hosts = set()

    class Noting(Willing):
        def do_POST(self):
            hosts.add(self.headers["Host"])
            super().do_POST()

    class Six(ThreadingHTTPServer):
        address_family = socket.AF_INET6
        daemon_threads = True

    with Six(("::1", 0), Noting) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        host = f"[::1]:{server.server_address[1]}"
        result = blow(plan(f"http://{host}", seconds=0.5))
        server.shutdown()
    assert result.begun == result.ended == bytes([Became.DONE]) * 30
    assert hosts == {host}


def test_a_certificate_that_cannot_be_verified_is_told_and_nothing_is_sent(serve, monkeypatch):
    url = serve(Willing, context=server_context())
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(HarnessFault, match=r"certificate of https.* cannot be verified .*SSL_CERT_FILE"):
        blow(plan(url))


@pytest.fixture
def forgetful(serve):
    """A platform whose tokens are told to live for one second and live for three; .url, .sender of token calls."""
    issued, numbers, lock = {}, itertools.count(1), threading.Lock()

    class Forgetful(Willing):
        def do_POST(self):
            self.sent()
            given = self.headers["Authorization"].removeprefix("Bearer ")
            known = time.monotonic() - issued.get(given, 0.0) < 3.0
            self.send_response_only(200 if known else 401)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    def issue(request):
        with lock:
            token = f"canary-{next(numbers)}"
            issued[token] = time.monotonic()
        said = {"access_token": token, "expires_in": 1}
        return Sent(Exchange(id=token, check="", actor="", operation="issueToken", label="", method="POST",
                             url=request.url, request_headers=(), request_body="", status=200, response_headers=(),
                             response_body="", failure="", started_ns=0, ended_ns=0), json.dumps(said).encode())

    url = serve(Forgetful)
    party = Party("provider", Credential(client_id="a", secret="b"), base_url=url, profile=ContractProfile(),
                  known={"issueToken": SimpleNamespace(method="POST", path="/oauth/token")},
                  sender=SimpleNamespace(send=issue), redactor=Redactor(), fresh=lambda kind: kind)
    return SimpleNamespace(url=url, party=party)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_storm_outlives_its_tokens(forgetful, processes):
    wanted = replace(plan(forgetful.url, seconds=6.0), callers=(Caller(headers=(), token=forgetful.party.token()),))
    result = blow(wanted, processes=processes, tokens=lambda: [forgetful.party.token()])
    assert {outcome for counts in result.tally.outcomes.values() for outcome in counts} == {"200"}
    assert (result.problems, result.complete) == ((), True)


def busy():
    raise Prerequisite("no access token for provider: the token call answered 503")


@pytest.mark.parametrize(("tokens", "trouble"), [
    (busy, "no access token for provider: the token call answered 503"),
    (lambda: time.sleep(30), "a call for them took .*")])
def test_tokens_that_cannot_be_renewed_in_time_are_the_generators_trouble(forgetful, tokens, trouble):
    wanted = replace(plan(forgetful.url, seconds=6.0), callers=(Caller(headers=(), token=forgetful.party.token()),))
    result = blow(wanted, tokens=tokens)
    assert result.tally.outcomes["authorizeBet"]["401"] > 10
    (problem,) = result.problems
    assert re.fullmatch(f"had trouble with new tokens: {trouble}", problem)


def test_trouble_with_new_tokens_that_no_call_felt_is_none(platform):
    result = blow(plan(platform), tokens=busy)
    assert (result.problems, result.complete) == ((), True)


def test_nobody_there_is_a_result_too():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        result = blow(plan(f"http://127.0.0.1:{taken.getsockname()[1]}", seconds=0.5))
    assert set(result.tally.outcomes["authorizeBet"]) == {"connect"}
    assert set(result.begun) == {Became.UNKNOWN}
    assert set(result.ended) == {Became.UNSENT}


def test_what_the_storm_left_open_is_asked_for_again_when_it_is_over(serve):
    seen = []

    class Forgetful(Handler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            self.sent()
            first = self.headers["X-Idempotency-Key"] not in seen
            seen.append(self.headers["X-Idempotency-Key"])
            self.send_response_only(500 if first and len(seen) % 10 == 0 else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    result = blow(plan(serve(Forgetful)))
    assert result.begun == result.ended == bytes([Became.DONE]) * 120
    failed = sum(n for counts in result.tally.outcomes.values() for outcome, n in counts.items() if outcome == "500")
    assert 0 < result.amended <= failed, "the tally is of the storm alone"


@pytest.mark.parametrize("processes", [1, 2])
def test_a_storm_that_is_to_be_stopped_begins_no_more_rounds_and_ends_those_under_way(platform, processes):
    gone = []

    def enough(tally, report):
        gone.append(report["gone"])
        return f"reason {len(gone)}" if tally.calls > 20 else ""

    result = blow(plan(platform, seconds=60), processes=processes, on_report=enough)
    assert result.aborted.startswith("reason ")
    assert int(result.aborted.removeprefix("reason ")) < len(gone), "the first reason stays"
    assert (result.complete, result.lost, result.problems) == (True, (), ())
    done = result.begun.count(Became.DONE)
    assert 10 <= done < 1_800
    assert result.ended.count(Became.DONE) == done, "each that began has its settle or rollback"
    assert all(end == begin for begin, end in zip(result.begun, result.ended, strict=True))
    assert gone == sorted(gone)
    assert gone[0] > 0
    assert generators() == []


def test_who_wants_no_stop_gets_none(platform):
    assert blow(plan(platform, seconds=0.7), on_report=lambda *_: "").aborted == ""


def test_a_target_that_answers_nothing_is_let_go_soon_after_the_stop(serve):
    answer = threading.Event()

    class Stuck(Handler):
        def do_POST(self):
            answer.wait(60)

    hung = dataclasses.replace(plan(serve(Stuck), seconds=600), timeout_seconds=60)
    began = time.monotonic()
    result = blow(hung, processes=2, on_report=lambda *_: "errors < 1%: 100%")
    answer.set()
    assert time.monotonic() - began < 50, "five seconds of patience, not a call's time-out"
    assert (result.aborted, result.complete, result.lost) == ("errors < 1%: 100%", True, ())
    assert Became.DONE not in result.begun
    assert result.begun.count(Became.UNKNOWN) > 0, "they may have happened"
    assert set(result.ended) == {Became.UNSENT}
    assert generators() == []
