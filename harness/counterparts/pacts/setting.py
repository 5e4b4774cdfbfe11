"""Setting provider states: certify's own, all others by the target's hook; what failed once is not tried again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from harness.counterparts.lab import Lab
from harness.counterparts.pact_desk import StateHook
from harness.counterparts.pacts.states import STATES, Given, UnknownValue
from harness.engine.ports import Request
from harness.model.errors import CheckStopped, NoHook, Prerequisite
from harness.model.exchange import parse_json
from harness.model.outcome import Owner
from harness.model.pact import State


class Unset(Exception):
    """A state could not be set up; `owner` has to act."""

    def __init__(self, why: str, owner: Owner, exchanges: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.owner = owner
        self.exchanges = exchanges


class Setting:
    """Sets states up and takes them down; thread-safe."""

    def __init__(self, lab: Lab, hook: StateHook | None = None) -> None:
        self._lab = lab
        self._hook = hook
        self._failed: dict[str, Unset] = {}
        self._lock = threading.Lock()

    def unknown(self, state: State) -> str:
        """Why nobody here can set it up; "" where somebody can."""
        if state.name in STATES and not self._lab.target.foreign:
            return ""
        if self._hook is not None:
            return ""
        name = self._lab.target.name
        return f"nobody can set up {state.name!r}: declare [target.{name}.pact] states = \"URL\" or states_command"

    def alone(self, state: State) -> bool:
        """Must it be set up while no other is? A hook may know one state at a time."""
        return state.name not in STATES or self._lab.target.foreign

    def up(self, state: State) -> Mapping[str, Any]:
        """Set it up; its values.

        Raises:
            Unset: it could not be set up, now or before.
        """
        if why := self.unknown(state):
            raise Unset(why, Owner.PROFILE)
        name = json.dumps([state.name, state.params], sort_keys=True, default=str)
        with self._lock:
            known = self._failed.get(name)
        if known is not None:
            raise known
        try:
            return self._made(state)
        except Unset as unset:
            with self._lock:
                self._failed[name] = unset
            raise

    def down(self, state: State) -> None:
        """Take it down: a hook is told; what certify makes is of its own and disturbs nobody."""
        if self._hook is not None and self.alone(state):
            try:
                self._hook({"state": state.name, "params": dict(state.params), "action": "teardown"})
            except CheckStopped as stopped:
                self._lab.record("note", {"text": f"not undone: provider state {state.name!r}: {stopped.message}"})

    def _made(self, state: State) -> Mapping[str, Any]:
        try:
            if self.alone(state):
                assert self._hook is not None
                return self._hook({"state": state.name, "params": dict(state.params), "action": "setup"})
            return STATES[state.name](self._lab, Given(state.params))
        except UnknownValue as error:
            raise Unset(f"state {state.name!r}: {error}", Owner.PROFILE) from None
        except NoHook as stopped:
            raise Unset(f"state {state.name!r}: {stopped.line()}", Owner.PROFILE, stopped.exchanges) from None
        except CheckStopped as stopped:
            raise Unset(f"state {state.name!r}: {stopped.line()}",
                        Owner.PROFILE if self.alone(state) else Owner.SUBJECT, stopped.exchanges) from None


def hook_at(url: str, send: Callable[[Request], Any], check: str) -> StateHook:
    """Posts to the URL as Pact's verifiers do; Prerequisite for anything but 2xx with nothing or an object."""
    def ask(told: Mapping[str, Any]) -> Mapping[str, Any]:
        sent = send(Request(method="POST", url=url, body=json.dumps(told).encode(), check=check, actor="states",
                            operation="setProviderState", headers=(("Content-Type", "application/json"),)))
        exchange = sent.exchange
        if not exchange.answered or not 200 <= (exchange.status or 0) < 300:
            raise Prerequisite(f"{told['action']} at the states hook answered {exchange.status or exchange.failure}",
                               exchanges=(exchange.id,))
        return values_of(sent.body, exchange.id)

    return ask


def values_of(raw: bytes, *exchanges: str) -> Mapping[str, Any]:
    """The values in what a hook said: an object, or nothing."""
    if not raw.strip():
        return {}
    values = parse_json(raw.decode("utf-8", "replace"))
    if not isinstance(values, dict):
        raise Prerequisite("the states hook answered something else than a JSON object", exchanges=exchanges)
    return values
