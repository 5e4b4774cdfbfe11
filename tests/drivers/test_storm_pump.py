"""The pump: calls begin when they are due whatever the answers are, and each one ends in one way."""

import socket
import threading
import time

import pytest

from harness.drivers.locust_engine.calls import NS, Call
from harness.drivers.locust_engine.links import Place
from harness.drivers.locust_engine.pump import Pump
from harness.model.arrivals import constant, stalled_quantile
from harness.model.tally import Tally

REQUEST = b"POST /v1/bets/authorize HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


def answer(status=200, body=b"{}", extra=b""):
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, extra, len(body), body)


class Same:
    """The same call each time; remembers how it ended; `follows(call)` gives what comes next."""

    def __init__(self, follows=None):
        self.ended = []
        self.follows = follows

    def opens(self, number):
        return (Call("authorizeBet", REQUEST, tag=number),)

    def answered(self, call, answer, failure):
        self.ended.append((call.tag, answer.status if answer else failure))
        return self.follows(call) if self.follows else ()


@pytest.fixture
def platform():
    """platform(answering) -> place; `answering(connection)` is asked for each whole request; "close" ends it."""
    listeners = []

    def start(answering):
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        listeners.append(listener)

        def serve(connection):
            data = b""
            with connection:
                try:
                    while came := connection.recv(65536):
                        data += came
                        while len(data) >= len(REQUEST):
                            data = data[len(REQUEST):]
                            if answering(connection) == "close":
                                return
                except OSError:
                    return

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return Place(host="127.0.0.1", port=listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def evenly(rate, seconds):
    return constant(rate, seconds, spacing="even").times()


def test_calls_under_way_are_not_counted_again_with_every_piece_of_a_second(platform):
    enough = threading.Semaphore(0)

    def late(connection):
        enough.acquire()  # the last of the calls lets all be answered
        connection.sendall(answer())

    class Last(Same):
        def opens(self, number):
            if number == 19:
                enough.release(20)
            return super().opens(number)

    pump = Pump(platform(late), Last())
    pump.run(evenly(40, 0.5))
    tally = pump.take()
    assert tally.calls == 20
    assert 1 <= max(part.in_flight for part in tally.seconds.values()) <= 20


def test_every_arrival_is_called_once_and_counted(platform):
    work = Same()
    pump = Pump(platform(lambda c: c.sendall(answer())), work)
    pump.run(evenly(200, 1))
    tally = pump.take()
    assert sorted(n for n, _ in work.ended) == list(range(200))
    assert tally.outcomes == {"authorizeBet": {"200": 200}}
    assert tally.latency["authorizeBet"].count == tally.service.count == tally.lag.count == 200
    assert sum(s.asked for s in tally.seconds.values()) == sum(s.answered for s in tally.seconds.values()) == 200
    assert pump.in_flight == 0
    assert pump.take().calls == 0, "it was taken"


def test_what_is_taken_while_it_runs_is_never_torn_and_nothing_is_lost(platform):
    pump = Pump(platform(lambda c: c.sendall(answer())), Same())
    runs = threading.Thread(target=pump.run, args=(evenly(300, 1.0),))
    runs.start()
    taken = []
    while runs.is_alive():
        taken.append(pump.take().to_line())
        runs.join(0.002)
    taken.append(pump.take().to_line())
    tallies = [Tally.from_line(line) for line in taken]
    assert sum(t.calls for t in tallies) == sum(t.service.count for t in tallies) == 300
    assert sum(s.asked for t in tallies for s in t.seconds.values()) == 300
    assert sum(1 for t in tallies if t.calls) > 1


def test_a_stall_is_charged_to_every_arrival_that_met_it(platform):
    """What a closed loop hides: arrivals during a stall wait from when they were due, not from when they were sent."""
    stall, seconds, began = 1.0, 4.0, time.monotonic()

    def stalling(connection):
        left = began + 1.5 + stall - time.monotonic()
        if 0 < left < stall:
            time.sleep(left)
        connection.sendall(answer())

    pump = Pump(platform(stalling), Same())
    pump.run(evenly(100, seconds), begins_ns=int(began * NS))
    latency = pump.take().latency_of_all()
    assert latency.count == 400
    for share in (0.85, 0.95, 0.99):
        wanted = stalled_quantile(share, rate_seconds=seconds, stall_seconds=stall)
        assert latency.quantile(share) / 1e6 == pytest.approx(wanted, abs=0.25)
    assert latency.quantile(0.5) < 100_000


def test_connections_grow_with_what_is_under_way_up_to_the_limit(platform):
    def slow(connection):
        time.sleep(0.3)
        connection.sendall(answer())

    free = Pump(platform(slow), Same())
    free.run(evenly(100, 0.5))
    tally = free.take()
    assert 15 <= tally.connections <= 50
    assert max(s.in_flight for s in tally.seconds.values()) > 15
    tight = Pump(platform(slow), Same(), most_connections=5)
    tight.run(evenly(40, 0.5))
    tally = tight.take()
    assert (tally.connections, tally.calls, tally.queued) == (5, 20, tally.calls - tally.lag.count)
    assert tally.queued >= 10
    assert tally.latency_of_all().largest > 600_000, "waiting for a connection counts"
    assert tally.service.quantile(0.5) < 600_000


def test_what_follows_an_answer_begins_after_its_pause(platform):
    began = {}

    def settle(call):
        if call.operation == "settleBet":
            began[call.tag] = call.due
            return ()
        return ((0.0 if call.tag % 2 else 0.2, Call("settleBet", REQUEST, tag=call.tag)),)

    work = Same(settle)
    pump = Pump(platform(lambda c: c.sendall(answer())), work)
    pump.run(evenly(100, 0.2))
    assert pump.take().outcomes == {"authorizeBet": {"200": 20}, "settleBet": {"200": 20}}
    firsts = min(began.values())
    assert sorted(began) == list(range(20))
    assert began[18] - firsts > 0.1 * NS


@pytest.mark.parametrize(("odd", "failure"), [
    (lambda _: "close", "reset"),
    (lambda c: (c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "close")[1], "half"),
    (lambda c: c.sendall(b"220 smtp.example ESMTP\r\n"), "protocol"),
    (lambda _: None, "timeout")], ids=["closed", "halved", "another-protocol", "silent"])
def test_a_call_without_an_answer_ends_in_the_failure_that_it_met(platform, odd, failure):
    work = Same()
    pump = Pump(platform(odd), work, timeout=0.3)
    pump.run(evenly(50, 0.2))
    tally = pump.take()
    assert tally.outcomes == {"authorizeBet": {failure: 10}}
    assert sum(s.failed for s in tally.seconds.values()) == 10
    assert [f for _, f in work.ended] == [failure] * 10


def test_nobody_there_is_a_failure_to_connect():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        pump = Pump(Place(host="127.0.0.1", port=taken.getsockname()[1]), Same())
        pump.run(evenly(50, 0.2))
    assert pump.take().outcomes == {"authorizeBet": {"connect": 10}}


def test_a_connection_that_the_platform_closed_in_between_is_nobodys_failure(platform):
    def once(connection):
        connection.sendall(answer())
        return "close"

    pump = Pump(platform(once), Same())
    pump.run(evenly(40, 0.5))
    tally = pump.take()
    assert tally.outcomes == {"authorizeBet": {"200": 20}}
    assert tally.connections >= 20
    said = Pump(platform(lambda c: c.sendall(answer(extra=b"Connection: close\r\n"))), Same())
    said.run(evenly(40, 0.5))
    assert said.take().connections == 20


def test_refusals_with_retry_after_are_told_apart_from_failures(platform):
    kinds = {0: answer(429, extra=b"Retry-After: 1\r\n"), 1: answer(503), 2: answer(500), 3: answer(409)}
    served = iter(range(40))
    lock = threading.Lock()

    def mixed(connection):
        with lock:
            connection.sendall(kinds[next(served) % 4])

    pump = Pump(platform(mixed), Same())
    pump.run(evenly(80, 0.5))
    tally = pump.take()
    assert tally.outcomes == {"authorizeBet": {"429+": 10, "503": 10, "500": 10, "409": 10}}
    assert sum(s.shed for s in tally.seconds.values()) == 10
    assert sum(s.failed for s in tally.seconds.values()) == 20


def test_it_stops_within_a_second_and_lets_go(platform):
    work = Same()
    pump = Pump(platform(lambda _: None), work)
    threading.Timer(0.3, pump.stop).start()
    began = time.monotonic()
    pump.run(evenly(100, 60))
    assert time.monotonic() - began < 1.3
    assert work.ended == []


def test_a_closed_loop_keeps_so_many_connections_busy(platform):
    pump = Pump(platform(lambda c: c.sendall(answer())), Same())
    pump.saturate(4, 0.5)
    tally = pump.take()
    assert (tally.connections, set(tally.outcomes["authorizeBet"])) == (4, {"200"})
    assert tally.calls > 100
