"""A comparison under the policy: what fails, which version number the changes allow, and whether all is well."""

from __future__ import annotations

from dataclasses import dataclass

from harness.drift.changes import Change, Comparison, Verdict, worst
from harness.drift.promises import ANNOUNCED, BROKEN, PREFIX
from harness.drift.versions import VersionFinding, judge_version

ALLOWED = (Verdict.EDITORIAL, Verdict.ADDITIVE, Verdict.UNSURE, Verdict.BREAKING)
"""From the strictest gate to one that lets every change pass under the right version number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What `certify drift` reports."""

    old: str
    """Where the old version came from, as it was asked for."""
    new: str
    comparison: Comparison
    version: VersionFinding | None
    """None for formats whose documents have no version of their own."""
    failing: tuple[Change, ...]
    """Changes that are neither allowed nor waived, broken promises included; in the order they were found."""

    @property
    def ok(self) -> bool:
        """Nothing fails, and the version number keeps to the policy."""
        return not self.failing and (self.version is None or self.version.ok)


def judged(comparison: Comparison, *, old: str, new: str, allow: Verdict,
           path_majors: tuple[int | None, int | None] = (None, None)) -> Judged:
    """The comparison with its waivers under the gate `allow`: the worst verdict that passes."""
    rank = {verdict: order for order, verdict in enumerate(ALLOWED)}
    failing = tuple(c for c in comparison.changes if not c.waived and (rank[c.verdict] > rank[allow]
                                                                         or c.rule in BROKEN))
    return Judged(old=old, new=new, comparison=comparison, failing=failing,
                  version=version_of(comparison, path_majors))


def version_of(comparison: Comparison, path_majors: tuple[int | None, int | None]) -> VersionFinding | None:
    """The finding on the version number; waivers accept a change, they do not make it smaller.

    A broken promise is no change of the contract, so it asks for no number: it fails by itself.
    """
    if comparison.format not in ("openapi", "asyncapi") and not (comparison.old_version or comparison.new_version):
        return None
    counted = [c for c in comparison.changes if not c.rule.startswith(PREFIX) or c.verdict is Verdict.ADDITIVE]
    return judge_version(worst(c.verdict for c in counted), old_version=comparison.old_version,
                         new_version=comparison.new_version, old_path_major=path_majors[0],
                         new_path_major=path_majors[1],
                         deprecates=any(c.rule == ANNOUNCED for c in comparison.changes))
