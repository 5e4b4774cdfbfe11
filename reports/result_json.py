"""JSON for machines: the scorecard whole, under a versioned schema (result.schema.json)."""

import json

from harness import Scorecard
from harness.model.scorecard import plain

NAME = "json"
SUFFIX = ".json"
SCHEMA = "certify.result/1"


def render(scorecard: Scorecard) -> str:
    """One document; members may be added within schema version 1, never renamed or removed."""
    return json.dumps({"schema": SCHEMA, **plain(scorecard)}, indent=1) + "\n"
