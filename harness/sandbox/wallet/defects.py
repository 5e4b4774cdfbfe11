"""The planted defects of the wallet client: without its fault each function answers as correct code would."""

from __future__ import annotations

from harness.sandbox import faults

_ABOVE_SLO = 0.9


def patience(seconds: float) -> float:
    """How long the wallet may take, in seconds."""
    return _ABOVE_SLO if faults.on("wallet-timeout-above-slo") else seconds


def tries(most: int) -> int:
    """How often a wallet call may be made."""
    return 6 if faults.on("five-wallet-retries") else most


def insists() -> bool:
    """Is a call made again that the wallet refused?"""
    return faults.on("wallet-refusals-retried")
