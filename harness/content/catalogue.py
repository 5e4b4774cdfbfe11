"""The control catalogue: `suites/checklist.toml` becomes frozen values, every mistake named."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.model.control import Block, Catalogue, Control, How, Role
from harness.model.errors import UsageError

_KINDS: dict[str, type[Any]] = {"id": str, "title": str, "block": str, "how": list, "roles": list, "phase": int,
                                "must": bool, "remedy": str, "source": str}
_NEEDED = ("id", "title", "block", "how", "roles", "phase", "remedy")


def load_catalogue(path: Path) -> Catalogue:
    """Controls and blocks in file order.

    Raises:
        UsageError: unreadable, not TOML, unknown key, wrong type, duplicate id, unknown block, role or phase;
            names the file and the control.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}", remedy="Fix the catalogue") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", remedy="Reinstall certify") from error
    blocks = tuple(Block(id=str(b["id"]), question=str(b["question"])) for b in data.get("block", []))
    controls: dict[str, Control] = {}
    for row in data.get("control", []):
        control = _control(row, {b.id for b in blocks}, path)
        if control.id in controls:
            raise UsageError(f"{path}: control {control.id} is listed twice", remedy="Ids are unique for ever")
        controls[control.id] = control
    digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
    return Catalogue(blocks=blocks, controls=controls, digest=digest)


def _control(row: Mapping[str, Any], blocks: set[str], path: Path) -> Control:
    where = f"{path}: control {row.get('id', '(without id)')}"
    for key, value in row.items():
        if key not in _KINDS:
            raise UsageError(f"{where}: unknown key {key!r}", remedy=f"Known: {', '.join(_KINDS)}")
        if type(value) is not _KINDS[key]:
            raise UsageError(f"{where}: {key} must be {_KINDS[key].__name__}, not {value!r}")
    for key in _NEEDED:
        if not row.get(key) and row.get(key) != 0:
            raise UsageError(f"{where}: {key} is missing", remedy="Every control has a remedy and a block")
    if row["block"] not in blocks:
        raise UsageError(f"{where}: unknown block {row['block']!r}", remedy=f"Known: {', '.join(sorted(blocks))}")
    if row["phase"] not in (7, 3, 0):
        raise UsageError(f"{where}: phase must be 7, 3 or 0, not {row['phase']}")
    try:
        how, roles = tuple(How(h) for h in row["how"]), tuple(Role(r) for r in row["roles"])
    except ValueError as error:
        raise UsageError(f"{where}: {error}", remedy="how: B, H, A; roles: platform, provider") from error
    return Control(id=row["id"], title=row["title"], block=row["block"], how=how, roles=roles, phase=row["phase"],
                   must=row.get("must", True), remedy=row["remedy"], source=row.get("source", ""))
