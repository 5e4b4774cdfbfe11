"""The catalogue of requirements: controls, blocks, phases and levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class How(Enum):
    """How a control is decided."""

    BLACK_BOX = "B"
    HOOK = "H"
    ATTESTED = "A"


class Role(Enum):
    """The side under test."""

    PLATFORM = "platform"
    PROVIDER = "provider"


class Level(Enum):
    """What a run is asked for; `phases` are the launch phases it needs.

    BUILT is what this release can decide at all: it is asked for by the built-in target until the
    whole of Contract is built, and never shown as a launch level.
    """

    BUILT = "built"
    CONTRACT = "contract"
    RESILIENCE = "resilience"
    LAUNCH = "launch"

    @property
    def phases(self) -> tuple[int, ...]:
        """Phases (days before launch) whose controls the level needs."""
        return {"built": (7, 3, 0), "contract": (7,), "resilience": (7, 3), "launch": (7, 3, 0)}[self.value]

    @property
    def title(self) -> str:
        """As the launch table prints it."""
        return {"built": "Built controls", "contract": "Contract (T-7)", "resilience": "Resilience (T-3)",
                "launch": "Launch (T-0)"}[self.value]


LAUNCH_LEVELS = (Level.CONTRACT, Level.RESILIENCE, Level.LAUNCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One requirement of the launch documents; ids never change once released."""

    id: str
    title: str
    block: str
    how: tuple[How, ...]
    roles: tuple[Role, ...]
    phase: int
    must: bool = True
    remedy: str = ""
    source: str = ""
    proof: tuple[str, ...] = ()
    """Fault switches that turn exactly this control red."""

    @property
    def family(self) -> str:
        """`IDEM` of `IDEM-03`."""
        return self.id.partition("-")[0]

    @property
    def automated(self) -> bool:
        """True when a check can decide it (black box or hook)."""
        return How.BLACK_BOX in self.how or How.HOOK in self.how


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One row of the launch table."""

    id: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All controls and blocks, in the order of the launch documents; `digest` is over their text."""

    blocks: tuple[Block, ...]
    controls: Mapping[str, Control]
    digest: str
