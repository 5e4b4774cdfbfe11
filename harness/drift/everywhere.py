"""Every schema of a document: where its format has them, in the files brought in, and wherever a reference leads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.drift.references import FILES
from harness.drift.subschemas import at_pointer, steps, with_schemas

_IN_SCHEMAS = frozenset({"type", "properties", "items", "allOf", "anyOf", "oneOf", "enum", "additionalProperties"})
_ELSEWHERE = frozenset({"in", "content", "responses", "schema", "openapi", "paths", "components", "headers"})
_DOCUMENT = frozenset({"openapi", "components", "paths"})


@dataclass(slots=True)
class Seen:
    """Which schemas were replaced, by identity, and where the references in them lead."""

    ids: set[int] = field(default_factory=set)
    refs: list[str] = field(default_factory=list)

    def add(self, schema: dict[str, Any]) -> None:
        """One more schema."""
        self.ids.add(id(schema))
        if isinstance(schema.get("$ref"), str):
            self.refs.append(schema["$ref"])


def everywhere(root: Any, each: Callable[[Any], Any], seen: Seen,
               moved: Callable[[str], str] = lambda ref: ref) -> Any:
    """A copy of a document in which every outermost schema is replaced by what `each` makes of it.

    `each` notes in `seen` what it was at; `moved` tells where a reference leads in the copy.
    """
    made = in_files(root, lambda one: with_schemas(one, each))
    done, own = 0, set[int]()
    while done < len(seen.refs):  # what is replaced brings references of its own
        ref, done = seen.refs[done], done + 1
        schema = _at(root, ref)
        if isinstance(schema, dict) and id(schema) not in seen.ids:
            made = _put(made, steps(moved(ref)[1:]), each(schema), own)
    return made


def in_files(root: Any, each: Callable[[Any], Any]) -> Any:
    """`each` on the document and on the schemas of the files that were brought in."""
    files = root.get(FILES) if isinstance(root, dict) else None
    made = each(root)
    if isinstance(files, dict):
        made = {**made, FILES: {name: _in_file(one, each) for name, one in files.items()}}
    return made


def _in_file(value: Any, each: Callable[[Any], Any]) -> Any:
    """A file may be a schema, a bundle of named schemas, or any part of a contract with schemas in it."""
    if isinstance(value, list):
        return [_in_file(one, each) for one in value]
    if not isinstance(value, dict):
        return value
    schema = _IN_SCHEMAS & value.keys() and not _ELSEWHERE & value.keys()
    if schema or _DOCUMENT & value.keys():
        return each(value)
    return {key: each(one) if key == "schema" else _in_file(one, each) for key, one in value.items()}


def _at(root: Any, ref: str) -> Any:
    try:
        return at_pointer(root, ref[1:]) if ref.startswith("#/") else None
    except (LookupError, ValueError):
        return None


def _put(made: Any, path: list[str], new: Any, own: set[int]) -> Any:
    """The same with another value at a path, if the path is there; what is in `own` is a copy already."""
    made = _copied(made, own)
    here = made
    for at, step in enumerate(path):
        key: Any = int(step) if isinstance(here, list) and step.isdigit() else step
        if not (key in here if isinstance(here, dict) else isinstance(key, int) and key < len(here)):
            break
        last = at == len(path) - 1
        if not last and not isinstance(here[key], dict | list):
            break
        here[key] = new if last else _copied(here[key], own)
        here = here[key]
    return made


def _copied(value: Any, own: set[int]) -> Any:
    if id(value) in own:
        return value
    made = dict(value) if isinstance(value, dict) else list(value)
    own.add(id(made))
    return made
