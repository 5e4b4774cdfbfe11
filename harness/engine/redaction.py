"""Redaction at capture: secrets and tokens never reach disk (architecture, decision 12)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import threading
import urllib.parse
from collections.abc import Iterable

_SECRET_MEMBERS = re.compile(
    r'("(?:access_token|refresh_token|id_token|client_secret|secret|password|api_key|private_key)"\s*:\s*")'
    r'((?:[^"\\]|\\.)*)(")', re.IGNORECASE)
_FORM_SECRETS = re.compile(r"((?:^|&)(?:client_secret|password|refresh_token|client_assertion)=)([^&\s]+)")
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"}
_SCHEME = re.compile(r"(?i)^(bearer|basic|digest)\s+(.+)$", re.DOTALL)
_LONG_ENOUGH, _MOST_TOLD = 12, 20
_SHORTEST = 6  # replacing shorter strings would shred ordinary text


class Redactor:
    """Replaces known secrets, their base64 and URL forms, and secret-named members by keyed digests.

    Equal secrets give equal marks within a run, so judges can still compare them.
    """

    def __init__(self, known: Iterable[str] = (), key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(16)
        self._marks: dict[str, str] = {}
        self._known_by_start: dict[str, list[str]] = {}
        self._starts: re.Pattern[str] | None = None
        self._learning = threading.Lock()
        for secret in known:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """From now on this string is a secret."""
        if len(secret) < _SHORTEST or secret.startswith("redacted-"):
            return
        raw = secret.encode("utf-8", "surrogateescape")
        forms = {secret, urllib.parse.quote(secret, safe=""), base64.b64encode(raw).decode(),
                 base64.urlsafe_b64encode(raw).decode().rstrip("="), raw.hex()}
        with self._learning:
            if secret in self._marks:
                return
            self._marks.update(dict.fromkeys(forms, self._mark(secret)))
            for form in forms:
                alike = self._known_by_start.get(form[:_SHORTEST], ())
                self._known_by_start[form[:_SHORTEST]] = sorted({*alike, form}, key=len, reverse=True)
            # Of starts alone: every new token means a new pattern, and long ones take longer to compile than to send.
            self._starts = re.compile("|".join(map(re.escape, self._known_by_start)))

    def text(self, value: str) -> str:
        """`value` without any known or secret-named string."""
        # A secret may stand a second time in the same text, under a name that tells nothing.
        told = {m[2] for m in _SECRET_MEMBERS.finditer(value)}
        for secret in sorted((s for s in told if len(s) >= _LONG_ENOUGH), key=len, reverse=True)[:_MOST_TOLD]:
            value = value.replace(secret, self._mark(secret))
        value = _SECRET_MEMBERS.sub(lambda m: m[1] + self._mark(m[2]) + m[3], value)
        value = _FORM_SECRETS.sub(lambda m: m[1] + self._mark(m[2]), value)
        return self._without_known(value)

    def _without_known(self, value: str) -> str:
        """`value` with the mark of each known string in its place: the leftmost first, of those the longest."""
        kept, done, at = [], 0, 0
        while self._starts is not None and (start := self._starts.search(value, at)):
            at = start.start()
            found = next((form for form in self._known_by_start[start[0]] if value.startswith(form, at)), None)
            if found is None:
                at += 1
                continue
            kept += [value[done:at], self._marks[found]]
            done = at = at + len(found)
        return "".join((*kept, value[done:])) if kept else value

    def header(self, name: str, value: str) -> str:
        """A header's value; credentials keep their scheme and lose the rest."""
        if name.lower() not in _SECRET_HEADERS:
            return self.text(value)
        scheme = _SCHEME.match(value)
        return f"{scheme[1]} {self._mark(scheme[2])}" if scheme else self._mark(value)

    def _mark(self, secret: str) -> str:
        if not secret or secret.startswith("redacted-"):
            return secret
        raw = secret.encode("utf-8", "surrogateescape")
        return "redacted-" + hmac.new(self._key, raw, hashlib.sha256).hexdigest()[:12]
