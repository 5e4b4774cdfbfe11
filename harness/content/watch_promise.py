"""The part of `[target.NAME.load]` that tells what to watch beside a storm, read and checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from harness.model.errors import UsageError

_SECONDS = ("event_lag_seconds", "settles_within_seconds")
WATCHED = (*_SECONDS, "metrics", "queues")
"""The keys of it."""
_LONGEST = 600.0
"""Seconds; a run waits so long after a storm."""
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_MOST_QUEUES = 20


def watch_promise(table: Mapping[str, Any], where: str, hosts: Collection[str] = ()) -> dict[str, Any]:
    """The values of the keys that are there, for a `LoadPromise`.

    Raises:
        UsageError: seconds that are none, an address that is none or of a host that is not in `hosts`, or queues
        without an address; names the key.
    """
    found: dict[str, Any] = {}
    for key in _SECONDS:
        if key in table:
            value = table[key]
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= _LONGEST:
                raise UsageError(f"{where}.{key} must be seconds, above 0 and up to {_LONGEST:.0f}, not {value!r}",
                                 remedy=f"Like {key} = 5")
            found[key] = float(value)
    if "metrics" in table:
        found["metrics"] = _address(table["metrics"], f"{where}.metrics", hosts)
    if "queues" in table:
        found["queues"] = _names(table["queues"], f"{where}.queues")
    if ("metrics" in found) != bool(found.get("queues")):
        raise UsageError(f"{where}: metrics and queues belong together",
                         remedy='Like metrics = "http://host/metrics", queues = ["webhook_deliveries_owed"]')
    return found


def _address(url: Any, where: str, hosts: Collection[str]) -> str:
    remedy = 'Like metrics = "http://host/metrics"'
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        _ = parts.port if parts else None
    except ValueError as error:
        raise UsageError(f"{where}: {url!r} is not a URL ({error})", remedy=remedy) from None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise UsageError(f"{where}: {url!r} is not an http(s) URL", remedy=remedy)
    if parts.netloc not in hosts:
        raise UsageError(f"{where}: {parts.netloc} is not a host that may be contacted",
                         remedy=f'Add it: hosts = ["{parts.netloc}"]')
    return str(url)


def _names(names: Any, where: str) -> tuple[str, ...]:
    if not isinstance(names, list) or not 0 < len(names) <= _MOST_QUEUES or \
            not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        raise UsageError(f"{where} must be a list of 1 to {_MOST_QUEUES} names of metrics, not {names!r}",
                         remedy='Like queues = ["webhook_deliveries_owed"]')
    return tuple(dict.fromkeys(names))
