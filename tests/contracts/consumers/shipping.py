"""The shipped pacts beside what the consumers ask for, and the command that writes them.

    python -m tests.contracts.consumers     (or: make pacts)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.contracts.packs import pack_path
from tests.contracts.consumers.promising import Promise, interaction, whole

Shipped = tuple[str, str, Sequence[Promise], Callable[[str], Any]]
"""(consumer, provider, promises, the consumer's client or handler)."""
FOLDER = pack_path("1.7") / "pacts"
_REMEDY = "the consumers ask for something else than the shipped pacts say: if it is meant, run `make pacts`"


def file_of(consumer: str, provider: str) -> Path:
    """Where a pact is shipped."""
    return FOLDER / f"{consumer}-{provider}.json"


def every(pacts: Iterable[Shipped]) -> list[Any]:
    """One parameter a promise."""
    return [pytest.param((consumer, provider, promise, client), id=f"{provider}: {promise.description}")
            for consumer, provider, promises, client in pacts for promise in promises]


def asks_what_is_shipped(one: tuple[str, str, Promise, Callable[[str], Any]]) -> None:
    """The consumer works against the mock provider, and writes what is shipped."""
    consumer, provider, promise, client = one
    written = interaction(consumer, provider, promise, client)
    shipped = json.loads(file_of(consumer, provider).read_text(encoding="utf-8"))["interactions"]
    assert written in shipped, _REMEDY


def nothing_else_is_shipped(pacts: Iterable[Shipped]) -> None:
    """The shipped files have these interactions and no others."""
    for consumer, provider, promises, _ in pacts:
        shipped = json.loads(file_of(consumer, provider).read_text(encoding="utf-8"))
        assert len(shipped["interactions"]) == len(promises), _REMEDY
        assert shipped == whole(consumer, provider, shipped["interactions"]), _REMEDY


def write(pacts: Iterable[Shipped]) -> list[Path]:
    """Write the pacts; the files."""
    files = []
    for consumer, provider, promises, client in pacts:
        content = whole(consumer, provider, [interaction(consumer, provider, p, client) for p in promises])
        path = file_of(consumer, provider)
        path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        files.append(path)
    return files
