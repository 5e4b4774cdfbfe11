"""Conservation of money over a whole run: start - bets + wins + refunds = end, per player and currency.

Acknowledged operations count once per business id. An answer that never came, or a 202, may or may not have had its
effect: it widens the set of permitted ends instead of accusing anybody. An account that was moved after the last look
at it is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.judges.load_money import Range, ranges
from harness.judges.registry import judge
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History, PlayerRecord
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

_MAX_MAYBES = 10
_NOTHING: Mapping[str, Range] = {}
_MOVERS = {"authorizeBet", "settleBet", "rollbackBet", "consumeBonus", "payJackpot", "createPayment",
           "fundSandboxPlayer", "reportWagerProgress"}


@dataclass(slots=True)
class _Bet:
    """What is known of one bet; amounts in minor units, `maybe` names what may have happened."""

    player: str = ""
    currency: str = ""
    stake: int = 0
    win: int = 0
    done: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)
    cited: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Account:
    """Sure movements, possible ones, and the exchanges they come from."""

    sure: int = 0
    maybe: list[int] = field(default_factory=list)
    cited: list[str] = field(default_factory=list)


def conserved() -> Draft:
    """Every player that this run made ends with exactly the money that the acknowledged operations leave."""
    return Draft(judge="conserved", says="start - bets + wins + refunds = end, for every player and currency")


@judge("conserved")
def _conserved(history: History, claim: Claim) -> Finding:  # noqa: ARG001 - every judge has this form
    accounts, unclear = _accounts(history)
    stormed = _stormed(history)
    judged = 0
    for player in history.players:
        if player.player_id in unclear or stormed.get(player.player_id, _NOTHING) is None:
            continue
        reading = _closing(history, player)
        if reading is None:
            continue
        exchange, balances = reading
        for currency in sorted(player.start.keys() | balances.keys()):
            account = accounts[player.player_id, currency]
            moved_later = any(history[i].ended_ns > exchange.started_ns for i in account.cited)
            if len(account.maybe) > _MAX_MAYBES or moved_later:
                continue
            judged += 1
            ends = _sums(player.start.get(currency, 0) + account.sure, account.maybe)
            moved = (stormed.get(player.player_id) or _NOTHING).get(currency, Range())
            has = balances.get(currency, 0)
            if not any(end + moved.low <= has <= end + moved.high for end in ends):
                best = player.start.get(currency, 0) + account.sure + moved.low
                return broken(f"player {player.player_id} of {player.check}: {currency} does not add up",
                              expected=f"{currency} {best} minor units", exchanges=[*account.cited[-3:], exchange.id],
                              seen=f"{currency} {has} minor units (off by {has - best:+d})")
    if not judged:
        return unknown("no player's money could be followed to its end", Reason.NO_SAMPLES, owner=Owner.ENVIRONMENT)
    return held(f"{judged} accounts of {len(history.players)} players add up", accounts=judged)


def _stormed(history: History) -> Mapping[str, Mapping[str, Range] | None]:
    """By player what a storm has moved, by currency; None where a lost worker keeps that to itself."""
    found: dict[str, dict[str, Range] | None] = {}
    for storm in history.storms:
        told = storm.result.complete and not storm.result.lost
        by_seat = ranges(storm.plan, storm.result.begun, storm.result.ended)
        for seat, moved in zip(storm.plan.seats, by_seat, strict=True):
            found[seat.player_id] = {storm.plan.currency: moved} if told else None
    for load in history.locust_loads:  # what a locustfile bets only it knows
        found.update(dict.fromkeys((seat.player_id for seat in load.plan.seats), None))
    return found


def _closing(history: History, player: PlayerRecord) -> tuple[Exchange, dict[str, int]] | None:
    try:
        exchange = history[player.closed_by]
    except KeyError:
        return None
    balances = money.balances(exchange.json(), history.profile.money_form)
    return (exchange, balances) if exchange.status == 200 and balances is not None else None


def _sums(start: int, maybes: Iterable[int]) -> set[int]:
    ends = {start}
    for amount in maybes:
        ends |= {end + amount for end in ends}
    return ends


def _accounts(history: History) -> tuple[Mapping[tuple[str, str], _Account], set[str]]:
    """Movements per (player, currency), and players whose money cannot be followed (odd amounts were accepted)."""
    book = _Book(history)
    for exchange in history.exchanges:
        if exchange.operation in _MOVERS or exchange.operation in ("createSession", "issueBonus", "getOperationStatus"):
            book.take(exchange)
    return book.close(), book.unclear


class _Book:
    def __init__(self, history: History) -> None:
        self._form = history.profile.money_form
        self._sessions: dict[str, str] = {}
        self._bets: dict[str, _Bet] = defaultdict(_Bet)
        self._bonuses: dict[str, tuple[str, int, str]] = {}
        self._once: dict[str, tuple[str, str, int, bool, str]] = {}
        self._payments: dict[str, str] = {}
        self.unclear: set[str] = set()

    def take(self, e: Exchange) -> None:
        """Book one exchange; what it cannot read it leaves alone."""
        sent, got = e.sent_json(), e.json()
        sent, got = sent if isinstance(sent, dict) else {}, got if isinstance(got, dict) else {}
        ok, open_ = e.answered and 200 <= (e.status or 0) < 300, not e.answered or e.status in (202, 500, 502, 504)
        match e.operation:
            case "createSession" if ok:
                self._sessions[str(got.get("session_id"))] = str(sent.get("player_id"))
            case "authorizeBet" | "settleBet" | "rollbackBet" if ok or open_:
                self._bet(e, sent, got, sure=ok and e.status != 202)
            case "issueBonus" if ok:
                amount = money.from_wire(sent.get("amount"), self._form)
                if amount:
                    self._bonuses[str(sent.get("bonus_id"))] = (str(sent.get("player_id")), *amount)
                    self._released(str(sent.get("bonus_id")), e)
            case "consumeBonus" if ok or open_:
                bonus = self._bonuses.get(str(sent.get("bonus_id")))
                player = bonus[0] if bonus else ""
                self._single(f"spin:{sent.get('consumption_id')}", player, sent.get("win"), e, sure=ok)
            case "reportWagerProgress" if got.get("status") == "completed":
                self._released(str(sent.get("bonus_id")), e)
            case "payJackpot" if ok:
                winner = str(sent.get("player_id"))
                self._single(f"jackpot:{sent.get('trigger_id')}", winner, got.get("amount"), e, sure=True)
            case "fundSandboxPlayer" if ok:
                player = e.url.rpartition("/players/")[2].partition("/")[0]
                self._single(f"fund:{e.id}", player, sent, e, sure=True)
            case "createPayment" if ok or open_:
                signed = dict(sent.get("amount") or {}) if isinstance(sent.get("amount"), dict) else {}
                self._payments[str(got.get("operation_id"))] = str(sent.get("payment_id"))
                self._single(f"payment:{sent.get('payment_id')}", str(sent.get("player_id")), signed, e, sure=False,
                             sign=-1 if sent.get("direction") == "withdrawal" else 1)
            case "getOperationStatus" if got.get("status") in ("succeeded", "failed"):
                self._final(str(got.get("operation_id")), succeeded=got.get("status") == "succeeded")

    def _bet(self, e: Exchange, sent: dict[str, Any], got: dict[str, Any], *, sure: bool) -> None:
        bet = self._bets[f"{_tenant(e)}:{sent.get('bet_id')}"]
        step = {"authorizeBet": "stake", "settleBet": "win", "rollbackBet": "back"}[e.operation]
        if e.operation != "rollbackBet":
            amount = money.from_wire(sent.get("amount" if step == "stake" else "win"), self._form)
            player = self._sessions.get(str(sent.get("session_id")), bet.player)
            if amount is None:
                self.unclear.add(player)
                return
            if step == "stake" and "stake" not in bet.done:
                bet.player, bet.stake, bet.currency = player, *amount
            elif step == "win" and "win" not in bet.done:
                bet.win = amount[0]
        elif sure and got.get("status") == "tombstoned":
            return
        bet.cited.append(e.id)
        (bet.done if sure else bet.maybe).add(step)

    def _single(self, name: str, player: str, amount: Any, e: Exchange, *, sure: bool, sign: int = 1) -> None:
        parsed = money.from_wire(amount, self._form)
        if parsed is None:
            self.unclear.add(player)
        elif name not in self._once or sure:
            self._once[name] = (player, parsed[1], sign * parsed[0], sure, e.id)

    def _released(self, bonus: str, e: Exchange) -> None:
        """Credited once, with the issue or with its wager met: the contract leaves open which."""
        if known := self._bonuses.get(bonus):
            self._once[f"bonus:{bonus}"] = (known[0], known[2], known[1], False, e.id)

    def _final(self, operation: str, *, succeeded: bool) -> None:
        name = f"payment:{self._payments.get(operation)}"
        if name in self._once:
            player, currency, amount, _, cited = self._once[name]
            self._once[name] = (player, currency, amount if succeeded else 0, True, cited)

    def close(self) -> Mapping[tuple[str, str], _Account]:
        """Everything booked, per (player, currency)."""
        accounts: dict[tuple[str, str], _Account] = defaultdict(_Account)
        for bet in self._bets.values():
            account = accounts[bet.player, bet.currency]
            account.cited += bet.cited
            amounts = {"stake": -bet.stake, "win": bet.win,
                       "back": bet.stake - (bet.win if "win" in bet.done else 0)}
            account.sure += sum(amounts[step] for step in bet.done)
            account.maybe += [amounts[step] for step in sorted(bet.maybe - bet.done) if amounts[step]]
        for player, currency, amount, sure, cited in self._once.values():
            account = accounts[player, currency]
            account.cited.append(cited)
            if sure:
                account.sure += amount
            elif amount:
                account.maybe.append(amount)
        return accounts


def _tenant(e: Exchange) -> str:
    return e.actor
