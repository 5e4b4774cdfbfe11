"""Compatibility levels of event schemas: who must read whose documents, and over how much of a history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from harness.drift.changes import Effect, Verdict, verdict_of
from harness.drift.changes import Side as _Side
from harness.model.errors import UsageError


class Level(Enum):
    """The levels of schema registries; the transitive ones look at the whole history of a major."""

    NONE = "none"
    BACKWARD = "backward"
    FORWARD = "forward"
    FULL = "full"
    BACKWARD_TRANSITIVE = "backward_transitive"
    FORWARD_TRANSITIVE = "forward_transitive"
    FULL_TRANSITIVE = "full_transitive"

    @property
    def transitive(self) -> bool:
        """Whether a version answers for all before it, not only for the last."""
        return self.value.endswith("_transitive")

    @property
    def backward(self) -> bool:
        """Whether the new version must read documents of the old: stored events are replayed."""
        return self.value.startswith(("backward", "full"))

    @property
    def forward(self) -> bool:
        """Whether readers of the old version must read documents of the new: consumers update later."""
        return self.value.startswith(("forward", "full"))


DEFAULT = Level.FULL_TRANSITIVE


def level_named(name: str) -> Level:
    """The level of that name, in any case, with - or _.

    Raises:
        UsageError: there is none.
    """
    try:
        return Level(name.strip().lower().replace("-", "_"))
    except ValueError as error:
        raise UsageError(f"no compatibility level {name!r}",
                         remedy=f"Known: {', '.join(level.value for level in Level)}") from error


def judged(effect: Effect, level: Level) -> tuple[Verdict, str]:
    """The verdict on a change of an event (the provider writes it) under a level, and the policy where it is not the
    one that follows: NARROWS is what new readers refuse of the past, WIDENS what old readers refuse of the future."""
    follows = verdict_of(effect, _Side.OUT)
    if effect is Effect.NONE or (effect is Effect.UNKNOWN and level is not Level.NONE):
        return follows, ""
    asked = {Effect.NARROWS: level.backward, Effect.WIDENS: level.forward}.get(effect, level is not Level.NONE)
    verdict = Verdict.BREAKING if asked else Verdict.ADDITIVE
    if verdict is follows:
        return follows, ""
    if asked:
        return verdict, f"level {level.value}: stored events of the old version are read again"
    if effect is Effect.WIDENS:
        return verdict, f"level {level.value} does not ask that old readers take new events"
    return verdict, f"level {level.value} asks nothing"


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A place in a history; versions without a major of their own are ordinals of one major."""

    major: int
    minor: int
    patch: int
    label: str = ""


def version_named(label: str) -> Version:
    """`v2` is major 2, `1.4.0` is what it says, a plain number such as a registry's 7 is an ordinal of major 0.

    Raises:
        UsageError: it is none of these.
    """
    numbers = label.lower().removeprefix("v").split(".")
    if len(numbers) > 3 or not all(n.isascii() and n.isdigit() and len(n) <= 9 for n in numbers):
        raise UsageError(f"{label!r} is no version", remedy="Use v2, 1.4.0 or a plain number")
    if len(numbers) == 1 and label[0] not in "vV":
        return Version(0, int(numbers[0]), 0, label)
    major, minor, patch = (*(int(n) for n in numbers), 0, 0)[:3]
    return Version(major, minor, patch, label)


def pairs(versions: Sequence[Version], level: Level) -> Iterator[tuple[int, int]]:
    """Index pairs (older, newer) that a level compares, newest last; never across majors.

    Raises:
        ValueError: the versions are not in rising order.
    """
    if any(one >= two for one, two in pairwise(versions)):
        raise ValueError("versions must rise")
    if level is Level.NONE:
        return
    for newer, version in enumerate(versions):
        earlier = [older for older in range(newer) if versions[older].major == version.major]
        yield from ((older, newer) for older in (earlier if level.transitive else earlier[-1:]))
