"""What a worker has at hand for consumer pacts: the run's documents, their verifier, a way to set foreign states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.engine.ports import PactVerifier
from harness.model.errors import NoHook
from harness.model.pact import Stock

StateHook = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Takes `{state, params, action}`; the values of the state. CheckStopped: it could not be set, or taken down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PactDesk:
    """Pacts are read before anything is driven: what is wrong with a file is told at once."""

    stock: Stock = field(default_factory=Stock)
    verify: PactVerifier | None = None
    state_command: StateHook | None = None
    """Sets states by the profile's command; None where it names none."""

    @property
    def verifier(self) -> PactVerifier:
        """Verifies interactions; NoHook where this worker cannot."""
        if self.verify is None:
            raise NoHook("this worker cannot verify pacts")
        return self.verify
