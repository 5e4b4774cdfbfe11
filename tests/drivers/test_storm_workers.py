"""Storm workers of other machines, as processes of this one: joined, refused, lost, left alone."""

import json
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress

import pytest

from harness.drivers.locust_engine import joining
from harness.drivers.locust_engine.joining import join
from harness.drivers.locust_engine.storms import blow
from harness.model.arrivals import constant
from harness.model.elsewhere import Elsewhere
from harness.model.errors import EnvironmentFault
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import Became
from tests.support import Handler

ENGINE = "harness.drivers.locust_engine.process"
OTHER_RELEASE = ("from harness.drivers.locust_engine import process, worker; "
                 "worker.release = lambda: '0.0.1 (other)'; process.main()")


@pytest.fixture
def platform(serve):
    """A base URL where every call succeeds."""
    class Willing(Handler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            self.sent()
            self.send_response_only(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    return serve(Willing)


@pytest.fixture
def port():
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return free.getsockname()[1]


def plan(base_url, *, rate=60, seconds=2.0):
    return StormPlan(base_url=base_url, schedule=constant(rate, seconds, spacing="even"), mix=Mix(duplicates=0.2),
                     callers=(Caller(headers=(), token="t"),), pause_seconds=0.01, timeout_seconds=5,
                     seats=tuple(Seat(player_id=f"p-{n}", session_id=f"s-{n}") for n in range(5)))


@contextmanager
def worker(port, *program):
    """A worker's process, given its order; killed at the end."""
    process = subprocess.Popen([sys.executable, "-P", *(program or ("-m", ENGINE))], stdin=subprocess.PIPE, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdin.write(json.dumps({"role": "worker", "host": "127.0.0.1", "port": port, "local": False}) + "\n")
    process.stdin.flush()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.close()


def elsewhere(port, machines=1, wait_seconds=60.0):
    return Elsewhere(machines=machines, port=port, wait_seconds=wait_seconds)


def events(process):
    """What the worker said, once it has ended."""
    return [json.loads(line) for line in process.stdout]


@pytest.mark.parametrize("processes", [0, 1])
def test_workers_of_other_machines_blow_their_shares_at_the_same_time(platform, port, processes):
    said = []
    with worker(port) as one, worker(port) as two:
        result = blow(plan(platform), processes=processes, elsewhere=elsewhere(port, 2),
                      on_report=lambda _, report: said.append(report["worker"]))
        told = [[e["event"] for e in events(p)] for p in (one, two)]
    workers = 2 + processes
    assert (result.workers, result.lost, result.problems, result.complete) == (workers, (), (), True)
    assert result.begun == result.ended == bytes([Became.DONE]) * 120
    assert 0 < result.apart_seconds < 5
    assert set(said) == set(range(workers))
    assert told == [["joined", "taken", "blown"]] * 2


def test_a_storm_worker_waits_for_a_run_and_serves_it(platform, port):
    lines, served = [], []
    helper = threading.Thread(target=lambda: served.append(join("127.0.0.1", port, wait_seconds=8, say=lines.append)))
    helper.start()
    result = blow(plan(platform), processes=0, elsewhere=elsewhere(port))
    helper.join(60)
    assert result.complete
    assert served == [1]
    assert any("worker 1 of 1: 2 s at http://127.0.0.1" in line for line in lines)
    assert "the share is blown and reported" in lines


@pytest.mark.parametrize(("came", "seconds"), [(0, 1), (1, 8)])
def test_workers_that_do_not_come_are_counted_and_no_storm_is_blown(platform, port, came, seconds):
    with worker(port) if came else nullcontext() as one:
        with pytest.raises(EnvironmentFault) as raised:
            blow(plan(platform), processes=0, elsewhere=elsewhere(port, 2, wait_seconds=seconds))
        if one is not None:
            assert [e["event"] for e in events(one)] == ["joined", "over"]
    assert f"{came} of 2 storm workers came to 127.0.0.1:{port} within {seconds} s" in raised.value.message
    assert f"certify storm-worker 127.0.0.1:{port}" in raised.value.remedy


def test_a_worker_that_came_for_nothing_is_told_that_it_was_not_needed(platform, port):
    lines, failed = [], []

    def superfluous():
        try:
            join("127.0.0.1", port, wait_seconds=4, say=lines.append)
        except EnvironmentFault as error:
            failed.append(error.line())

    late = threading.Thread(target=superfluous)

    def come_too_late(*_):
        if late.ident is None:
            late.start()

    with worker(port):
        result = blow(plan(platform, seconds=10), processes=0, elsewhere=elsewhere(port), on_report=come_too_late)
        late.join(60)
    assert (result.workers, result.complete) == (1, True)
    assert "all workers of this storm are there" in lines
    assert "had no storm for this worker" in failed[0]


def test_a_worker_of_another_release_is_refused_and_told_why(platform, port):
    with worker(port, "-c", OTHER_RELEASE) as stranger:
        with pytest.raises(EnvironmentFault, match=r"0 of 1 storm workers .* runs certify 0\.0\.1 \(other\), not "):
            blow(plan(platform), processes=0, elsewhere=elsewhere(port, wait_seconds=8))
        told = events(stranger)
    assert [e["event"] for e in told] == ["joined", "refused"]
    assert "install the same on both" in told[-1]["why"]


def test_an_address_that_is_taken_is_one_line(platform):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, \
            pytest.raises(EnvironmentFault, match="cannot listen for storm workers"):
        blow(plan(platform), processes=0, elsewhere=elsewhere(taken.getsockname()[1]))


def test_a_worker_that_does_not_reach_the_target_accuses_nobody(port):
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with worker(port), pytest.raises(EnvironmentFault, match=r"cannot take its share: .* does not reach"):
        blow(plan(nobody), processes=0, elsewhere=elsewhere(port))


def test_a_worker_that_is_killed_makes_the_storm_incomplete(platform, port):
    with worker(port) as doomed, worker(port):
        result = blow(plan(platform, seconds=3), processes=0, elsewhere=elsewhere(port, 2),
                      on_report=lambda *_: doomed.kill())
    assert len(result.lost) == 1
    assert not result.complete
    assert 0 < result.begun.count(Became.DONE) < 180


def test_a_worker_that_is_ended_on_its_machine_says_so(platform, port):
    with worker(port) as ended:
        def end(*_):
            ended.stdin.close()

        result = blow(plan(platform, seconds=30), processes=0, elsewhere=elsewhere(port), on_report=end)
    assert "ended early on" in result.problems[0]
    assert 0 < result.begun.count(Became.DONE) < 1_800


def test_a_storm_does_not_outlive_its_master(platform, port):
    order = {"role": "master", "host": "127.0.0.1", "port": port, "local": 0, "elsewhere": 1, "wait": 60,
             "plan": plan(platform, seconds=600).to_line()}
    master = subprocess.Popen([sys.executable, "-P", "-m", ENGINE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    with closing(master.stdout), master.stdin, worker(port) as left:
        master.stdin.write(json.dumps(order) + "\n")
        master.stdin.flush()
        assert any('"tally"' in line for line in master.stdout)
        master.kill()
        master.wait()
        told = events(left)
    assert [e["event"] for e in told][-2:] == ["over", "blown"]
    assert told[-2]["why"] == "the run is gone"


def test_a_host_that_nobody_knows_is_told_at_once():
    with pytest.raises(EnvironmentFault, match="no host that this machine knows"):
        join("no-such-host.invalid", 1, wait_seconds=60, say=print)


@pytest.fixture
def answering():
    """answering(said, stays=False) -> the port of a server that says that to each who comes, and hangs up or stays."""
    with ExitStack() as stack:
        def start(said, *, stays=False):
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            stack.callback(server.shutdown, socket.SHUT_RDWR)
            lines = []

            def serve():
                with suppress(OSError):
                    while True:
                        line, _ = server.accept()
                        line.sendall(said)
                        lines.append(line) if stays else line.close()

            threading.Thread(target=serve, daemon=True).start()
            stack.callback(lambda: [line.close() for line in lines])
            return server.getsockname()[1]

        yield start


def test_a_run_that_is_gone_before_it_is_joined_is_waited_for_again(answering, monkeypatch):
    lines = []
    monkeypatch.setattr(joining, "_LET_BE_SECONDS", 0.1)
    with pytest.raises(EnvironmentFault, match="no storm came"):
        join("127.0.0.1", answering(b"\xff", stays=True), wait_seconds=5, say=lines.append)
    assert "which may be gone; looking again" in lines[0]


@pytest.mark.parametrize(("said", "stays"), [(b"SSH-2.0-x\r\n", False), (b"", True)])
def test_what_is_no_run_is_told_from_one(answering, monkeypatch, said, stays):
    monkeypatch.setattr(joining, "_GREET_SECONDS", 0.5)
    with pytest.raises(EnvironmentFault, match="is no run that waits"):
        join("127.0.0.1", answering(said, stays=stays), wait_seconds=60, say=print)


def test_a_tunnel_whose_far_end_nobody_listens_at_is_nobody_yet(answering):
    with pytest.raises(EnvironmentFault, match="no storm came"):
        join("127.0.0.1", answering(b""), wait_seconds=1, say=print)


def test_no_run_at_all_is_one_line_with_the_remedy(port):
    lines = []
    with pytest.raises(EnvironmentFault, match="no storm came") as raised:
        join("127.0.0.1", port, wait_seconds=1, say=lines.append)
    assert "--storm-listen" in raised.value.remedy
    assert len(lines) == 1
