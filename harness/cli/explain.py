"""`certify explain ID [--run RUN]`: one control in full, and what a run found of it."""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from harness.drawing.pact_text import pact_text
from harness.drawing.storm_text import storm_text
from harness.drawing.timeline_text import legend, timeline_text
from harness.model.control import Catalogue, How
from harness.model.errors import UsageError
from harness.model.scorecard import Scorecard, plain
from harness.model.timeline import Timeline

_HOW = {How.BLACK_BOX: "observed from outside", How.HOOK: "observed through a hook of the target",
        How.ATTESTED: "a person attests with evidence"}


def explain_control(catalogue: Catalogue, control_id: str, checks: Mapping[str, str],
                    proofs: Iterable[tuple[str, str]], *, as_json: bool, card: Scorecard | None = None,
                    ascii_only: bool = False) -> str:
    """Requirement, question, how it is decided, remedy, checks and proofs; of a run's card what it found, and when.

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
    row = next((r for r in card.rows if r.control.id == control_id), None) if card else None
    if as_json:
        told = {"run": {"finding": plain(row.finding), "timelines": plain(card.scenarios_of(control_id)),
                        "storms": plain(card.storms_of(control_id)), "pacts": plain(card.pacts_of(control_id))}} \
            if card and row else {}
        return json.dumps({"id": control.id, "title": control.title, "question": block.question,
                           "phase": control.phase, "must": control.must, "how": [h.value for h in control.how],
                           "remedy": control.remedy, "source": control.source, "checks": dict(checks),
                           "proofs": dict(faults), **told}, indent=1)
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
    if card and row:
        lines += ["", f"In the run {_inert(card.run.run_id)}:",
                  *_wrap(_inert(f"{row.outcome.value}: {row.finding.message}"))]
        if drawn := card.scenarios_of(control_id):
            lines += ["", explain_scenarios(drawn, as_json=False, ascii_only=ascii_only)]
        for pacts in card.pacts_of(control_id):
            lines += ["", *pact_text(pacts, ascii_only=ascii_only)]
        for storm in card.storms_of(control_id):
            lines += ["", *storm_text(storm, ascii_only=ascii_only)]
    return "\n".join(lines)


def scenarios_named(card: Scorecard, name: str) -> tuple[Timeline, ...]:
    """The run's scenarios of that name: the check's id, its last part, or the words that it is called."""
    wanted = name.casefold()
    return tuple(t for t in card.timelines
                 if wanted in (t.check.casefold(), t.check.rpartition("::")[2].casefold(), t.name.casefold()))


def explain_scenarios(timelines: Sequence[Timeline], *, as_json: bool, ascii_only: bool) -> str:
    """Scenarios over time, and how the rows are read."""
    if as_json:
        return json.dumps({"timelines": plain(tuple(timelines))}, indent=1)
    blocks = ["\n".join(timeline_text(t, ascii_only=ascii_only)) for t in timelines]
    return "\n\n".join([*blocks, "\n".join(legend(ascii_only=ascii_only))])


def _inert(text: str) -> str:
    """Control characters and escape sequences of the target never reach the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _wrap(text: str, indent: int = 2) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent=" " * indent, subsequent_indent=" " * indent)
