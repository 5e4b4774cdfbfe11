"""HTTP/1.1 answers as they come over the wire, cut out of a buffer: fast where they are plain, careful where not."""

from __future__ import annotations

LONGEST_HEAD = 1 << 16
LONGEST_BODY = 1 << 20


class Unreadable(Exception):
    """What came is no answer of HTTP/1.x, or a longer one than any honest platform gives."""


class Answer:
    """An answer that is complete; its head and body are cut out when asked for."""

    __slots__ = ("_body", "_data", "_head_ends", "closes", "status", "used")

    def __init__(self, status: int, data: bytes, head_ends: int, used: int, closes: bool) -> None:
        self.status = status
        self._data = data
        self._head_ends = head_ends
        self.used = used
        """Bytes of the data that it took."""
        self.closes = closes
        """No other answer comes on this connection."""
        self._body: bytes | None = None

    @property
    def head(self) -> bytes:
        """From the status line to the last header."""
        return self._data[:self._head_ends]

    @property
    def whole(self) -> bytes:
        """Head and body as they came over the wire, chunk by chunk where it came so."""
        return self._data[:self.used]

    @property
    def body(self) -> bytes:
        """What follows the head."""
        return self._data[self._head_ends + 4:self.used] if self._body is None else self._body

    @body.setter
    def body(self, pieces: bytes) -> None:
        self._body = pieces

    def header(self, name: bytes) -> bytes | None:
        """The first header of that name (lower case), stripped."""
        head = self.head
        found = head.lower().find(b"\r\n" + name + b":")
        if found < 0:
            return None
        began = found + len(name) + 3
        ended = head.find(b"\r\n", began)
        return head[began:ended if ended >= 0 else None].strip()


def cut(data: bytes, *, ended: bool = False) -> Answer | None:
    """The first answer in the data; None while it is not all there. `ended`: nothing more will come.

    Raises:
        Unreadable: it will never be one.
    """
    head_ends = data.find(b"\r\n\r\n")
    if head_ends < 0:
        if len(data) > LONGEST_HEAD or not (data.startswith(b"HTTP/1.") or b"HTTP/1.".startswith(data)):
            raise Unreadable("no head of an answer")
        return None
    try:
        status = int(data[9:12])
    except ValueError:
        status = 0
    found = data.find(b"\r\nContent-Length: ", 12, head_ends)
    if found < 0 or not data.startswith(b"HTTP/1.1 ") or not 200 <= status <= 599 or status == 304:
        return _careful(data, status, head_ends, ended=ended)
    used = head_ends + 4 + _number(data[found + 18:data.find(b"\r\n", found + 18)])
    if len(data) < used:
        return None
    return Answer(status, data, head_ends, used, data.find(b"onnection: close", 12, head_ends) >= 0)


def _after_interim(data: bytes, used: int, *, ended: bool) -> Answer | None:
    answer = cut(data[used:], ended=ended)
    if answer is not None:
        answer.body, answer.used = answer.body, answer.used + used
    return answer


def _careful(data: bytes, status: int, head_ends: int, *, ended: bool) -> Answer | None:
    """Headers in any case, interim answers, chunked bodies, bodies that end with the connection."""
    if not data.startswith(b"HTTP/1.") or not 100 <= status <= 599:
        raise Unreadable("no status line")
    if status < 200:
        return _after_interim(data, head_ends + 4, ended=ended)
    bare = Answer(status, data, head_ends, head_ends + 4, False)
    connection = (bare.header(b"connection") or b"").lower()
    bare.closes = b"close" in connection or (data[7:8] == b"0" and b"keep-alive" not in connection)
    if status in (204, 304):
        return bare
    if b"chunked" in (bare.header(b"transfer-encoding") or b"").lower():
        return _chunked(data, bare)
    length = bare.header(b"content-length")
    if length is not None:
        bare.used += _number(length)
        return bare if len(data) >= bare.used else None
    if len(data) - bare.used > LONGEST_BODY:
        raise Unreadable("a body without an end")
    if not ended:
        return None
    bare.used, bare.closes = len(data), True
    return bare


def _chunked(data: bytes, bare: Answer) -> Answer | None:
    pieces: list[bytes] = []
    at, size = bare.used, 0
    while True:
        line_ends = data.find(b"\r\n", at)
        if line_ends < 0:
            if len(data) - at > 1024:
                raise Unreadable("no size of a chunk")
            return None
        try:
            length = int(data[at:line_ends].partition(b";")[0], 16)
        except ValueError:
            raise Unreadable("no size of a chunk") from None
        size += length
        if length < 0 or size > LONGEST_BODY:
            raise Unreadable("a longer body than any honest platform sends")
        if length == 0:
            ends = data.find(b"\r\n\r\n", line_ends) if data[line_ends + 2:line_ends + 4] != b"\r\n" else line_ends
            if ends < 0 or len(data) < ends + 4:
                return None
            bare.body, bare.used = b"".join(pieces), ends + 4
            return bare
        at = line_ends + 2 + length + 2
        if len(data) < at:
            return None
        pieces.append(data[line_ends + 2:at - 2])


def _number(text: bytes) -> int:
    try:
        length = int(text)
    except ValueError:
        raise Unreadable("no length of a body") from None
    if not 0 <= length <= LONGEST_BODY:
        raise Unreadable("a longer body than any honest platform sends")
    return length
