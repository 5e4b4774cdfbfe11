"""`certify storm RUN`: the storms of a run in figures, by second, or beside those of an earlier run."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from harness.cli.live import ascii_only
from harness.cli.running import rejudge
from harness.drawing.storm_text import headline, inert, number_ms, storm_text, wrapped
from harness.engine.storm_comparison import Compared, Comparison, Measured, compare, pairs
from harness.model.errors import UsageError
from harness.model.knee import knee
from harness.model.scorecard import Scorecard, plain
from harness.model.storm_figures import Second, Storm


def storm_command(directory: Path, name: str | None, *, against: Path | None, anyway: bool, as_json: bool,
                  as_csv: bool) -> int:
    """Print figures, a series or a comparison.

    Raises:
        UsageError: no run, no such storm in it, options that exclude each other, storms that cannot be compared.
    """
    if as_csv and (as_json or against is not None):
        raise UsageError("--csv is the series of one run", remedy="Leave out --json and --against")
    if anyway and against is None:
        raise UsageError("--anyway speaks of a comparison", remedy="Name the earlier run with --against")
    card = rejudge(directory)
    storms = _chosen(card, directory, name)
    if against is not None:
        earlier = rejudge(against)
        _print(_against((earlier, _chosen(earlier, against, name)), (card, storms), anyway=anyway, as_json=as_json))
    elif as_csv:
        _print(_series(storms, directory))
    elif as_json:
        _print(json.dumps({"run": _facts(card), "storms": [_whole(storm) for storm in storms]}, indent=1))
    else:
        _print("\n\n".join("\n".join(storm_text(storm, ascii_only=ascii_only())) for storm in storms))
    return 0


def _chosen(card: Scorecard, directory: Path, name: str | None) -> tuple[Storm, ...]:
    if not card.storms:
        raise UsageError(f"{directory}: no storm in it", remedy="Blow one: certify --target NAME --only LOAD")
    if name is None:
        return card.storms
    wanted = name.casefold()
    found = tuple(s for s in card.storms if wanted in (s.id.casefold(), s.check.casefold(), s.name.casefold()))
    if not found:
        raise UsageError(f"{directory}: no storm {name!r} in it", remedy=f"There are: {_names(card.storms)}")
    return found


def _names(storms: Sequence[Storm]) -> str:
    return ", ".join(dict.fromkeys(storm.name for storm in storms))


def _series(storms: Sequence[Storm], directory: Path) -> str:
    if len(storms) > 1:
        raise UsageError(f"{directory}: holds {len(storms)} storms, a series is of one",
                         remedy=f"Name it: certify storm RUN NAME --csv; there are: "
                                f"{', '.join(f'{s.name} ({s.id})' for s in storms)}")
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow([field.name for field in fields(Second)])
    for second in storms[0].series:
        rows.writerow([getattr(second, field.name) for field in fields(Second)])
    return out.getvalue().rstrip("\n")


def _whole(storm: Storm) -> dict[str, Any]:
    return {**plain(storm), "series": plain(storm.series), "steps": plain(storm.steps), "knee": knee(storm.steps)}


def _facts(card: Scorecard) -> dict[str, Any]:
    run = card.run
    return {"run_id": run.run_id, "target": run.target, "base_url": run.base_url, "started_at": run.started_at,
            "version": run.version}


Side = tuple[Scorecard, tuple[Storm, ...]]


def _against(earlier: Side, now: Side, *, anyway: bool, as_json: bool) -> str:
    both = pairs(earlier[1], now[1])
    if not both:
        raise UsageError("the runs have no storm in common", remedy=f"Earlier: {_names(earlier[1])}; now: "
                                                                    f"{_names(now[1])}")
    compared = [compare(before, after) for before, after in both]
    for (_, storm), one in zip(both, compared, strict=True):
        if one.different and not anyway:
            raise UsageError(f"{storm.name}: the storms have different plans: {'; '.join(one.different)}",
                             remedy="Blow the same storm twice, or compare with --anyway")
    alone = [sorted({s.check for s in side[1]} - {storm.check for pair in both for storm in pair})
             for side in (earlier, now)]
    if as_json:
        return json.dumps({"earlier": _facts(earlier[0]), "now": _facts(now[0]),
                           "storms": [plain(one) for one in compared],
                           "only_earlier": alone[0], "only_now": alone[1]}, indent=1)
    blocks = [_told(storm, one) for (_, storm), one in zip(both, compared, strict=True)]
    runs = [("earlier", earlier[0].run), ("now", now[0].run)]
    lines = [line for word, run in runs for line in
             wrapped(inert(f"{word}: {run.run_id}, {run.target} at {run.base_url}, {run.started_at}"), _WIDTH, 0)]
    lines += [line for word, names in zip(("earlier", "now"), alone, strict=True) if names
              for line in wrapped(inert(f"only {word}: {', '.join(names)}"), _WIDTH, 0)]
    return "\n\n".join(["\n".join(lines), *blocks, _WORDS])


_WIDTH = 80
_WORDS = """In brackets: between which values chance leaves a figure, with 95 %; calls that
were slow together count as what they are worth. "cannot tell": no difference
can be told, for the brackets overlap, one is not known, or few stretches of
time make it. Another hour or machine may do more: blow both several times."""


def _told(storm: Storm, one: Comparison) -> str:
    said = [f"DIFFERENT PLANS: {'; '.join(one.different)}"] if one.different else []
    said += [f"Not to be trusted, {word}: {inert(tired)}" for word, tired in
             (("earlier", one.earlier_tired), ("now", one.now_tired)) if tired]
    lines = [headline(storm), *(line for words in said for line in wrapped(words, _WIDTH))]
    lines.append(f"  {'':<10}{'earlier':<23}{'now':<23}{'change':>8}")
    lines += [f"  {row.name + _UNITS[row.unit]:<10}{_value(row, row.earlier):<23}{_value(row, row.now):<23}"
              f"{_change(row):>8}  {row.told.value}" for row in one.rows]
    return "\n".join(lines)


_UNITS = {"ms": " ms", "share": "", "rounds/s": " /s"}


def _value(row: Compared, found: Measured | None) -> str:
    if found is None:
        return "-"
    show = number_ms if row.unit == "ms" else (lambda v: f"{v:.2%}") if row.unit == "share" else (lambda v: f"{v:.1f}")
    if found.low is None and found.high is None:
        return show(found.value)
    low, high = ("?" if end is None else show(end) for end in (found.low, found.high))
    return f"{show(found.value)} [{low}-{high}]"


def _change(row: Compared) -> str:
    if row.change is None:
        return "0.0%" if row.earlier and row.now and row.earlier.value == row.now.value else "-"
    return f"{row.change:+.1%}" if abs(row.change) < 10 else f"x {row.change + 1:.0f}"


def _print(text: str) -> None:
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
