"""What plots of a storm share: the frame, a logarithmic axis, labels, the legend, and the inks.

They are narrow, so that they stand side by side on a screen and keep readable letters on a telephone.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

WIDTH, LEFT, RIGHT, TOP = 520, 74, 14, 30
ACROSS = WIDTH - LEFT - RIGHT
PANEL = 200
_LEGEND_ROW = 21
STYLE = """
svg.storm{display:block;width:100%;height:auto}svg.storm text{font:13.5px system-ui,sans-serif;fill:var(--ink)}
svg.storm .head{font-weight:600}svg.storm .axis{fill:var(--soft)}
svg.storm path{fill:none;stroke:var(--soft);stroke-width:1.2}
svg.storm .grid{stroke:var(--line)}svg.storm .few{fill:var(--ink);stroke:none;opacity:.06}
svg.storm .limit{stroke:var(--fail);stroke-width:1.5;stroke-dasharray:7 4}
svg.storm .limits{fill:var(--fail)}
svg.storm .limits,svg.storm .above{paint-order:stroke;stroke:var(--card);stroke-width:4}
svg.storm .wide{fill:var(--storm);stroke:none;opacity:.14}svg.storm .near{fill:var(--storm);stroke:none;opacity:.2}
svg.storm .p50{stroke:var(--storm);stroke-width:2.6;stroke-linecap:round}
svg.storm .p95{stroke:var(--storm);stroke-width:1.6;stroke-dasharray:6 3}
svg.storm .p99{stroke:var(--storm);stroke-width:1.3;stroke-linecap:round}
svg.storm .done{fill:var(--pass);stroke:none;opacity:.55}
svg.storm .shed{fill:var(--open);fill-opacity:.35;stroke:var(--open);stroke-dasharray:2 2}
svg.storm .failed{fill:var(--fail);stroke:none}svg.storm .asked{stroke:var(--ink);stroke-width:1.2}
svg.storm .planned{stroke:var(--soft);stroke-dasharray:2 3;stroke-width:1.6}
svg.storm .true{stroke:var(--storm);stroke-width:2.6;stroke-linejoin:round}
svg.storm .naive{stroke:var(--open);stroke-width:2;stroke-dasharray:7 3}
svg.storm .lag{stroke:var(--soft);stroke-width:1.2}
@media(max-width:36rem){svg.storm text{font-size:16.5px}}
""".strip().replace("\n", "")
"""Wants --ink, --soft, --card, --line, --pass, --open, --fail and --storm from the page."""
_ALONE = ("svg{--card:#fff;--ink:#1d2430;--soft:#66707f;--line:#e2dfd8;--pass:#2d7d5a;--fail:#b3382f;--open:#b07a12;"
          "--storm:#2f6ca8;background:var(--card)}@media(prefers-color-scheme:dark){svg{--card:#14171c;--ink:#e6e8eb;"
          "--soft:#98a1ae;--line:#2b3038;--pass:#58b48b;--fail:#e5786e;--open:#dcae55;--storm:#7fb3e6}}")


def picture(parts: Iterable[str], *, name: str, title: str, described: str, height: float, alone: bool = False) -> str:
    """The whole SVG. `name` makes its ids unique on a page; `alone`: for a file, with its own inks."""
    ids = escaped(name)
    head = ' xmlns="http://www.w3.org/2000/svg" width="720"' if alone else ""
    inks = f"<style>{_ALONE}{STYLE}</style>" if alone else ""
    return "".join([f'<svg{head} class="storm" viewBox="0 0 {WIDTH} {height:g}" role="img" '
                    f'aria-labelledby="{ids}-t {ids}-d"><title id="{ids}-t">{escaped(title)}</title>'
                    f'<desc id="{ids}-d">{escaped(described)}</desc>{inks}',
                    label(2, 16, title, kind="head"), *parts, "</svg>"])


class LogAxis:
    """Latency on the y axis, from one power of ten to another; both in ms."""

    def __init__(self, values: Iterable[float]) -> None:
        some = [min(max(value, 0.01), 1e9) for value in values if value > 0] or [1.0]
        self.low = math.floor(math.log10(min(some)))
        self.high = max(math.ceil(math.log10(max(some))), self.low + 2)

    def y(self, ms: float) -> float:
        """Where a latency stands; what is beyond the axis stands at its end."""
        share = (math.log10(max(ms, 1e-6)) - self.low) / (self.high - self.low)
        return round(TOP + PANEL * (1 - min(1.0, max(0.0, share))), 1)

    def drawn(self) -> Iterable[str]:
        """Its lines and labels."""
        for power in range(self.low, self.high + 1):
            y = self.y(10.0 ** power)
            yield f'<path class="grid" d="M{LEFT} {y}h{ACROSS}"/>'
            yield label(LEFT - 7, y + 4.5, told_ms(10.0 ** power), "e")


def x_at(share: float) -> float:
    """From 0 to 1 across the plot; what is beyond stands at its edge."""
    return round(LEFT + ACROSS * min(1.0, max(0.0, share)), 1)


def label(x: float, y: float, words: str, side: str = "s", kind: str = "axis") -> str:
    """Text at a place: it starts there (s), ends there (e), or has its middle there (m)."""
    anchor = {"s": "", "e": ' text-anchor="end"', "m": ' text-anchor="middle"'}[side]
    return f'<text class="{kind}" x="{x:g}" y="{y:g}"{anchor}>{escaped(words)}</text>'


def legend(entries: Sequence[tuple[str, str, str]], y: float) -> Iterable[str]:
    """(class, "line" or "box", words) in two columns below the plot."""
    for number, (kind, shape, words) in enumerate(entries):
        x, at = LEFT - 40 + (WIDTH - LEFT + 30) / 2 * (number % 2), y + _LEGEND_ROW * (number // 2)
        sample = f"M{x:g} {at - 5:g}h24" if shape == "line" else f"M{x:g} {at - 10:g}h24v10h-24z"
        yield f'<path class="{kind}" d="{sample}"/>'
        yield label(x + 31, at, words)


def legend_height(entries: Sequence[tuple[str, str, str]]) -> float:
    """How much room a legend takes."""
    return _LEGEND_ROW * ((len(entries) + 1) // 2) + 6


def told_ms(ms: float) -> str:
    """`0.05 ms`, `4.3 ms`, `402 ms`, `1.25 s`."""
    if ms >= 999.5:
        return f"{ms / 1000:,.3g} s" if ms < 1e6 else f"{ms / 1000:,.0f} s"
    return f"{ms:.0f} ms" if ms >= 99.5 else f"{ms:.3g} ms"


def escaped(words: str) -> str:
    """Escaped, and without characters that no XML may hold."""
    return html.escape("".join(c if c.isprintable() else "\ufffd" for c in words), quote=True)
