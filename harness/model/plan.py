"""The plan of a run: what applies, what will be driven, and why the rest will not; frozen and digested."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.model.control import Level
from harness.model.outcome import Reason

BUDGETS = ("quick", "standard", "full")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One test function of a suite, as its literal marker declares it."""

    id: str
    """`<block>/test_<subject>.py::<function>`, stable across machines."""
    path: str
    """Absolute path of the file."""
    controls: tuple[str, ...]
    isolation: str = "shared"
    """"shared" runs beside others, "line" on a worker whose wallet line may come to grief, "aside" like "line", for so
    long that it is started first, "exclusive" alone and last (it restarts or re-clocks the subject)."""
    needs: tuple[str, ...] = ()
    api: str = "unified"
    """"unified": drives the unified provider API; "foreign": any other REST API; "any": both."""
    long: bool = False
    """It takes many seconds: handed out first, so that the others fill up what is left."""
    summary: str = ""

    @property
    def scenario(self) -> bool:
        """Does it play a chaos scenario, or a storm?"""
        return self.isolation in ("line", "aside") or self.id.startswith("scenarios/")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedControl:
    """What the plan says of one control; `reason` is None when it will be decided by `checks`."""

    control: str
    checks: tuple[str, ...] = ()
    counted: bool = True
    """Part of what the run is asked for."""
    reason: Reason | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A frozen plan. `digest` covers everything that decides the verdict, not the run's identity."""

    target: str
    base_url: str
    level: Level
    seed: int
    selection: tuple[str, ...]
    """What --only, --phase and a smaller budget asked for; empty for a whole run."""
    controls: Mapping[str, PlannedControl]
    checks: tuple[Check, ...]
    contract: str
    contract_digest: str
    catalogue_digest: str
    profile: Mapping[str, Any]
    budget: str = "standard"
    """How much to try where trying more finds more: one of BUDGETS."""

    @property
    def partial(self) -> bool:
        """True when the run was asked for less than a level."""
        return bool(self.selection)

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON of the plan."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "target": self.target, "base_url": self.base_url, "level": self.level.value, "seed": self.seed,
            "budget": self.budget, "selection": list(self.selection), "contract": self.contract,
            "contract_digest": self.contract_digest, "catalogue_digest": self.catalogue_digest,
            "profile": dict(self.profile),
            "controls": {name: {"checks": list(c.checks), "counted": c.counted, "why": c.why,
                                "reason": c.reason.value if c.reason else None}
                         for name, c in self.controls.items()},
            "checks": [{"id": c.id, "controls": list(c.controls), "isolation": c.isolation,
                        "needs": list(c.needs), "api": c.api} for c in self.checks]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """Inverse of `to_dict` (file paths are not kept)."""
        return cls(
            target=data["target"], base_url=data["base_url"], level=Level(data["level"]), seed=data["seed"],
            budget=data["budget"], selection=tuple(data["selection"]), contract=data["contract"],
            profile=data["profile"],
            contract_digest=data["contract_digest"], catalogue_digest=data["catalogue_digest"],
            controls={name: PlannedControl(control=name, checks=tuple(c["checks"]), counted=c["counted"],
                                           why=c["why"], reason=Reason(c["reason"]) if c["reason"] else None)
                      for name, c in data["controls"].items()},
            checks=tuple(Check(id=c["id"], path="", controls=tuple(c["controls"]), isolation=c["isolation"],
                               needs=tuple(c["needs"]), api=c["api"]) for c in data["checks"]))
