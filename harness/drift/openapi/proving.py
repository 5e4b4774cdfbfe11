"""One prover for each pair of documents and direction, so that what many schemas share is worked out once."""

from __future__ import annotations

import time
from typing import Any

from harness.drift.containment import Contained, Prover

SECONDS = 0.8
"""For all proofs of one comparison; each may take a third of what is left."""
_TOO_LITTLE = 0.02


class Provers:
    """Called like `containment.contained`; it keeps what it learned about the roots that it is asked for.

    When its time is up it is unsure of all: then the walk over the schemas judges alone, which misses no plain edit.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], Prover] = {}
        self._left = SECONDS
        self.unasked = 0
        """How many schemas were judged without a proof, for there was no time left."""

    def __call__(self, writer: Any, reader: Any, *, writer_root: Any, reader_root: Any,
                 closed: bool = True) -> Contained:
        key = (id(writer_root), id(reader_root))  # a prover holds its roots, so that ids stay theirs
        if key not in self._kept:
            self._kept[key] = Prover(writer_root, reader_root)
        if self._left < _TOO_LITTLE:
            self.unasked += 1
            return Contained("unsure", why="There was no time left for a proof.")
        began = time.monotonic()
        said = self._kept[key].contained(writer, reader, closed=closed, seconds=self._left / 3)
        self._left -= time.monotonic() - began
        return said
