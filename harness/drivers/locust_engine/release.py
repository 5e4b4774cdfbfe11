"""Which certify this is, as exactly as the workers of one storm must agree on it."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_ENGINE = Path(__file__).parent
_MODEL = _ENGINE.parent.parent / "model"


def release() -> str:
    """Version and a digest of the code by which each worker knows what its rounds are: equal, or no common storm."""
    digest = hashlib.sha256()
    for path in sorted([*_ENGINE.glob("*.py"), *_MODEL.glob("*.py")], key=lambda p: (p.parent.name, p.name)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    try:
        named = version("certify")
    except PackageNotFoundError:
        named = "0+unknown"
    return f"{named} ({digest.hexdigest()[:8]})"
