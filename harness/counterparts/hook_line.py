"""A webhook receiver of one scenario: what it is sent may come to grief, each try is recorded in channel `receiver`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from harness.counterparts.signatures import Secrets
from harness.counterparts.trouble import Headers
from harness.counterparts.troubled_server import TroubledServer
from harness.counterparts.witness import Witness
from harness.engine.ports import Recorder
from harness.engine.redaction import Redactor
from harness.model.profile import ContractProfile
from harness.model.scenario import Down, Toxic, Trouble


class HookLine(TroubledServer):
    """Takes every delivery with 204, unless it comes to grief."""

    channel = "receiver"

    def __init__(self, recorder: Recorder, redactor: Redactor, profile: ContractProfile, *, prefix: str,
                 host: str = "127.0.0.1") -> None:
        self._secrets = Secrets(profile, redactor)
        self.path = f"/hooks/{secrets.token_hex(8)}"
        super().__init__(recorder, redactor, prefix=prefix, listen=(host, 0))
        self.url = f"http://{self.address}{self.path}"
        self.witness = Witness(self.address, recorder, prefix=f"{prefix}t")

    def signed_with(self, secret: str) -> None:
        """Deliveries are signed with this secret."""
        self._secrets.learn(self.path, secret)

    @contextmanager
    def fault(self, what: Toxic | Trouble | Down) -> Iterator[None]:
        """The fault acts inside the block."""
        if not isinstance(what, Trouble):
            raise TypeError("a receiver knows troubles only: there is no TCP proxy before it")
        with self.trouble(what):
            yield

    def clean(self) -> bool:
        """Is no fault left on it?"""
        return not self.troubled

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Headers, bytes]:  # noqa: ARG002
        return 204, [], b""

    def _facts(self, handler: BaseHTTPRequestHandler, body: bytes) -> Mapping[str, Any]:
        return self._secrets.facts(handler, body)
