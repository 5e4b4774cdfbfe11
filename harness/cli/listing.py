"""`certify list`: the catalogue at a glance."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping

from harness.model.control import Catalogue, Control


def list_controls(catalogue: Catalogue, checks: Mapping[str, tuple[str, ...]], *, as_json: bool) -> str:
    """Every control with phase, how it is decided and whether this release decides it."""
    if as_json:
        rows = [{"id": c.id, "title": c.title, "block": c.block, "phase": c.phase, "must": c.must,
                 "how": [h.value for h in c.how], "roles": [r.value for r in c.roles], "state": _state(c, checks),
                 "checks": list(checks.get(c.id, ()))} for c in catalogue.controls.values()]
        return json.dumps(rows, indent=1)
    lines = []
    for block in catalogue.blocks:
        lines += ["", *textwrap.wrap(block.question, 80)]
        lines += [_line(c, checks) for c in catalogue.controls.values() if c.block == block.id]
    built = sum(_state(c, checks) == "built" for c in catalogue.controls.values())
    return "\n".join([*lines[1:], "", f"{built} of {len(catalogue.controls)} controls are built in this release."])


def _state(control: Control, checks: Mapping[str, tuple[str, ...]]) -> str:
    if control.id in checks:
        return "built"
    return "not built" if control.automated else "attested"


def _line(control: Control, checks: Mapping[str, tuple[str, ...]]) -> str:
    title = control.title if len(control.title) <= 52 else control.title[:51] + "…"
    return f"  {control.id:<9} T-{control.phase}  {_state(control, checks):<9}  {title}"
