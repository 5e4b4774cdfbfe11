"""One process's share of a storm, eased or stopped: nothing more is sent, and what was sent is not forgotten."""

import threading
import time

import pytest

from harness.drivers.locust_engine.share import Share, unanswered
from harness.model.arrivals import constant
from harness.model.packing import unpacked
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import Became
from tests.support import Handler


@pytest.fixture
def stuck(serve):
    """A platform that answers nothing until `.answer` is set; `.came` is set by the first call."""
    class Stuck(Handler):
        protocol_version = "HTTP/1.1"
        came, answer, calls = threading.Event(), threading.Event(), []

        def do_POST(self):
            self.sent()
            Stuck.calls.append(self.path)
            Stuck.came.set()
            Stuck.answer.wait(30)
            self.send_response_only(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    Stuck.url = serve(Stuck)
    yield Stuck
    Stuck.answer.set()


def share_of(url):
    return Share(StormPlan(base_url=url, schedule=constant(50, 600, spacing="even"), mix=Mix(duplicates=0, rollbacks=0),
                           callers=(Caller(headers=(), token="t"),), pause_seconds=0.01, timeout_seconds=30,
                           seats=(Seat(player_id="p", session_id="s"),)))


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "gave up waiting"
        time.sleep(0.01)


def test_eased_it_begins_no_round_and_ends_once_those_under_way_have(stuck):
    share = share_of(stuck.url)
    share.begin()
    assert stuck.came.wait(20)
    assert (share.ease(), share.ease()) == (True, False)
    assert not share.done
    stuck.answer.set()
    wait_for(lambda: share.done)
    states = share.states()
    begun, ended = unpacked(states["begun"]), unpacked(states["ended"])
    assert 1 <= len(begun) < 30_000
    assert begun == ended == bytes([Became.DONE]) * len(begun)
    assert len(stuck.calls) == 2 * len(begun)


def test_stopped_it_lets_go_of_what_may_have_happened(stuck):
    share = share_of(stuck.url)
    share.begin()
    assert stuck.came.wait(20)
    share.stop()
    wait_for(lambda: share.done)
    begun = unpacked(share.states()["begun"])
    assert begun == bytes([Became.UNKNOWN]) * len(begun) != b""


def test_only_what_may_have_been_sent_is_unsure():
    u, d, x, r = Became.UNSENT, Became.DONE, Became.UNKNOWN, Became.REFUSED
    first, then = bytes([d, d, u, r, x]), bytes([d, u, u, u, u])
    begun, ended = unanswered(first), unanswered(then, first)
    assert list(begun) == [d, d, x, r, x]
    assert list(ended) == [d, x, u, u, u]
