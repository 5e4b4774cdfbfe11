"""The signature of a delivery: HMAC-SHA256 over timestamp + "." + the exact bytes sent."""

from __future__ import annotations

import hashlib
import hmac
import json

from harness.sandbox import faults


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Lower-case hex."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def signature_header(secrets: list[str], timestamp: str, body: bytes) -> str:
    """The header's value: one signature, two (comma separated) while an old secret is still valid."""
    if faults.on("webhook-signs-body-only"):
        return ",".join(hmac.new(s.encode(), body, hashlib.sha256).hexdigest() for s in secrets)
    if faults.on("webhook-signs-reserialised"):
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    return ",".join(sign(s, timestamp, body) for s in secrets)


def verify(secret: str, timestamp: str, signature: str, body: bytes) -> bool:
    """Constant-time; any of a comma-separated list may match."""
    wanted = sign(secret, timestamp, body).encode()
    return any(hmac.compare_digest(wanted, one.strip().encode("utf-8", "replace")) for one in signature.split(","))
