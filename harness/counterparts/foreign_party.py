"""A client of a foreign API: it says who it is in the way that the API's OpenAPI document asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from harness.counterparts.party import Party
from harness.counterparts.schemes import Scheme, basic, presented, scheme_of
from harness.engine.ports import Request, Sender
from harness.engine.redaction import Redactor
from harness.model.errors import Prerequisite
from harness.model.exchange import parse_json
from harness.model.operations import Operation
from harness.model.profile import ContractProfile, Credential


class ForeignParty(Party):
    """Like `Party`, for any REST API; the credential holds a token or key, or a client id and secret."""

    def __init__(self, actor: str, credential: Credential, *, contract: Mapping[str, Any], base_url: str,
                 known: Mapping[str, Operation], profile: ContractProfile, sender: Sender, redactor: Redactor,
                 fresh: Callable[[str], str]) -> None:
        super().__init__(actor, credential, base_url=base_url, known=known, profile=profile, sender=sender,
                         redactor=redactor, fresh=fresh)
        self._contract = contract
        self._url = base_url
        self._issued: dict[str, str] = {}

    def signed(self, request: Request, *, garbage: bool = False) -> Request:
        """The request with this client's credentials, or with some that nobody was ever given."""
        operation = self._known.get(request.operation)
        scheme = scheme_of(self._contract, operation, self._url) if operation else None
        secret = "not-a-credential-of-anybody" if garbage else self._secret(scheme, request.check)
        url, headers = presented(scheme, secret, request.url)
        return replace(request, url=url, headers=(*request.headers, *headers))

    def forget_tokens(self) -> None:
        """Ask for new tokens from now on."""
        self._issued.clear()

    def _secret(self, scheme: Scheme | None, check: str) -> str:
        who = self.credential
        if scheme is None:
            return ""
        if scheme.kind == "oauth2" and not who.token:
            return self._token(scheme, check)
        secret = basic(who) if scheme.kind == "basic" else who.token or who.secret
        self._redactor.learn(secret)
        return secret

    def _token(self, scheme: Scheme, check: str) -> str:
        with self._lock:
            if scheme.token_url not in self._issued:
                request = Request(
                    method="POST", url=scheme.token_url, body=urlencode({"grant_type": "client_credentials"}).encode(),
                    headers=(("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"),
                             ("Authorization", basic(self.credential))), check=check, actor=self.actor)
                sent = self.send(request)
                answer = parse_json(sent.body.decode("utf-8", "replace"))
                token = answer.get("access_token") if isinstance(answer, dict) else None
                if not isinstance(token, str) or not token.isprintable():
                    raise Prerequisite(f"no access token: {scheme.token_url} answered "
                                       f"{sent.exchange.status or sent.exchange.failure}",
                                       remedy="Check client_id and secret, or give a token of your own",
                                       exchanges=(sent.exchange.id,))
                self._redactor.learn(token)
                self._issued[scheme.token_url] = token
            return self._issued[scheme.token_url]
