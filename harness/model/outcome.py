"""What a check may find: outcome, reason code, owner and the finding that carries them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Outcome(Enum):
    """A fact about one control, worst first: the order is the roll-up rule.

    A proven breach outranks an unknown; an empty set is inconclusive (`worst`).
    """

    FAIL = "fail"
    ERROR = "error"
    INCONCLUSIVE = "inconclusive"
    PASS = "pass"  # noqa: S105 - an outcome, not a password
    NOT_APPLICABLE = "not_applicable"


class Reason(Enum):
    """Why an outcome is what it is; a stable code for machines."""

    HELD = "held"
    BREACH = "breach"
    SETUP_FAILED = "setup_failed"
    NO_HOOK = "no_hook"
    NO_SAMPLES = "no_samples"
    NO_ANSWER = "no_answer"
    OBSERVER_UNAVAILABLE = "observer_unavailable"
    TOOL_UNAVAILABLE = "tool_unavailable"
    AMBIGUOUS_SEND = "ambiguous_send"
    FLAKY = "flaky"
    NOT_WITNESSED = "fault_not_witnessed"
    NO_STEADY_STATE = "no_steady_state"
    FAULT_LEFT = "fault_left"
    UNCONFIRMED = "unconfirmed_counterexample"
    COUNT_MISMATCH = "count_mismatch"
    ONLY_ERROR_PATHS = "only_error_paths"
    NOT_RUN = "not_run"
    SKIPPED = "skipped"
    NOT_BUILT = "not_built"
    NOT_ATTESTED = "not_attested"
    NOT_SELECTED = "not_selected"
    DECLARED_ABSENT = "declared_absent"
    OTHER_ROLE = "other_role"
    OTHER_API = "other_api"
    HARNESS_BUG = "harness_bug"
    INTERRUPTED = "interrupted"
    ABORTED = "aborted"


class Owner(Enum):
    """Who most likely has to act on a result that is not a pass."""

    SUBJECT = "subject"
    ENVIRONMENT = "environment"
    PROFILE = "target profile"
    HARNESS = "harness"
    NOBODY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer of one judge to one claim, or of the engine to one check."""

    outcome: Outcome
    reason: Reason
    message: str
    expected: str = ""
    seen: str = ""
    exchanges: tuple[str, ...] = ()
    owner: Owner = Owner.NOBODY
    measured: Mapping[str, Any] = field(default_factory=dict)
    """Numbers worth showing, e.g. {"orders": 52}; JSON values only."""

    @property
    def story(self) -> tuple[str, ...]:
        """The numbered sentences that led to it, where it was found by playing; else none."""
        return tuple(map(str, self.measured.get("story", ())))

    @property
    def told(self) -> tuple[str, ...]:
        """What nobody is blamed for, and people had better know: a line each."""
        return tuple(map(str, self.measured.get("told", ())))

    @property
    def script(self) -> str:
        """A shell script that plays it again, where there is one."""
        return str(self.measured.get("script", ""))


def held(message: str, *, exchanges: Iterable[str] = (), **measured: Any) -> Finding:
    """The claim was observed and it held."""
    return Finding(outcome=Outcome.PASS, reason=Reason.HELD, message=message, exchanges=tuple(exchanges),
                   measured=measured)


def broken(message: str, *, expected: str, seen: str, exchanges: Iterable[str] = (), **measured: Any) -> Finding:
    """The subject broke its promise; `exchanges` are the smallest evidence."""
    return Finding(outcome=Outcome.FAIL, reason=Reason.BREACH, message=message, expected=expected, seen=seen,
                   exchanges=tuple(exchanges), owner=Owner.SUBJECT, measured=measured)


def unknown(message: str, reason: Reason, *, exchanges: Iterable[str] = (),
            owner: Owner = Owner.ENVIRONMENT, expected: str = "", seen: str = "") -> Finding:
    """Could not tell, and whose fault it is."""
    return Finding(outcome=Outcome.INCONCLUSIVE, reason=reason, message=message, exchanges=tuple(exchanges),
                   owner=owner, expected=expected, seen=seen)


def worst(findings: Iterable[Finding]) -> Finding | None:
    """The finding that decides; None for an empty set (the caller must not call that green)."""
    order = {outcome: rank for rank, outcome in enumerate(Outcome)}
    return min(findings, key=lambda f: order[f.outcome], default=None)
