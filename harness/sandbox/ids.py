"""Opaque identifiers the platform mints: prefix, underscore, 96 random bits in hex."""

from __future__ import annotations

import os


def new_id(prefix: str) -> str:
    """`new_id("hold")` -> `hold_3f…` (24 hex digits); never reused, never guessable."""
    return f"{prefix}_{os.urandom(12).hex()}"


def new_trace_id() -> str:
    """32 hex digits for an answer whose request brought no usable X-Trace-Id."""
    return os.urandom(16).hex()
