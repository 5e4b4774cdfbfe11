"""Pact's verifier in a process of its own: verdicts as values, bounded in time, gone when it is not wanted any more."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.drivers.pact_verifier import verifying
from harness.drivers.pact_verifier.told import mismatches_of, trouble_of
from harness.drivers.pact_verifier.verifying import verify
from harness.model.errors import EnvironmentFault
from harness.model.pact_record import Job, Produced
from tests.support import Handler


def document(*, states=(), status=200, body=None, path="/v1/x", **request):
    response = {"status": status}
    if body is not None:
        response["body"] = {"content": body, "contentType": "application/json", "encoded": False}
    one = {"type": "Synchronous/HTTP", "description": "reads x", "response": response,
           "request": {"method": "GET", "path": path, **request}, "providerStates": [{"name": s} for s in states]}
    return {"consumer": {"name": "c"}, "provider": {"name": "p"}, "interactions": [one],
            "metadata": {"pactSpecification": {"version": "4.0"}}}


def message(content):
    one = {"type": "Asynchronous/Messages", "description": "an event", "metadata": {"contentType": "application/json"},
           "contents": {"content": content, "contentType": "application/json", "encoded": False}}
    return {"consumer": {"name": "c"}, "provider": {"name": "p"}, "interactions": [one],
            "metadata": {"pactSpecification": {"version": "4.0"}}}


@pytest.fixture
def provider(serve):
    """Answers {"x": 1}; provider.asked are the paths in order, provider.held keeps answers back until it is set."""
    class Answering(Handler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        asked: list = []  # noqa: RUF012 - one class a test
        held = None

        def answer(self):
            body = self.sent()
            Answering.asked.append(f"{self.command} {self.path} {body.decode()}")
            if Answering.held is not None and self.path.startswith("/v1"):
                Answering.held.wait(30)
            text = b'{"id": "made"}' if self.path.startswith("/state") else b'{"x": 1}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer

    Answering.url = serve(Answering)
    return Answering


def test_each_job_has_its_verdict_and_a_mismatch_says_what_and_where(provider):
    found = verify([Job(key="good", document=document(body={"x": 1}), url=provider.url),
                    Job(key="bad", document=document(body={"x": 2, "y": 1}, status=201), url=provider.url)])
    assert (found["good"].ok, found["good"].mismatches, found["good"].error) == (True, (), "")
    assert not found["bad"].ok
    assert {(m.kind, m.path, m.expected, m.actual) for m in found["bad"].mismatches} == {
        ("status", "", "201", "200"), ("body", "$.x", "2", "1"), ("body", "$", '["x","y"]', '["x"]')}


def test_states_are_set_up_and_taken_down_and_their_values_are_inserted(provider):
    generators = {"path": {"type": "ProviderState", "expression": "/v1/${id}"}}
    found = verify([Job(key="0", document=document(states=["a thing"], generators=generators), url=provider.url,
                        state_url=f"{provider.url}/state")])
    assert found["0"].ok
    told = [json.loads(a.split(" ", 2)[2]) for a in provider.asked if "/state" in a]
    assert [one["action"] for one in told] == ["setup", "teardown"]
    assert [a.split(" ")[1] for a in provider.asked] == ["/state", "/v1/made", "/state"]


def test_messages_are_compared_with_what_was_produced():
    found = verify([Job(key=str(n), document=message({"n": 1}), produced=Produced(contents=b'{"n": %d}' % n))
                    for n in range(3)])
    assert [found[str(n)].ok for n in range(3)] == [False, True, False]
    assert found["2"].mismatches[0].path == "$.n"


@pytest.mark.parametrize("broken", [{}, {"interactions": []}, {"interactions": 7}, {
    "interactions": [{"type": "no such"}], "metadata": {"pactSpecification": {"version": "4.0"}}}], ids=repr)
def test_what_is_no_pact_is_nobodys_verdict(provider, broken):
    whole = {"consumer": {"name": "c"}, "provider": {"name": "p"}, "metadata": {}, **broken}
    found = verify([Job(key="bad", document=whole, url=provider.url),
                    Job(key="good", document=document(), url=provider.url)])
    assert (found["bad"].ok, found["bad"].mismatches) == (False, ())
    assert found["bad"].error
    assert found["good"].ok


def test_a_provider_that_is_not_there_is_told_as_such():
    found = verify([Job(key="0", document=document(), url="http://127.0.0.1:1")])
    assert "error sending request" in found["0"].error


def test_a_job_that_takes_too_long_is_told_and_the_others_are_done(provider):
    provider.held = threading.Event()
    slow = Job(key="slow", document=document(), url=provider.url)
    fast = [Job(key=str(n), document=message({"n": 1}), produced=Produced(contents=b'{"n": 1}')) for n in range(3)]
    found = verify([slow, *fast], job_seconds=1.0, at_once=1)
    provider.held.set()
    assert found["slow"].error == "the verifier took longer than 1 s"
    assert all(found[str(n)].ok for n in range(3))


def test_the_whole_is_bounded_and_what_was_not_reached_is_no_pass(provider):
    provider.held = threading.Event()
    began = time.monotonic()
    found = verify([Job(key=str(n), document=document(), url=provider.url) for n in range(3)], limit_seconds=1.5,
                   at_once=1)
    provider.held.set()
    assert time.monotonic() - began < 15
    assert not any(verdict.ok for verdict in found.values())
    assert all("stopped" in verdict.error for verdict in found.values())


def test_a_library_that_is_not_there_is_told_for_every_job(provider, monkeypatch, tmp_path):
    (tmp_path / "pact.py").write_text("raise ImportError('no library for this machine')\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    found = verify([Job(key="0", document=document(), url=provider.url)])
    assert "no library for this machine" in found["0"].error


def test_a_process_that_does_not_start_is_the_environments_fault(monkeypatch):
    monkeypatch.setattr(verifying.sys, "executable", "/nowhere/python")
    with pytest.raises(EnvironmentFault, match="did not start"):
        verify([Job(key="0", document=document(), url="http://127.0.0.1:1")])


PROGRAM = """
import sys, json, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever started us may not hear it
from harness.drivers.pact_verifier import verifying
from harness.model.pact_record import Job
start = verifying.subprocess.Popen
def tell(*args, **options):
    process = start(*args, **options)
    print(process.pid, flush=True)
    return process
verifying.subprocess.Popen = tell
try:
    verifying.verify([Job(key="0", document=json.loads(sys.argv[1]), url=sys.argv[2])])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_it_and_leaves_no_process(provider, number):
    provider.held = threading.Event()
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, json.dumps(document()), provider.url], text=True,
                               stdout=subprocess.PIPE)
    with process.stdout as printed:
        child = int(printed.readline())
        deadline = time.monotonic() + 30
        while not provider.asked and time.monotonic() < deadline:
            time.sleep(0.02)  # until the verifier waits for its answer
        process.send_signal(number)
        if number is signal.SIGINT:
            assert printed.readline().strip() == "interrupted"
        process.wait(30)
    while time.monotonic() < deadline and _alive(child):
        time.sleep(0.02)
    assert not _alive(child)
    provider.held.set()


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_hostile_results_are_told_in_bounds():
    told = [{"mismatch": {"mismatches": [{"type": "BodyMismatch", "path": "$", "expected": list(b"ab"), "actual": None,
                                          "mismatch": "x" * 9_999}, 7] * 60}}, None, {"mismatch": "odd"}]
    found = mismatches_of(told)
    assert len(found) == 50
    assert (found[0]["expected"], found[0]["actual"], len(found[0]["says"])) == ("ab", "null", 2000)
    assert trouble_of([{"mismatch": {"message": "no line"}}], {}, "raised") == "no line"
    assert trouble_of([None], {"errors": [{"mismatch": {"message": "whole"}}]}, "raised") == "whole"
    assert trouble_of([], {}, "") == "the verifier compared nothing"
