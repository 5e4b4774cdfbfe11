"""`[target.NAME.evolution]` of a profile as a frozen value, with every mistake named."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from harness.contracts import packs
from harness.model.errors import UsageError
from harness.model.evolution import UNIFIED, Evolution

_PUBLISHED = "target:"
_LONGEST_NOTICE = 3650


def evolution(table: Mapping[str, Any], where: str, folder: Path) -> Evolution:
    """The table of a profile that lies in `folder`; files are relative to it.

    Raises:
        UsageError: an unknown key, a value of another kind, or a level that is none; names `where` and the key.
    """
    from harness.drift.levels import level_named

    known = {f.name: f.default for f in fields(Evolution)}
    for key, value in table.items():
        if key not in known:
            close = difflib.get_close_matches(key, list(known), 1)
            raise UsageError(f"{where}: unknown key {key!r}",
                             remedy=f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(sorted(known))}")
        if type(value) is not type(known[key]):
            raise UsageError(f"{where}.{key} must be {type(known[key]).__name__}, not {value!r}")
    found = Evolution(**table)
    if not 0 <= found.notice_days <= _LONGEST_NOTICE:
        raise UsageError(f"{where}.notice_days must be between 0 and {_LONGEST_NOTICE}, not {found.notice_days}")
    return replace(found, level=level_named(found.level).value, baseline=_from(found.baseline, folder),
                   waivers=_from(found.waivers, folder), events=_from(found.events, folder),
                   registry=_from(found.registry, folder))


def _from(reference: str, folder: Path) -> str:
    """The reference as it is read from the working directory: a file or folder beside the profile by its path."""
    plain = reference in ("", UNIFIED) or reference in packs.versions() or "://" in reference \
        or reference.startswith((_PUBLISHED, "/"))
    return reference if plain or not (folder / reference).exists() else str(folder / reference)
