"""The process that Locust has for itself: alone, or as master or worker of many.

Its orders are lines of JSON on stdin, its reports lines of JSON on stdout: first the storm, then `{"tokens": [...]}`
as often as callers have new ones. A line "ease" lets no new round begin; any other line ("stop"), or the end of stdin,
ends it: a storm does not outlive the run that wanted it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import gevent
import locust.runners  # it patches the standard library, which is why this is a process of its own
from locust import User, task
from locust.env import Environment
from locust.exception import StopUser

from harness.drivers.locust_engine.share import Share, native_thread
from harness.model.storm import StormPlan

_REPORT_SECONDS = 0.5
_LOOK_SECONDS = 0.05
_WORKERS_WAIT_SECONDS = 30.0
_EASING_SECONDS = 5.0
"""For what is under way when no new round may begin; then it is let go."""


class Storm(User):
    """Locust's one user a process: it starts the pump, and is there until that has ended."""

    share: Share | None = None
    """This process's, once it knows its plan."""

    @task
    def blow(self) -> None:
        """One storm."""
        assert self.share is not None
        self.share.begin()
        while not self.share.done:
            gevent.sleep(_LOOK_SECONDS)
        raise StopUser


class _Parent:
    """What the parent orders; it is listened to by a native thread, because stdin blocks."""

    def __init__(self) -> None:
        self.stopped = self.eased = False
        self._tokens: deque[tuple[str, ...]] = deque()
        self._lines = os.fdopen(os.dup(0), "rb")

    def order(self) -> dict[str, Any]:
        """The first line."""
        order = json.loads(self._lines.readline() or b"{}")
        native_thread(self._listen)
        return dict(order)

    def _listen(self) -> None:
        for line in self._lines:
            if line == b"ease\n":
                self.eased = True
                continue
            try:
                self._tokens.append(tuple(json.loads(line)["tokens"]))
            except (KeyError, TypeError, ValueError):
                break
        self.stopped = True

    def renewed(self) -> Iterator[tuple[str, ...]]:
        """The callers' tokens, each time that there are new ones."""
        while self._tokens:
            yield self._tokens.popleft()

    @staticmethod
    def tell(event: str, **what: Any) -> None:
        """One line of report; a parent that is gone wants no storm any more."""
        try:
            sys.stdout.write(json.dumps({"event": event, **what}) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            os._exit(1)


def main() -> int:
    """Follow the orders; 0 when the storm has ended, whatever it brought."""
    logging.getLogger("locust").setLevel(logging.ERROR)
    locust.runners.WORKER_REPORT_INTERVAL = _REPORT_SECONDS
    parent = _Parent()
    order = parent.order()
    try:
        roles = {"alone": _alone, "master": _master, "worker": _worker}
        roles[order["role"]](parent, order)
    except (KeyError, TypeError, ValueError, OSError) as error:
        parent.tell("problem", text=f"{type(error).__name__}: {error}")
        return 1
    return 0


def _alone(parent: _Parent, order: Mapping[str, Any]) -> None:
    environment = Environment(user_classes=[Storm])
    share = Storm.share = Share(StormPlan.from_line(order["plan"]))
    runner = environment.create_local_runner()
    parent.tell("began", workers=1, unix=time.time())
    runner.start(1, spawn_rate=1)
    reported = time.monotonic()
    while not share.done:
        gevent.sleep(_LOOK_SECONDS)
        if parent.stopped:
            share.stop()
        elif parent.eased:
            _ease(share)
        for tokens in parent.renewed():
            share.renew(tokens)
        if time.monotonic() - reported > _REPORT_SECONDS:
            reported = time.monotonic()
            parent.tell("tally", **share.take())
    parent.tell("tally", **share.take())
    parent.tell("states", **share.states())
    runner.quit()
    parent.tell("ended")


def _master(parent: _Parent, order: Mapping[str, Any]) -> None:
    environment = Environment(user_classes=[Storm])
    runner = environment.create_master_runner(order["host"], order["port"])
    wanted, left, lost = order["workers"], set[str](), set[str]()
    numbers: dict[str, int] = {}
    refused: list[str] = []

    def on_report(client_id: str, data: dict[str, Any]) -> None:
        if "storm" in data and client_id in left:
            parent.tell("tally", **data["storm"])

    def on_end(environment: Environment, msg: Any) -> None:
        del environment
        parent.tell("tally", **msg.data["last"])
        parent.tell("states", **msg.data["states"])
        left.discard(msg.node_id)

    def on_refusal(environment: Environment, msg: Any) -> None:
        del environment
        refused.append(msg.data["text"])

    environment.events.worker_report.add_listener(on_report)  # type: ignore[no-untyped-call]
    runner.register_message("storm_ended", on_end)
    runner.register_message("storm_refused", on_refusal)
    parent.tell("listening", port=runner.server.port)
    give_up = time.monotonic() + _WORKERS_WAIT_SECONDS
    while len(runner.clients.ready) < wanted and not parent.stopped:
        if time.monotonic() > give_up:
            raise OSError(f"{len(runner.clients.ready)} of {wanted} workers came within {_WORKERS_WAIT_SECONDS:.0f} s")
        gevent.sleep(_LOOK_SECONDS)
    for number, client in enumerate(sorted(runner.clients.ready, key=lambda c: str(c.id))):
        numbers[client.id] = number
        left.add(client.id)
        runner.send_message("storm", {"plan": order["plan"], "worker": number, "workers": wanted}, client.id)
    parent.tell("began", workers=wanted, unix=time.time())
    runner.start(wanted, spawn_rate=wanted)
    told_to_stop = told_to_ease = False
    while left - lost:
        gevent.sleep(_LOOK_SECONDS)
        if parent.stopped and not told_to_stop:
            told_to_stop = True
            runner.send_message("storm_stop")
        for tokens in parent.renewed():
            runner.send_message("storm_tokens", {"tokens": tokens})
        if refused:
            raise OSError(refused[0])
        if parent.eased and not told_to_ease:
            told_to_ease = True
            runner.send_message("storm_ease")
        for client_id in left - lost:
            if client_id not in runner.clients or runner.clients[client_id].state == locust.runners.STATE_MISSING:
                lost.add(client_id)
                parent.tell("lost", worker=numbers[client_id])
    runner.quit()
    parent.tell("ended")


def _worker(parent: _Parent, order: Mapping[str, Any]) -> None:
    environment = Environment(user_classes=[Storm])
    runner = environment.create_worker_runner(order["host"], order["port"])

    def on_plan(environment: Environment, msg: Any) -> None:
        del environment
        try:
            Storm.share = Share(StormPlan.from_line(msg.data["plan"]), msg.data["worker"], msg.data["workers"])
        except (OSError, ValueError) as error:
            runner.send_message("storm_refused", {"text": str(error)})

    def on_tokens(environment: Environment, msg: Any) -> None:
        del environment
        if Storm.share is not None:
            Storm.share.renew(msg.data["tokens"])

    def on_stop(environment: Environment, msg: Any) -> None:
        del environment, msg
        if Storm.share is not None:
            Storm.share.stop()

    def on_ease(environment: Environment, msg: Any) -> None:
        del environment, msg
        if Storm.share is not None:
            _ease(Storm.share)

    def on_report(client_id: str, data: dict[str, Any]) -> None:
        del client_id
        if Storm.share is not None and not Storm.share.done:
            data["storm"] = Storm.share.take()

    runner.register_message("storm", on_plan)
    runner.register_message("storm_stop", on_stop)
    runner.register_message("storm_tokens", on_tokens)
    runner.register_message("storm_ease", on_ease)
    environment.events.report_to_master.add_listener(on_report)  # type: ignore[no-untyped-call]
    while not parent.stopped and (Storm.share is None or not Storm.share.done):
        gevent.sleep(_LOOK_SECONDS)
    if (share := Storm.share) is not None:
        share.stop()
        while not share.done:
            gevent.sleep(_LOOK_SECONDS)
        runner.send_message("storm_ended", {"last": share.take(), "states": share.states()})
        gevent.sleep(_REPORT_SECONDS)  # zmq sends in a thread of its own, and has no way to say that it has
    runner.quit()


def _ease(share: Share) -> None:
    if share.ease():
        gevent.spawn_later(_EASING_SECONDS, share.stop)


if __name__ == "__main__":
    sys.exit(main())
