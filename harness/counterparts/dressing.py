"""A made-up request made sendable: known identifiers, small sums, the caller's own headers, a signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote

from harness.counterparts.fuzz_cases import parsed
from harness.counterparts.lab import Lab
from harness.counterparts.party import Party
from harness.counterparts.supplies import Supplies
from harness.engine.ports import FuzzCase, Request
from harness.model import money
from harness.model.operations import Operation

_PLAIN = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_UNSENT = ("host", "content-length")
CALLER = ("X-Brand-Id", "X-Region", "X-Provider-Id")
"""Headers that say who calls: the coverage phase spoils each of them, random requests have ours."""
RANDOM_PHASES = ("fuzzing", "stateful")


class Dresser:
    """Turns cases into requests; what the fuzzer broke on purpose stays broken."""

    def __init__(self, lab: Lab, known: Mapping[str, Operation]) -> None:
        self._lab = lab
        self._operations = known

    def request(self, case: FuzzCase, supplies: Supplies, party: Party, *, supplied: bool) -> Request:
        """The request to send as the party; with `supplied` it names things that exist."""
        url = self._path(case, supplies) if supplied else case.url
        body = self._safe(case, self._body(case, supplies, supplied=supplied))
        headers = list(self._headers(case, party, body))
        return party.signed(Request(method=case.method, url=url, headers=tuple(headers), body=body, actor=party.actor,
                                    operation=case.operation, label=case.phase, check=self._lab.check))

    def _path(self, case: FuzzCase, supplies: Supplies) -> str:
        operation = self._operations.get(case.operation)
        names = re.findall(r"\{([^}]*)\}", operation.path) if operation else []
        if operation is None or not names or "path" in case.spoiled:
            return case.url
        path, mark, query = case.url.partition("?")
        pattern = "([^/]+)".join(map(re.escape, re.split(r"\{[^}]*\}", operation.path))) + "$"
        found = re.search(pattern, path)
        if found is None:
            return case.url
        url = path[:found.start()] + operation.path
        for name, made_up in zip(names, found.groups(), strict=True):
            url = url.replace("{" + name + "}", quote(self._known(case, supplies, name, unquote(made_up)), safe=""))
        return url + mark + query

    def _body(self, case: FuzzCase, supplies: Supplies, *, supplied: bool) -> bytes | None:
        """With `supplied` all that is known; what the call makes has an identifier of its own in any case."""
        body = parsed(case.body)
        if not isinstance(body, dict):
            return case.body
        changed = dict(body)
        for name, value in body.items():
            if isinstance(value, str) and (not case.spoiled or _PLAIN.fullmatch(value)):
                new = None if supplied else supplies.new(case.operation, name)
                changed[name] = self._known(case, supplies, name, value) if supplied else new or value
            elif supplied and isinstance(value, dict) and money.from_wire(value, self._lab.profile.money_form):
                changed[name] = supplies.amount()
        return case.body if changed == body else json.dumps(changed, separators=(",", ":")).encode()

    def _known(self, case: FuzzCase, supplies: Supplies, name: str, made_up: str) -> str:
        """A value that the platform knows; what a link carried over from an earlier answer stays."""
        if case.phase == "stateful" and supplies.seen(made_up):
            return made_up
        known = supplies.value(case.operation, name)
        return made_up if known is None else known

    def _safe(self, case: FuzzCase, body: bytes | None) -> bytes | None:
        """A made-up webhook URL would make the platform call a stranger: it becomes one of ours."""
        if case.operation != "createWebhookEndpoint" or not body or b"http" not in body:
            return body
        value = parsed(body)
        if not isinstance(value, dict) or not isinstance(value.get("url"), str) or ":" not in value["url"]:
            return body
        return json.dumps({**value, "url": self._lab.refusing_url()}).encode()

    def _headers(self, case: FuzzCase, party: Party, body: bytes | None) -> Iterator[tuple[str, str]]:
        who, profile = party.credential, self._lab.profile
        ours = dict(zip(CALLER, (who.brand_id, who.region, who.provider_id), strict=True))
        known = {name.lower(): value for name, value in ours.items()}
        known |= {"x-trace-id": self._lab.fresh("trace"), profile.idempotency_header.lower(): self._lab.fresh("key")}
        secret = who.signing_secret
        if case.operation == "publishEvent" and secret:
            stamp = str(int(time.time()))
            signed = hmac.new(secret.encode(), stamp.encode() + b"." + (body or b""), hashlib.sha256).hexdigest()
            known |= {profile.timestamp_header.lower(): stamp, profile.signature_header.lower(): signed}
        if case.phase in RANDOM_PHASES and not self._lab.target.foreign:
            made_up = {name.lower() for name, _ in case.headers}
            yield from ((name, value) for name, value in ours.items() if name.lower() not in made_up)
        for name, value in case.headers:
            if name.lower() in _UNSENT or name.lower() == "authorization":
                continue
            yield name, self._header(case, value, known.get(name.lower(), ""), is_trace=name.lower() == "x-trace-id")

    def _header(self, case: FuzzCase, made_up: str, known: str, *, is_trace: bool) -> str:
        """What a header says: what is known where the platform needs it, as long as what was made up."""
        if not known or ("header" in case.spoiled and not _PLAIN.fullmatch(made_up)):
            return made_up
        longer = made_up[len(known):] if is_trace or known.startswith("key-") else ""
        return known + ("-" + longer[1:] if longer else "")  # a digit after a numbered key is a later one's name
