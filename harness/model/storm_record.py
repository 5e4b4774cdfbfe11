"""What became of a storm: a byte for each call of its rounds, its tally, and its record in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from harness.model.neighbours import Neighbours
from harness.model.packing import packed, unpacked
from harness.model.storm import StormPlan
from harness.model.storm_watch import StormWatch
from harness.model.tally import Tally


class Became(IntEnum):
    """What became of one call of a round; one byte each in the records of a storm."""

    UNSENT = 0
    DONE = 1
    LATER = 2
    """202: taken, and to be concluded later."""
    REFUSED = 3
    SHED = 4
    """429 or 503 with Retry-After: not done, and to be made again."""
    UNKNOWN = 5
    """No answer, or one that leaves it open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormResult:
    """What became of a storm: its tally, and a byte (`Became`) for each call of a round, by round number.

    What was left open was asked for again when the storm was over, as a provider does: the bytes say what came of it in
    the end, the tally what came of it in the storm.
    """

    tally: Tally
    begun: bytes
    ended: bytes
    workers: int
    fed: bytes = b""
    """What became of the contribution to the hot jackpot; UNSENT where the plan has none."""
    amended: int = 0
    """Calls that were made again when the storm was over, under their first key."""
    kept: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """Some calls and their answers, as the generator saw them; journalled as samples, not in the storm's record."""
    lost: tuple[int, ...] = ()
    """Numbers of workers that were gone before they had told all."""
    busiest: float = 0.0
    """The most of one core that a process of the generator used, over half a second or more."""
    problems: tuple[str, ...] = ()
    """What went wrong with the generator itself."""
    complete: bool = True
    """It was blown to its end, and all workers told of it."""
    aborted: str = ""
    """Why it was stopped before its end (`model.abort`); "": it was not."""
    apart_seconds: float = 0.0
    """Within that time all workers began: from the master's word to the last worker's answer that it has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormRecord:
    """A storm that was blown, as the journal has it; the plan's tokens are not in it."""

    id: str
    check: str
    plan: StormPlan
    result: StormResult
    objectives: tuple[str, ...] = ()
    """What the target profile promises, as it is written there."""
    watch: StormWatch | None = None
    """What was watched beside it; None: nothing, or an older release."""
    neighbours: Neighbours | None = None
    """Who else was busy on the machine; None: it could not be told, or an older release."""

    def to_line(self) -> dict[str, Any]:
        """As JSON."""
        result = self.result
        watched = {"watch": self.watch.to_line()} if self.watch else {}
        if self.neighbours:
            watched["neighbours"] = self.neighbours.to_line()
        return {"id": self.id, "check": self.check, **watched, "plan": self.plan.without_tokens.to_line(),
                "objectives": list(self.objectives), "tally": result.tally.to_line(), "begun": packed(result.begun),
                "ended": packed(result.ended), "fed": packed(result.fed),
                "amended": result.amended, "workers": result.workers, "lost": list(result.lost),
                "busiest": result.busiest, "problems": list(result.problems), "complete": result.complete,
                "aborted": result.aborted, "apart_seconds": result.apart_seconds}

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> StormRecord:
        """From `to_line`; KeyError, TypeError or ValueError name what is missing or wrong in it."""
        result = StormResult(
            tally=Tally.from_line(line["tally"]), begun=unpacked(line["begun"]), ended=unpacked(line["ended"]),
            fed=unpacked(line["fed"]) if "fed" in line else b"", amended=int(line.get("amended", 0)),
            workers=int(line["workers"]), lost=tuple(map(int, line["lost"])), busiest=float(line["busiest"]),
            problems=tuple(map(str, line["problems"])), complete=line["complete"] is True,
            aborted=str(line.get("aborted", "")),
            apart_seconds=float(line.get("apart_seconds", 0.0)))
        return cls(id=str(line["id"]), check=str(line["check"]), plan=StormPlan.from_line(line["plan"]),
                   result=result, objectives=tuple(map(str, line["objectives"])),
                   watch=StormWatch.from_line(line["watch"]) if line.get("watch") else None,
                   neighbours=Neighbours.from_line(line["neighbours"]) if line.get("neighbours") else None)
