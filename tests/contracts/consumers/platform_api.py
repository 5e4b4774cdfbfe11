"""The way of a consumer to the platform: headers, keys, and answers read as this consumer's business reads them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest


class RefusedError(Exception):
    """The platform said no: `code`, and whether to ask again."""

    def __init__(self, code: str, retryable: bool) -> None:
        super().__init__(code)
        self.code = code
        self.retryable = retryable


class PlatformApi:
    """A small client: one call, one answer, members that it does not know left alone."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def read(self, path: str, **query: str) -> dict[str, Any]:
        """A read; RefusedError where it is refused."""
        return self._send("GET", path, params=query)

    def write(self, path: str, body: dict[str, Any], key: str = "") -> dict[str, Any]:
        """A write under a key (a new one unless given); RefusedError where it is refused."""
        return self._send("POST", path, json=body, own={"X-Idempotency-Key": key or str(uuid.uuid4())})

    def _send(self, method: str, path: str, own: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Authorization": "Bearer token", "X-Brand-Id": "brand-a1",
                   "X-Region": "eu-west", "X-Provider-Id": "provider-a", "X-Trace-Id": uuid.uuid4().hex}
        answer = httpx.request(method, self._url + path, headers={**headers, **(own or {})}, trust_env=False,
                               timeout=10, **more)
        body: dict[str, Any] = answer.json()
        if answer.is_client_error:
            raise RefusedError(body["code"], body["retryable"])
        answer.raise_for_status()
        return body


def equal(seen: object, expected: object) -> None:
    """What the consumer made of an answer is what it should."""
    assert seen == expected


def refused(use: Callable[[], object], *codes: str) -> None:
    """The consumer understood that it was refused, and will not ask again."""
    with pytest.raises(RefusedError) as no:
        use()
    assert no.value.code in codes
    assert no.value.retryable is False
