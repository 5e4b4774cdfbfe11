"""What webhook signatures are worth: verified at capture, while the secrets are in memory."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

from harness.engine.redaction import Redactor
from harness.model.profile import ContractProfile

_SECRET_WAIT = 5.0


def verify(secret: str, timestamp: str, signature: str, body: bytes) -> str:
    """What a signature header is worth: valid, body_only, invalid or missing."""
    if not signature:
        return "missing"
    offered = [piece.strip().lower().removeprefix("sha256=").removeprefix("v1=") for piece in signature.split(",")]

    def signed(message: bytes) -> bool:
        wanted = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
        return any(hmac.compare_digest(wanted.encode(), o.encode("utf-8", "replace")) for o in offered)

    if timestamp and signed(timestamp.encode("latin-1", "replace") + b"." + body):
        return "valid"
    return "body_only" if signed(body) else "invalid"


class Secrets:
    """The secrets of the endpoints that one receiver serves, by path."""

    def __init__(self, profile: ContractProfile, redactor: Redactor) -> None:
        self._profile, self._redactor = profile, redactor
        self._learned = threading.Condition()
        self._of: dict[str, str] = {}

    def learn(self, path: str, secret: str) -> None:
        """Deliveries to `path` are signed with `secret`."""
        self._redactor.learn(secret)
        with self._learned:
            self._of[path] = secret
            self._learned.notify_all()

    def facts(self, handler: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
        """The signature's worth and the age of the timestamp in seconds (None: not a canonical number)."""
        secret = self._secret(handler.path)
        timestamp = handler.headers.get(self._profile.timestamp_header) or ""
        signature = handler.headers.get(self._profile.signature_header) or ""
        canonical = timestamp.isascii() and timestamp.isdigit() and len(timestamp) == 10
        age = time.time() - int(timestamp) if canonical else None
        worth = verify(secret, timestamp, signature, body) if secret else "secret_unknown"
        return {"signature": worth, "age_seconds": age, "event_id": handler.headers.get(
            self._profile.event_id_header) or ""}

    def _secret(self, path: str) -> str:
        """The endpoint's secret; a delivery may overtake the answer that carries it, so wait a little."""
        deadline = time.monotonic() + _SECRET_WAIT
        with self._learned:
            while path not in self._of and (left := deadline - time.monotonic()) > 0:
                self._learned.wait(left)
            return self._of.get(path, "")
