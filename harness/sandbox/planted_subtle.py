"""Planted defects of the subtle kind: right at first sight, wrong only after a history of calls.

Each remembers what it needs in this process, as a cache or a worker's memory would. Without its fault a function
answers as correct code would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from harness.sandbox import faults
from harness.sandbox.context import Answer
from harness.sandbox.store import Row

_repeats: Counter[tuple[str, str]] = Counter()
_settled: Counter[str] = Counter()
_open_calls: Counter[str] = Counter()
_refunded: Counter[tuple[str, str]] = Counter()
_refused_amounts: dict[str, int] = {}
_first_currency: dict[str, str] = {}
_last_reported: dict[str, str] = {}
_last_spin: dict[str, str] = {}
_last_read: dict[str, Answer] = {}
_stale: set[str] = set()
_EVERY = 20


def repeated(what: str, bet: Row) -> None:
    """An ended bet is settled or rolled back again under a new key."""
    if faults.on("repeated-rollback-reopens") or faults.on("third-settle-pays"):
        _repeats[what, bet["bet_id"]] += 1


def opens_again(bet: Row) -> bool:
    """Does an ended bet count as open? After a repeated rollback, or when a settle comes for the third time."""
    if bet["status"] == "rolled_back":
        return faults.on("repeated-rollback-reopens") and _repeats["rollback", bet["bet_id"]] > 0
    third = faults.on("third-settle-pays") and _repeats["settle", bet["bet_id"]] == 2
    return third and bet["status"] in ("settled", "settling")


def win_paid(win: int, player_id: str) -> int:
    """What a settle pays of its win."""
    if not faults.on("cent-lost-in-twenty"):
        return win
    _settled[player_id] += 1
    return win - 1 if _settled[player_id] % _EVERY == 0 and win > 0 else win


def change_refused(bet_id: str, amount: int) -> None:
    """A known bet came with another amount, and was refused."""
    if faults.on("refused-change-sticks"):
        _refused_amounts[bet_id] = amount


def stake_refunded(bet_id: str, stake: int) -> int:
    """What a rollback gives back."""
    return _refused_amounts.get(bet_id, stake)


def stake_currency(player_id: str, currency: str) -> str:
    """The currency that a new bet of the player is in."""
    if not faults.on("second-session-mixes-currency"):
        return currency
    return _first_currency.setdefault(player_id, currency)


def refunded(player_id: str, currency: str, stake: int) -> None:
    """A stake came back by rollback."""
    if faults.on("refund-not-spendable"):
        _refunded[player_id, currency] += stake


def not_spendable(player_id: str, currency: str) -> int:
    """What of the balance bets cannot use."""
    return _refunded[player_id, currency] if faults.on("refund-not-spendable") else 0


def counts_again(bonus_id: str, bet_id: str) -> bool:
    """Is a bet that was counted taken for a new one? Only the last report is remembered."""
    if not faults.on("wager-remembers-last-bet"):
        return False
    last, _last_reported[bonus_id] = _last_reported.get(bonus_id), bet_id
    return last not in (None, bet_id)


def spins_again(bonus_id: str, consumption_id: str) -> bool:
    """Is a spin that was consumed taken for a new one? Only the last one is remembered."""
    if not faults.on("spin-remembers-last"):
        return False
    last, _last_spin[bonus_id] = _last_spin.get(bonus_id), consumption_id
    return last not in (None, consumption_id)


@contextmanager
def call_open(player_id: str) -> Iterator[None]:
    """A call of the player is with the wallet; two at once leave the cached balance as it was."""
    if not faults.on("stale-read-after-race"):
        yield
        return
    _open_calls[player_id] += 1
    if _open_calls[player_id] > 1:
        _stale.add(player_id)
    try:
        yield
    finally:
        _open_calls[player_id] -= 1


def balance_read(player_id: str, fresh: Answer) -> Answer:
    """The answer to a read of balances: the fresh one, or once the cached one after a race."""
    if not faults.on("stale-read-after-race"):
        return fresh
    if player_id in _stale and player_id in _last_read:
        _stale.discard(player_id)
        return _last_read.pop(player_id)
    _last_read[player_id] = fresh
    return fresh
