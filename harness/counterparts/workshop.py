"""What all checks of one worker process share: parties, the webhook receiver, fresh identifiers."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.counterparts.foreign_party import ForeignParty
from harness.counterparts.hook_line import HookLine
from harness.counterparts.pact_desk import PactDesk
from harness.counterparts.party import Party
from harness.counterparts.wallet_link import WalletLink
from harness.counterparts.webhook_receiver import WebhookReceiver
from harness.engine.ports import (
    Explorer,
    Fuzzer,
    Hook,
    NeighbourWatching,
    Recorder,
    Request,
    Sender,
    StormBlower,
    Swarm,
)
from harness.engine.redaction import Redactor
from harness.model.errors import NoHook, Prerequisite
from harness.model.exchange import Exchange
from harness.model.operations import Operation
from harness.model.profile import Credential, Target

_RESTART_SECONDS = 30.0


@dataclass(kw_only=True)
class Workshop:
    """Shared by the checks of a worker; `close` undoes what was registered at the subject."""

    target: Target
    contract: Mapping[str, Any]
    known: Mapping[str, Operation]
    """Operations of the unified API, by operationId: what suites drive."""
    sender: Sender
    recorder: Recorder
    redactor: Redactor
    seed: int
    epoch: str
    """Random per run: keeps identifiers of two runs with one seed apart on a lasting target."""
    worker: str
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    """By name (`restart`): what the target profile declares beside the API."""
    explorer: Explorer | None = None
    """Makes up random plays."""
    blow: StormBlower | None = None
    """Blows storms."""
    neighbours: Callable[[str], NeighbourWatching] | None = None
    """Watches who else is busy where the target of that base URL stands on this machine."""
    swarm: Swarm | None = None
    """Runs locustfiles."""
    folders: Mapping[str, Path] = field(default_factory=dict)
    """By check, the folder of its file."""
    fuzzer: Fuzzer | None = None
    """Makes up requests for the operations of a contract."""
    fuzz_settings: Mapping[str, Any] = field(default_factory=dict)
    """What the user's settings of the fuzzer add."""
    new_sender: Callable[[], Sender] | None = None
    """Makes a sender with connections of its own."""
    unrecorded: Callable[[], Sender] | None = None
    """Makes one that records nothing, for what would make the journal too large: its answers are for memory only."""
    wallet: WalletLink | None = None
    """The platform's way to its wallet, where it can be put behind a line of ours."""
    pacts: PactDesk = field(default_factory=PactDesk)
    """The pacts of the run, and what verifies them."""
    budget: str = "standard"
    """How much to try where trying more finds more: quick, standard or full."""
    _parties: dict[str, Party] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _receiver: WebhookReceiver | None = None
    _registered: bool = False
    _endpoints: list[tuple[Party, str]] = field(default_factory=list)

    def fresh(self, kind: str) -> str:
        """An identifier that no other call, worker or run uses; derived from the seed and the epoch."""
        number = next(self._numbers)
        if kind == "trace":
            return hashlib.sha256(f"{self.seed}:{self.epoch}:{self.worker}:{number}".encode()).hexdigest()[:32]
        return f"{kind}-{self.epoch}-{self.worker}-{number}"

    def party(self, name: str) -> Party:
        """The party of that name in the target profile (provider, other, sibling, observer, admin).

        Raises:
            NoHook: the profile has no credentials for it.
        """
        with self._lock:
            if name not in self._parties:
                credential = self.target.credentials.get(name)
                if credential is None:
                    raise NoHook(f"the target profile has no credentials for {name!r}",
                                 remedy=f"Add [target.{self.target.name}.credentials.{name}] to certify.toml")
                self._parties[name] = self._party(name, credential, self.sender)
            return self._parties[name]

    def stranger(self, name: str) -> Party:
        """The party of that name with no token and, where the worker can make them, no connection yet."""
        sender = self.new_sender() if self.new_sender else self.sender
        return self._party(name, self.party(name).credential, sender)

    def _party(self, name: str, credential: Credential, sender: Sender) -> Party:
        made: dict[str, Any] = {"base_url": self.target.base_url, "known": self.known, "sender": sender,
                                "profile": self.target.profile, "redactor": self.redactor, "fresh": self.fresh}
        if self.target.foreign:
            return ForeignParty(name, credential, contract=self.contract, **made)
        return Party(name, credential, **made)

    def knock(self) -> Exchange:
        """A GET of the base URL by nobody: does anything answer there?"""
        return self.sender.send(Request(method="GET", url=self.target.base_url.rstrip("/") + "/",
                                        headers=(("Accept", "*/*"),))).exchange

    def refusing_url(self, status: int) -> str:
        """A URL of our own that answers every webhook delivery with this status, and records none."""
        return self._listening().refusing(status)

    def undo_endpoint(self, party: Party, endpoint: str) -> None:
        """Delete this endpoint when the worker ends."""
        with self._lock:
            self._endpoints.append((party, endpoint))

    def receiver(self) -> WebhookReceiver:
        """The worker's webhook receiver, with one endpoint for all events registered at the subject.

        Raises:
            NoHook: the profile's address is not ours to listen at. Prerequisite: the subject refuses the endpoint.
        """
        with self._lock:
            receiver = self._listening()
            if not self._registered:
                try:
                    self._register(receiver)
                except BaseException:
                    receiver.close()
                    self._receiver = None
                    raise
                self._registered = True
            return receiver

    def _listening(self) -> WebhookReceiver:
        with self._lock:
            if self._receiver is None:
                try:
                    self._receiver = WebhookReceiver(self.recorder, self.redactor, self.target.profile,
                                                     prefix=f"{self.worker}h", host=self.target.webhook_listen)
                except OSError as error:
                    raise NoHook(f"webhook_listen = {self.target.webhook_listen!r}: {error.strerror or error}",
                                 remedy="Name an address of this machine") from error
            return self._receiver

    @contextmanager
    def hook_line(self, event_types: Sequence[str]) -> Iterator[tuple[HookLine, str]]:
        """A webhook receiver for one scenario, and the id of its endpoint; both are gone afterwards.

        Raises:
            NoHook: the profile's address is not ours to listen at. Prerequisite: the subject refuses the endpoint.
        """
        with self._lock:
            try:
                line = HookLine(self.recorder, self.redactor, self.target.profile, host=self.target.webhook_listen,
                                prefix=f"{self.worker}r{next(self._numbers)}")
            except OSError as error:
                raise NoHook(f"webhook_listen = {self.target.webhook_listen!r}: {error.strerror or error}",
                             remedy="Name an address of this machine") from error
        try:
            endpoint, secret = self._endpoint(line.url, event_types)
            line.signed_with(secret)
            yield line, endpoint
            self.party("provider").call("deleteWebhookEndpoint", path={"endpoint_id": endpoint})
        finally:
            line.close()

    def _register(self, receiver: WebhookReceiver) -> None:
        url = receiver.path()
        _, secret = self._endpoint(url, ["*"])
        receiver.secret_of(url, secret)

    def _endpoint(self, url: str, event_types: Sequence[str]) -> tuple[str, str]:
        """(id, secret) of a new webhook endpoint; it is deleted when the worker ends, or before."""
        provider = self.party("provider")
        answer, secret = provider.call_keeping("secret", "createWebhookEndpoint",
                                               {"url": url, "event_types": list(event_types)})
        endpoint = answer.field("endpoint_id")
        if answer.status != 201 or not secret or not isinstance(endpoint, str):
            raise Prerequisite(f"createWebhookEndpoint answered {answer.status or answer.failure}",
                               remedy="The platform must accept the harness's receiver URL in its sandbox",
                               exchanges=(answer.id,))
        self._endpoints.append((provider, endpoint))
        return endpoint, secret

    def kill(self, check: str) -> None:
        """Kill the platform process: by the profile's hook `restart`, else through the sandbox administration.

        Raises:
            NoHook: the target has neither. Prerequisite: it refused.
        """
        if hook := self.hooks.get("restart"):
            hook()
            return
        answer = self.party("admin").call("restartSandbox", {"mode": "kill"}, check=check)
        if answer.status in (404, 405, 501):
            raise NoHook("the target offers no restart through /sandbox/restart",
                         remedy=f"Declare one: [target.{self.target.name}.hooks] restart = \"command\"",
                         exchanges=(answer.id,))
        if answer.answered and not 200 <= (answer.status or 0) < 300:
            raise Prerequisite(f"restartSandbox answered {answer.status}", exchanges=(answer.id,))

    def start_mark(self, check: str) -> Any:
        """What tells this start of the platform from the next one."""
        return self.party("admin").call("getSandboxInfo", token=None, check=check).field("started_at")

    def wait_restarted(self, before: Any, check: str) -> None:
        """Wait until the platform answers again with another start mark; Prerequisite when it does not."""
        deadline = time.monotonic() + _RESTART_SECONDS
        while time.monotonic() < deadline:
            info = self.party("admin").call("getSandboxInfo", token=None, check=check)
            if info.status == 200 and info.field("started_at") != before:
                self.forget_tokens()
                return
            time.sleep(0.05)  # the target has no event to wait for: it is dead
        raise Prerequisite(f"the target did not come back within {_RESTART_SECONDS:.0f} s after a restart",
                           remedy="getSandboxInfo must answer 200 with a new started_at")

    def forget_tokens(self) -> None:
        """Every party asks for new tokens from now on."""
        with self._lock:
            for party in self._parties.values():
                party.forget_tokens()

    def close(self) -> list[str]:
        """Undo: delete endpoints, stop the receiver. Returns what could not be undone, loudly reportable."""
        left = []
        for party, endpoint in self._endpoints:
            try:
                answer = party.call("deleteWebhookEndpoint", path={"endpoint_id": endpoint})
                if answer.status not in (200, 202, 204, 404):
                    left.append(f"webhook endpoint {endpoint} not deleted: {answer.status or answer.failure}")
            except Prerequisite as error:
                left.append(f"webhook endpoint {endpoint} not deleted: {error.message}")
        self._endpoints.clear()
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None
        return left
