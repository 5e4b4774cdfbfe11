"""Named Avro types that stand in files of their own, put where a schema first uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.drift.avro_schemas import NAMED
from harness.model.errors import UsageError


def inlined(schema: Any, others: Sequence[Any]) -> Any:
    """The schema, whole by itself; `others` are parsed schemas that define types by name.

    Raises:
        UsageError: nested too deep.
    """
    known = {_name(one, ""): one for one in others if isinstance(one, Mapping) and one.get("type") in NAMED}
    if not known:
        return schema
    used: set[str] = set()

    def put(value: Any, namespace: str) -> Any:
        if isinstance(value, str):
            for name in (value, f"{namespace}.{value}"):
                if name in known and name not in used:
                    used.add(name)
                    return put(known[name], name.rpartition(".")[0])
            return value
        if isinstance(value, list):
            return [put(one, namespace) for one in value]
        if not isinstance(value, Mapping):
            return value
        if value.get("type") in NAMED:
            used.add(_name(value, namespace))
            namespace = _name(value, namespace).rpartition(".")[0]
        made = dict(value)
        for key in ("type", "items", "values"):
            if key in value and not (key == "type" and value[key] in NAMED):
                made[key] = put(value[key], namespace)
        if isinstance(value.get("fields"), list):
            made["fields"] = [{**one, "type": put(one["type"], namespace)}
                              if isinstance(one, Mapping) and "type" in one else one for one in value["fields"]]
        return made

    try:
        return put(schema, "")
    except RecursionError as error:
        raise UsageError("an Avro schema is nested too deep", remedy="Correct the schema") from error


def _name(schema: Mapping[str, Any], namespace: str) -> str:
    name, own = str(schema.get("name")), schema.get("namespace", namespace)
    return name if "." in name or not own else f"{own}.{name}"
