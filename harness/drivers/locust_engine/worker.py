"""A worker of a storm: joins its master, takes its share, blows it, and tells what became of it."""

from __future__ import annotations

import platform
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import gevent
import locust.runners
import zmq
from locust.env import Environment

from harness.drivers.locust_engine.parent import Parent
from harness.drivers.locust_engine.release import release
from harness.drivers.locust_engine.share import Share
from harness.drivers.locust_engine.storm_user import LOOK_SECONDS, Storm, ease
from harness.model.storm import StormPlan

_CONNECT_TRIES = {True: 5, False: 2}
"""Of five seconds each, by whether it is a worker of this machine: that one may start before its master is ready."""
_REACH_SECONDS = 5.0
_SILENT_SECONDS = 8.0
"""A master says something each second; one that is silent for so long is gone, and wants no storm any more."""
_FAREWELL_SECONDS = 0.5
"""zmq sends in a thread of its own, and has no way to say that it has."""


def work(parent: Parent, order: Mapping[str, Any]) -> None:
    """Serve one storm; returns when it is over, or the master or the parent is gone.

    Raises:
        ConnectionError: what listens there does not speak Locust's protocol.
    """
    locust.runners.CONNECT_RETRY_COUNT = _CONNECT_TRIES[order["local"]]
    environment = Environment(user_classes=[Storm])
    runner = environment.create_worker_runner(order["host"], order["port"])
    runner.client.socket.setsockopt(zmq.LINGER, 1_000)  # nobody waits for ever for a master that is gone
    worker = _Worker(parent, runner, local=order["local"])
    try:
        worker.serve()
    finally:
        environment.events.quitting.fire(environment=environment)  # type: ignore[no-untyped-call]
        gevent.sleep(_FAREWELL_SECONDS)
        worker.runner.quit()


class _Worker:
    def __init__(self, parent: Parent, runner: Any, *, local: bool) -> None:
        self.runner = runner
        self._parent = parent
        self._local = local
        self._place = platform.node() or "a machine without a name"
        self._over = self._stopped = False
        self._began = time.time()
        for name, listener in {"storm": self._on_plan, "storm_stop": self._on_stop, "storm_ease": self._on_ease,
                               "storm_tokens": self._on_tokens, "storm_over": self._on_over,
                               "storm_refused": self._on_refused}.items():
            runner.register_message(name, listener)
        runner.environment.events.report_to_master.add_listener(self._on_report)
        Storm.on_begin = lambda: runner.send_message("storm_began", {})

    def serve(self) -> None:
        """From joining to the last report."""
        self.runner.send_message("storm_join", {"release": release(), "local": self._local, "place": self._place})
        self._parent.tell("joined")
        while not self._parent.stopped and not self._over and not self._master_is_gone() \
                and (Storm.share is None or not Storm.share.done):
            gevent.sleep(LOOK_SECONDS)
        share = Storm.share
        if share is None or not Storm.begun:
            return
        if not share.done:
            share.stop()
            if not self._stopped:
                share.problem = share.problem or f"ended early on {self._place}"
        while not share.done:
            gevent.sleep(LOOK_SECONDS)
        last, states, stopped = share.take(), share.states(), self._stopped
        self.runner.send_message("storm_ended", {"last": last, "states": states})
        self._parent.tell("blown", problem=states["problem"], stopped=stopped)

    def _master_is_gone(self) -> bool:
        heard = self.runner.last_heartbeat_timestamp or self._began
        if time.time() - heard < _SILENT_SECONDS:
            return False
        self._parent.tell("over", why="the run is gone")
        return True

    def _on_plan(self, environment: Environment, msg: Any) -> None:
        del environment
        try:
            plan = StormPlan.from_line(msg.data["plan"])
            share = Share(plan, msg.data["worker"], msg.data["workers"])
            if not self._local:
                _reach(plan.base_url)
        except (KeyError, TypeError, ValueError, OSError) as error:
            self.runner.send_message("storm_declined", {"why": str(error), "place": self._place})
            self._parent.tell("over", why=f"this machine cannot take its share: {error}")
            self._over = True
            return
        Storm.share = share
        self.runner.send_message("storm_taken", {})
        self._parent.tell("taken", worker=msg.data["worker"], workers=msg.data["workers"], base_url=plan.base_url,
                          seconds=plan.schedule.seconds, peak=plan.schedule.peak)

    def _on_stop(self, environment: Environment, msg: Any) -> None:
        del environment, msg
        self._stopped = True
        if Storm.begun and Storm.share is not None:
            Storm.share.stop()
        else:
            self._over = True

    def _on_ease(self, environment: Environment, msg: Any) -> None:
        del environment, msg
        if Storm.share is not None:
            ease(Storm.share)

    def _on_tokens(self, environment: Environment, msg: Any) -> None:
        del environment
        if Storm.share is not None:
            Storm.share.renew(msg.data["tokens"])

    def _on_over(self, environment: Environment, msg: Any) -> None:
        del environment
        if not Storm.begun:
            self._parent.tell("over", why=str(msg.data["why"]))
        self._over = self._stopped = True

    def _on_refused(self, environment: Environment, msg: Any) -> None:
        del environment
        self._parent.tell("refused", why=str(msg.data["why"]))
        self._over = True

    def _on_report(self, client_id: str, data: dict[str, Any]) -> None:
        del client_id
        if Storm.begun and Storm.share is not None and not Storm.share.done:
            data["storm"] = Storm.share.take()


def _reach(base_url: str) -> None:
    """Can the target be reached from here? Else every call of this worker's share would accuse it."""
    place = urlsplit(base_url)
    try:
        port = place.port or (443 if place.scheme == "https" else 80)
        socket.create_connection((place.hostname, port), _REACH_SECONDS).close()
    except OSError as error:
        raise OSError(f"it does not reach {base_url} ({error.strerror or error})") from None
