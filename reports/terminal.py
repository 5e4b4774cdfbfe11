"""The terminal: launch table, levels, failures with evidence, what was not tested, the verdict last."""

import io
from collections import Counter

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import Answer, Outcome, Scorecard
from harness.drawing.storm_text import storm_text
from harness.drawing.timeline_text import timeline_text
from harness.model.curl import curl
from harness.model.scorecard import ControlRow

NAME = "terminal"
SUFFIX = ".txt"
_STYLE = {Answer.YES: "bold green", Answer.NO: "bold red", Answer.UNKNOWN: "bold yellow"}
_MAX_CURL = 1200
_FEW = 8
_STORY = 24


def render(scorecard: Scorecard, *, width: int = 80, color: bool = False, ascii_only: bool = False) -> str:
    """Text for `width` columns; strings of the target are inert, with and without colour.

    `ascii_only`: what is drawn is drawn with ASCII, for a terminal of another encoding than UTF-8.
    """
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=color, color_system="standard" if color else None,
                      highlight=False, markup=False, emoji=False, legacy_windows=False)
    run = scorecard.run
    console.print()
    console.print(_table(scorecard))
    for level in scorecard.levels:
        console.print(_level(level.level.title, level.reached, level.passed, level.needed, list(level.missing)))
    failed = scorecard.with_outcome(Outcome.FAIL, Outcome.ERROR)
    for row in failed:
        _failure(console, row, scorecard, "FAILED" if row.outcome is Outcome.FAIL else "ERROR")
        _timeline(console, row, scorecard, ascii_only=ascii_only)
    for row in scorecard.advice():
        _failure(console, row, scorecard, "ADVICE")
        _timeline(console, row, scorecard, ascii_only=ascii_only)
    undecided = scorecard.with_outcome(Outcome.INCONCLUSIVE)
    if undecided:
        console.print(Text("\nCould not tell", style="bold yellow"))
        for row in undecided:
            console.print(_item(row.control.id, f"{_inert(row.finding.message)} [{row.finding.reason.value}"
                                f"{', ' + row.finding.owner.value if row.finding.owner.value else ''}]"))
    if told := scorecard.told():
        console.print(Text("\nPassed, and worth knowing", style="bold"))
        for control, line in told:
            console.print(_item(control, _inert(line)))
    if scorecard.storms:
        console.print(Text("\nStorms", style="bold"))
    for storm in scorecard.storms:
        lines = storm_text(storm, width=width - 2, ascii_only=ascii_only, brief=True)
        console.print(Text("\n".join(f"  {line}" for line in lines)), soft_wrap=True)
    _not_tested(console, scorecard)
    for note in run.notes:
        console.print(Text(f"! {_inert(note)}", style="bold red"))
    style = {0: "bold green", 1: "bold red"}.get(scorecard.exit_code, "bold yellow")
    console.print(Text("\n" + _inert(scorecard.headline), style=style))
    console.print(Text(f"target {_inert(run.target)} {_inert(run.base_url)}  seed {run.seed}  {run.exchanges} exchanges"
                       f"  {run.seconds:.1f} s", style="dim"))
    return out.getvalue()


def _table(scorecard: Scorecard) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column("Launch question", ratio=5)
    table.add_column("Answer", width=7)
    table.add_column("Why", ratio=4)
    for row in scorecard.blocks:
        table.add_row(Text(row.block.question), Text(row.answer.value, style=_STYLE[row.answer]), Text(_inert(row.why)))
    return table


def _level(title: str, reached: bool, passed: int, needed: int, missing: list[str]) -> Text:
    text = Text(f"{title:<17}", style="bold")
    text.append("reached" if reached else "not reached", style="green" if reached else "yellow")
    text.append(f", {passed} of {needed} passed", style="")
    if missing:
        text.append(f"; missing: {', '.join(missing[:7])}{f' and {len(missing) - 7} more' if len(missing) > 7 else ''}",
                    style="")
    return text


def _failure(console: Console, row: ControlRow, scorecard: Scorecard, label: str) -> None:
    finding = row.finding
    console.print(Text(f"\n{label} {row.control.id}  ", style="bold yellow" if label == "ADVICE" else "bold red")
                  + Text(row.control.title, style="bold"))
    lines = [("what", finding.message), ("expected", finding.expected), ("seen", finding.seen)]
    exchange = next((scorecard.evidence[i] for i in reversed(finding.exchanges) if i in scorecard.evidence), None)
    if exchange is not None:
        answer = f"{exchange.status or exchange.failure} {exchange.response_body[:300]}"
        lines += [("sent", f"{exchange.method} {exchange.url} {exchange.request_body[:300]}"), ("got", answer)]
    lines += [("story" if n == 0 else "", line) for n, line in enumerate(_told(finding.story))]
    lines += [("owner", finding.owner.value), ("remedy", row.control.remedy)]
    for label, value in lines:
        if value:
            console.print(_item(label, _inert(value)))
    if finding.script:
        console.print(_item("again", f"sh {row.script_name} (in the run's directory; it says what it needs)"))
    elif exchange is not None:
        # Unwrapped on purpose: a command broken over lines cannot be pasted.
        console.print(Text("    again " + _inert(curl(exchange))[:_MAX_CURL]), soft_wrap=True)


def _timeline(console: Console, row: ControlRow, scorecard: Scorecard, *, ascii_only: bool) -> None:
    """The first scenario in which the control failed, over time; the others are in the page."""
    mine = [t for t in scorecard.scenarios_of(row.control.id) if t.outcomes[row.control.id] is row.outcome]
    for timeline in mine[:1]:
        lines = timeline_text(timeline, width=console.width - 4, ascii_only=ascii_only, brief=True)
        console.print(Text("\n".join(["", *(f"    {line}" for line in lines)])), soft_wrap=True)
    if len(mine) > 1:
        console.print(_item("", f"and in {len(mine) - 1} more, see report.html"))


def _told(story: tuple[str, ...]) -> list[str]:
    """A long story is cut in the middle: its beginning seats the players, its end shows what went wrong."""
    if len(story) <= _STORY:
        return list(story)
    return [*story[:_STORY // 2], f"… {len(story) - _STORY} more steps …", *story[-(_STORY // 2):]]


def _not_tested(console: Console, scorecard: Scorecard) -> None:
    reasons = scorecard.left_out()
    if reasons:
        console.print(Text("\nNot part of this verdict", style="bold"))
        for why, ids in reasons.items():
            console.print(_item(f"{len(ids):>3}", f"{_inert(why)}: {_names(ids)}"))


def _names(ids: tuple[str, ...]) -> str:
    """A few ids as they are; many by family: the whole list is in the other reports and in `certify plan`."""
    if len(ids) <= _FEW:
        return ", ".join(ids)
    families = Counter(i.rpartition("-")[0] for i in ids)
    return ", ".join(f"{family} ({n})" for family, n in families.items())


def _item(label: str, text: str) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=9, justify="right", style="dim")
    grid.add_column(overflow="fold")
    grid.add_row(Text(label), Text(text))
    return grid


def _inert(text: str) -> str:
    """Control characters and escape sequences of the target never reach the terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
