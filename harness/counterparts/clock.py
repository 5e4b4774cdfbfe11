"""The subject's movable clock: moved for a check, and put back whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harness.model.errors import NoHook, Prerequisite
from harness.model.exchange import Exchange

if TYPE_CHECKING:
    from harness.counterparts.acting import Acting

_LEEWAY_SECONDS = 5.0
"""Between two readings of the clock calls are made and machines are busy."""


class MovableClock:
    """The sandbox's time, by its administration. Tokens are asked for anew after every move: theirs may be over."""

    def __init__(self, lab: Acting, forget_tokens: Callable[[], None]) -> None:
        self._lab = lab
        self._forget_tokens = forget_tokens
        answer = lab.call("getSandboxClock", by=lab.admin)
        if answer.status in (404, 405, 501):
            raise NoHook("the target offers no movable clock at /sandbox/clock: nobody can wait for hours here",
                         remedy="Offer GET and POST /sandbox/clock in its sandbox", exchanges=(answer.id,))
        self._start = _now(lab.must(answer, 200))
        self._at = time.monotonic()
        self.moved = 0
        """Seconds by which it is ahead of its time now."""

    def until(self, moment: Any) -> float | None:
        """Seconds from its time now to an RFC 3339 time (negative: it is past); None for anything without an offset."""
        try:
            then = datetime.fromisoformat(moment if isinstance(moment, str) else "")
        except ValueError:
            return None
        if then.tzinfo is None:
            return None
        return then.timestamp() - (self._start + time.monotonic() - self._at + self.moved)

    def to(self, seconds: int) -> None:
        """Set it to `seconds` ahead of its own time (behind it, if negative).

        Raises:
            Prerequisite: the call was refused, or the clock tells another time than it should.
        """
        answer = self._lab.call("moveSandboxClock", {"advance_seconds": seconds - self.moved}, by=self._lab.admin)
        self._forget_tokens()
        self._lab.must(answer, 200)
        self.moved = seconds
        off = _now(answer) - (self._start + time.monotonic() - self._at + seconds)
        if abs(off) > _LEEWAY_SECONDS:
            raise Prerequisite(f"the sandbox's clock tells a time {off:+.0f} s off the one it was set to",
                               exchanges=(answer.id,))


@contextmanager
def borrowed_clock(lab: Acting, forget_tokens: Callable[[], None]) -> Iterator[MovableClock]:
    """The clock for a while; afterwards it is as it was.

    Raises:
        NoHook: there is none. Prerequisite: it could not be put back.
    """
    clock = MovableClock(lab, forget_tokens)
    try:
        yield clock
    finally:
        if left := clock.moved:
            try:
                clock.to(0)
            except Prerequisite as error:
                raise Prerequisite(f"the sandbox's clock was left {left:+d} s off: {error.message}",
                                   remedy=f"Put it back: POST /sandbox/clock {{\"advance_seconds\": {-left}}}",
                                   exchanges=error.exchanges) from error


def _now(answer: Exchange) -> float:
    stated = answer.field("now")
    try:
        return datetime.fromisoformat(stated if isinstance(stated, str) else "").timestamp()
    except ValueError as error:
        raise Prerequisite("the sandbox's clock tells no time in `now`", exchanges=(answer.id,)) from error
