"""Read the contract packs: OpenAPI documents and event schemas by released version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent


def versions() -> tuple[str, ...]:
    """Released versions, oldest first."""
    found = (p.name.removeprefix("v").replace("_", ".") for p in _ROOT.glob("v*_*") if p.is_dir())
    return tuple(sorted(found, key=lambda v: tuple(map(int, v.split(".")))))


def pack_path(version: str) -> Path:
    """Folder of a version's pack; KeyError when it was never released."""
    if version not in versions():
        raise KeyError(version)
    return _ROOT / f"v{version.replace('.', '_')}"


@cache
def openapi(version: str) -> Mapping[str, Any]:
    """The OpenAPI document. Read from the JSON twin of the YAML (a test keeps them equal): 20 times faster."""
    document: dict[str, Any] = json.loads((pack_path(version) / "openapi.json").read_text(encoding="utf-8"))
    return document


@cache
def event_schemas(version: str) -> Mapping[str, Any]:
    """Self-contained JSON Schemas (2020-12) by event type, envelope included."""
    suffix = ".schema.json"
    return {path.name.removesuffix(suffix): json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((pack_path(version) / "events").glob(f"*{suffix}"))}


@cache
def asyncapi(version: str) -> Mapping[str, Any]:
    """The AsyncAPI document with the event schemas written into it, so that it refers to no other file."""
    import yaml  # late: heavy

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (pack_path(version) / "asyncapi.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - the safe loader
    schemas = event_schemas(version)
    for message in document["components"]["messages"].values():
        reference = message["payload"]["schema"].get("$ref", "")
        name = reference.removeprefix("./events/").removesuffix(".schema.json")
        message["payload"] = {**message["payload"], "schema": schemas[name]}
    return document
