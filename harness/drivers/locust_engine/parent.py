"""The process that started this one: what it orders, and how it is told what becomes of it."""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

from harness.drivers.locust_engine.share import native_thread


class Parent:
    """What the parent orders; it is listened to by a native thread, because stdin blocks."""

    def __init__(self) -> None:
        self.stopped = self.eased = False
        self._tokens: deque[tuple[str, ...]] = deque()
        self._lines = os.fdopen(os.dup(0), "rb")
        self._reports = sys.stdout

    def order(self) -> dict[str, Any]:
        """The first line."""
        order = json.loads(self._lines.readline() or b"{}")
        native_thread(self._listen)
        return dict(order)

    def _listen(self) -> None:
        for line in self._lines:
            if line == b"ease\n":
                self.eased = True
                continue
            try:
                self._tokens.append(tuple(json.loads(line)["tokens"]))
            except (KeyError, TypeError, ValueError):
                break
        self.stopped = True

    def renewed(self) -> Iterator[tuple[str, ...]]:
        """The callers' tokens, each time that there are new ones."""
        while self._tokens:
            yield self._tokens.popleft()

    def keep_stdout(self) -> None:
        """From now on stdout is for our reports alone; what others print there is dropped."""
        self._reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)

    def tell(self, event: str, **what: Any) -> None:
        """One line of report; a parent that is gone wants no storm any more."""
        try:
            self._reports.write(json.dumps({"event": event, **what}) + "\n")
            self._reports.flush()
        except BrokenPipeError:
            os._exit(1)
