"""The rules, named after those of the tool buf, and the categories that ask for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.drift.protobuf.elements import Element

CATEGORIES = ("FILE", "PACKAGE", "WIRE_JSON", "WIRE")
"""Generated code per file, per package; documents in binary and JSON; documents in binary alone."""
_CODE, _JSON, _ALL = ("FILE", "PACKAGE"), ("FILE", "PACKAGE", "WIRE_JSON"), CATEGORIES
_WIRES = ("WIRE_JSON", "WIRE")

_BY_CATEGORIES: Mapping[tuple[str, ...], str] = {
    ("FILE",): "ENUM_NO_DELETE EXTENSION_NO_DELETE FILE_NO_DELETE MESSAGE_NO_DELETE SERVICE_NO_DELETE",
    ("PACKAGE",): "PACKAGE_ENUM_NO_DELETE PACKAGE_EXTENSION_NO_DELETE PACKAGE_MESSAGE_NO_DELETE PACKAGE_NO_DELETE "
                  "PACKAGE_SERVICE_NO_DELETE",
    _CODE: "ENUM_SAME_TYPE ENUM_VALUE_NO_DELETE EXTENSION_MESSAGE_NO_DELETE FIELD_NO_DELETE FIELD_SAME_CARDINALITY "
           "FIELD_SAME_CPP_STRING_TYPE FIELD_SAME_JAVA_UTF8_VALIDATION FIELD_SAME_JSTYPE FIELD_SAME_TYPE "
           "FIELD_SAME_UTF8_VALIDATION FILE_SAME_SYNTAX FILE_SAME_OPTIONS "
           "MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR ONEOF_NO_DELETE RPC_NO_DELETE",
    _JSON: "ENUM_SAME_JSON_FORMAT ENUM_VALUE_SAME_NAME FIELD_SAME_JSON_NAME FIELD_SAME_NAME MESSAGE_SAME_JSON_FORMAT",
    _ALL: "FIELD_SAME_DEFAULT FIELD_SAME_ONEOF FILE_SAME_PACKAGE MESSAGE_SAME_REQUIRED_FIELDS RESERVED_ENUM_NO_DELETE "
          "RESERVED_MESSAGE_NO_DELETE RPC_SAME_CLIENT_STREAMING RPC_SAME_IDEMPOTENCY_LEVEL RPC_SAME_REQUEST_TYPE "
          "RPC_SAME_RESPONSE_TYPE RPC_SAME_SERVER_STREAMING",
    ("WIRE_JSON",): "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED FIELD_NO_DELETE_UNLESS_NAME_RESERVED "
                    "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY FIELD_WIRE_JSON_COMPATIBLE_TYPE",
    _WIRES: "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED",
    ("WIRE",): "FIELD_WIRE_COMPATIBLE_CARDINALITY FIELD_WIRE_COMPATIBLE_TYPE",
}
ASKED_BY: Mapping[str, tuple[str, ...]] = {
    rule: categories for categories, rules in _BY_CATEGORIES.items() for rule in rules.split()}
"""The categories that ask for a rule."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that the new version breaks: at what of the old version, and of the new where that is still there."""

    rule: str
    says: str
    old: Element
    new: Element | None = None
