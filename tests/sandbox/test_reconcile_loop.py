"""The reconcile loop never sleeps over what came while it looked."""

import asyncio
from types import SimpleNamespace

from harness.sandbox.bets import reconcile


def test_an_intent_that_comes_during_a_look_is_looked_at(monkeypatch):
    async def scene():
        platform = SimpleNamespace(reconcile_signal=asyncio.Event(),
                                   settings=SimpleNamespace(wallet=SimpleNamespace(reconcile_ms=1)))
        looks, seen_all = [], asyncio.Event()

        async def look(_):
            looks.append(len(looks))
            if len(looks) == 1:
                platform.reconcile_signal.set()  # committed after the look had read its rows
            else:
                seen_all.set()
            return False

        monkeypatch.setattr(reconcile, "reconcile_once", look)
        loop = asyncio.create_task(reconcile.reconcile_for_ever(platform))
        try:
            await asyncio.wait_for(seen_all.wait(), 10)
        finally:
            loop.cancel()
        return looks

    assert len(asyncio.run(scene())) == 2
