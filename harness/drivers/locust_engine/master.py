"""The master of a storm: waits for its workers, gives each its share, and notices one that is gone.

It speaks Locust's own protocol, with messages of its own beside Locust's: a worker says which certify it is
(`storm_join`), gets plan and number (`storm`), says that it is ready (`storm_taken`) or cannot (`storm_declined`),
begins when Locust spawns its one user (`storm_began`), and hands over what became of it (`storm_ended`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import gevent
from locust.env import Environment
from locust.exception import RPCError
from locust.runners import STATE_MISSING
from zmq import LINGER, ZMQError

from harness.drivers.locust_engine.parent import Parent
from harness.drivers.locust_engine.release import release
from harness.drivers.locust_engine.storm_user import LOOK_SECONDS, Storm

_TAKING_SECONDS = 30.0
_FAREWELL_SECONDS = 0.3
"""zmq sends in a thread of its own, and has no way to say that it has."""


class _Unblown(Exception):
    """The storm cannot be blown; why, and what to do."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


def lead(parent: Parent, order: Mapping[str, Any]) -> None:
    """Lead one storm to its end, and tell the parent all that comes of it."""
    master = None
    try:
        master = _Master(parent, order)
        master.gather()
        master.hand_out()
        if parent.stopped:
            raise _Unblown("the storm was stopped before it had begun", "Run again")
        master.blow()
    except _Unblown as error:
        parent.tell("unblown", text=str(error), remedy=error.remedy)
    else:
        parent.tell("ended")
    finally:
        if master is not None:
            master.end()


class _Master:
    def __init__(self, parent: Parent, order: Mapping[str, Any]) -> None:
        self._parent = parent
        self._order = order
        self._wanted = {True: order["local"], False: order["elsewhere"]}
        """How many workers, by whether they are on this machine."""
        self._joined: dict[str, bool] = {}
        self._refused: list[str] = []
        self._numbers: dict[str, int] = {}
        self._taken: set[str] = set()
        self._declined: list[str] = []
        self._began: dict[str, float] = {}
        self._left: set[str] = set()
        self._lost: set[str] = set()
        self._release = release()
        self._environment = Environment(user_classes=[Storm])
        try:
            self._runner = self._environment.create_master_runner(order["host"], order["port"])
        except (SystemExit, RPCError, ZMQError) as error:  # Locust leaves the process where the port is taken
            why = "the port is in use" if isinstance(error, SystemExit) else str(error)
            raise _Unblown(f"cannot listen for storm workers at {order['host']}:{order['port']}: {why}",
                           "Name another address of this machine: --storm-listen HOST:PORT") from None
        self._runner.server.socket.setsockopt(LINGER, 1_000)  # nobody waits for ever for a worker that is gone
        heard: dict[str, Callable[[str, dict[str, Any]], None]] = {
            "storm_join": self._on_join, "storm_taken": self._on_taken, "storm_declined": self._on_declined,
            "storm_began": self._on_began, "storm_ended": self._on_ended}
        for name, listener in heard.items():
            self._runner.register_message(name, _unwrapped(listener))
        self._environment.events.worker_report.add_listener(self._on_report)  # type: ignore[no-untyped-call]
        parent.tell("listening", host=order["host"], port=self._runner.server.port)

    # -- what workers say -----------------------------------------------------------------------------
    def _on_join(self, client_id: str, data: dict[str, Any]) -> None:
        local, place = data["local"] is True, str(data["place"])
        why = ""
        if data["release"] != self._release:
            why = f"this is certify {data['release']}, the run's is {self._release}: install the same on both"
            self._refused.append(f"{place} runs certify {data['release']}, not {self._release}")
        elif self._numbers or self._came(local) >= self._wanted[local]:
            self._say(client_id, "storm_over", why="all workers of this storm are there")
            self._forget(client_id)
            return
        if why:
            self._say(client_id, "storm_refused", why=why)
            self._forget(client_id)
            return
        self._joined[client_id] = local

    def _on_taken(self, client_id: str, data: dict[str, Any]) -> None:
        del data
        self._taken.add(client_id)

    def _on_declined(self, client_id: str, data: dict[str, Any]) -> None:
        del client_id
        self._declined.append(f"{data['place']}: {data['why']}")

    def _on_began(self, client_id: str, data: dict[str, Any]) -> None:
        del data
        self._began.setdefault(client_id, time.monotonic())

    def _on_report(self, client_id: str, data: dict[str, Any]) -> None:
        if "storm" in data and client_id in self._left:
            self._parent.tell("tally", **data["storm"])

    def _on_ended(self, client_id: str, data: dict[str, Any]) -> None:
        if client_id in self._left:
            self._parent.tell("tally", **data["last"])
            self._parent.tell("states", **data["states"])
            self._left.discard(client_id)

    # -- the steps of a storm -------------------------------------------------------------------------
    def gather(self) -> None:
        """Wait until all workers are there; _Unblown when they do not come in time."""
        give_up = time.monotonic() + self._order["wait"]
        while not self._parent.stopped:
            for client_id in [c for c in self._joined if self._is_gone(c)]:
                del self._joined[client_id]
            if all(self._came(local) == wanted for local, wanted in self._wanted.items()):
                return
            if time.monotonic() > give_up:
                raise _Unblown(self._too_few(), self._how_to_come())
            gevent.sleep(LOOK_SECONDS)

    def hand_out(self) -> None:
        """Give every worker the plan and its number, and wait until all are ready; _Unblown when one cannot."""
        workers = len(self._joined)
        for number, client_id in enumerate(sorted(self._joined)):
            self._numbers[client_id] = number
            self._say(client_id, "storm", plan=self._order["plan"], worker=number, workers=workers)
        give_up = time.monotonic() + _TAKING_SECONDS
        while not self._parent.stopped and len(self._taken) < workers:
            gone = [c for c in self._joined if self._is_gone(c)]
            if self._declined or gone or time.monotonic() > give_up:
                why = self._declined[0] if self._declined else "it went before it had said that it is ready"
                raise _Unblown(f"a storm worker cannot take its share: {why}", "Mend it there, and run again")
            gevent.sleep(LOOK_SECONDS)

    def blow(self) -> None:
        """Let all begin at once, and follow them to the end."""
        self._left = set(self._numbers)
        for client_id in set(self._runner.clients) - self._left:  # not ours: nothing is spawned there
            self._forget(client_id)
        workers = len(self._numbers)
        self._parent.tell("began", workers=workers, unix=time.time())
        told = time.monotonic()
        self._runner.start(workers, spawn_rate=workers)
        stopping = easing = False
        while self._left - self._lost:
            gevent.sleep(LOOK_SECONDS)
            if self._parent.stopped and not stopping:
                stopping = True
                self._runner.send_message("storm_stop")
            elif self._parent.eased and not easing:
                easing = True
                self._runner.send_message("storm_ease")
            for tokens in self._parent.renewed():
                self._runner.send_message("storm_tokens", {"tokens": tokens})
            for client_id in self._left - self._lost:
                if self._is_gone(client_id):
                    self._lost.add(client_id)
                    self._parent.tell("lost", worker=self._numbers[client_id])
        if len(self._began) == workers:
            self._parent.tell("apart", seconds=max(self._began.values()) - told)

    def end(self) -> None:
        """Tell everybody that is there that it is over, and leave."""
        self._runner.send_message("storm_over", {"why": "the run has ended the storm"})
        gevent.sleep(_FAREWELL_SECONDS)
        self._runner.quit()

    # -------------------------------------------------------------------------------------------------
    def _came(self, local: bool) -> int:
        return sum(where is local for where in self._joined.values())

    def _is_gone(self, client_id: str) -> bool:
        clients = self._runner.clients
        return client_id not in clients or bool(clients[client_id].state == STATE_MISSING)

    def _say(self, client_id: str, message: str, **data: Any) -> None:
        self._runner.send_message(message, data, client_id)

    def _forget(self, client_id: str) -> None:
        if client_id in self._runner.clients:
            del self._runner.clients[client_id]

    def _too_few(self) -> str:
        elsewhere, local = self._wanted[False], self._wanted[True]
        came = f"{self._came(False)} of {elsewhere} storm workers came to {self._order['host']}:{self._order['port']}" \
            if elsewhere else f"{self._came(True)} of {local} local storm workers came"
        return "; ".join([f"{came} within {self._order['wait']:.0f} s", *dict.fromkeys(self._refused)])

    def _how_to_come(self) -> str:
        if not self._wanted[False]:
            return "Try again with fewer --storm-processes"
        host = "<this machine>" if self._order["host"] == "0.0.0.0" else self._order["host"]  # noqa: S104 - compared
        return f"On each other machine: certify storm-worker {host}:{self._order['port']}"


def _unwrapped(listener: Callable[[str, dict[str, Any]], None]) -> Callable[..., None]:
    """A listener as Locust calls it."""
    def on_message(environment: Environment, msg: Any) -> None:
        del environment
        listener(msg.node_id, msg.data or {})

    return on_message
