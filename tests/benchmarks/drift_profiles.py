"""Pairs of generated OpenAPI documents of a megabyte and 500 operations, each hard to compare in its own way."""

import copy

from tests.benchmarks.drift_documents import OPERATIONS, SCHEMAS, edited, generated

MEMBERS = 12
"""Plain members of a generated component."""
CHAIN = 500


def profiles():
    """Name -> two documents, as data: the old one and the new one."""
    plain, linked, endless, composed, chosen = (generated(), document(interlinked), document(recursive),
                                                document(composing), document(choosing))
    return {
        "nothing changed": (plain, copy.deepcopy(plain)),
        "light edits": (plain, edited(plain, 10)),
        "every schema edited": (plain, edited(plain, 1)),
        "every schema of another type": (plain, retyped(plain)),
        "interlinked, one edit": (linked, retyped(linked, only=7)),
        "interlinked, every schema of another type": (linked, retyped(linked)),
        "recursive, every schema of another type": (endless, retyped(endless)),
        "deep allOf and oneOf, every schema of another type": (composed, retyped(composed)),
        "choices among all, every schema of another type": (chosen, retyped(chosen)),
        f"a chain of {CHAIN} references, its end of another type": (chained(TEXT), chained({"type": "integer"})),
    }


TEXT = {"type": "string"}


def document(component, operations=OPERATIONS, schemas=SCHEMAS):
    """`operations` over `schemas` components, each made by `component(number, of how many)`."""
    made = generated(operations, schemas)
    parts = made["components"]["schemas"]
    parts.update({f"Part{n}": component(n, schemas) for n in range(schemas)})
    return made


def retyped(old, only=None):
    """The next version: in each component, or only in one, `member1` is of another type."""
    made = copy.deepcopy(old)
    for n, schema in enumerate(made["components"]["schemas"].values()):
        if only in (None, n):
            _retype(schema)
    return made


def _retype(schema):
    if "member1" in schema.get("properties", {}):
        schema["properties"]["member1"] = {"type": "integer", "minimum": 0}
    for part in schema.get("allOf", ()):
        _retype(part)


def part(n):
    """The reference to a component."""
    return {"$ref": f"#/components/schemas/Part{n}"}


def interlinked(n, schemas):
    """A component that refers to three others, so that all are reached from each."""
    return _object(n, first=part((n * 3 + 1) % schemas), second=part((n * 5 + 2) % schemas),
                   third={"type": "array", "items": part((n * 7 + 3) % schemas)})


def recursive(n, schemas):
    """A component that holds itself, in three ways, and its neighbour."""
    return _object(n, same=part(n), listed={"type": "array", "items": part(n)}, next=part((n + 1) % schemas),
                   named={"type": "object", "additionalProperties": part(n)})


def composing(n, schemas):
    """A component composed of others: each eighth is plain, those above extend the one below, and offer a choice."""
    if n % 8 == 0:
        return _object(n)
    own = _object(n)
    own["properties"][f"choice{n}"] = {"oneOf": [part(n - 1), {"type": "string", "maxLength": n}, {"type": "null"}]}
    return {"allOf": [part(n - 1), own]}


def choosing(n, schemas):
    """A component whose members are one of two others each: only together do they say what is accepted."""
    return _object(n, **{f"choice{step}": {"oneOf": [part((n * step + 1) % schemas), part((n * 3 + step) % schemas)]}
                         for step in (3, 5, 7)})


def _object(n, **more):
    members = {f"member{k}": {"type": "string", "maxLength": 10 + k, "description": f"Member {k} of part {n}."}
               for k in range(MEMBERS)}
    return {"type": "object", "required": ["member0"], "properties": {**members, **more}}


def chained(end):
    """Each component is nothing but a member that is the next one; the last one is `end`."""
    made = generated(OPERATIONS, SCHEMAS)
    made["components"]["schemas"] |= {f"Link{n}": {"type": "object", "properties": {"next": {
        "$ref": f"#/components/schemas/Link{n + 1}"}}} for n in range(CHAIN)} | {f"Link{CHAIN}": end}
    made["paths"]["/chain"] = {"get": {"responses": {"200": {"description": "ok", "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Link0"}}}}}}}
    return made
