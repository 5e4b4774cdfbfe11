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
    return [
        Operation("POST", "/v1/bets/authorize", "authorizeBet", "bets:write", authorize, SAGA),
        Operation("POST", "/v1/bets/settle", "settleBet", "settlements:write", settle, SAGA),
        Operation("POST", "/v1/bets/rollback", "rollbackBet", "bets:write", rollback, SAGA),
        Operation("GET", "/v1/bets/{bet_id}", "getBet", "bets:read", get_bet, READ),
        Operation("GET", "/v1/settlements/{settlement_id}", "getSettlement", "settlements:read", get_settlement, READ),
    ]


def background(platform: Platform) -> list[Coroutine[Any, Any, None]]:
    """The reconcile loop."""
    # Queued credits of other rooms are delivered here too: their kind must be known.
    import harness.sandbox.wallet_queue  # noqa: F401
    from harness.sandbox.bets.reconcile import reconcile_for_ever

    platform.reconcile_signal.set()
    return [reconcile_for_ever(platform)]


routes = _routes()
