"""Judges by name, so that a claim in an old journal finds its judge again."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

from harness.model.claim import Claim
from harness.model.errors import HarnessFault
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, unknown

Judge = Callable[[History, Claim], Finding]
_JUDGES: dict[str, Judge] = {}


def judge(name: str) -> Callable[[Judge], Judge]:
    """Register a pure function `(history, claim) -> finding` under `name`; a name is given once."""

    def register(function: Judge) -> Judge:
        if name in _JUDGES:
            raise HarnessFault(f"two judges are named {name!r}")
        _JUDGES[name] = function
        return function

    return register


def decide(history: History, claim: Claim) -> Finding:
    """Judge one claim. A positive control that does not hold makes its check inconclusive.

    Raises:
        HarnessFault: the journal names a judge that this release does not have.
    """
    if claim.judge not in _JUDGES:
        _load_all()
    function = _JUDGES.get(claim.judge)
    if function is None:
        raise HarnessFault(f"no judge named {claim.judge!r}", remedy="The journal is from another release")
    finding = function(history, claim)
    if claim.positive_control and finding.outcome.value == "fail":
        return unknown(f"positive control did not hold: {claim.says}: {finding.message}", Reason.SETUP_FAILED,
                       exchanges=finding.exchanges, owner=Owner.SUBJECT, expected=finding.expected,
                       seen=finding.seen)
    return finding


def names() -> tuple[str, ...]:
    """Every judge's name, sorted."""
    _load_all()
    return tuple(sorted(_JUDGES))


def _load_all() -> None:
    """Judges register themselves when their modules are loaded: all of this package, once one is missing."""
    package = import_module(__name__.rpartition(".")[0])
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
