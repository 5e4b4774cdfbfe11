"""The ledger after a storm: every page of each seat's player is read, and a few bytes a round are kept."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from harness.counterparts.lab import Lab
from harness.counterparts.watching.rounds_told import RoundsTold
from harness.engine.ports import Request, Sent
from harness.judges.answers import saw, whose
from harness.model import money
from harness.model.errors import CertifyError
from harness.model.exchange import Exchange, parse_json
from harness.model.outcome import Owner
from harness.model.storm import StormPlan
from harness.model.storm_watch import Booked, Unread

_OF_BETS = ("bet", "win", "refund", "reversal")
"""Kinds of entries that a storm makes; others (a deposit, a correction) may name no bet."""
_LIMIT, _MOST_PAGES = 200, 2_000
_AT_ONCE = 4
_MOST_ENTRIES = 255


class _Unreadable(Exception):
    def __init__(self, unread: Unread) -> None:
        super().__init__(unread.says)
        self.unread = unread


class LedgerAfter:
    """What the ledger has of each round; a seat may be read again."""

    def __init__(self, lab: Lab, plan: StormPlan, players: Sequence[Any], rounds: RoundsTold, count: int,
                 send: Callable[[Request], Sent]) -> None:
        self._lab, self._plan, self._players, self._rounds = lab, plan, players, rounds
        self._send = send
        self._entries, self._sums = bytearray(count), array("q", bytes(8 * count))
        self._seat_of = array("I", (plan.round(n).seat for n in range(count)))
        self._totals = [0] * len(plan.seats)
        self._nameless: set[int] = set()
        self._read = False
        self._unread_seat = 0
        self.unread: Unread | None = None

    def read(self, seats: Sequence[int] = ()) -> None:
        """Read the ledgers of these seats, or of all; ends at the first that cannot be read."""
        wanted = list(seats) or list(range(len(self._plan.seats)))
        self.unread = None
        problems = self._lab.side_by_side([partial(self._seat, seat) for seat in wanted], at_once=_AT_ONCE)
        self._unread_seat, self.unread = next(((seat, problem) for seat, problem in zip(wanted, problems, strict=True)
                                               if problem), (0, None))
        self._read = True

    def told(self) -> Booked | None:
        """What is known so far; None: nothing was read."""
        if not self._read or self.unread:
            return None
        return Booked(entries=bytes(self._entries), sums=tuple(self._sums), nameless=tuple(sorted(self._nameless)),
                      seats=tuple(self._totals))

    def page_again(self) -> Exchange:
        """The first page of the ledger that could not be read: asked for again, and recorded."""
        return self._lab.transactions(self._players[self._unread_seat])

    def page_about(self, number: int) -> Exchange:
        """The page of the player's ledger that names this round's bet, or the first one: read again, and recorded."""
        seat, bet = self._seat_of[number], f"{self._plan.prefix}-{number}"
        cursor = None
        try:
            cursor = next((cursor for cursor, rows in self._pages(seat)
                           if any(isinstance(row, dict) and row.get("bet_id") == bet for row in rows)), None)
        except _Unreadable:
            cursor = None
        player = self._players[seat]
        return self._lab.call("listPlayerTransactions", by=self._lab.reader(player), label="after the storm",
                              query={"limit": _LIMIT, "cursor": cursor}, path={"player_id": player.player_id})

    def _seat(self, seat: int) -> Unread | None:
        for number, owner in enumerate(self._seat_of):
            if owner == seat:
                self._entries[number] = self._sums[number] = 0
        self._totals[seat] = 0
        self._nameless.discard(seat)
        known: set[tuple[Any, ...]] = set()
        try:
            for _, rows in self._pages(seat):
                here = [self._entry(row) for row in rows]
                for name, bet, kind, amount in here:
                    if name not in known:
                        self._book(seat, bet, kind, amount)
                known.update(name for name, *_ in here)  # a page may begin with what the last one ended with
        except _Unreadable as problem:
            return problem.unread
        except CertifyError as error:
            return Unread(says=error.message, owner=Owner.ENVIRONMENT.value)
        return None

    def _book(self, seat: int, bet: Any, kind: str, amount: int) -> None:
        number = self._rounds.number(bet)
        if number is None:
            if bet is None and kind in _OF_BETS:
                self._nameless.add(seat)
                self._totals[seat] += amount
            return
        self._totals[seat] += amount
        if self._seat_of[number] == seat:  # another player's round must not be made good by this one's money
            self._entries[number] = min(_MOST_ENTRIES, self._entries[number] + 1)
            self._sums[number] += amount

    def _entry(self, row: Any) -> tuple[tuple[Any, ...], Any, str, int]:
        """(what tells it from others, bet id, kind, signed amount)."""
        read = money.from_wire(row, self._lab.profile.money_form)
        bet = row.get("bet_id") if isinstance(row, dict) else None
        if read is None or not isinstance(bet, str | None):
            raise _Unreadable(Unread(says=f"an entry that cannot be read: {str(row)[:120]}", owner=Owner.SUBJECT.value))
        kind = str(row.get("kind"))
        return (str(row.get("transaction_id")), kind, bet, *read), bet, kind, \
            read[0] if read[1] == self._plan.currency else 0

    def _pages(self, seat: int) -> Iterator[tuple[str | None, list[Any]]]:
        """(cursor, rows) of every page; raises _Unreadable."""
        player, cursor = self._players[seat], None
        reader = self._lab.reader(player)
        for _ in range(_MOST_PAGES):
            request = reader.prepared("listPlayerTransactions", query={"limit": _LIMIT, "cursor": cursor},
                                      path={"player_id": player.player_id}, check=self._lab.check)
            sent = reader.send(request, self._send)
            body = parse_json(sent.body.decode("utf-8", "replace")) if sent.exchange.answered else None
            rows = body.get("items") if isinstance(body, dict) and sent.exchange.status == 200 else None
            if not isinstance(body, dict) or not isinstance(rows, list):
                raise _Unreadable(Unread(says=f"listPlayerTransactions answered {saw(sent.exchange)}",
                                         owner=whose(sent.exchange).value))
            yield cursor, rows
            before, cursor = cursor, body.get("next_cursor")
            if not body.get("has_more"):
                return
            if not isinstance(cursor, str) or cursor == before:
                break
        raise _Unreadable(Unread(says="the pages of the ledger have no end", owner=Owner.SUBJECT.value))
