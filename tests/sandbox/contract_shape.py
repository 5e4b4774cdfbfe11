"""What the published contract says about an answer or an event, for tests of the rooms."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from harness.contracts import packs

DOCUMENT = packs.openapi("1.7")
OPERATIONS = {operation["operationId"]: operation for item in DOCUMENT["paths"].values()
              for operation in item.values() if isinstance(operation, dict) and "operationId" in operation}


def declared_response(operation_id: str, status: int) -> dict[str, Any]:
    """The response object, references followed; KeyError when the contract does not name the status."""
    found: dict[str, Any] = OPERATIONS[operation_id]["responses"][str(status)]
    while "$ref" in found:
        found = DOCUMENT["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return found


def conforming(operation_id: str, answer: Any, status: int) -> Any:
    """The JSON body of an answer with that status; it and the headers are as the contract declares them."""
    assert answer.status_code == status, answer.text
    declared = declared_response(operation_id, status)
    assert not [name for name in declared.get("headers", {}) if name not in answer.headers]
    schema = declared.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return None
    found = answer.json()
    jsonschema_rs.Draft202012Validator({"components": DOCUMENT["components"], **schema}).validate(found)
    return found


def refused(answer: Any, status: int, code: str) -> None:
    """The answer is this refusal, in the contract's error form, traced."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    jsonschema_rs.Draft202012Validator(
        {"components": DOCUMENT["components"], "$ref": "#/components/schemas/Error"}).validate(answer.json())
    assert answer.json()["trace_id"] == answer.headers["X-Trace-Id"]
    assert answer.json()["retryable"] is DOCUMENT["x-error-codes"][code]["retryable"]


def registered_event(event: dict[str, Any]) -> dict[str, Any]:
    """The event, valid against the registered schema of its type."""
    jsonschema_rs.Draft202012Validator(packs.event_schemas("1.7")[event["type"]], validate_formats=True).validate(event)
    return event
