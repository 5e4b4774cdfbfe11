"""Chaos against a platform that is not ours: its wallet is put behind us by its profile, and nothing is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from harness.drivers.toxiproxy_driver.client import ToxiproxyServer


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def behind_us(external_sandbox, config_text):
    """A platform in a process of its own that looks for its wallet at our address; `(*arguments) -> certify.toml`."""
    def start(*arguments, extra=""):
        wallet, ours = free_port(), free_port()
        url = external_sandbox("--wallet-port", str(wallet), "--wallet-url", f"http://127.0.0.1:{ours}", *arguments)
        table = (f'[target.x.wallet]\nlisten = "127.0.0.1:{ours}"\nupstream = "http://127.0.0.1:{wallet}"\n'
                 f"max_in_flight = 64\nrecovers_seconds = 10\n{extra}")
        return config_text(url, wallet=True).replace("[target.x.profile]", f"{table}\n[target.x.profile]")

    return start


@pytest.fixture
def given_server():
    """URL of a fault proxy that somebody else runs, and that stays."""
    process = subprocess.Popen([sys.executable, "-P", "-m", "harness.drivers.fault_proxy", "--port", "0", "--stay"],
                               stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    yield json.loads(process.stdout.readline())["url"]
    process.terminate()
    process.wait(20)
    process.stdout.close()


def proxies_at(url):
    with ToxiproxyServer(url) as server:
        return sorted(server.proxies())


def test_a_platform_whose_wallet_is_behind_us_is_judged_and_every_other_check_runs_through(certify, behind_us,
                                                                                         verdicts):
    done = certify("--target", "x", "--json", "--only", "TIME-01,TIME-02,TIME-03,TIME-08,IDEM-03,HOOK-08", "--only",
                   "TIME-05,TIME-06", text=behind_us())
    assert verdicts(done) == {}, done.stderr
    assert done.returncode == 0
    card = json.loads(done.stdout)
    assert {r["control"]["id"] for r in card["rows"] if r["finding"]["outcome"] == "pass"} >= {"TIME-02", "IDEM-03"}


def test_a_defect_of_such_a_platform_is_found(certify, behind_us, verdicts):
    done = certify("--target", "x", "--json", "--only", "TIME-03", text=behind_us("--fault", "five-wallet-retries"))
    assert done.returncode == 1
    assert verdicts(done)["TIME-03"]["outcome"] == "fail"


def test_a_wallet_that_nobody_declared_leaves_its_controls_open_and_says_how_to_declare_it(certify, config_text,
                                                                                         external_sandbox, verdicts):
    text = config_text(external_sandbox(), wallet=True)
    done = certify("--target", "x", "--json", "--only", "TIME-02,IDEM-08", text=text)
    found = verdicts(done)
    assert done.returncode == 3
    assert set(found) == {"TIME-02"}
    assert "[target.x.wallet]" in found["TIME-02"]["message"]


def test_an_address_that_is_taken_ends_the_run_in_one_line(certify, config_text, external_sandbox):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        text = config_text(external_sandbox(), wallet=True).replace(
            "[target.x.profile]", f'[target.x.wallet]\nlisten = "{address}"\nupstream = "http://127.0.0.1:9"\n'
            "[target.x.profile]")
        done = certify("--target", "x", "--only", "TIME-02", text=text)
    assert done.returncode == 4
    assert address in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_given_fault_proxy_is_left_as_it_was_however_a_run_ends(tmp_path, given_server, how):
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli.main", "--target", "sandbox", "--only", "TIME-02"], cwd=tmp_path,
        env={**os.environ, "TOXIPROXY_URL": given_server}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    end = time.monotonic() + 60
    while not proxies_at(given_server):
        assert time.monotonic() < end, "no proxy was made"
        time.sleep(0.05)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    while proxies_at(given_server):
        assert time.monotonic() < end + 60, "a proxy was left"
        time.sleep(0.05)


def test_a_dirty_fault_proxy_is_refused_until_it_is_cleaned(certify, given_server):
    with ToxiproxyServer(given_server) as server:
        server.create("certify-killed-w1-wallet", "127.0.0.1:9")
        server.create("somebody-else-s", "127.0.0.1:9")
    where = {"TOXIPROXY_URL": given_server}
    refused = certify("--target", "sandbox", "--only", "TIME-02", environment=where)
    assert refused.returncode == 4
    assert "certify-killed-w1-wallet" in refused.stderr
    assert "certify doctor --clean" in refused.stderr
    ill = certify("doctor", environment=where)
    assert (ill.returncode, "FAIL fault proxy" in ill.stdout) == (4, True)
    cleaned = certify("doctor", "--clean", "--json", environment=where)
    assert (cleaned.returncode, json.loads(cleaned.stdout)["cleaned"]) == (0, ["certify-killed-w1-wallet"])
    assert proxies_at(given_server) == ["somebody-else-s"]
    assert "ok   fault proxy: Toxiproxy" in certify("doctor", environment=where).stdout
    assert certify("--target", "sandbox", "--only", "TIME-02", environment=where).returncode == 0


def test_a_user_s_own_scenario_is_played_beside_ours(certify):
    folder = certify.folder / "storms"
    folder.mkdir()
    (folder / "ours.py").write_text(
        "from harness import Band, Bets, Fault, Scenario, Trouble, one_end_each\n\n"
        "OURS = Scenario(name='ours', says='The wallet is slow now and then.',\n"
        "                workload=Bets(per_second=8, seconds=1),\n"
        "                faults=(Fault(what=Trouble(kind='slow', seconds=0.1, each=1), band=Band(at_least_ms=90),\n"
        "                              every=2),), expects=(('TIME-08', one_end_each),))\n")
    listed = certify("list", "--json", text='scenarios = ["storms"]\n')
    assert "scenarios/ours.py::OURS" in listed.stdout
    done = certify("--target", "sandbox", "--json", "--only", "TIME-08", timeout=120)
    assert done.returncode == 0, done.stderr
    (run,) = certify.folder.glob("certify-runs/*")
    assert '"name":"ours"' in (run / "journal.jsonl").read_text()
    assert certify("plan", "--scenarios", "nowhere").returncode == 2
