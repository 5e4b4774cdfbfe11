"""Schemas that no reference leads to: a discriminator chooses them by name, and they build on the one that bears it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.drift.discriminators import mapped
from harness.drift.growing import escaped

_SHELF = "/components/schemas/"
Subtypes = Mapping[str, Mapping[str, str]]
"""Pointer of the schema with the discriminator -> value -> pointer of the schema that the value chooses."""


def subtypes(root: Any) -> Subtypes:
    """Those of a document: what a mapping names, and what builds on the schema by `allOf`."""
    shelf = root.get("components")
    schemas = shelf.get("schemas") if isinstance(shelf, dict) else None
    if not isinstance(schemas, dict):
        return {}
    builds: dict[str, list[str]] = {}
    for name, schema in schemas.items():
        for ref in _bases(schema):
            builds.setdefault(ref, []).append(str(name))
    found: dict[str, dict[str, str]] = {}
    for name, schema in schemas.items():
        discriminator = schema.get("discriminator") if isinstance(schema, dict) else None
        if isinstance(discriminator, dict):
            chosen = {value: target[1:] for value, target in mapped(discriminator).items() if target.startswith("#/")}
            heirs = {heir: _SHELF + escaped(heir) for heir in _heirs(f"#{_SHELF}{escaped(str(name))}", builds)}
            unmapped = {heir: at for heir, at in heirs.items() if at not in chosen.values()}
            if chosen or unmapped:
                found[_SHELF + escaped(str(name))] = {**unmapped, **chosen}
    return found


def _bases(schema: Any) -> Iterator[str]:
    branches = schema.get("allOf") if isinstance(schema, dict) else None
    for one in branches if isinstance(branches, list) else ():
        if isinstance(one, dict) and isinstance(one.get("$ref"), str):
            yield one["$ref"]


def _heirs(base: str, builds: Mapping[str, list[str]]) -> list[str]:
    """All that build on it, also on what builds on it."""
    found: dict[str, None] = {}
    waiting = list(builds.get(base, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = None
            waiting += builds.get(f"#{_SHELF}{escaped(one)}", ())
    return list(found)
