"""Two small documents compared, schemas by a stand-in that only tells that they differ and from which side."""

import json

from harness.drift.changes import Effect, Side, change
from harness.drift.document import read_document
from harness.drift.openapi.compare import compare_openapi

SIDES = {"in": Side.IN, "out": Side.OUT, "neither": Side.NEITHER}


def document(value, name="api.yaml"):
    """A document from plain data, or from YAML text."""
    text = value if isinstance(value, str) else json.dumps({"openapi": "3.1.0", "info": {"version": "1.0.0"}, **value})
    return read_document(text.encode(), file=name)


def differ(old, new, *, side, where, old_place, new_place, old_pointer, new_pointer, sent=None, **_):
    """A stand-in for the comparison of schemas, as they are sent."""
    old, new = (one for one, _ in sent) if sent else (old, new)
    if json.dumps(old) == json.dumps(new):
        return []
    return [change("schema-differs", "It differs.", where=where, effect=Effect.INCOMPARABLE, side=side,
                   old=old_place(old_pointer), new=new_place(new_pointer))]


def compared(old, new, **given):
    """The comparison of two documents given as data."""
    return compare_openapi(document(old, "old.yaml"), document(new, "new.yaml"), slots=differ, **given)


def told(old, new, **given):
    """`rule verdict side` of every change, wording left out."""
    return [f"{one.rule} {one.verdict.value} {one.side.value}" for one in compared(old, new, **given).changes
            if one.rule != "wording-changed"]


def operation(inside=None, *, path="/bets", method="post", **beside):
    """A document of one operation."""
    made = {"responses": {"200": {"description": "ok"}}, **(inside or {})}
    return {"paths": {path: {method: made}}, **beside}


def body(schema, kind="application/json", **beside):
    """A `content` of one media type."""
    return {"content": {kind: {"schema": schema, **beside}}}
