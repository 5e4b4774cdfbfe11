"""Two versions of an OpenAPI document: all that changed, whom it breaks, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.drift.changes import Change, Comparison, Effect, Side, change
from harness.drift.document import Document
from harness.drift.growing import escaped
from harness.drift.openapi.comparing import Comparing, SlotChanges
from harness.drift.openapi.matching import shape
from harness.drift.openapi.model import Contract, contract_of
from harness.drift.openapi.operations import operation_changes, webhook_changes
from harness.drift.openapi.policies import ALL_POLICIES
from harness.drift.openapi.proving import Provers
from harness.drift.slots import slot_changes


def compare_openapi(old: Document, new: Document, *, slots: SlotChanges = slot_changes,
                    policies: frozenset[str] = ALL_POLICIES, strict: bool = False) -> Comparison:
    """What changed from `old` to `new`, in the order of the old document.

    `slots` compares schemas; `policies` are those that are on, by name; `strict` reads no writer's schema as closed.

    Raises:
        Unreadable: one of them is not OpenAPI 3.
        UsageError: schemas that cannot be brought to one dialect.
    """
    before, after = contract_of(old), contract_of(new)
    provers = Provers()
    comparing = Comparing(before, after, slots=slots, prover=provers, policies=policies, strict=strict,
                          large=slots is slot_changes)
    found = [*_dialects(comparing), *operation_changes(comparing), *webhook_changes(comparing)]
    changes = comparing.told(_once(found))
    if not changes:
        changes = tuple(_wording(old, new))
    return Comparison(format="openapi", old_version=before.version, new_version=after.version, changes=changes,
                      notes=(*_notes(before, after), *_unproved(provers.unasked)))


def _dialects(comparing: Comparing) -> Iterator[Change]:
    """Where schemas are in another dialect now: their words may mean something else."""
    before, after = (_dialect(one) for one in (comparing.old, comparing.new))
    if before != after:
        yield comparing.change("schema-dialect-changed", f"Schemas are in the dialect {after or 'of OpenAPI'}, no "
                               f"longer in {before or 'that of OpenAPI'}.", where="document", effect=Effect.UNKNOWN,
                               side=Side.NEITHER, old=comparing.old.root.raw("jsonSchemaDialect"),
                               new=comparing.new.root.raw("jsonSchemaDialect"))


def _dialect(contract: Contract) -> str:
    """The schema dialect where it is not 2020-12 or OpenAPI's own, which are read alike; "": it is."""
    said = contract.root.text("jsonSchemaDialect")
    return "" if "2020-12" in said or "spec.openapis.org" in said else said


def _once(found: list[Change]) -> tuple[Change, ...]:
    """Without those that say the same of the same place: a schema may be reached in two ways."""
    seen: dict[tuple[Any, ...], Change] = {}
    for one in found:
        seen.setdefault((one.rule, one.says, one.where, one.side, one.old, one.new), one)
    return tuple(seen.values())


def _wording(old: Document, new: Document) -> Iterator[Change]:
    """The first place where the documents differ though nothing in the contract does: texts, examples, order."""
    place = _difference(old.value, new.value, "")
    if place is not None:
        yield change("wording-changed", "Only what binds nobody differs: texts, examples, order, names of parts.",
                     where="document", effect=Effect.NONE, old=old.place(place), new=new.place(place))


def _difference(old: Any, new: Any, pointer: str) -> str | None:
    """The pointer of the first difference; the version number of the document is none."""
    if pointer == "/info/version" or (type(old) is type(new) and old == new):
        return None
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*old, *(key for key in new if key not in old)):
            within = f"{pointer}/{escaped(key)}"
            found = _difference(old[key], new[key], within) if key in old and key in new else within
            if found is not None:
                return found
        return None
    return pointer


def _unproved(count: int) -> Iterator[str]:
    if count:
        yield f"{count} schemas were judged by their differences alone: there were no steps left for proofs"


def _notes(old: Contract, new: Contract) -> Iterator[str]:
    """What the reader should know of how the documents were read."""
    for name, contract in (("old", old), ("new", new)):
        dialect = _dialect(contract)
        if dialect:
            yield f"the {name} version declares the schema dialect {dialect}; it is read as JSON Schema 2020-12"
        shapes: dict[tuple[str, str], str] = {}
        for one in contract.operations:
            other = shapes.setdefault((one.method, shape(one.path)), one.path)
            if other != one.path:
                yield f"the {name} version has two paths of one shape for {one.method.upper()}: {other} and {one.path}"
