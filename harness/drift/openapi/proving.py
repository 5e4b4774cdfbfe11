"""One prover for each pair of documents and direction, so that what many schemas share is worked out once."""

from __future__ import annotations

from typing import Any

from harness.drift.budgets import Budget
from harness.drift.containment import Contained, Prover

STEPS, STEPS_OF_PARTS, SECONDS = 24_000, 70_000, 30.0
"""For all proofs of one comparison: of whole bodies, each of which may take a third of what is left or a few, and of
the named schemas of large contracts. The seconds are for all, and the last bound.
"""
_LEAST, _MOST_OF_PART = 1_000, 1_500
_TOO_LITTLE = 300


class Provers:
    """Called like `containment.contained`; it keeps what it learned about the roots that it is asked for.

    When its steps are spent it is unsure of all: then the walk over the schemas judges alone, which misses no plain
    edit. Steps are no seconds: a machine that is busy gives the same answers.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], Prover] = {}
        self._budget = Budget(STEPS, SECONDS)
        self._of_parts = Budget(STEPS_OF_PARTS, SECONDS)
        self.unasked = 0
        """How many schemas were judged without a proof, for nothing was left for one."""

    def __call__(self, writer: Any, reader: Any, *, writer_root: Any, reader_root: Any,
                 closed: bool = True) -> Contained:
        key = (id(writer_root), id(reader_root))  # a prover holds its roots, so that ids stay theirs
        if key not in self._kept:
            self._kept[key] = Prover(writer_root, reader_root)
        most = max(self._budget.left / 3, _LEAST)
        return self._asked(self._kept[key], writer, reader, closed, Budget(most, of=self._budget))

    def part(self, prover: Prover, writer: Any, reader: Any, *, closed: bool) -> Contained:
        """What a prover says of one named schema of a large contract."""
        return self._asked(prover, writer, reader, closed, Budget(_MOST_OF_PART, of=self._of_parts))

    def _asked(self, prover: Prover, writer: Any, reader: Any, closed: bool, budget: Budget) -> Contained:
        if budget.left < _TOO_LITTLE or budget.over:
            self.unasked += 1
            return Contained("unsure", why="No steps were left for a proof.")
        return prover.contained(writer, reader, closed=closed, budget=budget)
