"""Two versions of a Protobuf schema: rules named after buf's, in its categories FILE, PACKAGE, WIRE_JSON and WIRE."""

from harness.drift.protobuf.comparing import compare_protobuf

__all__ = ["compare_protobuf"]
