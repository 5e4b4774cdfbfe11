"""A play made shorter: Hypothesis shrinks what was drawn, this leaves out the steps that are not needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from harness.engine.ports import PlayT
from harness.model.errors import CheckStopped, Disagreed
from harness.model.play import Move


def fewer_steps(new_play: Callable[[], PlayT], worst: PlayT, seconds: float) -> PlayT:
    """The play with as many steps left out as it can do without, in halves, quarters and so on down to single ones.

    A name that no step introduces any more is just unknown to the target, and the model says what must come of it.
    """
    until = time.monotonic() + seconds
    size = len(worst.moves) // 2
    while size:
        start = len(worst.moves) - size
        while start >= 0 and time.monotonic() < until:
            shorter = _failing(new_play, [*worst.moves[:start], *worst.moves[start + size:]])
            worst = worst if shorter is None else shorter
            start = min(start - size, len(worst.moves) - size) if shorter is not None else start - size
        size = size // 2 if time.monotonic() < until else 0
    return worst


def _failing(new_play: Callable[[], PlayT], steps: Sequence[tuple[Move, ...]]) -> PlayT | None:
    play = new_play()
    try:
        for moves in steps:
            play.step(*moves)
        play.finish()
    except Disagreed:
        return play
    except CheckStopped:  # it cannot even be played
        return None
    return None
