"""Comparisons made up for the tests of reports."""

from harness.drift.changes import Comparison, Effect, Place, Side, Verdict, Witness, change
from harness.drift.judged import judged


def place(file, line, pointer="/paths/~1v1~1bets/post/requestBody"):
    return Place(file=file, pointer=pointer, line=line)


BREAK = change("request-property-became-required", "`amount` became required.", where="POST /v1/bets request body",
               effect=Effect.NARROWS, side=Side.IN, old=place("old.yaml", 12), new=place("new.yaml", 14),
               witness=Witness(document={"currency": "EUR"}, valid_in="old"))
UNSURE = change("pattern-changed", "The pattern of `id` changed.", where="GET /v1/bets response 200",
                effect=Effect.UNKNOWN, side=Side.OUT, old=place("old.yaml", 30), new=place("new.yaml", 32))
ADDED = change("operation-added", "It is new.", where="GET /v1/limits", effect=Effect.WIDENS, side=Side.IN,
               new=place("new.yaml", 60))
REMOVED = change("operation-removed", "It is gone.", where="DELETE /v1/bets", effect=Effect.NARROWS, side=Side.IN,
                 policy="a removal breaks whoever calls it", old=place("old.yaml", 40))
WORDS = change("text-changed", "The description changed.", where="GET /v1/bets", effect=Effect.NONE)
PROMISE = change("deprecation-promise-missing", "It is deprecated without x-removed-in.", where="GET /v1/old",
                 effect=Effect.NONE, new=place("new.yaml", 70))


def report(*changes, old="1.6.0", new="1.7.0", notes=(), allow=Verdict.ADDITIVE, kind="openapi"):
    """The judged comparison of these changes."""
    found = Comparison(format=kind, old_version=old, new_version=new, changes=changes, notes=notes)
    return judged(found, old="main:old.yaml", new="new.yaml", allow=allow)
