"""The planted defects of the core: keys, ledger, bets, access, errors and headers."""

from __future__ import annotations

from harness.sandbox.faults import Fault

FAULTS: tuple[Fault, ...] = ()
