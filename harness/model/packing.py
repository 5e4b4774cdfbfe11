"""Bytes by the round as text: for pipes and the journal."""

from __future__ import annotations

import base64
import zlib

_MOST = 1 << 26
"""Rounds of a storm, at a byte each."""


def packed(states: bytes | bytearray) -> str:
    """Bytes as text: compressed, in base64."""
    return base64.b64encode(zlib.compress(bytes(states), 1)).decode()


def unpacked(text: str, most: int = _MOST) -> bytes:
    """From `packed`; so many bytes at most.

    Raises:
        ValueError: it is no such text, or would unpack to more than any storm has rounds for.
    """
    unpack = zlib.decompressobj()
    try:
        states = unpack.decompress(base64.b64decode(text, validate=True), most)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not unpack.eof:
        raise ValueError("more than any storm has rounds for")
    return states
