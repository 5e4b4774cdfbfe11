"""Webhooks out: endpoints, signed deliveries with back-off, dead letters and redrive."""

from harness.sandbox.webhooks.endpoints import routes
from harness.sandbox.webhooks.sender import background

__all__ = ["background", "routes"]
