"""A claim: what a check says must hold over which exchanges, as data that can be judged again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A claim before a check owns it: the judge's name, the exchanges and JSON parameters."""

    judge: str
    says: str
    """One sentence, the expectation in words a provider team understands."""
    over: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A draft, owned by a check and a control.

    `positive_control`: the claim guards the probe. When it does not hold the check is inconclusive,
    not failed: a negative probe counts only between two valid requests that worked.
    """

    id: str
    check: str
    control: str
    judge: str
    says: str
    over: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    positive_control: bool = False

    def to_line(self) -> dict[str, Any]:
        """JSON-ready form for the journal."""
        return {"id": self.id, "check": self.check, "control": self.control, "judge": self.judge,
                "says": self.says, "over": list(self.over), "params": dict(self.params),
                "positive_control": self.positive_control}

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> Claim:
        """Inverse of `to_line`."""
        return cls(id=line["id"], check=line["check"], control=line["control"], judge=line["judge"],
                   says=line["says"], over=tuple(line["over"]), params=line["params"],
                   positive_control=bool(line["positive_control"]))
