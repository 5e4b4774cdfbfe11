"""Answers that a storm keeps for its judges: of each kind some, however many there are.

An answer that is wrong one time in a thousand is mostly of another shape than the others; so each new shape is kept,
and beside them one answer a second. A look takes about two microseconds, where a whole call takes fifteen: of a kind
that comes often only every fourth answer gets one.
"""

from __future__ import annotations

from typing import Any

from harness.drivers.locust_engine.answers import Answer
from harness.drivers.locust_engine.calls import NS, Call

_VARYING = b"0123456789abcdefABCDEF-.:+TZ"
"""Numbers, hexadecimal names and times are made of these; what is left of an answer is its shape."""
_MOST_SHAPES, _MOST_TURNS = 40, 150
_ALL_OF_THE_FIRST, _THEN_ONE_IN = 500, 4
_MOST_KINDS = 60
_ROOM = 3_000_000
"""Bytes that a process keeps at most."""
_LONGEST = 200_000


class _Kind:
    """Answers to one operation with one status."""

    __slots__ = ("coarse", "count", "next_turn", "shapes", "turns")

    def __init__(self) -> None:
        self.count = 0
        self.shapes: set[bytes] = set()
        self.coarse: set[tuple[int, int, int]] = set()
        """Where names are made of all letters, no two answers are alike: then only marks are counted."""
        self.next_turn = 0
        self.turns = 0


class Kept:
    """What one process of a storm keeps; `offer` runs in the pump's thread."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, int], _Kind] = {}
        self._kept: list[tuple[Call, bytes, bytes]] = []
        self._room = _ROOM
        self._first = 0

    def offer(self, call: Call, answer: Answer) -> None:
        """Keep it where it is of a new shape, or where none was kept for a second."""
        kind = self._kinds.get((call.operation, answer.status))
        if kind is None:
            if len(self._kinds) >= _MOST_KINDS:
                return
            kind = self._kinds[call.operation, answer.status] = _Kind()
            self._first = self._first or call.due
        kind.count += 1
        if kind.count > _ALL_OF_THE_FIRST and kind.count % _THEN_ONE_IN:
            return
        whole = answer.whole
        if not self._new(kind, whole):
            if call.ended < kind.next_turn or kind.turns >= _MOST_TURNS:
                return
            kind.turns += 1
        kind.next_turn = call.ended + NS
        taken = len(whole) + len(call.data)
        if taken <= _LONGEST and taken <= self._room:
            self._room -= taken
            self._kept.append((call, answer.head, answer.body))

    @staticmethod
    def _new(kind: _Kind, whole: bytes) -> bool:
        if len(kind.shapes) < _MOST_SHAPES:
            shape = whole.translate(None, _VARYING)
            if shape in kind.shapes:
                return False
            kind.shapes.add(shape)
            return True
        marks = (whole.count(b'"'), whole.count(b","), whole.count(b"\n"))
        if marks in kind.coarse or len(kind.coarse) >= _MOST_SHAPES:
            return False
        kind.coarse.add(marks)
        return True

    def lines(self) -> list[dict[str, Any]]:
        """As JSON: bytes as Latin-1, no credentials; times in ns from when the first of these calls was due."""
        return [{"operation": call.operation, "request": _without_credentials(call.data).decode("latin-1"),
                 "head": head.decode("latin-1"), "body": body.decode("latin-1"),
                 "sent_ns": call.sent - self._first, "ended_ns": call.ended - self._first}
                for call, head, body in self._kept]


def _without_credentials(request: bytes) -> bytes:
    head, blank, body = request.partition(b"\r\n\r\n")
    return b"\r\n".join(line for line in head.split(b"\r\n")
                        if not line.lower().startswith(b"authorization:")) + blank + body
