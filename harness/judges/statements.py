"""Four statements of the same bets, in minor units: what was answered, booked, left in the balance, and announced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.judges.events import items, observed_events
from harness.model import money
from harness.model.exchange import Exchange
from harness.model.history import History

ANSWERS, LEDGER, BALANCES, EVENTS = "API answers", "ledger", "balances", "events"
STEPS = ("authorize", "settle", "rollback")
Account = tuple[str, str]
"""(player, currency)."""
_STEP_OF = {"authorizeBet": "authorize", "settleBet": "settle", "rollbackBet": "rollback"}
_STEP_OF_EVENT = {"bet.authorized": "authorize", "bet.settled": "settle", "bet.rolled_back": "rollback"}
_MONEY_OF = {"authorize": "amount", "settle": "win"}
_SIGN = {"authorize": -1, "settle": 1}
_OPEN = (202, 408, 425, 429)
"""Statuses after which nobody knows, or that ask to come back."""
_PLAIN = (type(None), str)


class Statements:
    """Read once from a history; `blind` names the books that could not be read, with the page that shows it (None:
    there is none)."""

    def __init__(self, history: History, params: Mapping[str, Any]) -> None:
        self._history = history
        self._form = history.profile.money_form
        self._params = params
        self.owner: dict[str, Account] = {bet: (who[0], who[1]) for bet, who in params["bets"].items()}
        self.blind: dict[str, Exchange | None] = {}
        self.acknowledged: dict[tuple[str, str], int] = {}
        self.cited: dict[tuple[str, str], Exchange] = {}
        self.unclear: set[tuple[str, str]] = set()
        self.events: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._told: dict[Account, int] = defaultdict(int)
        self._booked: dict[Account, list[tuple[str | None, int]]] = defaultdict(list)
        self._moved: dict[Account, int] = defaultdict(int)
        self._read_answers(params["answers"])
        self._read_ledger(params["ledger"])
        self._read_balances(params["balances"])
        self._read_events(params["feed"])

    # -- what is asked of them ------------------------------------------------------------------------
    def accounts(self) -> Iterator[Account]:
        """Every account that any book speaks of; those with an unclear bet can be told by nobody and are left out."""
        left_out = {self.owner[bet] for bet, _ in self.unclear}
        known = dict.fromkeys([*self.owner.values(), *self._booked, *self._moved, *self._told])
        yield from (account for account in known if account not in left_out)

    def total(self, book: str, account: Account) -> int | None:
        """Net movement of an account by that book; None when the book cannot be read."""
        if book in self.blind:
            return None
        if book == ANSWERS:
            return sum(amount for (bet, _), amount in self.acknowledged.items() if self.owner[bet] == account)
        if book == LEDGER:
            return sum(amount for _, amount in self._booked.get(account, ()))
        return (self._moved if book == BALANCES else self._told).get(account, 0)

    def bets_of(self, account: Account) -> list[str]:
        """Its bets, in the order in which they were played."""
        return [bet for bet, owner in self.owner.items() if owner == account]

    def ledger_by_bet(self, account: Account) -> dict[str, list[int]] | None:
        """Amounts by bet; None where the ledger does not say of every entry which bet it is for."""
        rows = self._booked.get(account, [])
        if LEDGER in self.blind or any(bet not in self.owner for bet, _ in rows):
            return None
        found: dict[str, list[int]] = defaultdict(list)
        for bet, amount in rows:
            found[str(bet)].append(amount)
        return found

    def pages(self, books: Iterable[str], player: str) -> list[str]:
        """Exchange ids to look at for these books."""
        found: list[str] = []
        for book in books:
            if book == LEDGER:
                found += self._params["ledger"].get(player, [[], []])[1][:1]
            elif book == BALANCES:
                found += self._params["balances"].get(player, [])
            elif book == EVENTS:
                found += self._params["feed"][:1]
        return found

    # -- reading --------------------------------------------------------------------------------------
    def _read_answers(self, ids: Iterable[str]) -> None:
        refused: set[tuple[str, str]] = set()
        for answer in (self._history[i] for i in ids):
            sent, step = answer.sent_json(), _STEP_OF.get(answer.operation)
            bet = sent.get("bet_id") if isinstance(sent, dict) else None
            if step is None or not isinstance(bet, str) or bet not in self.owner:
                continue
            name = (bet, step)
            status = answer.status or 0
            if answer.answered and 200 <= status < 300 and status != 202:
                self._acknowledge(name, answer, sent)
            elif not answer.answered or status in _OPEN or status >= 500 or answer.field("retryable") is True:
                self.unclear.add(name)
                self.cited.setdefault(name, answer)
            else:
                refused.add(name)
        self.unclear -= self.acknowledged.keys() | refused

    def _acknowledge(self, name: tuple[str, str], answer: Exchange, sent: Mapping[str, Any]) -> None:
        bet, step = name
        if name in self.acknowledged:
            return
        if step == "rollback":
            if answer.field("status") == "tombstoned":
                return
            amount = -sum(self.acknowledged.get((bet, before), 0) for before in STEPS[:2])
        else:
            said = money.from_wire(answer.field(_MONEY_OF[step]), self._form)
            said = said or money.from_wire(sent.get(_MONEY_OF[step]), self._form)
            if said is None:
                self.unclear.add(name)
                self.cited.setdefault(name, answer)
                return
            amount = _SIGN[step] * said[0]
        self.acknowledged[name] = amount
        self.cited[name] = answer

    def _read_ledger(self, players: Mapping[str, Any]) -> None:
        if not players or not all(before and after for before, after in players.values()):
            self.blind[LEDGER] = None
        for player, (before, after) in players.items():
            known = {name for name, _, _, _ in self._entries(before)}
            for name, currency, bet, amount in self._entries(after):
                if name not in known:
                    known.add(name)
                    self._booked[player, currency].append((bet, amount))

    def _entries(self, ids: Iterable[str]) -> Iterator[tuple[tuple[Any, ...], str, str | None, int]]:
        """(what tells it from others, currency, bet, signed amount) of every entry."""
        for page in (self._history[i] for i in ids):
            rows = items(page)
            if rows is None:
                self.blind.setdefault(LEDGER, page)
                continue
            for row in rows:
                read = money.from_wire(row, self._form)
                if read is None or not isinstance(row.get("bet_id"), _PLAIN):
                    self.blind.setdefault(LEDGER, page)
                    continue
                name = (str(row.get("transaction_id")), str(row.get("kind")), row.get("bet_id"), *read)
                yield name, read[1], row.get("bet_id"), read[0]

    def _read_balances(self, players: Mapping[str, Any]) -> None:
        if not players:
            self.blind[BALANCES] = None
        for player, ids in players.items():
            pages = [self._history[i] for i in ids]
            before, after = (money.balances(page.json(), self._form) if page.status == 200 else None for page in pages)
            if before is None or after is None:
                self.blind.setdefault(BALANCES, pages[0] if before is None else pages[1])
                continue
            for currency in before.keys() | after.keys():
                self._moved[player, currency] += after.get(currency, 0) - before.get(currency, 0)

    def _read_events(self, ids: Iterable[str]) -> None:
        pages = [self._history[i] for i in ids]
        if not pages:
            self.blind[EVENTS] = None
        for page in pages:
            if items(page) is None:
                self.blind.setdefault(EVENTS, page)
        once = {str(event.get("event_id")): (event, page) for event, page in observed_events(pages)}
        for kind in _STEP_OF_EVENT:  # a rollback is told without its sum: that of the authorize is read first
            for event, page in once.values():
                if event.get("type") == kind:
                    self._read_event(event, page)

    def _read_event(self, event: Mapping[str, Any], page: Exchange) -> None:
        step, data = _STEP_OF_EVENT[event["type"]], event.get("data")
        bet = data.get("bet_id") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(bet, str) or bet not in self.owner:
            return
        player, currency = self.owner[bet]
        if step == "rollback":
            amount = -sum(sum(self.events.get((bet, before), ())[:1]) for before in STEPS[:2])
        else:
            read = money.from_wire(data.get(_MONEY_OF[step]), self._form)
            if read is None:
                self.blind.setdefault(EVENTS, page)
                return
            amount, currency = _SIGN[step] * read[0], read[1]
        told = data.get("player_id")
        self.events[bet, step].append(amount)
        self._told[told if isinstance(told, str) else player, currency] += amount
