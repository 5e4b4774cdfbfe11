"""All changes between two AsyncAPI documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.drift.asyncapi.reading import read_contract
from harness.drift.asyncapi.surroundings import compare_channels, compare_operations, compare_servers
from harness.drift.asyncapi.telling import Teller
from harness.drift.changes import Change, Comparison, Effect, Side, change
from harness.drift.document import Document


def compare_asyncapi(old: Document, new: Document, *, slots: Callable[..., list[Change]] | None = None,
                     prover: Callable[..., Any] | None = None) -> Comparison:
    """The changes between two documents; 2.x and 3.x may be compared with each other.

    `slots` is `slots.slot_changes` or the module that has it, `prover` is `containment.contained`; both default to the
    project's own.

    Raises:
        UsageError: no AsyncAPI document, or a payload whose schema cannot be read.
    """
    before, after = read_contract(old), read_contract(new)
    tell = Teller(old, new, getattr(slots, "slot_changes", slots), prover)
    compare_servers(tell, before, after)
    compare_channels(tell, before, after)
    compare_operations(tell, before, after)
    if not tell.changes and old.value != new.value:
        tell.changes.append(change("asyncapi-reworded", "the document is written differently and means the same",
                                   where="asyncapi", effect=Effect.NONE, side=Side.OUT, old=old.place(""),
                                   new=new.place("")))
    return Comparison(format="asyncapi", old_version=before.version, new_version=after.version,
                      changes=tuple(tell.changes))
