"""The users of a user's own locustfile, run by Locust in this process: each of their requests counted by us.

Locust's own statistics round; every duration goes into our histograms, from the event that Locust fires for each
request. What the file does that is no request of the target (its own exceptions, its own marks) is kept apart.
"""

from __future__ import annotations

import errno
import http.client
import inspect
import socket
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
import locust
from locust.argument_parser import get_empty_argument_parser, setup_parser_arguments
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.util.load_locustfile import load_locustfile

from harness.drivers.locust_engine.busy import Busy
from harness.drivers.locust_engine.handed import Handed
from harness.drivers.locust_engine.parent import Parent
from harness.model.histogram import Histogram
from harness.model.locust_plan import NO_STATUS, LocustPlan
from harness.model.tally import SHED, Slice, Tally, is_failure

_LOOK_SECONDS = 0.05
_REPORT_SECONDS = 0.5
_MOST_NAMES = 100
_OTHERS = "other names"


class _Unusable(Exception):
    """The locustfile cannot be used; the message names file and line."""


class NotNamed(OSError):
    """The locustfile wanted to connect to what the target profile does not name."""


def run_own_users(parent: Parent, order: Mapping[str, Any]) -> None:
    """Run them for the plan's time, and tell the parent what they did."""
    parent.keep_stdout()
    plan = LocustPlan.from_line(order["plan"])
    sys.dont_write_bytecode = True
    fence, counted = _Fence(plan.hosts), _Counted(plan)
    sys.addaudithook(fence)
    for session in (HttpSession, FastHttpSession):
        setattr(session, "request", counted.watched(session.request))  # noqa: B010 - a method of somebody else's class
    try:
        environment = _environment(plan)
    except _Unusable as error:
        parent.tell("unusable", text=str(error))
        return
    environment.events.request.add_listener(counted.on_request)  # type: ignore[no-untyped-call]
    environment.events.user_error.add_listener(counted.on_user_error)  # type: ignore[no-untyped-call]
    runner = environment.create_local_runner()
    environment.events.init.fire(environment=environment, runner=runner, web_ui=None)  # type: ignore[no-untyped-call]
    runner.start(plan.users, spawn_rate=plan.spawn_rate)
    began = reported = time.monotonic()
    most = 0
    while (now := time.monotonic()) - began < plan.seconds and not (parent.stopped or counted.problem or fence.problem):
        gevent.sleep(_LOOK_SECONDS)
        counted.late(time.monotonic() - now - _LOOK_SECONDS)
        most = max(most, runner.user_count)
        if now - reported > _REPORT_SECONDS:
            reported = now
            parent.tell("tally", **counted.take())
    lasted = time.monotonic() - began
    if lasted < plan.seconds:
        environment.stop_timeout = 0.0  # it is to end at once
    runner.stop()
    parent.tell("tally", **counted.take())
    problems = [text for text in (counted.problem, fence.problem) if text]
    parent.tell("left", users=most, marked=counted.marked, raised=counted.raised, problems=problems,
                complete=lasted >= plan.seconds and not problems)
    runner.quit()
    parent.tell("ended")


def _environment(plan: LocustPlan) -> Environment:
    """Locust's environment with the file's users; _Unusable where there are none to be had."""
    name = Path(plan.path).name
    try:
        users, shapes = load_locustfile(plan.path)
    except BaseException as error:  # whatever a file may raise, sys.exit() among it
        raise _Unusable(f"{name}:{_line(error, plan.path)}: cannot be imported ({type(error).__name__}: {error})") \
            from None
    if not users:
        raise _Unusable(f"{name}:1: no class of a Locust user in it (class ...(HttpUser) with a @task)")
    if shapes:
        shape = type(shapes[0])
        raise _Unusable(f"{name}:{_defined(shape)}: {shape.__name__} shapes the load, but the scenario's users, "
                        "spawn_rate and seconds do: take it out")
    idle = next((user for user in users.values() if not user.tasks), None)
    if idle is not None:
        raise _Unusable(f"{name}:{_defined(idle)}: class {idle.__name__} has no @task")
    environment = Environment(user_classes=list(users.values()), events=locust.events, host=plan.base_url,
                              stop_timeout=plan.timeout_seconds, parsed_options=_options())
    environment.certify = Handed(plan)  # type: ignore[attr-defined]
    return environment


def _options() -> Any:
    """Locust's defaults and those that the file declares: nothing of a locust.conf, nothing of a command line."""
    parser = get_empty_argument_parser(default_config_files=[])
    setup_parser_arguments(parser)  # type: ignore[no-untyped-call]
    locust.events.init_command_line_parser.fire(parser=parser)  # type: ignore[no-untyped-call]
    return parser.parse_known_args(args=[])[0]


def _defined(kind: type) -> int:
    """The line of a class in its file."""
    with suppress(OSError, TypeError):
        return inspect.getsourcelines(kind)[1]
    return 1


def _line(error: BaseException, path: str) -> int:
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno or 1
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return (lines[-1] if lines else 1) or 1


class _Fence:
    """Python's audit hook: connections to nobody but the hosts that the profile names."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        self.problem = ""
        self._open: set[tuple[str, int]] = set()
        for host in hosts:
            place = urlsplit(f"//{host}")
            for port in [place.port] if place.port else [80, 443]:
                found = socket.getaddrinfo(place.hostname, port, type=socket.SOCK_STREAM)
                self._open |= {(str(place.hostname), port), *((str(at[0]), int(at[1])) for *_, at in found)}

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not isinstance(arguments[1], tuple):
            return
        host, port = arguments[1][:2]
        if (host, port) not in self._open:
            self.problem = f"the locustfile wanted to connect to {host}:{port}, which is none of the profile's hosts"
            raise NotNamed(errno.EACCES, self.problem)


class _Counted:
    """Every request of the users, by name."""

    def __init__(self, plan: LocustPlan) -> None:
        self.problem = ""
        self.marked: Counter[str] = Counter()
        self.raised: Counter[str] = Counter()
        self._plan = plan
        self._tally = Tally()
        self._began = time.monotonic()
        self._per_second: Counter[int] = Counter()
        self._names: set[str] = set()
        self._busy = Busy()

    def on_request(self, *, request_type: str, name: str, response_time: float | None, response: Any = None,
                   exception: BaseException | None = None, **_: Any) -> None:
        """Locust's event, fired once a request."""
        key, took = self._key(request_type, name), max(0.0, response_time or 0.0)
        status = getattr(response, "status_code", 0) or 0
        failure = "" if status or exception is None else _kind(exception)
        if failure is None:
            self.raised[f"{type(exception).__name__} in a request to {key}"] += 1
            return
        outcome = failure or str(status or NO_STATUS)
        if status in (429, 503) and _header(response, "retry-after"):
            outcome += SHED
        if exception is not None and status and status < 400:
            self.marked[key] += 1
        self._count(key, outcome, int(took * 1000), answered=not failure)

    def watched(self, request: Callable[..., Any]) -> Callable[..., Any]:
        """A session's method, of whose calls Locust would tell nothing where they have no end."""
        @wraps(request)
        def watching(session: Any, method: str, url: str, **options: Any) -> Any:
            began = time.monotonic()
            try:
                return request(session, method, url, **options)
            except gevent.GreenletExit:  # the time is over, and so is the patience with tasks under way
                waited = time.monotonic() - began
                if waited >= self._plan.timeout_seconds:
                    self._count(self._key(method, options.get("name") or url), "timeout", int(waited * 1e6),
                                answered=False)
                raise

        return watching

    def _count(self, key: str, outcome: str, microseconds: int, *, answered: bool) -> None:
        second = max(0, int(time.monotonic() - self._began - microseconds / 1e6))
        self._per_second[second] += 1
        if self._per_second[second] > self._plan.most_per_second and not self.problem:
            self.problem = (f"the locustfile made more than {self._plan.most_per_second:g} requests in a second, which "
                            "is the profile's cap (2 x most_rounds_per_second), and was stopped")
        counts = self._tally.outcomes.setdefault(key, {})
        counts[outcome] = counts.get(outcome, 0) + 1
        part = self._tally.seconds.setdefault(second, Slice())
        part.asked += 1
        part.shed += outcome.endswith(SHED)
        part.failed += is_failure(outcome)
        if answered:
            part.answered += 1
            for histogram in (part.latency, self._tally.service, self._tally.latency.setdefault(key, Histogram())):
                histogram.add(microseconds)

    def on_user_error(self, *, exception: BaseException, tb: Any = None, **_: Any) -> None:
        """Locust's event: a task, or on_start, raised."""
        if isinstance(exception, NotNamed):
            return
        lines = [frame.lineno for frame in traceback.extract_tb(tb) if frame.filename == self._plan.path]
        place = f" at {Path(self._plan.path).name}:{lines[-1]}" if lines else ""
        if len(self.raised) < _MOST_NAMES:
            self.raised[f"{type(exception).__name__}{place}"] += 1

    def late(self, seconds: float) -> None:
        """This process woke so much later than it wanted to: as late its users see answers."""
        self._tally.lag.add(int(seconds * 1e6))

    def take(self) -> dict[str, Any]:
        """What there is to report since the last time."""
        taken, self._tally = self._tally, Tally()
        return {"tally": taken.to_line(), "busy": self._busy.share()}

    def _key(self, request_type: str, name: str) -> str:
        """What a request is told by: its name, without the query, which may hold what is nobody's business."""
        plain = name.partition("?")[0]
        key = f"{request_type} {plain}" if "/" in plain else plain or request_type
        if key not in self._names and len(self._names) >= _MOST_NAMES:
            return _OTHERS
        self._names.add(key)
        return key


def _header(response: Any, name: str) -> Any:
    headers = getattr(response, "headers", None)
    return headers.get(name) if headers is not None else None


def _kind(exception: BaseException) -> str | None:
    """The kind of failure, as storms call it; None where it is the locustfile's own, not the network's."""
    chain: list[BaseException] = []
    found: BaseException | None = exception
    while found is not None and found not in chain:
        chain.append(found)
        found = found.__cause__ or found.__context__
    if any(isinstance(e, NotNamed) for e in chain):
        return None
    for error in chain:
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            return "no_socket"
        if isinstance(error, TimeoutError | gevent.Timeout) or "Timeout" in type(error).__name__:
            return "timeout"
        if isinstance(error, ConnectionRefusedError):
            return "connect"
        if isinstance(error, ConnectionError | http.client.HTTPException):
            return "reset"
    network = isinstance(exception, OSError) or type(exception).__module__.startswith("geventhttpclient")
    return "network" if network else None
