"""The pump: one native thread that starts calls when they are due and counts what comes of them.

It knows nothing of gevent, on which Locust runs: that would cost two thirds of what a core can send. It shares no
lock with anybody: its thread alone touches a tally until it hands it over whole, through a deque.
"""

from __future__ import annotations

import _socket
from collections import deque
from collections.abc import Iterator
from errno import EINPROGRESS
from heapq import heappop, heappush
from time import monotonic_ns

from harness.drivers.locust_engine.answers import Answer, Unreadable, cut
from harness.drivers.locust_engine.calls import NS, Call, Workload, count
from harness.drivers.locust_engine.links import IN, OUT, Link, Place, epoll
from harness.model.tally import Slice, Tally

_READ = 1 << 16
_NEVER = 1 << 62
_LOOK_UP_NS = NS // 10
"""At least so often the thread looks whether it is to stop, and which calls have had their time."""
_COUNTED_AT_ONCE = 512


class Pump:
    """Carries out a workload at a place; `run` blocks its thread, `stop` and `take` may be called from any other."""

    def __init__(self, place: Place, workload: Workload, *, timeout: float = 10.0,
                 most_connections: int = 4_000) -> None:
        self._place = place
        self._workload = workload
        self._timeout_ns = int(timeout * NS)
        self._most = most_connections
        self._poller = epoll()
        self._links: dict[int, Link] = {}
        self._idle: list[Link] = []
        self._waiting: deque[Call] = deque()
        self._later: list[tuple[int, int, Call]] = []
        self._tally = Tally()
        self._handed_over: deque[Tally] = deque()
        self._ended: list[Call] = []
        self._in_flight = 0
        self._numbered = 0
        self._began = self._looked_up = 0
        self._peak = (0, 0)  # the last second, and the most calls that were under way in it
        self._stopped = False

    # -- for other threads --------------------------------------------------------------------------
    def stop(self) -> None:
        """End as soon as may be (within a tenth of a second): nothing more is sent, what is under way is let go."""
        self._stopped = True

    def take(self) -> Tally:
        """What was counted since the last time: but for the last tenth of a second, unless `run` is over."""
        taken = Tally()
        while self._handed_over:
            taken.merge(self._handed_over.popleft())
        return taken

    @property
    def in_flight(self) -> int:
        """Calls that are due and have no answer yet."""
        return self._in_flight

    # -- the thread itself --------------------------------------------------------------------------
    def run(self, arrivals: Iterator[tuple[int, float]], *, begins_ns: int | None = None) -> None:
        """Begin arrival by arrival when each is due, counted in seconds from `begins_ns` (monotonic; None: now).

        Returns when the last call has ended, or failed by its timeout.
        """
        began = self._began = self._looked_up = monotonic_ns() if begins_ns is None else begins_ns
        number, seconds = next(arrivals, (0, -1.0))
        due = began + int(seconds * NS) if seconds >= 0 else _NEVER
        try:
            while not self._stopped:
                now = monotonic_ns()
                while due <= now:
                    for call in self._workload.opens(number):
                        self._begin(call, due)
                    number, seconds = next(arrivals, (0, -1.0))
                    due = began + int(seconds * NS) if seconds >= 0 else _NEVER
                while self._later and self._later[0][0] <= now:
                    at, _, call = heappop(self._later)
                    self._begin(call, at)
                next_at = min(due, self._later[0][0]) if self._later else due
                if next_at == _NEVER and not self._in_flight:
                    return
                self._listen(now, next_at)
        finally:
            self._hang_up()

    def saturate(self, connections: int, seconds: float) -> None:
        """Closed loop: on each connection the next call follows the answer at once, to find what the target bears."""
        began = self._began = self._looked_up = monotonic_ns()
        ends = began + int(seconds * NS)
        self._most = connections
        number = 0
        try:
            while not self._stopped:
                now = monotonic_ns()
                if now < ends:
                    while self._in_flight < connections:
                        for call in self._workload.opens(number):
                            self._begin(call, now)
                        number += 1
                elif not self._in_flight:
                    return
                self._listen(now, _NEVER)
        finally:
            self._hang_up()

    def _listen(self, now: int, upto: int) -> None:
        """Wait for what comes until the next call is due, at most a tenth of a second."""
        links = self._links
        second, in_flight = (now - self._began) // NS, self._in_flight
        if in_flight > (known := self._peak[1] if self._peak[0] == second else 0):
            # Only what is more than was counted: a second is handed over in pieces, which are added up.
            self._tally.seconds.setdefault(second, Slice()).in_flight += in_flight - known
            self._peak = (second, in_flight)
        if now - self._looked_up > _LOOK_UP_NS:
            self._look_up(now)
        for fd, mask in self._poller.poll(max(0, min(upto - now, _LOOK_UP_NS)) / NS):
            link = links.get(fd)
            if link is None:
                continue
            if mask & OUT and (link.connecting or link.out):
                self._writable(link)
            if mask & ~OUT and link.fd in links:
                self._readable(link)

    def _begin(self, call: Call, due: int) -> None:
        call.due = due
        self._in_flight += 1
        self._place_call(call)

    def _place_call(self, call: Call) -> None:
        if self._idle:
            self._send(self._idle.pop(), call)
        elif len(self._links) < self._most:
            self._connect(call)
        else:
            call.queued = True
            self._waiting.append(call)

    def _connect(self, call: Call) -> None:
        call.sent = monotonic_ns()
        try:
            socket = _socket.socket(self._place.family, _socket.SOCK_STREAM)
        except OSError:  # no more descriptors: our own limit, told apart from what the target does
            self._conclude(call, None, "no_socket")
            return
        socket.setblocking(False)
        socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        if socket.connect_ex(self._place.address) not in (0, EINPROGRESS):
            socket.close()
            self._conclude(call, None, "connect")
            return
        link = self._place.link(socket)
        self._links[link.fd] = link
        self._tally.connections += 1
        link.call, link.out = call, call.data
        self._poller.register(link.fd, IN | OUT)

    def _send(self, link: Link, call: Call) -> None:
        link.call = call
        call.sent = monotonic_ns()
        try:
            sent = link.socket.send(call.data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._lost(link)
            return
        if sent < len(call.data):
            link.out = call.data[sent:]
            self._poller.modify(link.fd, IN | OUT)

    def _writable(self, link: Link) -> None:
        if link.connecting and link.socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR):
            self._lost(link)
            return
        link.connecting = False
        try:
            sent = link.socket.send(link.out)
        except BlockingIOError:
            self._poller.modify(link.fd, link.wants)
            return
        except OSError:
            self._lost(link)
            return
        link.out = link.out[sent:]
        self._poller.modify(link.fd, link.wants if link.out else IN)

    def _readable(self, link: Link) -> None:
        try:
            came = link.socket.recv(_READ)
        except BlockingIOError:
            if link.out:  # TLS: what it waited for has come
                self._writable(link)
            return
        except OSError:
            self._lost(link)
            return
        data = link.data + came if link.data else came
        try:
            answer = cut(data, ended=not came) if link.call is not None else None
        except Unreadable:
            link.data = data
            self._lost(link, "protocol")
            return
        if answer is None:
            link.data = data
            if not came or link.call is None:
                self._lost(link, "half" if data else "reset")
            return
        link.data = b""
        link.served += 1
        if answer.closes or answer.used < len(data) or not came or link.out:
            self._close(link)
        self._free(link, answer, "")

    def _free(self, link: Link, answer: Answer | None, failure: str) -> None:
        """The link's call has ended; the next one that waits takes its turn."""
        call, link.call = link.call, None
        if not self._waiting:
            if link.fd in self._links:
                self._idle.append(link)
        elif link.fd in self._links:
            self._send(link, self._waiting.popleft())
        else:
            self._place_call(self._waiting.popleft())
        if call is not None:
            self._conclude(call, answer, failure)

    def _lost(self, link: Link, failure: str = "") -> None:
        """The connection has ended early. That of an idle one which the target had closed is no fault of anybody's."""
        call, failure = link.call, failure or link.trouble
        self._close(link)
        if call is None:
            return
        if failure == "reset" and link.served and not link.data and not call.resent:
            call.resent = True
            self._tally.resent += 1
            self._connect(call)
        else:
            self._free(link, None, failure)

    def _close(self, link: Link) -> None:
        if self._links.pop(link.fd, None) is None:
            return
        self._poller.unregister(link.fd)
        link.socket.close()
        if link.call is None and link in self._idle:
            self._idle.remove(link)

    def _look_up(self, now: int) -> None:
        """Give up calls that have had their time, and count those that have ended."""
        self._looked_up = now
        for link in [link for link in self._links.values() if link.call and now - link.call.sent > self._timeout_ns]:
            self._close(link)
            self._free(link, None, "timeout")
        self._hand_over()

    def _conclude(self, call: Call, answer: Answer | None, failure: str) -> None:
        call.ended = monotonic_ns()
        self._in_flight -= 1
        call.outcome = failure if answer is None else answer.status
        if answer is not None and answer.status in (429, 503):
            call.shed = answer.header(b"retry-after") is not None
        then = self._workload.answered(call, answer, failure)
        self._ended.append(call)
        if len(self._ended) >= _COUNTED_AT_ONCE:
            self._count()
        for seconds, following in then:
            if seconds <= 0.0:
                self._begin(following, call.ended)
            else:
                self._numbered += 1
                heappush(self._later, (call.ended + int(seconds * NS), self._numbered, following))

    def _count(self) -> None:
        ended, self._ended = self._ended, []
        count(self._tally, ended, self._began)

    def _hand_over(self) -> None:
        self._count()
        self._handed_over.append(self._tally)
        self._tally = Tally()

    def _hang_up(self) -> None:
        self._hand_over()
        for link in list(self._links.values()):
            self._close(link)
        self._poller.close()
