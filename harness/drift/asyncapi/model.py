"""An AsyncAPI document as plain values that are the same for 2.x and 3.x; actions are seen from the provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.drift.changes import Side

_PARAMETER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something of the document: where it stands, and what it says after references and traits."""

    pointer: str
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Part):
    """A message; `identity` is its name, or else the key or component that it is known by."""

    identity: str
    content_type: str
    schema_format: str
    payload: tuple[Any, str] | None
    """The schema and its pointer; None: the document does not say."""
    headers: tuple[Any, str] | None
    headers_format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Part):
    """What the provider does on a channel; `side` OUT: it sends, IN: it receives."""

    identity: str
    side: Side
    channel: str
    """Its address."""
    messages: tuple[Message, ...]
    replies: tuple[Message, ...]
    reply: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(Part):
    """A channel; its messages are those that no operation uses."""

    identity: str
    address: str
    messages: tuple[Message, ...]
    servers: frozenset[str] | None
    """Names of its servers; None: all."""
    parameters: Mapping[str, Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server(Part):
    """A server; `url` without the protocol."""

    identity: str
    url: str
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One version, whole."""

    version: str
    servers: Mapping[str, Server]
    channels: tuple[Channel, ...]
    operations: tuple[Operation, ...]
    security: Mapping[str, Any]
    """The security schemes by name."""


def shape(address: str) -> str:
    """An address without the names of its parameters."""
    return _PARAMETER.sub("{}", address)
