"""Protocol bindings: what decides where a Kafka event lands breaks, anything else is a doubt."""

from __future__ import annotations

from typing import Any

from harness.drift.asyncapi.model import Part
from harness.drift.asyncapi.telling import Teller, plain

_BREAKING = frozenset({("message", "kafka", "key"), ("channel", "kafka", "topic"), ("channel", "kafka", "partitions")})
_SILENT = frozenset({"bindingVersion", "description"})


def compare_bindings(tell: Teller, old: Part, new: Part, what: str, where: str) -> None:
    """The bindings of a "server", "channel", "operation" or "message"."""
    was, now = (one.said.get("bindings") or {} for one in (old, new))
    if "$ref" in was or "$ref" in now:
        was, now = (_followed(tell, side, one) for side, one in (("old", was), ("new", now)))
    for protocol in sorted({*was, *now}):
        before, after = was.get(protocol) or {}, now.get(protocol) or {}
        for key in sorted({*before, *after} - _SILENT):
            if plain(before.get(key)) == plain(after.get(key)) or key.startswith("x-"):
                continue
            says = f"{protocol} {key} of the {what} was {before.get(key, 'not said')} and is " \
                   f"{after.get(key, 'not said')}"[:300]
            if (what, protocol, key) in _BREAKING and key in before:
                tell.breaks(f"asyncapi-{protocol}-{key}-changed", says, where, old, new)
            else:
                tell.doubts(f"asyncapi-{what}-binding-changed", says, where, old, new)


def _followed(tell: Teller, side: str, bindings: Any) -> Any:
    from harness.drift.asyncapi.reading import at

    root = (tell.old if side == "old" else tell.new).value
    for _ in range(20):
        if not isinstance(bindings.get("$ref"), str):
            return bindings
        bindings = at(root, str(bindings["$ref"]).removeprefix("#"))
    return bindings
