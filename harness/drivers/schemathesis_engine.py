"""Schemathesis behind one adapter: it makes up requests, our own client sends them, our judges decide.

The engine is embedded through `schemathesis.engine.from_schema`, which is not documented API: the version is pinned
to a minor one, and tests/drivers/test_schemathesis_engine.py is the contract of what is used here. Not
`schema.parametrize`, which stops at the first failure of an operation.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import requests
import schemathesis
from schemathesis.core.transport import Response
from schemathesis.engine import Status, events, from_schema
from schemathesis.generation import GenerationMode, metrics
from schemathesis.transport.requests import RequestsTransport

from harness.drivers.hypothesis_home import borrowed_home
from harness.engine.ports import FuzzCase, FuzzEffort, Sent

CHECKS: Mapping[str, str] = {
    "not_a_server_error": "", "status_code_conformance": "", "content_type_conformance": "",
    "response_headers_conformance": "", "response_schema_conformance": "", "negative_data_rejection": "",
    "positive_data_acceptance": "a business refusal (no funds, wrong state, a limit) of valid data is right",
    "missing_required_header": "our transport supplies what every call needs; CONT-05 and IDEM-02 decide headers",
    "ignored_auth": "credentials are supplied below the engine; SEC-01 decides them",
    "unsupported_method": "a gateway may answer other methods before the platform sees them",
    "allow_header_conformance": "routers of one method a route list that method only",
    "use_after_free": "what was closed or rolled back stays readable: money leaves a trace",
    "ensure_resource_availability": "what was accepted with 202 may show a little later",
}
"""Schemathesis's checks: "" is on, else the reason why it is wrong for an idempotent money API."""
_OURS = {"x-schemathesis-testcaseid", "user-agent", "accept", "accept-encoding", "connection", "content-length",
         "host"}


def fuzz(document: Mapping[str, Any], *, base_url: str, phases: Collection[str], seed: int, effort: FuzzEffort,
         send: Callable[[FuzzCase], Sent], settings: Mapping[str, Any] | None = None) -> Mapping[str, int]:
    """Satisfies `engine.ports.Fuzzer`; one worker thread, so that a seed gives the same requests again."""
    config = schemathesis.Config.from_dict(_settings(phases, seed, effort, settings or {}))
    schema: Any = schemathesis.openapi.from_dict(dict(document), config=config)
    schema.config.update(base_url=base_url)
    transport = _Through(send)
    transport._copy_serializers_from(schema.transport)
    kind = schema.__class__
    schema.__class__ = type(kind.__name__, (kind,), {"transport": property(lambda _: transport)})
    metrics.maximize = _lean_nowhere
    with borrowed_home():
        return _driven(from_schema(schema).execute(), time.monotonic() + effort.seconds)


def _lean_nowhere(*_: Any, **__: Any) -> None:
    """In place of the engine's leaning towards what the target accepts, which costs an eighth of the time.

    What the platform knows comes from our supplies, and the same seed asks nearly the same after a mend.
    """


def _driven(stream: Any, deadline: float) -> dict[str, int]:
    complaints: Counter[str] = Counter()
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            complaints.update(node.name for nodes in event.recorder.checks.values() for node in nodes
                              if node.status is Status.FAILURE)
        if time.monotonic() > deadline:
            stream.stop()
    return dict(complaints)


def _settings(phases: Collection[str], seed: int, effort: FuzzEffort, users: Mapping[str, Any]) -> dict[str, Any]:
    """The engine's configuration: the user's counts where they are higher, ours in all that decides the control."""
    known = ("examples", "coverage", "fuzzing", "stateful")
    chosen: dict[str, Any] = {phase: {"enabled": phase in phases} for phase in known}
    for phase in ("examples", "coverage", "fuzzing"):  # what is known comes from our supplies
        chosen[phase]["extra-data-sources"] = {"responses": False}
    chosen["fuzzing"]["error-feedback"] = {"enabled": False}
    chosen["stateful"]["max-steps"] = max(effort.steps, users.get("max-steps", 0))
    generation = dict(users.get("generation", {}))
    generation["max-examples"] = max(effort.examples, generation.get("max-examples", 0))
    return {"seed": seed, "workers": 1, "cache": {"enabled": False}, "continue-on-failure": True,
            "generation": {**generation, "database": "none", "no-shrink": True}, "phases": chosen,
            "parameters": dict(users.get("parameters", {})),
            "checks": {name: {"enabled": not why} for name, why in CHECKS.items()}}


class _Through(RequestsTransport):
    """Sends through our own client: its limits, its redaction and its journal hold for fuzzing too."""

    def __init__(self, send: Callable[[FuzzCase], Sent]) -> None:
        super().__init__()
        self._send = send

    def send(self, case: Any, *, session: Any = None, **options: Any) -> Response:
        """One case; a failure of the line is raised as requests would."""
        del session
        kept = {name: options[name] for name in ("base_url", "headers", "params", "cookies") if name in options}
        data = self.serialize_case(case, **kept)
        request = requests.Request(**{k: data[k] for k in ("method", "url", "headers", "params", "data", "json",
                                                           "files", "cookies") if k in data}).prepare()
        raw = request.body.encode() if isinstance(request.body, str) else request.body
        body = raw if raw and isinstance(raw, bytes) else None
        sent = self._send(FuzzCase(
            operation=str(case.operation.definition.raw.get("operationId") or case.operation.label),
            method=str(request.method), url=str(request.url), body=body, spoiled=_spoiled(case),
            headers=tuple((_text(n), _text(v)) for n, v in request.headers.items() if _text(n).lower() not in _OURS),
            phase=case.meta.phase.name.value if case.meta else ""))
        exchange = sent.exchange
        if not exchange.answered:
            kind = requests.Timeout if exchange.failure == "timeout" else requests.ConnectionError
            raise kind(exchange.failure, request=request)
        headers: dict[str, list[str]] = {}
        for name, value in exchange.response_headers:
            headers.setdefault(name, []).append(value)
        return Response(exchange.status or 0, headers, sent.body, request, exchange.seconds, verify=True)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _spoiled(case: Any) -> frozenset[str]:
    """Where the generator went against the contract."""
    if case.meta is None:
        return frozenset()
    found = {str(location.value) for location, info in case.meta.components.items()
             if info.mode is GenerationMode.NEGATIVE}
    if not found and case.meta.generation.mode is GenerationMode.NEGATIVE:
        found = {"body", "query", "header", "path"}  # the request's shape itself: left as it is
    return frozenset(found)
