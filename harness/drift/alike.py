"""What two documents describe word for word alike, references followed: no proof is needed there, and no search."""

from __future__ import annotations

from typing import Any

from harness.drift.bundles import Unfollowed
from harness.drift.bundling import Bundler


class Alike:
    """Compares the parts of two documents that references name, each once."""

    def __init__(self, writer: Bundler, reader: Bundler) -> None:
        self._writer, self._reader = writer, reader
        self._known: dict[str, bool] = {}

    def schemas(self, writer: Any, reader: Any) -> bool:
        """Whether two schemas say the same, also in all that they refer to.

        Raises:
            Unfollowed: one of them cannot be read.
        """
        mine, theirs = self._writer.read(writer), self._reader.read(reader)
        return (mine.text, mine.formats) == (theirs.text, theirs.formats) and all(self.name(one) for one in mine.deps)

    def name(self, name: str) -> bool:
        """Whether the named part is alike in both."""
        if name not in self._known:
            self._settle(name)
        return self._known[name]

    def _settle(self, name: str) -> None:
        """All that one part leads to: alike unless its words differ, or those of a part that it leads to."""
        leads: dict[str, frozenset[str]] = {}
        differs: set[str] = set()
        todo = [name]
        while todo:
            one = todo.pop()
            if one in leads:
                continue
            leads[one] = frozenset()
            if one in self._known:
                differs |= set() if self._known[one] else {one}
                continue
            try:
                mine, theirs = self._writer.definition(one), self._reader.definition(one)
            except Unfollowed:
                differs.add(one)
                continue
            if (mine.text, mine.formats) != (theirs.text, theirs.formats):
                differs.add(one)
            leads[one] = mine.deps
            todo.extend(mine.deps)
        led: dict[str, list[str]] = {}
        for one, to in leads.items():
            for other in to:
                led.setdefault(other, []).append(one)
        spread = list(differs)
        while spread:
            for one in led.get(spread.pop(), ()):
                if one not in differs:
                    differs.add(one)
                    spread.append(one)
        self._known.update({one: one not in differs for one in leads})
