"""States of rounds on their way from a worker to the harness: a byte each, packed."""

from __future__ import annotations

import base64
import zlib

_MOST = 1 << 26


def packed(states: bytes | bytearray) -> str:
    """As text."""
    return base64.b64encode(zlib.compress(bytes(states), 1)).decode()


def unpacked(text: str) -> bytes:
    """From `packed`.

    Raises:
        ValueError: it is no such text, or would unpack to more than any storm has.
    """
    unpack = zlib.decompressobj()
    try:
        states = unpack.decompress(base64.b64decode(text, validate=True), _MOST)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not unpack.eof:
        raise ValueError("more states than any storm has rounds")
    return states
