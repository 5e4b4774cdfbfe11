"""Who blows the storms of a run, as its options say it."""

import socket
from contextlib import closing

import pytest

from harness.cli.main import main
from harness.cli.storm_worker import announced, storms_by
from harness.model.elsewhere import Elsewhere, address
from harness.model.errors import EnvironmentFault, UsageError


@pytest.fixture
def port():
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return free.getsockname()[1]


@pytest.mark.parametrize("text", ["", "host", "host:", ":5557", "host:0", "host:65536", "host:x", "[::1]:5557", "a b:1",
                                  "http://x:1", "host:1\n", "-x:1"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError, match=r"(?s)--storm-listen .*not an address"):
        address(text, "--storm-listen")


def test_addresses_are_names_or_numbers():
    assert address("load-2.example:5557", "x") == ("load-2.example", 5557)
    assert address("0.0.0.0:1", "x") == ("0.0.0.0", 1)


def test_who_blows_the_storms(port):
    assert storms_by(None, 0, None, 60) == (1, None)
    assert storms_by(3, 0, None, 60) == (3, None)
    assert storms_by(None, 2, f"localhost:{port}", 5) == (0, Elsewhere(machines=2, port=port, wait_seconds=5))
    assert storms_by(1, 2, f"127.0.0.1:{port}", 60)[0] == 1


@pytest.mark.parametrize(("options", "says"), [((0, 0, None), "nobody would blow"),
                                               ((1, 0, "h:1"), "nobody is waited")])
def test_options_that_contradict_each_other(options, says):
    with pytest.raises(UsageError, match=says):
        storms_by(*options, 60)


def test_a_port_in_use_is_told_before_anything_is_driven(capsys):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(EnvironmentFault, match="in use"):
            storms_by(None, 1, where, 60)
        assert main(["--storm-machines", "1", "--storm-listen", where]) == 4
    assert capsys.readouterr().err.count("\n") == 1


def test_the_other_machines_are_told_what_to_run():
    assert "2 worker(s); on each other machine: certify storm-worker 127.0.0.1:5557" in announced(Elsewhere(machines=2))
    assert socket.gethostname() in announced(Elsewhere(machines=1, host="0.0.0.0"))


@pytest.mark.parametrize(("words", "code"), [(["storm-worker", "nonsense"], 2), (["storm-worker"], 2),
                                             (["storm-worker", "127.0.0.1:1", "--wait", "1"], 4)])
def test_a_storm_worker_ends_with_one_line_and_a_documented_code(words, code, capsys):
    assert main(words) == code
    assert "Traceback" not in capsys.readouterr().err
