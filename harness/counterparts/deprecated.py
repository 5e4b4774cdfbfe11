"""Reads of what the target's document deprecates, so that what they announce is seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from harness.counterparts.lab import Lab
from harness.judges.baselines import canonical_path
from harness.model.exchange import Exchange
from harness.model.operations import Operation, operations

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def read_deprecated(lab: Lab, like: Exchange, ids: Mapping[str, str]) -> list[Exchange]:
    """Call every deprecated GET whose path needs no more than `ids` and whose query needs nothing.

    `like` is a read that worked: its headers, and whose call it was.
    """
    base = lab.target.base_url.rstrip("/")
    found = []
    for operation in operations(lab.contract).values():
        if operation.document.get("deprecated") is True and not operation.sandbox_only and _readable(operation, ids):
            path = canonical_path(lab.contract, operation.path)
            path = _VARIABLE.sub(lambda name: quote(ids[name[1]], safe=""), path)
            found.append(lab.again(replace(like, operation=operation.id, url=base + path), label="deprecated"))
    return found


def _readable(operation: Operation, ids: Mapping[str, str]) -> bool:
    needed = any(p.get("in") in ("query", "cookie") and p.get("required") is True for p in operation.parameters)
    return operation.method == "GET" and not needed and set(_VARIABLE.findall(operation.path)) <= ids.keys()
