"""A user's own locustfile: every request counted, what is the file's own kept apart, nobody else called."""

import subprocess
import sys
import time

import psutil
import pytest

from harness.drivers.locust_engine.swarm import swarm
from harness.model.errors import EnvironmentFault
from harness.model.locust_plan import LocustPlan, LocustRecord
from harness.model.storm import Caller, Seat
from tests.support import Handler

TOKEN = "canary-7d1f0b"
HEAD = "from locust import FastHttpUser, HttpUser, LoadTestShape, User, constant, constant_throughput, task\n\n\n"
SHAPED = "class Mine(LoadTestShape):\n    def tick(self):\n        return None\n\n\n"
CLASS = "class Punter({kind}):\n    wait_time = constant_throughput({rate})\n\n    @task\n    def round(self):\n"


@pytest.fixture
def platform(serve):
    """A base URL that answers by path; `.seen` are the (path, headers) that came, kept on the handler class."""
    class Answering(Handler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            self.sent()
            self.seen.append((self.path, dict(self.headers)))
            if self.path == "/slow":
                time.sleep(0.2)
            self.send_response_only({"/busy": 503, "/broken": 500, "/no": 404}.get(self.path, 200))
            if self.path == "/busy":
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    Answering.seen, Answering.url = [], serve(Answering)
    return Answering


@pytest.fixture
def loaded(tmp_path, platform):
    """loaded(body, kind="FastHttpUser", ...) runs a file whose user's task is that body; its result."""
    def run(body, *, kind="FastHttpUser", rate=10, head="", on_report=None, **changes):
        text = HEAD + head + CLASS.format(kind=kind, rate=rate) + "".join(f"        {x}\n" for x in body.splitlines())
        path = tmp_path / "locustfile.py"
        path.write_text(text)
        return swarm(plan(path, platform.url, **changes), on_report=on_report)

    return run


def plan(path, base_url, **changes):
    return LocustPlan(**{
        "path": str(path), "users": 3, "spawn_rate": 50, "seconds": 1.5, "base_url": base_url,
        "hosts": (base_url.removeprefix("http://"),), "most_per_second": 200, "timeout_seconds": 3,
        "callers": (Caller(headers=(("X-Brand-Id", "b"),), token=TOKEN),),
        "seats": tuple(Seat(player_id=f"p-{n}", session_id=f"s-{n}") for n in range(2)), **changes})


@pytest.mark.parametrize("kind", ["FastHttpUser", "HttpUser"])
def test_every_request_is_counted_by_name_as_exactly_as_a_storm_counts(loaded, platform, kind):
    reports = []
    result = loaded('self.client.post("/slow", name="slow")\nself.client.post("/other?secret=1")', kind=kind,
                    on_report=lambda tally, _: reports.append(tally.calls))
    tally = result.tally
    assert (result.complete, result.problems, result.raised, result.marked) == (True, (), {}, {})
    assert set(tally.outcomes) == {"slow", "POST /other"}
    assert tally.calls == len(platform.seen) == reports[-1] > 6
    assert tally.outcomes["slow"] == {"200": tally.latency["slow"].count}
    assert 200_000 <= tally.latency["slow"].smallest < 400_000
    assert sum(part.asked for part in tally.seconds.values()) == tally.calls
    assert result.users == 3
    assert result.busiest > 0
    assert tally.lag.count > 5


def test_failures_are_told_by_kind_and_refusals_apart(loaded):
    result = loaded('for path in ("/busy", "/broken", "/no"):\n    self.client.post(path, name=path[1:])')
    assert [set(result.tally.outcomes[name]) for name in ("busy", "broken", "no")] == [{"503+"}, {"500"}, {"404"}]
    assert (result.raised, result.marked) == ({}, {})


@pytest.mark.parametrize("kind", ["FastHttpUser", "HttpUser"])
def test_nobody_there_and_no_answer_in_time_are_failures_of_the_network(loaded, serve, tmp_path, kind):
    class Silent(Handler):
        def do_POST(self):
            time.sleep(0.6)
            self.close_connection = True

    url = serve(Silent)
    result = loaded(f'self.client.post("{url}/x", name="x"{"" if kind == "FastHttpUser" else ", timeout=0.2"})',
                    kind=kind, hosts=(url.removeprefix("http://"),), users=1)
    assert set(result.tally.outcomes["x"]) == {"timeout" if kind == "HttpUser" else "reset"}
    assert result.tally.latency == {}


@pytest.mark.parametrize("kind", ["FastHttpUser", "HttpUser"])
def test_requests_that_never_end_are_not_passed_over(loaded, serve, kind):
    class Hanging(Handler):
        def do_POST(self):
            time.sleep(6)

    url = serve(Hanging)
    result = loaded(f'self.client.post("{url}/x", name="x")', kind=kind, hosts=(url.removeprefix("http://"),),
                    seconds=1, timeout_seconds=1)
    assert result.tally.outcomes == {"x": {"timeout": 3}}
    assert result.complete


def test_what_the_file_itself_finds_wrong_is_kept_apart(loaded):
    body = ('with self.client.post("/x", name="x", catch_response=True) as answer:\n    answer.failure("not today")\n'
            'raise KeyError("balance")')
    result = loaded(body)
    assert set(result.tally.outcomes["x"]) == {"200"}
    assert result.marked["x"] == result.tally.calls
    assert list(result.raised) == ["KeyError at locustfile.py:11"]


def test_the_file_is_handed_players_and_credentials_and_they_reach_no_disk(loaded, platform, tmp_path):
    body = ("certify = self.environment.certify\nseat = certify.seat()\n"
            'self.client.post("/x", headers=certify.headers(seat), json=[seat.session_id, certify.money(7)])')
    result = loaded(body, users=1)
    assert result.raised == {}
    headers = [headers for _, headers in platform.seen]
    assert {h["Authorization"] for h in headers} == {f"Bearer {TOKEN}"}
    assert len({h["X-Idempotency-Key"] for h in headers}) == len({h["X-Trace-Id"] for h in headers}) == len(headers)
    assert list(tmp_path.rglob("*")) == [tmp_path / "locustfile.py"]
    record = LocustRecord(id="l", check="c", plan=plan("x", "http://x"), result=result)
    assert TOKEN not in str(record.to_line())
    read = LocustRecord.from_line(record.to_line())
    assert (read.plan, read.result.tally.to_line()) == (record.plan.without_tokens, result.tally.to_line())


@pytest.mark.parametrize("body", ['self.client.post("http://127.0.0.1:9/x")',
                                  'import socket\nsocket.create_connection(("127.0.0.1", 9))'])
@pytest.mark.parametrize("kind", ["FastHttpUser", "HttpUser"])
def test_nobody_is_called_whom_the_profile_does_not_name(loaded, body, kind):
    result = loaded(body, kind=kind, seconds=30)
    assert result.problems == ("the locustfile wanted to connect to 127.0.0.1:9, which is none of the profile's hosts",)
    assert not result.complete
    assert result.tally.calls == 0


def test_above_the_cap_the_load_is_stopped(loaded, platform):
    result = loaded('self.client.post("/x")', rate=1000, seconds=30, most_per_second=40)
    assert "more than 40 requests in a second" in result.problems[0]
    assert not result.complete
    assert len(platform.seen) < 400


@pytest.mark.parametrize(("text", "says"), [
    ("import locust\n\ndef broken(:\n    pass\n", "locustfile.py:3: cannot be imported"),
    ("import locust\n\n\nimport no_such_module_at_all\n", "locustfile.py:4: cannot be imported"),
    ("x = 1\nraise SystemExit(3)\n", "locustfile.py:2: cannot be imported"),
    ("import locust\n", "locustfile.py:1: no class of a Locust user"),
    (HEAD + "class Idle(User):\n    pass\n", "locustfile.py:4: class Idle has no @task"),
    (HEAD + SHAPED + CLASS.format(kind="User", rate=1) + "        pass\n", "locustfile.py:4: Mine shapes the load")])
def test_a_file_that_cannot_be_used_is_one_line_with_its_place(tmp_path, text, says):
    path = tmp_path / "locustfile.py"
    path.write_text(text)
    with pytest.raises(EnvironmentFault) as raised:
        swarm(plan(path, "http://127.0.0.1:9"))
    assert says in raised.value.line()
    assert "\n" not in raised.value.line()


def test_what_users_print_disturbs_nobody_and_no_request_is_no_request(loaded):
    result = loaded("""print('{"event": "ended"}')""", seconds=1)
    assert (result.complete, result.tally.calls) == (True, 0)


def test_an_interrupted_load_leaves_no_process_behind(loaded):
    def interrupt(*_):
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        loaded('self.client.post("/x")', seconds=600, on_report=interrupt)
    assert time.monotonic() - began < 30
    left = [p for p in psutil.Process().children(recursive=True) if "locust_engine.process" in " ".join(p.cmdline())]
    assert left == []


def test_a_process_that_dies_is_noticed(loaded):
    def kill(*_):
        for process in psutil.Process().children(recursive=True):
            if "locust_engine.process" in " ".join(process.cmdline()):
                process.kill()

    result = loaded('self.client.post("/x")', seconds=600, on_report=kill)
    assert not result.complete
    assert "gone before its time" in result.problems[0]


def test_the_harness_itself_stays_free_of_gevent():
    program = ("import sys, harness.cli.worker; from harness.drivers.locust_engine import joining, storms, swarm; "
               "sys.exit(any(name.partition('.')[0] in ('gevent', 'locust', 'zmq') for name in sys.modules))")
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
