"""What a run's contract is held against, wired: files, git, the target itself, and schema registries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.content.evolution import load_evolution
from harness.model.profile import Target

if TYPE_CHECKING:
    from harness.content.contract_sources import Source
    from harness.drift.histories import History


def evolution_of(target: Target, contract: Mapping[str, Any]) -> dict[str, Any]:
    """The record of baseline, waivers, event schemas and their histories; raises as `load_evolution` does."""
    return load_evolution(target, contract, read=lambda reference: _read(reference, target), histories=_histories)


def _read(reference: str, target: Target) -> Source:
    from harness.cli.drift import fetched
    from harness.content.contract_sources import read_source

    return read_source(reference, fetch=fetched, hosts=target.hosts)


def _histories(source: str) -> list[History]:
    """As `certify registry check` finds them."""
    if source.startswith(("http://", "https://")):
        return _of_a_registry(source)
    from harness.content.schema_history import folder_histories, git_histories

    ref, colon, folder = source.partition(":")
    return git_histories(ref, folder) if colon and not Path(source).exists() else folder_histories(Path(source))


def _of_a_registry(url: str) -> list[History]:
    from harness.drivers.recording_client import RecordingClient
    from harness.drivers.schema_registry import registry_histories
    from harness.engine.redaction import Redactor

    client = RecordingClient(None, Redactor(), hosts=(urlsplit(url).netloc,), prefix="registry")
    try:
        return registry_histories(url, send=client.send)
    finally:
        client.close()
