"""Driving a foreign API: requests that worked once become templates for what every REST API must hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.counterparts.foreign_party import ForeignParty
from harness.counterparts.lab import Lab
from harness.engine.ports import FuzzCase, FuzzEffort, Request, Sent
from harness.model.errors import Prerequisite
from harness.model.exchange import Exchange
from harness.model.operations import (
    Operation,
    asks_for_credentials,
    idempotency_header,
    key_is_required,
    operations,
    takes_json,
    trace_header,
)

_EFFORT = FuzzEffort(examples=12, steps=2, seconds=15)
_ENOUGH = 2


class Foreign:
    """The operations of a foreign API that some request was carried out of, each with such requests."""

    def __init__(self, lab: Lab, wanted: Iterable[Operation]) -> None:
        self.lab = lab
        self.party = lab.provider
        self.operations = {o.id: o for o in wanted}
        self._worked: dict[str, list[Request]] = {}
        document = lab.contract
        paths = {o.path for o in self.operations.values()}
        only = {**document, "paths": {p: item for p, item in document["paths"].items() if p in paths}}
        if self.operations:
            lab.fuzzer(only, base_url=lab.target.base_url, phases=("examples", "fuzzing"),
                       seed=lab.random.getrandbits(31), effort=_EFFORT, send=self._try)
        if not self._worked:
            raise Prerequisite("no request to an operation that this is about was carried out",
                               remedy="Give the document examples that work, or look at the credentials")

    def templates(self) -> list[Request]:
        """One request an operation that was carried out, without credentials."""
        return [worked[0] for worked in self._worked.values()]

    def another(self, template: Request) -> Request | None:
        """Another request of the same operation that was carried out too, with a body of its own."""
        bodies = (r for r in self._worked[template.operation] if r.body != template.body)
        return next(bodies, None)

    def send(self, request: Request, label: str, *, credentials: str = "own") -> Exchange:
        """Send with credentials that are the party's "own", "garbage" or "none"."""
        asked = replace(request, label=label)
        if credentials == "own":
            asked = self.party.signed(asked)
        elif credentials == "garbage" and isinstance(self.party, ForeignParty):
            asked = self.party.signed(asked, garbage=True)
        return self.lab.send(asked, by=self.party).exchange

    def keyed(self, request: Request, key: str | None) -> Request:
        """The request under another idempotency key; None leaves it out."""
        name = idempotency_header(self.operations[request.operation])
        kept = tuple(h for h in request.headers if h[0].lower() != name.lower())
        return replace(request, headers=kept if key is None else (*kept, (name, key)))

    def _try(self, case: FuzzCase) -> Sent:
        made_up = tuple(h for h in case.headers if h[0].lower() not in ("authorization", "host", "content-length"))
        request = Request(method=case.method, url=case.url, headers=made_up, body=case.body,
                          actor=self.party.actor, operation=case.operation, check=self.lab.check, label="template")
        if case.operation in self.operations and idempotency_header(self.operations[case.operation]):
            request = self.keyed(request, self.lab.fresh("key"))
        sent = self.lab.send(self.party.signed(request), by=self.party)
        known = self._worked.get(case.operation, [])
        if 200 <= (sent.exchange.status or 0) < 300 and case.operation in self.operations and not case.spoiled \
                and len(known) < _ENOUGH and all(r.body != request.body for r in known):
            self._worked[case.operation] = [*known, request]
        return sent


def keyed_writes(lab: Lab) -> Foreign:
    """Operations that declare an idempotency header."""
    return Foreign(lab, [o for o in operations(lab.contract).values() if idempotency_header(o)])


def guarded(lab: Lab) -> Foreign:
    """Operations that cannot be called without credentials."""
    return Foreign(lab, [o for o in operations(lab.contract).values() if asks_for_credentials(lab.contract, o)])


def traced_calls(lab: Lab) -> tuple[Foreign, dict[str, str]]:
    """Operations that take a trace header and give it back, and its name by operation."""
    names = {o.id: trace_header(lab.contract, o) for o in operations(lab.contract).values()}
    return Foreign(lab, [o for o in operations(lab.contract).values() if names[o.id]]), names


def json_writes(lab: Lab) -> Foreign:
    """Operations that take a JSON body."""
    return Foreign(lab, [o for o in operations(lab.contract).values() if takes_json(lab.contract, o)])


def required_keys(lab: Lab) -> Foreign:
    """Operations whose document requires the idempotency header."""
    return Foreign(lab, [o for o in operations(lab.contract).values() if key_is_required(o)])
