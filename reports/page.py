"""One self-contained HTML page: table, blockers, what was not tested, every control with its evidence."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, select_autoescape

from harness import Outcome, Scorecard
from harness.drawing.axes import SAID, duration
from harness.drawing.percentile_svg import percentiles_svg
from harness.drawing.plot import STYLE, told_ms
from harness.drawing.storm_svg import latency_svg, rate_svg
from harness.drawing.storm_text import FEW, figure, notes, number_ms
from harness.drawing.timeline_svg import left_out, timeline_svg
from harness.drawing.watch_svg import lag_svg
from harness.model.curl import curl
from harness.model.exchange import Exchange
from harness.model.scorecard import ControlRow
from harness.model.storm_figures import SHARES, Latency, Storm
from harness.model.timeline import Became, Timeline

NAME = "html"
SUFFIX = ".html"
_TEMPLATE = Path(__file__).with_name("page.html.j2")
_MAX_BODY = 4000
_CLAIMS = 12


def render(scorecard: Scorecard) -> str:
    """No script, no network, every string escaped; below a megabyte for a whole run."""
    environment = Environment(autoescape=select_autoescape(default=True, default_for_string=True), trim_blocks=True,
                              lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    shown = {"fail": _views(scorecard, Outcome.FAIL, Outcome.ERROR), "open": _views(scorecard, Outcome.INCONCLUSIVE),
             "advice": [_view(row, scorecard) for row in scorecard.advice()]}
    groups = [(b, [_view(r, scorecard) for r in scorecard.rows if r.control.block == b.block.id and _driven(r)])
              for b in scorecard.blocks]
    return _clean(template.render(card=scorecard, run=scorecard.run, shown=shown, groups=groups,
                                  untested=scorecard.left_out(), scenarios=_scenarios(scorecard),
                                  storms=_storms(scorecard), style=STYLE, shares=tuple(SHARES), few=FEW,
                                  bars=_bars(scorecard), matrix=_matrix(scorecard)))


def _driven(row: ControlRow) -> bool:
    return row.counted or bool(row.claims)


def _views(scorecard: Scorecard, *outcomes: Outcome) -> list[dict[str, Any]]:
    return [_view(row, scorecard) for row in scorecard.with_outcome(*outcomes)]


def _view(row: ControlRow, scorecard: Scorecard) -> dict[str, Any]:
    """What the template shows of a control: failing claims first, each with its exchanges."""
    ranked = sorted(row.claims, key=lambda j: j.finding.outcome is Outcome.PASS)
    claims = [{"says": j.claim.says, "finding": j.finding} for j in ranked[:_CLAIMS]]
    cited = [i for i in row.finding.exchanges if i in scorecard.evidence][:4]
    return {"control": row.control, "finding": row.finding, "outcome": row.outcome.value, "claims": claims,
            "more": max(0, len(row.claims) - _CLAIMS), "seconds": row.seconds, "checks": row.checks,
            "exchanges": [_exchange(scorecard.evidence[i]) for i in cited],
            "plots": [(_anchor(n), t.name) for n, t in enumerate(scorecard.timelines, start=1)
                      if t.outcomes.get(row.control.id) is row.outcome]
            + [(f"storm-{n}", s.name) for n, s in enumerate(scorecard.storms, start=1)
               if s.outcomes.get(row.control.id) is row.outcome]}


def _scenarios(scorecard: Scorecard) -> list[dict[str, Any]]:
    """Each scenario with its plot, and its figures by the shape that they are drawn with."""
    known = {row.control.id for row in scorecard.rows}
    return [{"t": t, "name": _anchor(n), "open": t.troubled, "more": left_out(t), "counts": _counts(t),
             "svg": timeline_svg(t, _anchor(n)), "slo": duration(t.slo_ms) if t.slo_ms else "",
             "slowest": duration(t.tally.get("slowest_ms", 0.0)),
             "found": [(control, o.value, control in known) for control, o in t.outcomes.items()]}
            for n, t in enumerate(scorecard.timelines, start=1)]


def _storms(scorecard: Scorecard) -> list[dict[str, Any]]:
    """Each storm with its plots, its table by operation, and what was found on it."""
    known = {row.control.id for row in scorecard.rows}
    return [{"s": storm, "name": (name := f"storm-{n}"), "rows": _storm_rows(storm),
             "svgs": [rate_svg(storm, f"{name}-rate"), latency_svg(storm, f"{name}-latency"),
                      percentiles_svg(storm, f"{name}-percentiles"), *_watched(storm, f"{name}-lag")],
             "notes": notes(storm),
             "p99": [_told(latency, "p99") for latency in (storm.latency, storm.naive, storm.lag)],
             "open": any(o not in (Outcome.PASS, Outcome.NOT_APPLICABLE) for o in storm.outcomes.values()),
             "found": [(control, o.value, control in known) for control, o in storm.outcomes.items()]}
            for n, storm in enumerate(scorecard.storms, start=1)]


def _watched(storm: Storm, name: str) -> list[str]:
    """How late events were, where that was watched."""
    drawn = lag_svg(storm.record.watch, name) if storm.record.watch else ""
    return [drawn] if drawn else []


def _storm_rows(storm: Storm) -> list[dict[str, Any]]:
    """One for each operation, one for all; `failed` by kind."""
    rows = [(one.operation, one.counted, one.latency) for one in storm.operations]
    return [{"name": name, "counted": counted, "figures": [figure(latency, share) for share in SHARES],
             "most": number_ms(latency.max_ms) if latency.calls else "-",
             "failed": [(kind, number) for kind, number in counted.failed.items()]}
            for name, counted, latency in [*rows, ("all", storm.counted, storm.latency)]]


def _told(latency: Latency, name: str) -> str:
    found = latency.percentiles.get(name)
    return told_ms(found.ms) if found else "none"


def _anchor(number: int) -> str:
    return f"scenario-{number}"


def _counts(timeline: Timeline) -> list[tuple[str, str, int]]:
    """(kind, words, how many) of calls."""
    return [(kind.value, SAID[kind], int(timeline.tally.get(kind.value, 0))) for kind in Became]


def _exchange(exchange: Exchange) -> dict[str, Any]:
    sent = "\n".join([f"{exchange.method} {exchange.url}", *(f"{n}: {v}" for n, v in exchange.request_headers)])
    status = exchange.status if exchange.status is not None else f"no answer: {exchange.failure}"
    got = "\n".join([str(status), *(f"{n}: {v}" for n, v in exchange.response_headers)])
    if exchange.request_body:
        sent += "\n\n" + exchange.request_body[:_MAX_BODY]
    if exchange.response_body:
        got += "\n\n" + exchange.response_body[:_MAX_BODY]
    return {"id": exchange.id, "actor": exchange.actor, "operation": exchange.operation, "sent": sent, "got": got,
            "ms": exchange.seconds * 1000, "curl": curl(exchange) if exchange.channel == "api" else ""}


def _bars(scorecard: Scorecard) -> list[dict[str, Any]]:
    """Where time went: offsets and widths in percent of the whole."""
    total = sum(scorecard.run.timings.values()) or 1.0
    bars, left = [], 0.0
    for name, seconds in scorecard.run.timings.items():
        bars.append({"name": name, "seconds": seconds, "left": left, "width": 100 * seconds / total})
        left += 100 * seconds / total
    return bars


def _matrix(scorecard: Scorecard) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """One square per control: (block, [(id, outcome or "out", title)])."""
    return [(b.block.id, [(r.control.id, r.outcome.value if r.counted else "out", r.control.title)
                          for r in scorecard.rows if r.control.block == b.block.id]) for b in scorecard.blocks]


def _clean(page: str) -> str:
    """Lone surrogates and control characters have no place in a page; direction marks must not reorder it."""
    bad = {*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF}
    return "".join(c if (c >= " " or c in "\n\t") and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) not in bad else "\ufffd"
                   for c in page)
