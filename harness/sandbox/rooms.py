"""The modules that make up the platform: each exports `routes`, and may export `install` and `background`.

A new room is one line here.
"""

from __future__ import annotations

ROOMS: tuple[str, ...] = (
    "harness.sandbox.auth",
    "harness.sandbox.players",
    "harness.sandbox.sessions",
    "harness.sandbox.bets",
    "harness.sandbox.admin",
    "harness.sandbox.events_feed",
    "harness.sandbox.webhooks",
    "harness.sandbox.payments",
    "harness.sandbox.bonuses",
    "harness.sandbox.jackpots",
    "harness.sandbox.inbox",
    "harness.sandbox.flags",
    "harness.sandbox.audit",
    "harness.sandbox.telemetry.metrics",
    "harness.sandbox.telemetry.logs",
    "harness.sandbox.page",
)
