"""What a consumer's request becomes before it is sent to the target: who calls and which call it is, nothing else.

A pact is written once and played for years: its token, trace id and idempotency key are examples, and the brand, region
and provider in it are those of whoever wrote it. What the pact generates, or tests the lack of, is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from harness.counterparts.lab import Lab
from harness.counterparts.party import Party
from harness.counterparts.publishing import OPERATION, sign
from harness.engine.ports import Request
from harness.model.exchange import Headers
from harness.model.operations import Operation, speaks_of_the_call
from harness.model.pact import Interaction

_STANDARD_KEY = "x-idempotency-key"
_TRACE = "x-trace-id"
_LINE = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "keep-alive", "te",
                   "trailer", "upgrade", "proxy-authorization", "proxy-connection"})
"""Headers of the line to us, not of the request."""
_VERIFIER = "pact_verifier/"
_MALFORMED, _UNAUTHENTICATED, _FORBIDDEN = 400, 401, 403


class Forwarder:
    """Makes requests that the target can take; one a run of pacts."""

    def __init__(self, lab: Lab, party: Party) -> None:
        self._lab = lab
        self._party = party

    def request(self, one: Interaction, operation: Operation | None, method: str, target: str, headers: Headers,
                body: bytes) -> Request:
        """The request to send; `target` is path and query as the verifier sent them.

        Raises:
            Prerequisite: no access token could be had.
        """
        kept = [(n, v) for n, v in headers if n.lower() not in _LINE
                and not (n.lower() == "user-agent" and v.startswith(_VERIFIER))]
        made = [pair for pair in (self._header(one, n, v) for n, v in kept) if pair is not None]
        made += self._missing(one, operation, {n.lower() for n, _ in made})
        made += self._signature(operation, made, body)
        request = Request(method=method, url=self._lab.target.base_url.rstrip("/") + target, headers=tuple(made),
                          body=body or None, check=self._lab.check, actor=self._party.actor, label="pact",
                          operation=operation.id if operation else "")
        if one.expected_status == _UNAUTHENTICATED or generated(one, "authorization"):
            return request
        return self._party.signed(request)

    def _header(self, one: Interaction, name: str, value: str) -> tuple[str, str] | None:
        """What becomes of a header that the consumer sends; None: it goes."""
        profile, low = self._lab.profile, name.lower()
        if low == "authorization" and one.expected_status != _UNAUTHENTICATED and not generated(one, low):
            return None  # ours comes in its place
        foreign = self._lab.target.foreign
        if low in (_STANDARD_KEY, profile.idempotency_header.lower()) or (foreign and _names_a_key(low)):
            wanted = name if foreign or low != _STANDARD_KEY else profile.idempotency_header
            return wanted, value if generated(one, low) or one.expected_status == _MALFORMED else self._lab.fresh("key")
        if generated(one, low):
            return name, value
        if low == _TRACE and one.expected_status != _MALFORMED and not echoed(one, low, value):
            return name, self._lab.fresh("trace")
        ours = self._caller().get(low)
        return name, ours if ours and one.expected_status not in (_MALFORMED, _UNAUTHENTICATED, _FORBIDDEN) else value

    def _caller(self) -> Mapping[str, str]:
        who = self._party.credential
        return {} if self._lab.target.foreign else {
            "x-brand-id": who.brand_id, "x-region": who.region, "x-provider-id": who.provider_id}

    def _missing(self, one: Interaction, operation: Operation | None, there: set[str]) -> list[tuple[str, str]]:
        """Headers that the contract asks of every caller, and that the consumer's test left to its own client."""
        refused = (_MALFORMED, _UNAUTHENTICATED, _FORBIDDEN)
        if self._lab.target.foreign or operation is None or one.expected_status in refused:
            return []
        wanted = {_TRACE: ("X-Trace-Id", self._lab.fresh("trace"))}
        if not operation.sandbox_only and operation.id != "issueToken":
            names = {"x-brand-id": "X-Brand-Id", "x-region": "X-Region", "x-provider-id": "X-Provider-Id"}
            wanted |= {low: (names[low], value) for low, value in self._caller().items()}
        if operation.write:
            key = self._lab.profile.idempotency_header
            wanted[key.lower()] = (key, self._lab.fresh("key"))
        return [pair for low, pair in wanted.items() if low not in there]

    def _signature(self, operation: Operation | None, made: list[tuple[str, str]], body: bytes
                   ) -> list[tuple[str, str]]:
        """What is published is signed by who publishes it: a signature in a pact is an example, too."""
        secret, profile = self._party.credential.signing_secret, self._lab.profile
        if operation is None or operation.id != OPERATION or not secret:
            return []
        ours = (profile.signature_header.lower(), profile.timestamp_header.lower())
        made[:] = [(name, value) for name, value in made if name.lower() not in ours]
        stamp = str(int(time.time()))
        return [(profile.timestamp_header, stamp), (profile.signature_header, sign(secret, stamp, body))]


def _names_a_key(header: str) -> bool:
    """Is it an idempotency key under whatever name?"""
    return speaks_of_the_call(header) and header.endswith("key")


def generated(one: Interaction, header: str) -> bool:
    """Does the pact make the header's value itself: from a provider state, or at random?"""
    return _has(_part(one.request, "generators", "header"), header)


def echoed(one: Interaction, header: str, value: str) -> bool:
    """Does the consumer need exactly that value back?"""
    response = one.document.get("response")
    answer = response if isinstance(response, Mapping) else {}
    back = next((v for n, v in _part(answer, "headers").items() if str(n).lower() == header), None)
    return value in (back if isinstance(back, list) else [back]) and \
        not _has(_part(answer, "matchingRules", "header"), header)


def _part(document: Mapping[str, Any], *members: str) -> Mapping[str, Any]:
    for member in members:
        inner = document.get(member)
        document = inner if isinstance(inner, Mapping) else {}
    return document


def _has(rules: Mapping[str, Any], header: str) -> bool:
    """Is there a rule for the header? `X-A`, `X-A[0]` and `$.X-A` are ways to name it."""
    return any(str(name).lower().removeprefix("$.").partition("[")[0] == header for name in rules)
