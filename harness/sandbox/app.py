"""The ASGI application: one platform from its settings, with every room's operations, hooks and tasks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from harness.contracts import packs
from harness.sandbox import faults, schema
from harness.sandbox.auth import Limiter, Tokens
from harness.sandbox.clock import Clock
from harness.sandbox.context import Platform, get_state
from harness.sandbox.middleware import Pipeline
from harness.sandbox.recovery import recover
from harness.sandbox.requests import Receive, Scope, Send
from harness.sandbox.rooms import ROOMS
from harness.sandbox.routing import Operation, Router
from harness.sandbox.settings import Settings
from harness.sandbox.store import Store, Tx
from harness.sandbox.validation import Contract
from harness.sandbox.wallet.client import WalletClient

log = logging.getLogger("sandbox")
FLAGS = ("betting_enabled", "sessions_enabled", "bonuses_enabled")


def contract_document() -> Mapping[str, Any]:
    """The OpenAPI document that this platform implements."""
    return packs.openapi("1.7")


def build_platform(settings: Settings) -> Platform:
    """Opens the database and the wallet client and restores the switches that outlive a restart."""
    store = Store(settings.database_url, schema.metadata)
    clock = Clock()
    platform = Platform(
        settings=settings,
        store=store,
        clock=clock,
        tokens=Tokens(settings, clock),
        limiter=Limiter(settings.rate_per_second, settings.rate_burst, settings.brand_rates),
        admission=Limiter(settings.new_bets_per_second, settings.new_bets_burst),
        contract=Contract(contract_document(), settings.profile.money_form),
        wallet=WalletClient(settings.wallet_url, settings.wallet_secret, settings.wallet),
    )

    def restore(tx: Tx) -> None:
        clock.offset_ms = get_state(tx, "clock_offset_ms", 0)
        platform.flags.update(dict.fromkeys(FLAGS, True) | get_state(tx, "flags", {}))
        faults.activate(get_state(tx, "faults", list(settings.faults)))
        recover(tx, platform)

    store.now(restore)
    platform.started_at = clock.now_ms()
    return platform


class App:
    """ASGI: lifespan starts and ends the rooms' background tasks, http goes through the pipeline."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pipeline: Pipeline | None = None
        self.platform: Platform | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI conversation."""
        if scope["type"] == "http" and self._pipeline is not None:
            await self._pipeline(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            tasks = self._start()
        except Exception as problem:
            log.exception("start failed")
            await send({"type": "lifespan.startup.failed", "message": str(problem)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.platform is not None:
            self.platform.wallet.close()
            self.platform.store.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _start(self) -> list[asyncio.Task[Any]]:
        platform = self.platform = build_platform(self._settings)
        rooms = [import_module(name) for name in ROOMS]
        for room in rooms:
            if hasattr(room, "install"):
                room.install(platform)
        self._pipeline = Pipeline(platform, Router(_operations(rooms)))
        return [
            asyncio.create_task(_lasting(work))
            for room in rooms
            if hasattr(room, "background")
            for work in room.background(platform)
        ]


async def _lasting(work: Coroutine[Any, Any, None]) -> None:
    """A background task that dies is a defect of ours: say so, the rest goes on."""
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("a background task ended")


def _operations(rooms: list[ModuleType]) -> list[Operation]:
    return [operation for room in rooms for operation in getattr(room, "routes", ())]
