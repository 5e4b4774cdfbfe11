"""A party that the harness plays towards the subject: an OAuth2 client with its headers and its keys."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from harness.contracts import packs
from harness.engine.ports import Request, Sender, Sent
from harness.engine.redaction import Redactor
from harness.model.errors import NoHook, Prerequisite
from harness.model.exchange import Exchange, parse_json
from harness.model.operations import Operation, operations
from harness.model.profile import ContractProfile, Credential

AUTO: Any = object()
"""Let the party choose (a fresh idempotency key, its own token)."""
_TOKEN = re.compile(r"[!-~]+")
"""What a header can carry."""
_LONGEST_LIFE = 10.0 ** 9
_BUSY = (429, 503)
_PATIENCE_SECONDS = 15.0
_SHORTEST_WAIT = 0.1
"""Retry-After: 0 means at once; at once, for ever, would be a storm."""


class Party:
    """Sends operations of the unified API as one client. Thread-safe; one instance serves many checks."""

    def __init__(self, actor: str, credential: Credential, *, base_url: str, known: Mapping[str, Operation],
                 profile: ContractProfile, sender: Sender, redactor: Redactor,
                 fresh: Callable[[str], str]) -> None:
        self.actor = actor
        self.credential = credential
        self._base_url = base_url.rstrip("/")
        self._known = known
        self._profile = profile
        self._sender = sender
        self._redactor = redactor
        self._fresh = fresh
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, float]] = {}
        self._busy_until = 0.0
        """Shared by all calls of this client, because a limit is."""

    def operation(self, name: str) -> Operation:
        """The operation of that id in the unified API.

        Raises:
            NoHook: a later release has it, and the target is certified by an earlier one.
            KeyError: no release of the unified API has such an operation (a typo in a suite).
        """
        if name not in self._known and name in operations(packs.openapi(packs.versions()[-1])):
            raise NoHook(f"the target's contract has no {name}, and without it this cannot be tried",
                         remedy=f'Certify it by the release that has it: contract = "{packs.versions()[-1]}"')
        return self._known[name]

    def call(self, operation: str, body: Any = None, *, path: Mapping[str, str] | None = None,
             query: Mapping[str, Any] | None = None, key: Any = AUTO, token: Any = AUTO,
             headers: Mapping[str, str | None] | None = None, raw: bytes | None = None,
             label: str = "", check: str = "") -> Exchange:
        """Send one operation and return the recorded exchange, whatever the answer is.

        `key`: AUTO sends a fresh idempotency key with writes, None sends none, a string sends that one.
        `token`: AUTO sends this party's token, None sends no Authorization, a string sends that token.
        `headers`: overrides; a value of None leaves a header out. `raw` replaces the JSON body.
        """
        return self.send(self.prepared(operation, body, path=path, query=query, key=key, token=token,
                                        headers=headers, raw=raw, label=label, check=check)).exchange

    def prepared(self, operation: str, body: Any = None, *, path: Mapping[str, str] | None = None,
                 query: Mapping[str, Any] | None = None, key: Any = AUTO, token: Any = AUTO,
                 headers: Mapping[str, str | None] | None = None, raw: bytes | None = None,
                 label: str = "", check: str = "") -> Request:
        """The request that `call` would send, unsent."""
        op = self.operation(operation)
        url = self._base_url + op.path
        for name, value in (path or {}).items():
            url = url.replace("{" + name + "}", quote(str(value), safe=""))
        if query:
            url += "?" + urlencode({k: v for k, v in query.items() if v is not None}, doseq=True)
        sent_headers = self._headers(op, body is not None or raw is not None, key, token, check)
        for name, override in (headers or {}).items():
            sent_headers = [(n, v) for n, v in sent_headers if n.lower() != name.lower()]
            if override is not None:
                sent_headers.append((name, override))
        content = raw if raw is not None else _encode(body)
        return Request(method=op.method, url=url, headers=tuple(sent_headers), body=content, check=check,
                       actor=self.actor, operation=operation, label=label)

    def call_keeping(self, member: str, operation: str, body: Any = None, *,
                     path: Mapping[str, str] | None = None, check: str = "") -> tuple[Exchange, str]:
        """Like `call`, and also the answer's secret `member`, which lives in memory only ("" if absent)."""
        sent = self.send(self.prepared(operation, body, path=path, check=check))
        answer = parse_json(sent.body.decode("utf-8", "replace"))
        secret = answer.get(member) if isinstance(answer, dict) else None
        if isinstance(secret, str) and secret.isprintable():  # others (lone surrogates) could sign nothing
            self._redactor.learn(secret)
            return sent.exchange, secret
        return sent.exchange, ""

    def again(self, exchange: Exchange, *, label: str = "", check: str = "",
              headers: Mapping[str, str | None] | None = None) -> Exchange:
        """The same request once more: same key, same body; a fresh trace id, as an honest retry has."""
        kept = [(n, v) for n, v in exchange.request_headers if n.lower() not in {"x-trace-id", "authorization"}]
        kept += [("X-Trace-Id", self._fresh("trace")), ("Authorization", f"Bearer {self.token(check=check)}")]
        for name, override in (headers or {}).items():
            kept = [(n, v) for n, v in kept if n.lower() != name.lower()]
            if override is not None:
                kept.append((name, override))
        body = exchange.request_body.encode("utf-8", "surrogateescape")
        return self.send(Request(method=exchange.method, url=exchange.url, headers=tuple(kept),
                                  body=body or None, check=check, actor=self.actor,
                                  operation=exchange.operation, label=label)).exchange

    def token(self, scope: str = "", *, check: str = "") -> str:
        """An access token (cached until shortly before it expires), narrowed to `scope` where given.

        Raises:
            Prerequisite: the token call did not answer 200 with an access token.
        """
        with self._lock:
            cached = self._tokens.get(scope)
            if cached and time.monotonic() < cached[1]:
                return cached[0]
            token, lifetime = self._issue(scope, check)
            self._tokens[scope] = (token, time.monotonic() + max(lifetime - 30.0, lifetime / 2))
            return token

    def signed(self, request: Request) -> Request:
        """A request that was made up elsewhere, with this client's credentials."""
        said = self.basic() if request.operation == "issueToken" else f"Bearer {self.token(check=request.check)}"
        return replace(request, headers=(*request.headers, ("Authorization", said)))

    def basic(self) -> str:
        """The client's credentials as an Authorization header (RFC 6749 2.3.1)."""
        basic = base64.b64encode(f"{self.credential.client_id}:{self.credential.secret}".encode()).decode()
        self._redactor.learn(basic)
        return f"Basic {basic}"

    def forget_tokens(self) -> None:
        """Ask for new tokens from now on (after a restart of the subject)."""
        with self._lock:
            self._tokens.clear()

    def send(self, request: Request, send: Callable[[Request], Sent] | None = None) -> Sent:
        """Send, and where the subject says "busy, come back in n seconds", come back: a limit is no finding.

        Every try is recorded. A wait that it does not name, or that would exceed our patience, ends the tries.
        `send` replaces the ordinary client.
        """
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while True:
            if (pause := self._busy_until - time.monotonic()) > 0:
                time.sleep(min(pause, _PATIENCE_SECONDS))
            sent = (send or self._sender.send)(request)
            wait = sent.exchange.retry_after() if sent.exchange.status in _BUSY else None
            if wait is None or time.monotonic() + wait > give_up:
                return sent
            self._busy_until = max(self._busy_until, time.monotonic() + max(wait, _SHORTEST_WAIT))

    def send_once(self, request: Request) -> Sent:
        """Send, and take what comes: to be told to come back is an answer like any other."""
        return self._sender.send(request)

    def _issue(self, scope: str, check: str) -> tuple[str, float]:
        op = self.operation("issueToken")
        form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        sent = self.send(Request(
            method=op.method, url=self._base_url + op.path, body=urlencode(form).encode(),
            headers=(("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", self.basic()),
                     ("X-Trace-Id", self._fresh("trace"))),
            check=check, actor=self.actor, operation="issueToken"))
        answer = parse_json(sent.body.decode("utf-8", "replace"))
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if sent.exchange.status != 200 or not isinstance(answer, dict) or not isinstance(token, str) \
                or not _TOKEN.fullmatch(token):
            unusable = " without a usable access_token" if sent.exchange.status == 200 else ""
            raise Prerequisite(
                f"no access token for {self.actor} ({self.credential.client_id}): the token call answered "
                f"{sent.exchange.status or sent.exchange.failure}{unusable}",
                remedy="Check the client id and secret of this party in certify.toml",
                exchanges=(sent.exchange.id,))
        self._redactor.learn(token)
        lifetime = answer.get("expires_in")
        if isinstance(lifetime, int | float) and abs(lifetime) < _LONGEST_LIFE:
            return token, float(lifetime)
        return token, 300.0

    def _headers(self, op: Operation, has_body: bool, key: Any, token: Any,
                 check: str) -> list[tuple[str, str]]:
        headers = [("Accept", "application/json"), ("X-Trace-Id", self._fresh("trace"))]
        if has_body:
            headers.append(("Content-Type", "application/json"))
        bearer = self.token(check=check) if token is AUTO else token
        if bearer is not None:
            headers.append(("Authorization", f"Bearer {bearer}"))
        if not op.sandbox_only:
            who = self.credential
            headers += [("X-Brand-Id", who.brand_id), ("X-Region", who.region),
                        ("X-Provider-Id", who.provider_id)]
        if op.write and key is not None:
            headers.append((self._profile.idempotency_header, self._fresh("key") if key is AUTO else key))
        return headers


def _encode(body: Any) -> bytes | None:
    return None if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
