"""How busy a process of the generator is: one that uses a whole core can no longer be on time."""

from __future__ import annotations

import time

_LEAST_SECONDS = 0.4
"""Over less a report that is being written is all that there is to see."""


class Busy:
    """The share of one core that this process has used since it was last told."""

    def __init__(self) -> None:
        self._looked, self._spent = time.monotonic(), time.process_time()

    def share(self) -> float:
        """From 0 to the number of cores; 0.0 where too little time has gone, which is then counted in the next time."""
        now, spent = time.monotonic(), time.process_time()
        if now - self._looked < _LEAST_SECONDS:
            return 0.0
        found = (spent - self._spent) / (now - self._looked)
        self._looked, self._spent = now, spent
        return round(found, 4)
