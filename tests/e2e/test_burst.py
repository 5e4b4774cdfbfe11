"""The burst, as a user blows it at another platform: told by exit code, and nothing left behind."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import closing

from tests.tls import AUTHORITY, TlsServer, forward

PROMISE = '[target.x.load]\nrounds_per_second = {rate}\nslo = ["p95 < 2s", "errors < 1%"]\n'
MINE = '''"""A short storm of our own."""
from harness import (Burst, Mix, Scenario, burst_delivered, events_after_burst, ledger_after_burst, money_after_burst,
                     objectives_kept)

SHORT = Scenario(name="short storm", says="Three seconds.", workload=Burst(seconds=3, shape="{shape}", players=6),
                 expects=(("LOAD-06", burst_delivered), ("LOAD-01", objectives_kept), ("MONEY-11", money_after_burst),
                          ("MONEY-11", ledger_after_burst), ("MONEY-11", events_after_burst)))
'''


def test_a_storm_of_ones_own_is_blown_at_the_declared_rate_and_followed_to_the_last_cent(certify, config_text,
                                                                                         external_sandbox, verdicts):
    (certify.folder / "mine").mkdir()
    (certify.folder / "mine" / "storm.py").write_text(MINE.format(shape="ramp"))
    text = config_text(external_sandbox(), extra=PROMISE.format(rate=100), load=True)
    done = certify("--target", "x", "--scenarios", "mine", "--only", "mine/storm.py", "--only", "MONEY-01", "--json",
                   text=text)
    assert (done.returncode, verdicts(done)) == (0, {}), done.stderr
    rows = {r["control"]["id"]: r["finding"] for r in json.loads(done.stdout)["rows"]}
    assert rows["MONEY-11"]["measured"]["acknowledged"] > 100
    assert rows["LOAD-06"]["measured"]["rounds"] > 50
    (storm,) = json.loads(done.stdout)["storms"]
    assert storm["begun"] == storm["planned"] == rows["LOAD-06"]["measured"]["rounds"]
    assert storm["outcomes"] == {"LOAD-06": "pass", "LOAD-01": "pass", "MONEY-11": "pass"}
    assert 0 < storm["naive"]["percentiles"]["p50"]["ms"] <= storm["latency"]["percentiles"]["p50"]["ms"]
    assert 1 <= storm["most_in_flight"] <= storm["connections"] + storm["queued"]


def test_without_a_promise_or_above_the_cap_no_storm_is_blown(certify, config_text, external_sandbox, verdicts):
    url = external_sandbox()
    done = certify("--target", "x", "--only", "LOAD-01", "--json", text=config_text(url, load=True))
    assert done.returncode == 3
    assert "says nothing of the load" in verdicts(done)["LOAD-01"]["message"]
    (certify.folder / "mine").mkdir()
    (certify.folder / "mine" / "storm.py").write_text(MINE.format(shape="spike"))
    capped = PROMISE.format(rate=30) + "most_rounds_per_second = 40\n"
    done = certify("--target", "x", "--scenarios", "mine", "--only", "mine/storm.py", "--json",
                   text=config_text(url, extra=capped, load=True))
    assert done.returncode == 3
    assert "above the cap of 40" in verdicts(done)["LOAD-01"]["message"]


def test_a_storm_over_tls_believes_the_authority_that_the_environment_names(certify, config_text, external_sandbox,
                                                                            verdicts):
    front = TlsServer(forward(external_sandbox().removeprefix("http://")))
    (certify.folder / "mine").mkdir()
    (certify.folder / "mine" / "storm.py").write_text(MINE.format(shape="constant"))
    text = config_text(f"https://localhost:{front.port}", extra=PROMISE.format(rate=40), load=True)
    command = ("--target", "x", "--scenarios", "mine", "--only", "mine/storm.py", "--json")
    try:
        believed = certify(*command, text=text, environment={"SSL_CERT_FILE": AUTHORITY})
        stranger = certify(*command, text=text, environment={"SSL_CERT_FILE": ""})
    finally:
        front.close()
    assert (believed.returncode, verdicts(believed)) == (0, {}), believed.stderr
    assert stranger.returncode == 4
    assert "cannot be verified" in stranger.stderr
    assert "SSL_CERT_FILE" in stranger.stderr


OWN = '''"""Users of our own."""
from harness import Locustfile, Scenario, objectives_kept, refusals_polite

OWN = Scenario(name="own users", says="Three seconds.",
               workload=Locustfile(path="locustfile.py", users=4, spawn_rate=10, seconds=3, players=4),
               expects=(("LOAD-01", objectives_kept), ("LOAD-02", refusals_polite)))
'''
LOCUSTFILE = """from locust import FastHttpUser, constant_throughput, task


class Punter(FastHttpUser):
    wait_time = constant_throughput(5)

    @task
    def bet(self):
        certify = self.environment.certify
        seat, bet = certify.seat(), certify.fresh("bet")
        self.client.post("/v1/bets/authorize", name="authorizeBet", headers=certify.headers(seat), json={
            "session_id": seat.session_id, "bet_id": bet, "round_id": bet, "amount": certify.money(10)})
"""


def test_a_worker_of_another_machine_blows_its_share_and_waits_for_the_next_storm(certify, config_text, verdicts,
                                                                                  external_sandbox):
    (certify.folder / "mine").mkdir()
    (certify.folder / "mine" / "storm.py").write_text(MINE.format(shape="constant"))
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        where = f"127.0.0.1:{free.getsockname()[1]}"
    worker = subprocess.Popen([sys.executable, "-m", "harness.cli.main", "storm-worker", where],
                              stderr=subprocess.PIPE, text=True,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # else it may be deaf
    text = config_text(external_sandbox(), extra=PROMISE.format(rate=60), load=True)
    done = certify("--target", "x", "--scenarios", "mine", "--only", "mine/storm.py", "--json", "--out", "run",
                   "--storm-machines", 1, "--storm-processes", 1, "--storm-listen", where, text=text)
    worker.send_signal(signal.SIGINT)
    said = worker.communicate(timeout=120)[1]
    assert (done.returncode, verdicts(done)) == (0, {}), done.stderr
    storm = next(line for line in map(json.loads, (certify.folder / "run" / "journal.jsonl").read_text().splitlines())
                 if line["k"] == "storm")
    assert (storm["workers"], storm["complete"]) == (2, True)
    assert 0 < storm["apart_seconds"] < 1
    assert worker.returncode == 130
    assert "of 2: 3 s at http" in said
    assert "the share is blown and reported" in said
    assert said.endswith("certify: interrupted\n")


def test_a_locustfile_of_ones_own_is_run_and_proves_nothing_by_being_content(certify, config_text, external_sandbox,
                                                                             canaries, verdicts):
    (certify.folder / "mine").mkdir()
    (certify.folder / "mine" / "own.py").write_text(OWN)
    (certify.folder / "mine" / "locustfile.py").write_text(LOCUSTFILE)
    done = certify("--target", "x", "--scenarios", "mine", "--only", "mine/own.py", "--only", "MONEY-01", "--json",
                   "--out", "run", text=config_text(external_sandbox(), extra=PROMISE.format(rate=60), load=True))
    found = verdicts(done)
    assert done.returncode == 3, done.stderr
    assert found.keys() == {"LOAD-01", "LOAD-02"}
    assert "a closed loop cannot prove it (p95 < 2s: " in found["LOAD-01"]["message"]
    journal = (certify.folder / "run" / "journal.jsonl").read_text()
    load = next(line for line in map(json.loads, journal.splitlines()) if line["k"] == "locust")
    assert load["tally"]["outcomes"].keys() == {"authorizeBet"}
    assert load["raised"] == load["marked"] == {}
    assert not any(secret in journal for secret in canaries.values())
