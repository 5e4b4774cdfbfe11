"""Media types: when two spellings are one, and when one takes in the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Media:
    """A media type or range; parameters are sorted, and the charset that all of JSON has anyway is left out."""

    kind: str
    subtype: str
    parameters: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.kind}/{self.subtype}" + "".join(f";{name}={value}" for name, value in self.parameters)


@lru_cache(maxsize=4096)
def media(text: str) -> Media:
    """The media type that the text means: letters of any case, parameters in any order."""
    essence, *parameters = text.split(";")
    kind, _, subtype = essence.strip().lower().partition("/")
    named = []
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        pair = (name.strip().lower(), value.strip().strip('"'))
        if pair[0] in ("charset",):
            pair = (pair[0], pair[1].lower())
        if pair[0] and pair != ("charset", "utf-8"):
            named.append(pair)
    return Media(kind, subtype or "*", tuple(sorted(named)))


def takes_in(general: Media, special: Media) -> bool:
    """Whether all of `special` is of the type `general`: `*/*`, `text/*`, no parameters, `+json` for JSON."""
    if not set(general.parameters) <= set(special.parameters):
        return False
    if general.kind in ("*", ""):
        return True
    if general.kind != special.kind:
        return False
    return general.subtype in ("*", special.subtype) or special.subtype.endswith("+" + general.subtype)


def listed(text: str) -> frozenset[Media]:
    """The media types in a list with commas."""
    return frozenset(media(one) for one in text.split(",") if one.strip())


def all_taken_in(general: Iterable[Media], special: Iterable[Media]) -> bool:
    """Whether each of `special` is taken in by one of `general`."""
    wide = tuple(general)
    return all(any(takes_in(one, other) for one in wide) for other in special)
