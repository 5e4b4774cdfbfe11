"""How changes of an AsyncAPI document are told: one teller for each pair of documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.drift.asyncapi.model import Part
from harness.drift.changes import Change, Effect, Side, change
from harness.drift.document import Document

WORDS = frozenset({"description", "summary", "title", "tags", "externalDocs", "examples", "name", "messageId",
                   "operationId"})
"""Words for people, or names that are compared where things are matched."""


@dataclass(slots=True)
class Teller:
    """Collects changes; `slot_changes` and `prover` are those of the callers of `compare_asyncapi`."""

    old: Document
    new: Document
    slot_changes: Callable[..., list[Change]] | None
    prover: Callable[..., Any] | None
    changes: list[Change] = field(default_factory=list)
    seen: set[tuple[str, str, Side]] = field(default_factory=set)
    """Payloads that were compared: a message on many channels is told once."""

    def breaks(self, rule: str, says: str, where: str, old: Part | None, new: Part | None = None,
               side: Side = Side.OUT) -> None:
        """A change that breaks somebody."""
        self._tell(rule, says, where, Effect.INCOMPARABLE, side, old, new)

    def adds(self, rule: str, says: str, where: str, old: Part | None, new: Part | None) -> None:
        """Something more, which nobody has to know."""
        self._tell(rule, says, where, Effect.NARROWS, Side.OUT, old, new)

    def doubts(self, rule: str, says: str, where: str, old: Part | None, new: Part | None) -> None:
        """A change whose meaning is not known here."""
        self._tell(rule, says, where, Effect.UNKNOWN, Side.OUT, old, new)

    def words(self, rule: str, says: str, where: str, old: Part | None, new: Part | None) -> None:
        """A change that only people see."""
        self._tell(rule, says, where, Effect.NONE, Side.OUT, old, new)

    def rest(self, what: str, where: str, old: Part, new: Part, handled: frozenset[str]) -> None:
        """Whatever else two parts say differently: words are editorial, anything else is a doubt."""
        for key in sorted({*old.said, *new.said} - handled):
            if plain(old.said.get(key)) == plain(new.said.get(key)):
                continue
            if key in WORDS or key.startswith("x-"):
                self.words(f"asyncapi-{what}-words-changed", f"{key} changed", where, old, new)
            else:
                self.doubts(f"asyncapi-{what}-{_kebab(key)}-changed", f"{key} changed, and what that means to others "
                            "is not known", where, old, new)

    def _tell(self, rule: str, says: str, where: str, effect: Effect, side: Side, old: Part | None,
              new: Part | None) -> None:
        self.changes.append(change(rule, says, where=where, effect=effect, side=side,
                                   old=self.old.place(old.pointer) if old else None,
                                   new=self.new.place(new.pointer) if new else None))


def plain(value: Any) -> Any:
    """A value without the words for people in it."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items() if key not in ("description", "summary", "examples")}
    return [plain(one) for one in value] if isinstance(value, list) else value


def _kebab(key: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in key)
