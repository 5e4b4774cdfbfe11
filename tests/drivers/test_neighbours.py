"""Who else takes the machine: real processes by what they say that they spent, and shares by a made-up /proc."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.drivers import neighbours
from harness.drivers.neighbours import Family, NeighbourWatch, Spent

pytestmark = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux tells it")
TICK = os.sysconf("SC_CLK_TCK")
SLACK = 5
"""Ticks: the kernel rounds, and a process goes on while it is looked at."""
BURN = """import os, sys, time
for line in sys.stdin:
    until = time.process_time() + float(line)
    while time.process_time() < until: pass
    print(os.getpid(), flush=True)
"""
PARENT = f"""import subprocess, sys
for line in sys.stdin:
    done = subprocess.run([sys.executable, "-c", {BURN!r}], input=line, text=True, capture_output=True)
    print(done.stdout.strip(), flush=True)
"""
LISTEN = """import socket, sys
one = socket.create_server(("127.0.0.1", 0))
print(one.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def started():
    """started(program) -> a process that answers a line with a line; all of them end with the test."""
    processes = []

    def start(program):
        processes.append(subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def ask(process, line):
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_what_a_real_process_burns_is_counted_once_and_as_its_own(started):
    burner, idler = started(BURN), started(BURN)
    ask(burner, 0), ask(idler, 0)
    now = neighbours._processes()
    burns, idles = Family([burner.pid], now), Family([idler.pid], now)
    burns.spent(neighbours._processes()), idles.spent(neighbours._processes())
    ask(burner, 0.5)
    now = neighbours._processes()
    assert burns.spent(now) == pytest.approx(0.5 * TICK, abs=SLACK)
    assert idles.spent(now) <= SLACK
    assert burns.spent(now) == 0


def test_a_child_that_came_and_went_was_of_the_family(started):
    parent = started(PARENT)
    ask(parent, 0)
    family = Family([parent.pid], neighbours._processes())
    family.spent(neighbours._processes())
    child = int(ask(parent, 0.5))
    now = neighbours._processes()
    assert child not in now
    assert 0.5 * TICK - SLACK <= family.spent(now) < 2 * TICK


def test_what_a_stranger_burns_is_seen_in_the_share_of_others(started):
    burner, run = started(BURN), started(LISTEN)
    watch = NeighbourWatch(f"http://127.0.0.1:{run.stdout.readline().strip()}", root=run.pid)
    ask(burner, 1.5)
    seen = watch.told()
    assert seen.before is None, "the subject is of the run's own processes"
    spent = sum(one.others * one.seconds for one in seen.moments) * seen.cores
    assert spent > 0.5, "the first and last half second may be missing"
    assert all(0 <= one.others <= 1 and 0 <= one.idle <= 1 for one in seen.moments)


def test_of_a_target_that_we_did_not_start_it_is_known_what_was_there_before(started):
    run, target = started(BURN), started(LISTEN)
    port = target.stdout.readline().strip()
    watch = NeighbourWatch(f"http://localhost:{port}", root=run.pid)
    ask(run, 0.6)
    while not watch._moments:
        ask(run, 0.1)
    seen = watch.told()
    assert 0 <= seen.before <= 1
    assert {run.pid, target.pid} <= set(watch._family._last)


@pytest.mark.parametrize("base_url", ["http://192.0.2.1:80", "http://127.0.0.1:1", "x", "http://127.0.0.1:99999"])
def test_of_a_target_elsewhere_or_one_that_nobody_serves_nothing_is_told(base_url):
    watch = NeighbourWatch(base_url, root=os.getpid())
    assert watch.told() is None


def test_without_proc_nothing_is_told(monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert neighbours._listening(url) == {os.getpid()}
        monkeypatch.setattr(neighbours, "_PROC", tmp_path)
        assert NeighbourWatch(url, root=os.getpid()).told() is None


def test_a_listener_that_is_not_ours_to_see_is_not_guessed(monkeypatch, tmp_path):
    table = "  sl  local_address rem_address st\n   0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 4711 1 x\n"
    (tmp_path / "self/net").mkdir(parents=True)
    (tmp_path / "self/net/tcp").write_text(table)
    (tmp_path / "77/fd").mkdir(parents=True)
    monkeypatch.setattr(neighbours, "_PROC", tmp_path)
    assert neighbours._listening("http://127.0.0.1:8080") == set()
    (tmp_path / "77/fd/3").symlink_to("socket:[4711]")
    assert neighbours._listening("http://127.0.0.1:8080") == {77}
    assert neighbours._listening("http://127.0.0.1:8081") == set()


# -- shares, by a made-up /proc ------------------------------------------------------------------------
@pytest.fixture
def looks(monkeypatch):
    """looks(cores_before, cores_after, ours) -> the moment between, one second long."""
    def make(before, after, ours):
        watch = NeighbourWatch.__new__(NeighbourWatch)
        watch._looked, watch._cores = 0.0, neighbours.Cores(*before)
        watch._family = SimpleNamespace(spent=lambda _: ours)
        monkeypatch.setattr(neighbours, "_cores", lambda: neighbours.Cores(*after))
        monkeypatch.setattr(neighbours, "_processes", dict)
        monkeypatch.setattr(neighbours, "time", SimpleNamespace(monotonic=lambda: 1.0))
        return watch._look(0.0)

    return make


@pytest.mark.parametrize(("idle", "packets", "ours", "others"), [
    (200, 0, 0, 0.0), (0, 0, 200, 0.0), (0, 0, 50, 0.75), (100, 20, 40, 0.2), (0, 0, 203, 0.0), (0, 0, 0, 1.0)])
def test_others_have_what_is_neither_idle_nor_ours_nor_packets(looks, idle, packets, ours, others):
    moment = looks((1_000, 10, 5), (1_200, 10 + idle, 5 + packets), ours)
    assert (moment.at, moment.seconds, moment.others, moment.idle) == (1.0, 1.0, others, idle / 200)


def test_a_machine_that_counts_nothing_tells_nothing(looks):
    with pytest.raises(ValueError, match="tells nothing"):
        looks((0, 0, 0), (0, 0, 0), 0)


def test_names_of_processes_may_hold_anything_and_stolen_time_is_others(monkeypatch, tmp_path):
    (tmp_path / "stat").write_text("cpu  100 10 20 500 7 1 2 60 9 0\ncpu0 1\n")
    (tmp_path / "42").mkdir()
    (tmp_path / "42/stat").write_bytes(b"42 (a) R) 9) S 1 " + b"0 " * 9 + b"300 40 5 6 20 0 4 0 777 0 0")
    monkeypatch.setattr(neighbours, "_PROC", tmp_path)
    assert neighbours._cores() == neighbours.Cores(all=700, idle=507, packets=3)
    assert neighbours._processes() == {42: Spent(parent=1, born=777, own=340, waited_for=11)}


def spent(parent, own, waited_for=0, born=1):
    return Spent(parent, born, own, waited_for)


def test_a_number_that_was_given_again_is_a_stranger_and_an_orphan_is_none():
    family = Family([10], {10: spent(1, 5), 11: spent(10, 7), 12: spent(2, 900)})
    assert 11 in family
    assert 12 not in family
    assert family.spent({10: spent(1, 6), 11: spent(1, 9), 12: spent(2, 999)}) == 3, "11 was left by its parent"
    assert family.spent({10: spent(1, 6), 11: spent(2, 500, born=2)}) == 0
    assert 11 not in family


def test_a_child_that_nobody_waited_for_takes_nothing_away():
    family = Family([10], {10: spent(1, 5), 11: spent(10, 700)})
    assert family.spent({10: spent(1, 45)}) == 40
    family = Family([10], {10: spent(1, 5), 11: spent(10, 700)})
    assert family.spent({10: spent(1, 45, waited_for=720)}) == 60
