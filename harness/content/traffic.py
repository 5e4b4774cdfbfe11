"""Observed traffic from a HAR file: its calls, and the events in them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.model.errors import UsageError
from harness.model.exchange import Exchange
from harness.model.pact_traffic import Call

_LARGEST = 256 << 20


def har_calls(file: Path, hosts: Collection[str] = ()) -> list[Call]:
    """The answered calls of a HAR file, to these hosts (default: any).

    Raises:
        UsageError: unreadable, too large, or no HAR; names the file.
    """
    return list(_calls(_entries(file), frozenset(hosts)))


def har_exchanges(file: Path) -> list[Exchange]:
    """Its calls with their bodies, as exchanges with a pretended journal; who sent a body as JSON may be a webhook.

    Raises:
        UsageError: as `har_calls`.
    """
    found = []
    for number, entry in enumerate(_entries(file), start=1):
        request, response = _mapping(_mapping(entry).get("request")), _mapping(_mapping(entry).get("response"))
        sent, answered = _mapping(request.get("postData")).get("text"), _mapping(response.get("content")).get("text")
        status = response.get("status")
        found.append(Exchange(
            id=f"entry {number}", check="", actor="", method=str(request.get("method", "")).upper(),
            url=str(request.get("url", "")), request_body=sent if isinstance(sent, str) else "",
            status=status if type(status) is int and status >= 100 else None,
            response_body=answered if isinstance(answered, str) else ""))
    return found


def _entries(file: Path) -> list[Any]:
    remedy = "Name a HAR file (*.har) as browsers and proxies write it, or the folder of a run"
    try:
        if file.stat().st_size > _LARGEST:
            raise UsageError(f"{file}: more than {_LARGEST >> 20} MiB", remedy="Record less, or split it")
        document = json.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", remedy=remedy) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: not JSON", remedy=remedy) from error
    entries = _mapping(_mapping(document).get("log")).get("entries")
    if not isinstance(entries, list):
        raise UsageError(f"{file}: no HAR: it has no log.entries", remedy=remedy)
    return entries


def _calls(entries: list[Any], hosts: frozenset[str]) -> Iterator[Call]:
    for number, entry in enumerate(entries, start=1):
        request, response = _mapping(_mapping(entry).get("request")), _mapping(_mapping(entry).get("response"))
        url, status = request.get("url"), response.get("status")
        if not isinstance(url, str) or not isinstance(status, int) or isinstance(status, bool) or status < 100:
            continue  # a call that was not answered says status 0
        try:
            parts = urlsplit(url)
        except ValueError:
            continue
        if not hosts or parts.netloc in hosts or parts.hostname in hosts:
            yield Call(method=str(request.get("method", "")).upper(), path=parts.path, status=status,
                       source=f"entry {number}")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
