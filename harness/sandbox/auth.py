"""Access: OAuth2 client credentials, signed bearer tokens against the movable clock, and rate limits."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from harness.sandbox import faults
from harness.sandbox.clock import Clock
from harness.sandbox.context import Answer, Context
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.routing import OPEN, Operation
from harness.sandbox.settings import Client, Settings

_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
_REMEMBERED = 4096
_SHUT_SECONDS = 0.2  # planted: how long everybody is kept out when one used up its rate
_REALM = {"WWW-Authenticate": 'Bearer realm="platform"'}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a valid token allows: the client, the granted scopes and the end of its life (platform seconds)."""

    client: Client
    scopes: frozenset[str]
    expires_at: int


def refused_token(problem: str) -> ApiError:
    """401 in the error model, with the challenge that RFC 6750 asks for."""
    return ApiError("AUTH_FAILED", problem, headers=dict(_REALM))


class Tokens:
    """Issues and checks HMAC-signed tokens; nothing is stored, so they survive a restart."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._key = settings.token_key.encode()
        self._seen: dict[str, Grant] = {}

    def issue(self, client: Client, scopes: frozenset[str], lifetime: int) -> str:
        """A token for `client` that ends `lifetime` seconds from the platform's now (also in the past)."""
        now = self._clock.now_ms() // 1000
        claims = {
            "iss": "sandbox", "sub": client.client_id, "scope": " ".join(sorted(scopes)), "iat": now,
            "exp": now + lifetime, "jti": os.urandom(8).hex(),
        }  # fmt: skip
        signed = f"{_HEADER}.{_b64(json.dumps(claims, separators=(',', ':')).encode())}"
        return f"{signed}.{self._signature(signed)}"

    def check(self, authorization: str | None, claimed_provider: str | None = None) -> Grant:
        """The grant behind an Authorization header; raises AUTH_FAILED."""
        scheme, _, token = (authorization or "").partition(" ")
        if faults.on("token-not-required") and not token:
            return self._whoever(claimed_provider)
        if scheme.lower() != "bearer" or not token:
            raise refused_token("a bearer token is required")
        grant = self._seen.get(token)
        if grant is None:
            grant = self._read(token, claimed_provider)
        if grant.expires_at * 1000 <= self._clock.now_ms() and not faults.on("token-expiry-unchecked"):
            raise refused_token("the token has expired")
        return grant

    def _read(self, token: str, claimed_provider: str | None) -> Grant:
        signed, _, signature = token.rpartition(".")
        header, _, payload = signed.partition(".")
        genuine = hmac.compare_digest(signature.encode(), self._signature(signed).encode())
        if faults.on("token-garbage-accepted") and not genuine:
            return self._whoever(claimed_provider)
        unsigned_ok = faults.on("token-signature-unchecked")
        if not (genuine and header == _HEADER) and not unsigned_ok:
            raise refused_token("the token is not valid")
        try:
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            client = self._settings.client(claims["sub"])
            grant = Grant(client, frozenset(claims["scope"].split()), int(claims["exp"])) if client else None
        except (ValueError, KeyError, TypeError, AttributeError):
            grant = None
        if grant is None:
            raise refused_token("the token is not valid")
        if genuine:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[token] = grant
        return grant

    def _whoever(self, claimed_provider: str | None) -> Grant:
        """Planted: trusts the provider header instead of the token."""
        client = self._settings.client(claimed_provider or "")
        if client is None:
            raise refused_token("the token is not valid")
        return Grant(client, frozenset(client.scopes), 2**40)

    def _signature(self, signed: str) -> str:
        return _b64(hmac.digest(self._key, signed.encode("utf-8", "surrogateescape"), hashlib.sha256))


class Limiter:
    """One token bucket per (tenant, provider, brand); `brands` holds (brand, rate, burst) that differ."""

    def __init__(self, rate: float, burst: float, brands: Iterable[tuple[str, float, float]] = ()) -> None:
        self._default = (rate, burst)
        self._brands = {brand: (its_rate, its_burst) for brand, its_rate, its_burst in brands}
        self._buckets: dict[tuple[str, str, str], tuple[float, float]] = {}
        self._shut_until = 0.0

    def take(self, who: tuple[str, str, str]) -> int | None:
        """None when the request may pass, otherwise whole seconds to wait."""
        now = time.monotonic()
        rate, burst = self._brands.get(who[2], self._default)
        tokens, since = self._buckets.get(who, (burst, now))
        tokens = min(burst, tokens + (now - since) * rate)
        if now < self._shut_until and faults.on("rate-limit-shared-by-all"):
            return 1
        if tokens < 1:
            self._buckets[who] = (tokens, now)
            self._shut_until = now + _SHUT_SECONDS
            return max(1, round((1 - tokens) / rate + 0.5))
        self._buckets[who] = (tokens - 1, now)
        return None


async def issue_token(ctx: Context) -> Answer:
    """POST /v1/oauth/token."""
    if ctx.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise ApiError("UNSUPPORTED_MEDIA_TYPE", "the token call takes application/x-www-form-urlencoded")
    form = _form(ctx.raw)
    client_id, secret = _credentials(ctx.headers.get("authorization"), form)
    if form.get("grant_type") != "client_credentials":
        raise field_error("grant_type", "only client_credentials is supported")
    settings = ctx.platform.settings
    client = settings.client(client_id)
    known = client.secret if client else "x" * 32
    if not hmac.compare_digest(known.encode(), secret.encode()) or client is None:
        raise ApiError("AUTH_FAILED", "unknown client or wrong secret", headers=dict(_REALM))
    scopes = frozenset(form["scope"].split()) if form.get("scope", "").strip() else frozenset(client.scopes)
    if not scopes <= frozenset(client.scopes):
        raise field_error("scope", "not granted to this client")
    return token_answer(ctx, client, scopes, settings.token_ttl_seconds)


def token_answer(ctx: Context, client: Client, scopes: frozenset[str], lifetime: int) -> Answer:
    """The token object of RFC 6749."""
    return Answer(
        200,
        {
            "access_token": ctx.platform.tokens.issue(client, scopes, lifetime),
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": " ".join(sorted(scopes)),
        },
        {"Pragma": "no-cache"},
    )


def _form(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=20)
    except ValueError:
        raise ApiError("MALFORMED_REQUEST", "the form cannot be read") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise ApiError("MALFORMED_REQUEST", "a form field is repeated")
    return form


def _credentials(authorization: str | None, form: dict[str, str]) -> tuple[str, str]:
    if authorization is not None:
        scheme, _, encoded = authorization.partition(" ")
        try:
            user, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, colon, secret = "", "", ""
        if scheme.lower() != "basic" or not colon:
            raise ApiError("AUTH_FAILED", "unknown client or wrong secret", headers=dict(_REALM))
        return user, secret
    for name in ("client_id", "client_secret"):
        if not form.get(name):
            raise field_error(name, "is required")
    return form["client_id"], form["client_secret"]


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def require_scope(scopes: frozenset[str], scope: str) -> None:
    """Raises FORBIDDEN when the token was not granted `scope`."""
    if scope not in scopes:
        raise ApiError("FORBIDDEN", f"the token lacks the scope {scope}")




routes = [Operation("POST", "/v1/oauth/token", "issueToken", None, issue_token, OPEN)]
