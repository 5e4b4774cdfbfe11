"""A document that cannot be compared, told in one line: which file, which line, what to do."""

from __future__ import annotations


class Unreadable(ValueError):
    """A contract that cannot be read; never the same as one that did not change."""

    def __init__(self, file: str, line: int | None, problem: str, remedy: str) -> None:
        self.file, self.line = file, line
        place = file if line is None else f"{file}, line {line}"
        super().__init__(" ".join(f"{place}: {problem}; {remedy}".split()))
