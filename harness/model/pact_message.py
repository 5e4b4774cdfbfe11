"""Messages of pacts: which way they go, what event each is about, and a real one made of its example."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.model.pact import Interaction, Kind

_EVENT = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_VALUE = re.compile(r"\$\{([^}]*)\}")
_LONGEST_PATH = 1000
_STEP = re.compile(r"\.([^.\[\]]+)|\[(?:(\d+)|'([^']*)'|\"([^\"]*)\")\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """Message interactions by who sends them."""

    sent: tuple[Interaction, ...]
    """By the target: events and webhooks that consumers read."""
    taken: tuple[Interaction, ...]
    """By a provider, to the target: what it publishes, as the target's own pact says."""


def directions(every: Iterable[Interaction], names: Collection[str] = ()) -> Directions:
    """Sort message interactions. `names`: what pacts call the target; else what their HTTP interactions call it.

    A message that the target consumes under one of its names, from somebody who is not it, is one that it takes.
    """
    listed = tuple(every)
    known = set(names) or {one.pact.provider for one in listed if one.kind is Kind.HTTP}
    sent: list[Interaction] = []
    taken: list[Interaction] = []
    for one in listed:
        if one.kind is Kind.MESSAGE:
            is_reader = one.pact.consumer in known and one.pact.provider not in known
            (taken if is_reader else sent).append(one)
    return Directions(sent=tuple(sent), taken=tuple(taken))


def event_type(one: Interaction) -> str:
    """The type of the event that a message is: by certify's note, by its content, or by its description; else ""."""
    noted = _mapping(_mapping(one.document.get("comments")).get("certify")).get("event")
    content = example(one)
    said = content.get("type") or content.get("event_type") if isinstance(content, Mapping) else None
    if isinstance(noted, str) or isinstance(said, str):
        return str(noted if isinstance(noted, str) else said)
    found = _EVENT.search(one.description)
    return found.group() if found else ""


def example(one: Interaction) -> Any:
    """The content that the consumer gave as an example; None where it is not JSON."""
    contents = one.document.get("contents")
    if isinstance(contents, Mapping) and "content" in contents and one.document.get("type"):
        return contents["content"] if not contents.get("encoded") else None
    return contents


def reads_metadata(one: Interaction) -> bool:
    """Does the consumer read more beside the content than its type? Only a webhook has more."""
    metadata = _mapping(one.document.get("metadata", one.document.get("metaData")))
    return bool({str(name).lower() for name in metadata} - {"contenttype", "content-type"})


def filled(one: Interaction, values: Mapping[str, Any], *, fresh: Callable[[], str], now: Callable[[], str]) -> Any:
    """The example with what its generators make: values of provider states, identifiers, times.

    What other generators would make stays as the example has it.
    """
    content = json.loads(json.dumps(example(one)))  # as deep as it could be read
    for path, generator in _mapping(_mapping(one.document.get("generators")).get("body")).items():
        match _mapping(generator).get("type"):
            case "ProviderState":
                _put(content, path, _of_state(str(generator.get("expression", "")), values))
            case "Uuid":
                _put(content, path, fresh())
            case "DateTime":
                _put(content, path, now())
    return content


def _of_state(expression: str, values: Mapping[str, Any]) -> Any:
    """The value itself where the expression names nothing else; else a text."""
    if expression in values:
        return values[expression]
    if only := _VALUE.fullmatch(expression):
        return values.get(only.group(1))
    return _VALUE.sub(lambda found: str(values.get(found.group(1), "")), expression)


def _put(content: Any, path: str, value: Any) -> None:
    """Replace the member at a path like `$.data.items[0].id`; nothing happens where there is none."""
    if len(path) > _LONGEST_PATH:
        return
    steps = [int(number) if number else name or one or two for name, number, one, two in _STEP.findall(path)]
    for step in steps[:-1]:
        content = _at(content, step)
    if value is not None and steps and _at(content, steps[-1]) is not None:
        content[steps[-1]] = value


def _at(content: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return content[step] if isinstance(content, list) and step < len(content) else None
    return content.get(step) if isinstance(content, dict) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
