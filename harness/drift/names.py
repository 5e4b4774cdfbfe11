"""What the parts of a bundle are called: the pointer they stood at, and how far they were closed."""

from __future__ import annotations

from urllib.parse import quote, unquote

OPEN, OUTER, INNER = "", "closed:", "inside:"
"""As written; closed; closed inside but, as one part of a composition, not itself."""


def named(ref: str) -> str:
    """The key under `$defs` that a bundle's reference names."""
    return unquote(ref.removeprefix("#/$defs/")).replace("~1", "/").replace("~0", "~")


def plain(name: str) -> str:
    """The name of what a closed part was made of."""
    return name.removeprefix(OUTER).removeprefix(INNER)


def reference(name: str) -> str:
    """The reference to a key under a bundle's `$defs`."""
    return "#/$defs/" + quote(name.replace("~", "~0").replace("/", "~1"), safe="~:")
