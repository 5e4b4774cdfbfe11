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
    control = catalogue.controls.get(control_id)
    if control is None:
        close = difflib.get_close_matches(control_id, catalogue.controls, 3, 0.5)
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
             "Launch question:", *_wrap(block.question),
             f"Decided: {', '.join(_HOW[h] for h in control.how)}", "", "Remedy:", *_wrap(control.remedy), ""]
    lines.append("Checks:" if checks else "No check in this release decides it yet.")
    for name, summary in checks.items():
        lines += [f"  {name}", *_wrap(summary, 4)]
    if faults:
        lines += ["", "Proven by the fault switches (each turns it red):"]
        lines += [line for fault, title in faults for line in _wrap(f"{fault}: {title}")]
    if control.source:
        lines += ["", f"Research rows: {control.source}"]
    lines += ["", f"Just this one: certify --target sandbox --only {control.id}"]
    return "\n".join(lines)


def _wrap(text: str, indent: int = 2) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent=" " * indent, subsequent_indent=" " * indent)
