"""Every switch that breaks the contract on a rare path shows there, and nowhere else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.sandbox import faults, planted_contract, planted_load
from harness.sandbox.context import Answer
from harness.sandbox.faults_answers import FAULTS

Probe = Callable[[Any], bool]
PROBES: dict[str, Probe] = {}


def probe(name: str) -> Callable[[Probe], Probe]:
    def register(function: Probe) -> Probe:
        PROBES[name] = function
        return function

    return register


def seated(p: Any) -> tuple[str, str]:
    player = p.player(10_000)
    return player, p.session(player)


def read(p: Any, bet: str) -> dict[str, Any]:
    return dict(p.send("GET", f"/v1/bets/{bet}").json())


@probe("debug-field-leaked")
def debug_in_a_settled_bet(p: Any) -> bool:
    bet = p.bet(seated(p)[1], 100)
    before = read(p, bet)
    p.settle(bet, 10)
    return "debug" in read(p, bet) and "debug" not in before


@probe("details-as-object")
def details_of_an_unknown_bonus(p: Any) -> bool:
    other = p.send("GET", f"/v1/bets/{uuid.uuid4().hex}").json()
    return isinstance(p.send("GET", f"/v1/bonuses/{uuid.uuid4().hex}").json().get("details"), dict) \
        and not isinstance(other.get("details"), dict)


@probe("refusal-as-plain-text")
def an_unknown_settlement(p: Any) -> bool:
    refusal = p.send("GET", f"/v1/settlements/{uuid.uuid4().hex}")
    return refusal.headers["content-type"].startswith("text/plain") and refusal.json()["code"] == "NOT_FOUND"


@probe("content-type-twice")
def a_settlement_of_two_types(p: Any) -> bool:
    bet = p.bet(seated(p)[1], 100)
    settlement = p.settle(bet, 10).json()["settlement_id"]
    types = p.send("GET", f"/v1/settlements/{settlement}").headers.get_list("content-type")
    return len(types) == 2 and len(p.send("GET", f"/v1/bets/{bet}").headers.get_list("content-type")) == 1


@probe("retry-after-as-date")
def too_many_calls(p: Any) -> bool:
    for _ in range(3_000):
        refused = p.send("GET", "/v1/players/nobody")
        if refused.status_code == 429:
            try:
                return parsedate_to_datetime(refused.headers["Retry-After"]).tzinfo is not None
            except ValueError:
                return False
    return False


@probe("locale-null-when-closed")
def a_closed_session(p: Any) -> bool:
    session = seated(p)[1]
    before = p.send("GET", f"/v1/sessions/{session}").json()
    p.send("POST", f"/v1/sessions/{session}/close", {})
    after = p.send("GET", f"/v1/sessions/{session}").json()
    return before["locale"] is not None and after["locale"] is None


def refusal_when_run_out(p: Any) -> dict[str, Any]:
    """What a bet on a session is answered an hour after it was opened; a closed session says what it should."""
    session, closed = seated(p)[1], seated(p)[1]
    p.send("POST", f"/v1/sessions/{closed}/close", {})
    refusal = p.authorize(closed, 100).json()
    assert (refusal["code"], refusal["retryable"]) == ("SESSION_EXPIRED", False)
    p.admin("POST", "/sandbox/clock", {"advance_seconds": 3_601})
    p.token, p.admin_token = p.token_of("provider-a"), p.token_of("sandbox-admin")
    return dict(p.authorize(session, 100).json())


probe("expired-session-said-retryable")(lambda p: refusal_when_run_out(p)["retryable"] is True)
probe("expired-session-said-invalid")(lambda p: refusal_when_run_out(p)["code"] == "INVALID_STATE")


@probe("later-page-incomplete")
def the_second_page(p: Any) -> bool:
    player, session = seated(p)
    for _ in range(3):
        p.bet(session, 10)
    path = f"/v1/players/{player}/transactions?limit=2"
    first = p.send("GET", path).json()
    second = p.send("GET", f"{path}&cursor={first['next_cursor']}").json()
    return all("occurred_at" in item for item in first["items"]) and \
        not any("occurred_at" in item for item in second["items"])


@probe("rolled-back-said-cancelled")
def a_bet_that_was_rolled_back(p: Any) -> bool:
    bet = p.bet(seated(p)[1], 100)
    p.rollback(bet)
    return read(p, bet)["status"] == "cancelled"


def test_every_switch_has_a_probe() -> None:
    assert set(PROBES) == {fault.name for fault in FAULTS if not fault.under_load}


@pytest.mark.parametrize("name", sorted(PROBES))
def test_the_switch_shows_its_defect(start: Any, name: str) -> None:
    slow = {"rate_per_second": 5.0, "rate_burst": 40.0} if name == "retry-after-as-date" else {}
    partner = start(changes=slow)
    assert not PROBES[name](partner), f"{name} shows although it is off"
    partner.faults(name)
    try:
        assert PROBES[name](partner), f"{name} is on and does not show"
    finally:
        partner.faults()


def test_every_tenth_hold_loses_its_name_under_load(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(loaded: bool) -> int:
        monkeypatch.setattr(planted_load, "loaded", lambda: loaded)
        answers = [Answer(200, {"hold_id": "h", "status": "authorized"}) for _ in range(40)]
        for answer in answers:
            planted_contract.break_success(cast(Any, SimpleNamespace(operation_id="authorizeBet", query={})), answer)
        return sum("hold_id" not in answer.body for answer in answers)

    monkeypatch.setattr(faults, "_active", {"hold-id-lost-under-load"})
    assert (lost(True), lost(False)) == (4, 0)
    monkeypatch.setattr(faults, "_active", set())
    assert lost(True) == 0
