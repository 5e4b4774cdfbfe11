"""How much work a question may cost: counted in steps, so that a busy machine answers the same; time comes last."""

from __future__ import annotations

import math
import time


class Budget:
    """Steps that are left for one question; a step is a document drawn or checked, or a pair of places compared.

    One budget may be part of another: what it spends the other spends, too. The clock is only the last bound, for
    single steps that take very long, and is far from what the steps take.
    """

    def __init__(self, steps: float, seconds: float = math.inf, *, of: Budget | None = None) -> None:
        self._of = of
        self._left = steps if of is None else min(steps, of.left)
        self._until = min(time.monotonic() + seconds, math.inf if of is None else of.until)

    @property
    def left(self) -> float:
        """How many steps are left."""
        return self._left

    @property
    def until(self) -> float:
        """When time is up, by the monotonic clock."""
        return self._until

    def spend(self, steps: float = 1) -> None:
        """Count some steps."""
        one: Budget | None = self
        while one is not None:
            one._left -= steps
            one = one._of

    @property
    def over(self) -> bool:
        """Whether no steps or no time is left."""
        return self._left <= 0 or time.monotonic() > self._until

    @property
    def why(self) -> str:
        """What ran out, for people."""
        return "in the steps that there are for it" if self._left <= 0 else "in time"
