"""Every fault switch of what is published shows its defect when it is on, and the healthy platform shows none of them.

A probe returns True when it sees the defect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from harness.contracts import packs
from harness.sandbox.faults_contract import FAULTS
from tests.sandbox.contract_shape import DOCUMENT
from tests.sandbox.switches import probed

Probe = Callable[[Any], bool]


def openapi(p: Any) -> Any:
    return p.http.get("/openapi.json").json()


def schema(p: Any, name: str) -> Any:
    return openapi(p)["components"]["schemas"][name]


def event_data(p: Any, name: str, *path: str) -> Any:
    found = p.http.get("/asyncapi.json").json()["components"]["messages"][name]["payload"]["schema"]
    for step in ("properties", *path):
        found = found[step]
    return found


def examples(document: Any) -> int:
    return sum(len(media.get("examples", {})) for item in document["paths"].values() for op in item.values()
               for media in op.get("requestBody", {}).get("content", {}).values())


def settled(p: Any) -> Any:
    bet = p.bet(p.session(p.player()))
    return p.settle(bet, 1_000).json()


def balance(p: Any) -> Any:
    return p.send("GET", f"/v1/players/{p.player()}/balance").headers


def promise(p: Any) -> Any:
    return openapi(p)["paths"]["/v1/players/{player_id}/balance"]["get"]


def sunset(headers: Any) -> datetime | None:
    try:
        return parsedate_to_datetime(headers["Sunset"])
    except (ValueError, KeyError):
        return None


def soon(p: Any) -> bool:
    ends = schema(p, "Session")["properties"]["locale"].get("x-sunset")
    return ends is not None and (date.fromisoformat(ends) - datetime.now(UTC).date()).days < 90


PROBES: dict[str, Probe] = {
    "document-key-optional": lambda p: not openapi(p)["components"]["parameters"]["IdempotencyKey"]["required"],
    "document-without-examples": lambda p: examples(openapi(p)) != examples(DOCUMENT),
    "document-money-as-number": lambda p: bool(schema(p, "Money")["properties"]["amount"]["type"] != "integer"),
    "document-field-renamed": lambda p: "paid_at" in schema(p, "Settlement")["properties"] and "paid_at" in settled(p),
    "document-type-widened": lambda p: schema(p, "Consumption")["properties"]["freespins_left"]["type"] != "integer",
    "document-field-required": lambda p: "reason" in schema(p, "RollbackRequest")["required"],
    "document-request-value-gone": lambda p: "withdrawal" not in schema(p, "PaymentRequest")["properties"]["direction"][
        "enum"],
    "document-answer-value-new": lambda p: "parked" in schema(p, "Delivery")["properties"]["status"]["enum"],
    "document-header-gone": lambda p: "Location" not in openapi(p)["paths"]["/v1/payments"]["post"]["responses"]["202"][
        "headers"],
    "document-operation-gone": lambda p: "/v1/webhooks/dead-letters" not in openapi(p)["paths"],
    "document-break-as-minor": lambda p: openapi(p)["info"]["version"] == "1.8.0"
    and "status" not in schema(p, "Rollback")["required"],
    "document-version-back": lambda p: openapi(p)["info"]["version"] < "1.6",
    "document-version-unreadable": lambda p: not openapi(p)["info"]["version"][0].isdigit(),
    "document-promise-missing": lambda p: "x-removed-in" not in promise(p),
    "document-sunset-brought-forward": lambda p: promise(p)["x-sunset"] < "2027",
    "document-notice-too-short": soon,
    "deprecation-unannounced": lambda p: "Deprecation" not in balance(p) and "Sunset" not in balance(p),
    "sunset-without-deprecation": lambda p: "Deprecation" not in (told := balance(p)) and "Sunset" in told,
    "deprecation-malformed": lambda p: not balance(p).get("Deprecation", "@").startswith("@"),
    "sunset-malformed": lambda p: "Sunset" in (told := balance(p)) and sunset(told) is None,
    "sunset-before-deprecation": lambda p: (ends := sunset(balance(p))) is not None and ends.year < 2026,
    "sunset-other-than-documented": lambda p: (ends := sunset(balance(p))) is not None and ends.year == 2026,
    "schema-field-gone": lambda p: "settlement_id" not in event_data(p, "bet.settled", "data", "properties"),
    "schema-field-required": lambda p: "channel" in event_data(p, "session.started", "data", "required"),
    "schema-type-changed": lambda p: event_data(p, "bet.authorized", "sequence")["type"] == "string",
    "event-of-next-major": lambda p: settled(p) is not None and any(
        event["schema_version"].startswith("2") for event in p.get("/v1/events?order=desc&limit=5")["items"]),
}


(test_every_switch_has_a_probe, test_the_switch_shows_its_defect,
 test_the_healthy_platform_shows_none) = probed(PROBES, FAULTS)


def test_the_event_document_refers_to_no_other_file(healthy: Any) -> None:
    """Who reads it over HTTP has no folder beside it."""
    document = healthy.http.get("/asyncapi.json").json()
    assert document == packs.asyncapi("1.7")
    assert "./events/" not in healthy.http.get("/asyncapi.json").text
    assert {name: m["payload"]["schema"] for name, m in document["components"]["messages"].items()} \
        == packs.event_schemas("1.7")
