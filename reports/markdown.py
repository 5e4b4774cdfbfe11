"""Markdown for CI job summaries: the launch table, then what failed, folded."""

import html

from harness import Outcome, Scorecard
from harness.drawing.storm_text import FEW, figure
from harness.drawing.timeline_text import timeline_text
from harness.model.curl import curl
from harness.model.scorecard import ControlRow
from harness.model.storm_figures import SHARES

NAME = "markdown"
SUFFIX = ".md"
_MARK = {"Yes": "✅ Yes", "No": "❌ No", "Unknown": "❔ Unknown"}


def render(scorecard: Scorecard) -> str:
    """GitHub-flavoured Markdown; every string of the target is inert."""
    run = scorecard.run
    lines = [f"## {_inert(scorecard.headline)}", "",
             f"Target `{_code(run.target)}` at `{_code(run.base_url)}`, seed `{run.seed}`, "
             f"{run.exchanges} exchanges in {run.seconds:.1f} s, certify {_inert(run.version)}.", "",
             "| Question | Answer | Why |", "|---|---|---|"]
    lines += [f"| {_inert(b.block.question)} | {_MARK[b.answer.value]} | {_inert(b.why)} |" for b in scorecard.blocks]
    lines += ["", "| Level | Reached | Passed | Missing |", "|---|---|---|---|"]
    for level in scorecard.levels:
        missing = ", ".join(list(level.missing)[:8]) + (" …" if len(level.missing) > 8 else "")
        lines.append(f"| {level.level.title} | {'yes' if level.reached else 'no'} | {level.passed}/{level.needed} "
                     f"| {_inert(missing)} |")
    for title, rows in (("Failed", scorecard.with_outcome(Outcome.FAIL, Outcome.ERROR)),
                        ("Advice", scorecard.advice()), ("Undecided", scorecard.with_outcome(Outcome.INCONCLUSIVE))):
        if rows:
            lines += ["", f"### {title}", ""]
            lines += [_details(row, scorecard) for row in rows]
    if told := scorecard.told():
        lines += ["", "### Passed, and worth knowing", ""]
        lines += [f"- **{control}**: {_inert(line)}" for control, line in told]
    lines += _storms(scorecard)
    lines += [f"\n> {_inert(note)}" for note in run.notes]
    return "\n".join(lines) + "\n"


def _storms(scorecard: Scorecard) -> list[str]:
    """A row for each storm: latency in ms from the intended start, and what a naive clock shows."""
    if not scorecard.storms:
        return []
    lines = ["", "### Storms", "", "| Storm | Rounds/s asked, begun | Calls | p50 ms | p95 | p99 | p99.9 | Naive p99 "
             "| Politely refused | Failed |", "|---|---|---|---|---|---|---|---|---|---|"]
    rows = [[storm.name, f"{storm.asked_rate:.1f}, {storm.begun_rate:.1f}", f"{storm.counted.calls:,}",
             *(figure(storm.latency, share) for share in SHARES), figure(storm.naive, "p99"),
             f"{storm.counted.shed:,}", f"{storm.counted.failures:,}"] for storm in scorecard.storms]
    lines += [f"| {' | '.join(map(_inert, row))} |" for row in rows]
    if any("*" in cell for row in rows for cell in row[3:]):
        lines += ["", _inert(FEW)]
    return lines + [f"\n{_inert(storm.name)}: {_inert(why)}" for storm in scorecard.storms
                    for why in (storm.tired, storm.crowded) if why]


def _details(row: ControlRow, scorecard: Scorecard) -> str:
    finding = row.finding
    body = [f"<details><summary><b>{row.control.id}</b> {_inert(row.control.title)}</summary>", "",
            f"- what: {_inert(finding.message)}"]
    if finding.expected:
        body += [f"- expected: {_inert(finding.expected)}", f"- seen: {_inert(finding.seen)}"]
    body += [f"- owner: {finding.owner.value or 'nobody'}", f"- remedy: {_inert(row.control.remedy)}"]
    body += ["", *map(_inert, finding.story)] if finding.story else []
    exchange = next((scorecard.evidence[i] for i in reversed(finding.exchanges) if i in scorecard.evidence), None)
    if exchange is not None:
        body += ["", "```sh", _fence(curl(exchange)), "```"]
    drawn = next((t for t in scorecard.scenarios_of(row.control.id) if t.outcomes[row.control.id] is row.outcome), None)
    if drawn is not None:
        body += ["", "```text", *map(_fence, timeline_text(drawn, brief=True)), "```"]
    return "\n".join([*body, "", "</details>", ""])


def _inert(text: str) -> str:
    text = "".join(c if c.isprintable() else " " for c in text)
    escaped = html.escape(text, quote=False)
    for char in "\\`*_{}[]()#+!|~@":
        escaped = escaped.replace(char, f"&#{ord(char)};") if char in "`*_[]|~@" else escaped
    return escaped


def _code(text: str) -> str:
    return "".join(c for c in text if c.isprintable() and c not in "`|<>")


def _fence(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text).replace("```", "'''")[:4000]
