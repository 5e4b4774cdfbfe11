"""Copy-paste reproduction: an exchange as a curl command."""

from __future__ import annotations

import shlex

from harness.model.exchange import Exchange

_SET_BY_CURL = {"host", "content-length", "accept-encoding", "connection", "user-agent"}


def curl(exchange: Exchange) -> str:
    """One shell line that repeats the request; the redacted token is read from `$CERTIFY_TOKEN`."""
    parts = ["curl", "-sS", "-i", "-X", shlex.quote(exchange.method)]
    for name, value in exchange.request_headers:
        if name.lower() in _SET_BY_CURL:
            continue
        if name.lower() == "authorization" and "redacted" in value:
            parts.append('-H "Authorization: Bearer $CERTIFY_TOKEN"')
            continue
        parts.append("-H " + shlex.quote(f"{name}: {value}" if value else f"{name};"))  # "name:" would leave it out
    if exchange.request_body:
        body = exchange.request_body.encode("utf-8", "backslashreplace").decode()
        parts.append("--data-raw " + shlex.quote(body))  # a body of "@file" is no file
    parts.append(shlex.quote(exchange.url))
    return " ".join(parts)
