"""Metrics: rate, errors and duration per route template, saturation of the wallet pool, the outbox and deliveries."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select

from harness.sandbox import planted_queues
from harness.sandbox.context import Answer, Context, Finished, Platform
from harness.sandbox.routing import OPEN, Operation
from harness.sandbox.schema import intents
from harness.sandbox.schema_rooms import dead_letters
from harness.sandbox.store import Tx
from harness.sandbox.webhooks.sender import backlog

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 1.0, 2.5, 5.0)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""Callers can invent methods; labels must not grow with them."""
_BREAKER = {"closed": 0, "half-open": 1, "open": 2}


class Metrics:
    """One registry per platform. Labels are templates and codes only: no identifiers, no paths, no personal data."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("http_requests", "Requests answered.", labels, registry=self.registry)
        self._errors = Counter("http_errors", "Refusals and failures by error code.", ("method", "route", "code"),
                               registry=self.registry)
        self._seconds = Histogram("http_request_duration_seconds", "Time to the answer.", ("method", "route"),
                                  buckets=_BUCKETS, registry=self.registry)
        self.wallet_in_flight = Gauge("wallet_calls_in_flight", "Calls to the wallet under way.",
                                      registry=self.registry)
        self.wallet_breaker = Gauge("wallet_breaker_state", "0 closed, 1 half-open, 2 open.", registry=self.registry)
        self.in_doubt = Gauge("wallet_calls_in_doubt", "Calls whose outcome is being reconciled.",
                              registry=self.registry)
        self.backlog = Gauge("webhook_deliveries_owed", "Deliveries that are pending or retrying.",
                             registry=self.registry)
        self.dead = Gauge("webhook_dead_letters", "Deliveries that were given up.", registry=self.registry)

    def observe(self, finished: Finished) -> None:
        """Count one answered request."""
        route = finished.route or "unknown"
        method = finished.method if finished.method in _METHODS else "OTHER"
        self._requests.labels(method, route, str(finished.status)).inc()
        self._seconds.labels(method, route).observe(finished.seconds)
        if finished.code:
            self._errors.labels(method, route, finished.code).inc()


async def show(ctx: Context) -> Answer:
    """GET /metrics: the text exposition."""
    metrics: Metrics = ctx.platform.memory["metrics"]
    metrics.wallet_in_flight.set(ctx.platform.wallet.bulkhead.in_flight)
    metrics.wallet_breaker.set(_BREAKER.get(ctx.platform.wallet.breaker.state, 0))
    doubt, owed, dead = await ctx.platform.store.read(_queues)
    metrics.in_doubt.set(doubt)
    metrics.backlog.set(owed + planted_queues.left_behind())
    metrics.dead.set(dead)
    return Answer(200, generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _queues(tx: Tx) -> tuple[int, int, int]:
    doubt = tx.execute(select(func.count()).select_from(intents).where(intents.c.state == "unknown")).scalar() or 0
    dead = tx.execute(select(func.count()).select_from(dead_letters)).scalar() or 0
    return int(doubt), backlog(tx), int(dead)


def install(platform: Platform) -> None:
    """Observe every answered request."""
    metrics = platform.memory["metrics"] = Metrics()
    platform.observers.append(metrics.observe)


routes = [Operation("GET", "/metrics", "getMetrics", None, show, OPEN)]
