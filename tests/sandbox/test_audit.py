"""The audit trail: who changed what, in the transaction of the change, for ever, in a chain that shows an edit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.sandbox.contract_shape import conforming, refused

FLAGS = {"betting_enabled": True}


def trail(partner: Any) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {partner.admin_token}"}
    shown = conforming("getSandboxAudit", partner.http.get("/sandbox/audit", headers=headers), 200)
    assert shown["intact"] is True
    items: list[dict[str, Any]] = shown["items"]
    return items


def added(partner: Any, change: Callable[[], Any]) -> list[tuple[str, str, Any]]:
    """(actor, action, detail) of the entries that `change` made; what was there before is untouched."""
    before = trail(partner)
    change()
    after = trail(partner)
    assert after[:len(before)] == before
    return [(one["actor"], one["action"], one["detail"]) for one in after[len(before):]]


def test_administrative_changes_are_told_with_actor_and_detail(partner: Any) -> None:
    player = partner.player()
    limits = {"limits": {"max_bet": {"amount": 500, "currency": "EUR"}}, "self_excluded": True}
    assert added(partner, lambda: partner.admin("PUT", "/sandbox/flags", FLAGS)) == [
        ("sandbox-admin", "flags.changed", FLAGS)]
    assert added(partner, lambda: partner.faults("limit-ignored")) == [
        ("sandbox-admin", "faults.changed", {"enabled": ["limit-ignored"]})]
    assert added(partner, lambda: partner.faults()) == [("sandbox-admin", "faults.changed", {"enabled": []})]
    assert added(partner, lambda: partner.admin("POST", "/sandbox/clock", {"advance_seconds": 0})) == [
        ("sandbox-admin", "clock.moved", {"advance_seconds": 0})]
    assert added(partner, lambda: partner.admin("PATCH", f"/sandbox/players/{player}", {"rg": limits})) == [
        ("sandbox-admin", "player.rg_changed", {"player_id": player, "rg": limits})]
    jackpot = {"jackpot_id": f"jp-{player}", "currency": "EUR", "seed": 70}
    assert added(partner, lambda: partner.admin("POST", "/sandbox/jackpots", jackpot)) == [
        ("sandbox-admin", "jackpot.created",
         {"tenant_id": "tenant-a", "jackpot_id": jackpot["jackpot_id"], "currency": "EUR", "pool": 70})]


def test_partners_changes_of_their_webhooks_are_told_without_their_secrets(partner: Any) -> None:
    body = {"url": "http://127.0.0.1:9/hooks", "event_types": ["rg.limit.hit"]}
    secrets: list[str] = []

    def register_rotate_delete() -> None:
        made = partner.send("POST", "/v1/webhooks/endpoints", body).json()
        path = f"/v1/webhooks/endpoints/{made['endpoint_id']}"
        secrets.extend((made["secret"], partner.send("POST", path + "/rotate-secret").json()["secret"]))
        assert partner.send("DELETE", path).status_code == 204

    told = added(partner, register_rotate_delete)
    assert [(actor, action) for actor, action, _ in told] == [
        ("provider-a", "webhook_endpoint.created"), ("provider-a", "webhook_secret.rotated"),
        ("provider-a", "webhook_endpoint.deleted")]
    assert len({detail["endpoint_id"] for _, _, detail in told}) == 1
    assert not [secret for secret in secrets if secret in json.dumps(told)]


def test_what_was_refused_is_not_told_as_done(partner: Any) -> None:
    headers = {"Authorization": f"Bearer {partner.admin_token}"}

    def try_in_vain() -> None:
        refused(partner.http.put("/sandbox/flags", json={"no_flag": True}, headers=headers), 400, "VALIDATION_FAILED")
        refused(partner.http.put("/sandbox/faults", json={"enabled": ["nothing"]}, headers=headers), 400,
                "VALIDATION_FAILED")
        refused(partner.send("POST", "/v1/webhooks/endpoints", {"url": "http://10.0.0.1/", "event_types": ["*"]}), 400,
                "VALIDATION_FAILED")
        refused(partner.send("DELETE", "/v1/webhooks/endpoints/we-none"), 404, "NOT_FOUND")
        jackpot = {"currency": "EUR", "seed": 1, "jackpot_id": "jp-twice"}
        partner.http.post("/sandbox/jackpots", json=jackpot, headers=headers)
        refused(partner.http.post("/sandbox/jackpots", json=jackpot, headers=headers), 409, "DUPLICATE")

    assert [action for _, action, _ in added(partner, try_in_vain)] == ["jackpot.created"]


def test_reading_and_playing_is_not_an_administrative_change(partner: Any) -> None:
    assert added(partner, lambda: partner.bet(partner.session(partner.player()), 5)) == []


def test_racing_changes_keep_one_chain(partner: Any) -> None:
    def race() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: partner.admin("PUT", "/sandbox/flags", FLAGS), range(24)))

    assert len(added(partner, race)) == 24
    assert len({one["hash"] for one in trail(partner)}) == len(trail(partner))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_writes_the_trail(partner: Any, method: str) -> None:
    headers = {"Authorization": f"Bearer {partner.admin_token}"}
    refused(partner.http.request(method, "/sandbox/audit", headers=headers), 405, "METHOD_NOT_ALLOWED")


def test_only_the_administrator_reads_the_trail(partner: Any) -> None:
    refused(partner.send("GET", "/sandbox/audit"), 403, "FORBIDDEN")
    refused(partner.http.get("/sandbox/audit"), 401, "AUTH_FAILED")


@pytest.mark.parametrize("edit", [
    "UPDATE audit_trail SET actor = 'nobody' WHERE position = 2",
    "UPDATE audit_trail SET detail = '{}' WHERE position = 1",
    "UPDATE audit_trail SET occurred_at = occurred_at + 1 WHERE position = 3",
    "UPDATE audit_trail SET action = 'clock.moved' WHERE position = 2",
    "DELETE FROM audit_trail WHERE position = 1",
    "DELETE FROM audit_trail WHERE position = 2",
])
def test_an_edit_in_the_database_shows(edited: Any, edit: str) -> None:
    assert edited(edit) is False


@pytest.fixture(scope="module")
def three_entries(partner: Any) -> Any:
    """A partner of the module's sandbox with at least three entries in the trail."""
    for _ in range(3):
        partner.admin("PUT", "/sandbox/flags", FLAGS)
    return partner


@pytest.fixture
def edited(three_entries: Any) -> Any:
    """`edited(sql) -> whether the trail still says it is intact`; the rows are put back afterwards."""
    path = three_entries.running.settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=10)) as link:
        rows = link.execute("SELECT * FROM audit_trail").fetchall()

        def edit(sql: str) -> bool:
            assert three_entries.admin("GET", "/sandbox/audit")["intact"] is True
            with link:
                assert link.execute(sql).rowcount == 1
            return bool(three_entries.admin("GET", "/sandbox/audit")["intact"])

        yield edit
        with link:
            link.execute("DELETE FROM audit_trail")
            link.executemany(f"INSERT INTO audit_trail VALUES ({','.join('?' * len(rows[0]))})", rows)
    assert three_entries.admin("GET", "/sandbox/audit")["intact"] is True


def test_the_trail_outlives_a_kill_and_goes_on(start: Any) -> None:
    partner = start()
    partner.admin("PUT", "/sandbox/flags", FLAGS)
    before = trail(partner)
    partner.running.kill_platform()
    assert partner.eventually(lambda: partner.running.restarts > 0)
    partner.running.wait_ready()
    partner.http.close()
    partner.http = httpx.Client(base_url=partner.running.platform_url, timeout=10)
    assert trail(partner) == before
    assert [action for _, action, _ in added(partner, lambda: partner.admin("PUT", "/sandbox/flags", FLAGS))] == [
        "flags.changed"]
