"""Moves of a random play, by symbolic names: nothing in them depends on the target, so that a play can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Sum(NamedTuple):
    """An amount in minor units of a currency."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One call. `body` holds the request's members; identifiers (`…_id`) are names like "bet 2", fresh in each play."""

    operation: str
    body: tuple[tuple[str, Any], ...]
    key: str = ""
    """Name of the idempotency key; "" lets the party choose a fresh one."""
    by: str = "provider"

    def __getitem__(self, member: str) -> Any:
        """A member of the body; KeyError when there is none."""
        return dict(self.body)[member]

    def having(self, **members: Any) -> Move:
        """The same call with other members."""
        return Move(operation=self.operation, body=tuple({**dict(self.body), **members}.items()), key=self.key,
                    by=self.by)

    def under(self, key: str) -> Move:
        """The same call under another idempotency key."""
        return Move(operation=self.operation, body=self.body, key=key, by=self.by)

    def sent_by(self, party: str) -> Move:
        """The same call by another party."""
        return Move(operation=self.operation, body=self.body, key=self.key, by=party)
