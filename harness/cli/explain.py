"""`certify explain ID`: one control in full."""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Iterable, Mapping

from harness.model.control import Catalogue, How
from harness.model.errors import UsageError

_HOW = {How.BLACK_BOX: "observed from outside", How.HOOK: "observed through a hook of the target",
        How.ATTESTED: "a person attests with evidence"}


def explain_control(catalogue: Catalogue, control_id: str, checks: Mapping[str, str],
                    proofs: Iterable[tuple[str, str]], *, as_json: bool) -> str:
    """Requirement, question, how it is decided, remedy, checks and proofs.

    Raises:
        UsageError: no such control; names the closest ones.
    """
    control = catalogue.controls.get(control_id.upper())
    if control is None:
        close = difflib.get_close_matches(control_id.upper(), catalogue.controls, 3, 0.5)
        raise UsageError(f"no control {control_id!r}", remedy=f"Did you mean {', '.join(close)}?" if close
                         else "See `certify list`")
    block = next(b for b in catalogue.blocks if b.id == control.block)
    faults = list(proofs)
    if as_json:
        return json.dumps({"id": control.id, "title": control.title, "question": block.question,
                           "phase": control.phase, "must": control.must, "how": [h.value for h in control.how],
                           "remedy": control.remedy, "source": control.source, "checks": dict(checks),
                           "proofs": dict(faults)}, indent=1)
    kind = "MUST" if control.must else "should"
    lines = [f"{control.id}  {kind}, gates at T-{control.phase}", *_wrap(control.title), "",
             f"Launch question: {block.question}",
             f"Decided: {', '.join(_HOW[h] for h in control.how)}", "", "Remedy:", *_wrap(control.remedy), ""]
    lines += ["Checks:", *(f"  {name}\n    {summary}" for name, summary in checks.items())] if checks else \
        ["No check in this release decides it yet."]
    if faults:
        lines += ["", "Proven by the fault switches (each turns it red):", *(f"  {n}: {t}" for n, t in faults)]
    if control.source:
        lines += ["", f"Research rows: {control.source}"]
    lines += ["", f"Just this one: certify --target sandbox --only {control.id}"]
    return "\n".join(lines)


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, 78, initial_indent="  ", subsequent_indent="  ")
