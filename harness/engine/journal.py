"""The journal: one append-only file of JSON lines that survives kill -9 and is readable after."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.model.errors import UsageError

FORMAT = 1


class Journal:
    """Appends lines; several processes may write the same file.

    Each line is one `write` on an O_APPEND descriptor, so lines of parallel workers never mix and a
    killed process leaves at most one torn line, which `read` skips when it is the last.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, kind: str, line: Mapping[str, Any]) -> None:
        """Write one record of `kind`; `line` must be JSON-ready. Lone surrogates survive as escapes."""
        text = json.dumps({"k": kind, "t": time.monotonic_ns(), **line}, separators=(",", ":"))
        os.write(self._fd, text.encode("ascii") + b"\n")

    def close(self) -> None:
        """Flush to disk and close."""
        if self._fd >= 0:
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a journal in order.

    Raises:
        UsageError: the file is missing, or a line other than the last is damaged (named by number).
    """
    try:
        with path.open("rb") as lines:
            pending: tuple[int, str] | None = None
            for number, raw in enumerate(lines, start=1):
                if pending:
                    raise UsageError(f"{path}:{pending[0]}: damaged journal line ({pending[1]})",
                                     remedy="Restore the file from its backup; a journal is never edited")
                try:
                    record = json.loads(raw)
                    if not isinstance(record, dict) or "k" not in record:
                        raise ValueError("not a record")
                except (ValueError, RecursionError) as error:
                    pending = (number, str(error)[:80])
                    continue
                yield record
            # A torn last line is what kill -9 leaves: everything before it counts.
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", remedy="Name a run directory that holds journal.jsonl") \
            from error
