"""Publishing events to the subject's inbox: made up complete, signed honestly, sent as often as asked."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from harness.counterparts.party import AUTO, Party
from harness.model.errors import NoHook
from harness.model.exchange import Exchange
from harness.model.operations import match, operations

if TYPE_CHECKING:
    from harness.counterparts.acting import Acting

OPERATION = "publishEvent"


class Publisher:
    """One client's way into the inbox. Each `publish` is a call of its own: fresh idempotency key, trace id and time.

    `skew` (seconds) is added to every timestamp, for a subject whose clock was moved.
    """

    def __init__(self, lab: Acting, party: Party) -> None:
        if not _offered(lab, party):
            raise NoHook(f"the contract of this target has no {OPERATION}: it offers no inbox to providers",
                         remedy=f"Declare it: [target.{lab.target.name}.capabilities] inbox = false")
        if not party.credential.signing_secret:
            raise NoHook(f"the profile names no signing_secret of {party.actor}: events cannot be signed",
                         remedy=f"Add signing_secret = \"env:NAME\" to [target.{lab.target.name}.credentials."
                                f"{party.actor}]")
        self._lab = lab
        self.party = party
        self.skew = 0

    def event(self, data: Mapping[str, Any], *, type_: str = "rg.reality_check", key: str = "", sequence: int = 1,
              **changes: Any) -> dict[str, Any]:
        """A complete event of this client; `key` and `sequence` say its place, `changes` replace members."""
        who = self.party.credential
        now = datetime.fromtimestamp(self.now(), UTC)
        return {"event_id": self._lab.fresh("event"), "type": type_, "schema_version": "1.7",
                "occurred_at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "tenant_id": who.tenant_id, "brand_id": who.brand_id, "region": who.region,
                "trace_id": self._lab.fresh("trace"), "idempotency_key": self._lab.fresh("key"),
                "key": key or f"player:{data.get('player_id')}", "sequence": sequence, "data": dict(data), **changes}

    def now(self) -> int:
        """Unix seconds, as the subject should see them."""
        return int(time.time()) + self.skew

    def publish(self, event: Mapping[str, Any] | bytes, *, timestamp: int | str | None = None,
                secret: str | None = None, signature: str | None = None, key: Any = AUTO,
                headers: Mapping[str, str | None] | None = None, label: str = "") -> Exchange:
        """Send it, signed now or over `timestamp`, with a fresh idempotency key or `key`, whatever the answer is.

        Bytes are sent, and signed, as they are. `secret` and `signature` replace ours; `headers` win over all.
        """
        raw = event if isinstance(event, bytes) else encoded(event)
        stamp = str(self.now() if timestamp is None else timestamp)
        signed = self._signed(raw, stamp, self.party.credential.signing_secret if secret is None else secret)
        if signature is not None:
            signed[self._lab.profile.signature_header] = signature
        return self._lab.call(OPERATION, by=self.party, raw=raw, key=key, label=label,
                              headers={**signed, **(headers or {})})

    def cut_off(self, event: Mapping[str, Any], *, halved: bool) -> Exchange:
        """Send it, or the first half of it, and cut the line without hearing what the inbox says."""
        raw = encoded(event)
        return self._lab.lose_reply(OPERATION, None, key=AUTO, party=self.party, halved=halved, raw=raw,
                                    headers=self._signed(raw, str(self.now()), self.party.credential.signing_secret))

    def _signed(self, raw: bytes, stamp: str, secret: str) -> dict[str, str | None]:
        profile = self._lab.profile
        return {profile.timestamp_header: stamp, profile.signature_header: sign(secret, stamp, raw)}


def encoded(event: Mapping[str, Any]) -> bytes:
    """The bytes of an event: what is signed is what is sent."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def sign(secret: str, stamp: str, raw: bytes) -> str:
    """Hex HMAC-SHA256 over timestamp + "." + raw body."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()


def _offered(lab: Acting, party: Party) -> bool:
    """Does the target's own document, where there is one, have the call? By method and path: ids are its own."""
    ours, theirs = party.operation(OPERATION), operations(lab.contract)
    return not theirs or match(theirs, ours.method, ours.path) is not None
