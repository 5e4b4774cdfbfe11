"""Two versions of an AsyncAPI document, 2.x or 3.x: servers, channels, operations, messages and what they carry."""

from harness.drift.asyncapi.comparing import compare_asyncapi

__all__ = ["compare_asyncapi"]
