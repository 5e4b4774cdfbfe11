"""Sandbox administration, the players' and sessions' reads, and the platform against its contract document."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from importlib import import_module
from typing import Any

import jsonschema_rs
import pytest

from harness.contracts import packs
from harness.sandbox.errors import CODES
from harness.sandbox.money import SCALES
from harness.sandbox.rooms import ROOMS
from harness.sandbox.routing import OPEN, READ, Operation, Router

DOCUMENT = packs.openapi("1.7")
METHODS = ("get", "put", "post", "patch", "delete")
DECLARED = {(method.upper(), path): item[method] for path, item in DOCUMENT["paths"].items() for method in METHODS
            if method in item}
SERVED = {(one.method, one.path): one for name in ROOMS for one in getattr(import_module(name), "routes", ())}


def conforms(operation_id: str, answer: Any) -> None:
    """The answer's status is declared and its body fits the declared schema."""
    declared = next(one for one in DECLARED.values() if one["operationId"] == operation_id)["responses"]
    assert str(answer.status_code) in declared, answer.text
    response = declared[str(answer.status_code)]
    while "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response.get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        jsonschema_rs.Draft202012Validator({"components": DOCUMENT["components"], **schema}).validate(answer.json())


def test_every_operation_is_served_under_its_contract_id() -> None:
    for where, operation in SERVED.items():
        if where in DECLARED:
            assert operation.operation_id == DECLARED[where]["operationId"], where
        else:
            assert not where[1].startswith("/v1/"), where


def test_scopes_and_keys_agree_with_the_contract() -> None:
    for where, operation in SERVED.items():
        if where not in DECLARED or operation.style == OPEN:
            continue
        [security] = DECLARED[where].get("security", DOCUMENT["security"])
        assert security["oauth2"] == [operation.scope], where
        names = {one.get("$ref", "").rpartition("/")[2] for one in DECLARED[where]["parameters"]}
        assert ("IdempotencyKey" in names) is operation.changes, where


def test_codes_currencies_and_limits_are_the_contracts() -> None:
    assert {code: {"status": facts.status, "retryable": facts.retryable} for code, facts in CODES.items()} == (
        DOCUMENT["x-error-codes"])
    assert DOCUMENT["x-currencies"] == SCALES


def test_router_finds_exact_paths_first() -> None:
    def handler() -> None: ...

    exact = Operation("GET", "/v1/things/all", "a", None, handler, READ)
    template = Operation("GET", "/v1/things/{thing_id}", "b", None, handler, READ)
    router = Router([template, exact])
    assert router.find("/v1/things/all") == ({"GET": exact}, {})
    assert router.find("/v1/things/x.y") == ({"GET": template}, {"thing_id": "x.y"})
    assert router.find("/v1/things/") is None
    assert router.find("/v1/thingsXx") is None
    with pytest.raises(ValueError, match="declared twice"):
        Router([exact, exact])


def test_answers_conform(partner: Any) -> None:
    player = partner.player(10_000, limits={"loss": {"amount": 9_000, "currency": "EUR"}})
    opened = partner.send("POST", "/v1/sessions", {"player_id": player, "game_id": "g", "currency": "EUR",
                                                   "locale": "de-DE"})
    conforms("createSession", opened)
    session = opened.json()["session_id"]
    conforms("getSession", partner.send("GET", opened.headers["Location"]))
    bet = partner.new_bet()
    conforms("authorizeBet", partner.authorize(session, 100, bet))
    conforms("authorizeBet", partner.authorize(session, 101, bet))
    conforms("authorizeBet", partner.authorize(session, 99_999))
    conforms("getBet", partner.send("GET", f"/v1/bets/{bet}"))
    settled = partner.settle(bet, 50)
    conforms("settleBet", settled)
    conforms("getSettlement", partner.send("GET", f"/v1/settlements/{settled.json()['settlement_id']}"))
    conforms("rollbackBet", partner.rollback(bet))
    conforms("rollbackBet", partner.rollback(partner.new_bet()))
    conforms("rollbackBet", partner.rollback(partner.bet(session)))
    conforms("getPlayer", partner.send("GET", f"/v1/players/{player}"))
    conforms("getPlayerBalances", partner.send("GET", f"/v1/players/{player}/balances"))
    conforms("listPlayerTransactions", partner.send("GET", f"/v1/players/{player}/transactions"))
    conforms("closeSession", partner.send("POST", f"/v1/sessions/{session}/close", {}))
    for operation, path in (("getSandboxInfo", "info"), ("getSandboxFaults", "faults"), ("getSandboxClock", "clock"),
                            ("getSandboxLedger", "ledger")):
        headers = {"Authorization": f"Bearer {partner.admin_token}"}
        conforms(operation, partner.http.get(f"/sandbox/{path}", headers=headers))


def test_deprecated_balance_announces_its_end(partner: Any) -> None:
    answer = partner.send("GET", f"/v1/players/{partner.player()}/balance")
    conforms("getPlayerBalance", answer)
    declared = DECLARED["GET", "/v1/players/{player_id}/balance"]
    sunset = parsedate_to_datetime(answer.headers["Sunset"])
    assert sunset.strftime("%Y-%m-%dT%H:%M:%SZ") == declared["x-sunset"]
    assert answer.headers["Deprecation"][0] == "@"
    assert int(answer.headers["Deprecation"][1:]) < sunset.timestamp()


def test_transactions_page_completely_while_new_ones_arrive(partner: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    for _ in range(5):
        partner.settle(partner.bet(session, 10), 5)
    seen: list[str] = []
    cursor = ""
    while True:
        page = partner.get(f"/v1/players/{player}/transactions?limit=3{cursor}")
        seen += [(item["transaction_id"], item["kind"]) for item in page["items"]]
        if len(seen) == 3:
            partner.bet(session, 10)
        if not page["has_more"]:
            assert page["next_cursor"] is None
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 12


def test_reset_forgets_data_and_keeps_clients(start: Any) -> None:
    partner = start()
    player = partner.player()
    bet = partner.bet(partner.session(player))
    partner.faults("trace-not-generated")
    partner.admin("POST", "/sandbox/clock", {"advance_seconds": 100})
    partner.admin("POST", "/sandbox/reset")
    assert partner.send("GET", f"/v1/bets/{bet}").status_code == 404
    assert partner.send("GET", f"/v1/players/{player}").status_code == 404
    assert partner.admin("GET", "/sandbox/ledger") == {"accounts": [], "balanced": True}
    assert partner.admin("GET", "/sandbox/clock")["offset_seconds"] == 0
    assert partner.admin("GET", "/sandbox/faults")["enabled"] == ["trace-not-generated"]
    again = partner.player()
    assert partner.bet(partner.session(again), 100, "EUR")


@pytest.mark.parametrize("body", [
    {}, {"brand_id": "none", "region": "eu-west", "balances": []},
    {"brand_id": "brand-a1", "region": "mars", "balances": []},
    {"brand_id": "brand-a1", "region": "eu-west", "balances": [], "tenant_id": "tenant-b"},
    {"brand_id": "brand-a1", "region": "eu-west", "balances": [{"amount": -1, "currency": "EUR"}]},
    {"brand_id": "brand-a1", "region": "eu-west", "balances": [], "rg": {"self_excluded": "yes"}},
    {"brand_id": "brand-a1", "region": "eu-west", "balances": [], "rg": {"cool_off_until": "tomorrow"}},
    {"brand_id": "brand-a1", "region": "eu-west", "balances": [], "extra": 1},
])
def test_bad_players_are_refused(partner: Any, body: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {partner.admin_token}"}
    answer = partner.http.post("/sandbox/players", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")


def test_a_player_id_is_taken_once_and_cool_off_ends(start: Any) -> None:
    partner = start()
    headers = {"Authorization": f"Bearer {partner.admin_token}"}
    body = {"player_id": "one", "brand_id": "brand-a1", "region": "eu-west",
            "balances": [{"amount": 5, "currency": "EUR"}], "rg": {"cool_off_until": "2099-01-01T00:00:00Z"}}
    assert partner.http.post("/sandbox/players", json=body, headers=headers).status_code == 201
    twice = partner.http.post("/sandbox/players", json=body, headers=headers)
    assert (twice.status_code, twice.json()["code"]) == (409, "DUPLICATE")
    assert partner.balance("one") == (5, 0)
    assert partner.wallet_balance("one") == 5
    session = {"player_id": "one", "game_id": "g", "currency": "EUR", "locale": "de"}
    assert partner.send("POST", "/v1/sessions", session).json()["code"] == "RG_BLOCK"
    partner.admin("PATCH", "/sandbox/players/one", {"rg": {"cool_off_until": None}})
    assert partner.send("POST", "/v1/sessions", session).status_code == 201


def test_readiness_and_health_need_no_token(partner: Any) -> None:
    assert partner.http.get("/healthz").json() == {"status": "ok"}
    assert partner.http.get("/readyz").json() == {"status": "ok", "wallet_breaker": "closed"}
