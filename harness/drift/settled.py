"""What walks over the same two documents have found out, kept from one to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Settled:
    """The pairs of places, by identity, that walks over the same two documents have settled for good."""

    proved: set[tuple[Any, ...]] = field(default_factory=set)
    disproved: set[tuple[Any, ...]] = field(default_factory=set)
    """Not even with all others taken to hold could they be proved."""
    kept: list[Any] = field(default_factory=list)
    """What the identities belong to."""
