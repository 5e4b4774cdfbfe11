"""What a target says of how its contract evolves: what was released before, which deviations were accepted."""

from __future__ import annotations

from dataclasses import dataclass

UNIFIED = "unified"
"""`events` of a target that sends events by the unified API's schemas as they were released."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolution:
    """`[target.NAME.evolution]`; every reference is a file, `REVISION:path`, a URL, or `target:/path`."""

    baseline: str = ""
    """A built-in release or a reference; "": the release of the unified API that the target's document is of."""
    waivers: str = ""
    """File of accepted changes, as `certify drift --waivers` takes it; "": none."""
    notice_days: int = 90
    """So long a deprecation must be known before its sunset."""
    events: str = ""
    """Where the target publishes its event schemas (an AsyncAPI document), or `unified`; "": it does not say."""
    registry: str = ""
    """Folder, `REVISION:folder` or URL of a registry that holds what was released; "": the built-in releases."""
    level: str = "full_transitive"
    """Of harness.drift.levels: which readers of event schemas must be able to read which events."""
