"""A run's fault server: found or started, and nothing of it left however the run ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from harness.drivers.toxiproxy_driver.client import ToxiproxyServer
from harness.drivers.toxiproxy_driver.servers import FaultServer, clean, left_behind, which_server
from harness.model.errors import EnvironmentFault, UsageError
from harness.model.scenario import Toxic

WAIT = 20.0
RUN = """import json, sys
from harness.model.scenario import Toxic
from harness.drivers.toxiproxy_driver.servers import FaultServer
with FaultServer("run 1") as faults:
    proxy = faults.proxy("wallet", "127.0.0.1:1")
    proxy.add(Toxic(type="timeout"))
    print(json.dumps({"url": faults.server.url, "listen": proxy.listen, "name": proxy.name}), flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=["built-in", "program", "given"])
def environ(request):
    """The environment in which a server of that kind is chosen."""
    bare = {k: v for k, v in os.environ.items() if k != "TOXIPROXY_URL"}
    if request.param == "given":
        return {**bare, "TOXIPROXY_URL": request.getfixturevalue("given")}
    if request.param == "built-in":
        return {**bare, "PATH": "/nowhere"}
    if shutil.which("toxiproxy-server") is None:
        (pytest.fail if os.environ.get("CERTIFY_REQUIRE_TOOLS") else pytest.skip)("no toxiproxy-server on PATH")
    return bare


@pytest.fixture
def given():
    """A server that somebody else runs."""
    command = [sys.executable, "-m", "harness.drivers.fault_proxy", "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())["url"]
        process.stdin.close()


def listening(address):
    host, _, port = address.removeprefix("http://").rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def gone(address):
    until = time.monotonic() + WAIT
    while listening(address) and time.monotonic() < until:
        time.sleep(0.02)
    return not listening(address)


def test_a_run_has_a_server_and_leaves_nothing(environ):
    with FaultServer("run 1", environ) as faults:
        proxy = faults.proxy("wallet", "127.0.0.1:1")
        proxy.add(Toxic(type="timeout"))
        assert proxy.name == "certify-run-1-wallet"
        assert faults.version
        url = faults.server.url
        assert listening(proxy.listen)
    assert gone(proxy.listen)
    assert listening(url) is (faults.kind == "given"), "ours ends with the run; a given one stays"
    if faults.kind == "given":
        with ToxiproxyServer(url) as server:
            assert server.proxies() == {}


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_a_run_that_is_killed(environ, signum):
    with subprocess.Popen([sys.executable, "-c", RUN], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as run:
        told = json.loads(run.stdout.readline())
        assert listening(told["listen"])
        run.send_signal(signum)
        run.wait(WAIT)
    assert gone(told["listen"])
    if url := environ.get("TOXIPROXY_URL"):
        with ToxiproxyServer(url) as server:
            assert server.proxies() == {}
    else:
        assert gone(told["url"])


def test_a_server_with_the_proxies_of_another_run_is_refused_until_it_is_cleaned(given):
    with ToxiproxyServer(given) as server:
        server.create("certify-old-wallet", "127.0.0.1:1")
        mine = server.create("of-somebody-else", "127.0.0.1:1")
        with pytest.raises(EnvironmentFault, match="of another run: certify-old-wallet") as raised, \
                FaultServer("new", {**os.environ, "TOXIPROXY_URL": given}):
            pass
        assert "certify doctor --clean" in raised.value.line()
        assert left_behind(server) == ["certify-old-wallet"], "it is not taken away unasked"
        assert clean(given) == ["certify-old-wallet"]
        assert set(server.proxies()) == {mine.name}
    with FaultServer("new", {**os.environ, "TOXIPROXY_URL": given}) as faults:
        assert faults.kind == "given"


def test_a_given_server_that_does_not_answer_is_one_line():
    with pytest.raises(EnvironmentFault, match=r"127\.0\.0\.1:9 does not answer"), \
            FaultServer("x", {**os.environ, "TOXIPROXY_URL": "http://127.0.0.1:9"}):
        pass


@pytest.mark.parametrize("url", ["127.0.0.1:8474", "ftp://x", "http://", "http://x/y?z"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(UsageError, match="TOXIPROXY_URL"):
        which_server({"TOXIPROXY_URL": url})


def test_a_program_that_is_no_toxiproxy_is_one_line(tmp_path):
    program = tmp_path / "toxiproxy-server"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(EnvironmentFault, match=r"could be started .*ended with 3"), \
            FaultServer("x", {"PATH": str(tmp_path)}):
        pass


def test_a_server_that_dies_in_the_midst_is_told(given):
    del given
    with pytest.raises(EnvironmentFault, match="does not answer"), \
            FaultServer("x", {**os.environ, "PATH": "/nowhere"}) as faults:
        proxy = faults.proxy("wallet", "127.0.0.1:1")
        faults._watchdog.stdin.close()
        faults._watchdog.wait(WAIT)
        proxy.add(Toxic(type="latency"))
