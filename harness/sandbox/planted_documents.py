"""Planted defects of the published documents: what lags behind, breaks what was released, or promises too little.

Each spoils a copy of its own; without its faults a document is as it was written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.sandbox import faults

Document = dict[str, Any]
_SHORT_NOTICE_DAYS = 20
_BACK_PORTED = "1.5.2"
_MINOR = "1.8.0"


def openapi(document: Mapping[str, Any]) -> Document:
    """The OpenAPI document as a platform with the active faults publishes it."""
    return _spoiled(document, _OPENAPI)


def asyncapi(document: Mapping[str, Any]) -> Document:
    """The AsyncAPI document as a platform with the active faults publishes it."""
    return _spoiled(document, _ASYNCAPI)


def _spoiled(document: Mapping[str, Any], defects: Mapping[str, Callable[[Document], None]]) -> Document:
    copy: Document = json.loads(json.dumps(document))
    for name, spoil in defects.items():
        if faults.on(name):
            spoil(copy)
    return copy


def _key_optional(document: Document) -> None:
    document["components"]["parameters"]["IdempotencyKey"]["required"] = False


def _without_examples(document: Document) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                media.pop("examples", None)


def _money_as_number(document: Document) -> None:
    for name in ("Money", "AnyMoney"):
        document["components"]["schemas"][name]["properties"]["amount"] = {"type": "number"}


def _field_renamed(document: Document) -> None:
    members = document["components"]["schemas"]["Settlement"]["properties"]
    members["paid_at"] = members.pop("settled_at")


def _type_changed(document: Document) -> None:
    document["components"]["schemas"]["Consumption"]["properties"]["freespins_left"] = {"type": ["integer", "string"]}


def _field_required(document: Document) -> None:
    document["components"]["schemas"]["RollbackRequest"]["required"].append("reason")


def _value_gone(document: Document) -> None:
    document["components"]["schemas"]["PaymentRequest"]["properties"]["direction"]["enum"].remove("withdrawal")


def _value_new(document: Document) -> None:
    document["components"]["schemas"]["Delivery"]["properties"]["status"]["enum"].append("parked")


def _header_gone(document: Document) -> None:
    document["paths"]["/v1/payments"]["post"]["responses"]["202"]["headers"].pop("Location")


def _operation_gone(document: Document) -> None:
    document["paths"].pop("/v1/webhooks/dead-letters")


def _break_as_minor(document: Document) -> None:
    document["info"]["version"] = _MINOR
    document["components"]["schemas"]["Rollback"]["required"].remove("status")


def _version_back(document: Document) -> None:
    document["info"]["version"] = _BACK_PORTED


def _version_wordy(document: Document) -> None:
    document["info"]["version"] = "latest"


def _promise_missing(document: Document) -> None:
    operation = document["paths"]["/v1/players/{player_id}/balance"]["get"]
    for word in ("x-deprecated-since", "x-removed-in", "x-sunset"):
        operation.pop(word)


def _sunset_forward(document: Document) -> None:
    document["paths"]["/v1/players/{player_id}/balance"]["get"]["x-sunset"] = "2026-03-31T00:00:00Z"


def _short_notice(document: Document) -> None:
    soon = datetime.now(UTC) + timedelta(days=_SHORT_NOTICE_DAYS)
    document["components"]["schemas"]["Session"]["properties"]["locale"] |= {
        "deprecated": True, "x-deprecated-since": "1.7", "x-removed-in": "2.0", "x-sunset": f"{soon:%Y-%m-%d}"}


_OPENAPI: dict[str, Callable[[Document], None]] = {
    "document-key-optional": _key_optional,
    "document-without-examples": _without_examples,
    "document-money-as-number": _money_as_number,
    "document-field-renamed": _field_renamed,
    "document-type-widened": _type_changed,
    "document-field-required": _field_required,
    "document-request-value-gone": _value_gone,
    "document-answer-value-new": _value_new,
    "document-header-gone": _header_gone,
    "document-operation-gone": _operation_gone,
    "document-break-as-minor": _break_as_minor,
    "document-version-back": _version_back,
    "document-version-unreadable": _version_wordy,
    "document-promise-missing": _promise_missing,
    "document-sunset-brought-forward": _sunset_forward,
    "document-notice-too-short": _short_notice,
}


def _data(document: Document, event: str) -> Document:
    """The schema of an event's own data."""
    found: Document = document["components"]["messages"][event]["payload"]["schema"]["properties"]["data"]
    return found


def _schema_field_gone(document: Document) -> None:
    data = _data(document, "bet.settled")
    data["properties"].pop("settlement_id")
    data["required"] = [name for name in data["required"] if name != "settlement_id"]


def _schema_field_required(document: Document) -> None:
    data = _data(document, "session.started")
    data["properties"]["channel"] = {"type": "string"}
    data["required"] = [*data["required"], "channel"]


def _schema_type_changed(document: Document) -> None:
    document["components"]["messages"]["bet.authorized"]["payload"]["schema"]["properties"]["sequence"] = {
        "type": "string"}


_ASYNCAPI: dict[str, Callable[[Document], None]] = {
    "schema-field-gone": _schema_field_gone,
    "schema-field-required": _schema_field_required,
    "schema-type-changed": _schema_type_changed,
}
