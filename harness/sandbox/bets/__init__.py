"""Bets: authorize, settle, rollback and their reads; the reconcile loop behind unknown outcomes."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from harness.sandbox.context import Platform
from harness.sandbox.routing import READ, SAGA, Operation


def _routes() -> list[Operation]:
    from harness.sandbox.bets.authorize import authorize
    from harness.sandbox.bets.reads import get_bet, get_settlement
    from harness.sandbox.bets.rollback import rollback
    from harness.sandbox.bets.settle import settle
    from harness.sandbox.wallet_queue import KINDS

    assert "credit" in KINDS  # queued credits of other rooms are delivered by the reconcile loop here
    return [
        Operation("POST", "/v1/bets/authorize", "authorizeBet", "bets:write", authorize, SAGA),
        Operation("POST", "/v1/bets/settle", "settleBet", "settlements:write", settle, SAGA),
        Operation("POST", "/v1/bets/rollback", "rollbackBet", "bets:write", rollback, SAGA),
        Operation("GET", "/v1/bets/{bet_id}", "getBet", "bets:read", get_bet, READ),
        Operation("GET", "/v1/settlements/{settlement_id}", "getSettlement", "settlements:read", get_settlement, READ),
    ]


def background(platform: Platform) -> list[Coroutine[Any, Any, None]]:
    """The reconcile loop."""
    from harness.sandbox.bets.reconcile import reconcile_for_ever

    platform.reconcile_signal.set()
    return [reconcile_for_ever(platform)]


routes = _routes()
