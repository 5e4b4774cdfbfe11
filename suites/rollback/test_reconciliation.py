"""ROLL-05: what was answered, what the ledger booked, what is left in the balance and what was announced agree.

A launch is stopped, or rolled back, by these books: if they differ on a calm day, nobody can say later what is owed.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from harness import Bet, Evidence, Exchange, Lab, Player, Transcript, agrees, reconciled

PLAYERS = 3
ROUNDS = (("EUR", 1_000, 2_500), ("EUR", 900, 0), ("USD", 700, 1_433), ("EUR", 1_117, 123), ("USD", 250, 0))
UNDONE = (("EUR", 1_300), ("USD", 301))
FUNDS = {"EUR": 50_000, "USD": 20_000}
TOO_MUCH = 900_000
WINS = (12_345, 1_000_001, 2**32 + 1, 2**53 + 3)
"""Minor units; one more, near the largest amount of the contract, is added where it names one."""
SOME_FUNDS = 10_000


class Play:
    """One player's bets: rounds, rollbacks, repeats, refusals and a lost reply; every answer is kept."""

    def __init__(self, lab: Lab, player: Player) -> None:
        self.lab = lab
        self.player = player
        self.answers: list[Exchange] = []
        self.bets: list[Bet] = []

    def all(self) -> None:
        """The whole of it; every bet has an end."""
        sessions = {currency: self.lab.session(self.player, currency) for currency in FUNDS}
        for currency, stake, win in ROUNDS:
            self.round(self.bet(sessions[currency], currency, stake), win)
        for currency, stake in UNDONE:
            bet = self.bet(sessions[currency], currency, stake)
            self.must(self.lab.authorize(bet))
            self.repeated(self.must(self.lab.rollback(bet)), partial(self.lab.rollback, bet))
        self.keep(self.lab.authorize(self.bet(sessions["EUR"], "EUR", TOO_MUCH)))
        self.lost(self.bet(sessions["EUR"], "EUR", 777), 1_500)

    def one_win(self, win: int) -> None:
        """One round; a win that is refused (limits are legal) leaves its bet open, and the bet is undone."""
        bet = self.bet(self.lab.session(self.player), "EUR", 100)
        self.must(self.lab.authorize(bet))
        paid = self.keep(self.lab.settle(bet, win))
        if paid.answered and 400 <= (paid.status or 0) < 500:
            self.must(self.lab.rollback(bet))

    def bet(self, session: str, currency: str, stake: int) -> Bet:
        """A bet that is looked for in all books, whatever becomes of it."""
        self.bets.append(self.lab.bet(session, self.player, amount=stake, currency=currency))
        return self.bets[-1]

    def round(self, bet: Bet, win: int) -> None:
        """Authorize and settle, each repeated under its key and under a new one."""
        self.repeated(self.must(self.lab.authorize(bet)), partial(self.lab.authorize, bet))
        self.repeated(self.must(self.lab.settle(bet, win)), partial(self.lab.settle, bet, win))

    def repeated(self, first: Exchange, anew) -> None:
        """The same call again, and the same operation under a new key."""
        self.keep(self.lab.again(first))
        self.keep(anew())

    def lost(self, bet: Bet, win: int) -> None:
        """The reply to the authorize is lost; its retry finds the hold, and the bet is settled."""
        key = self.lab.fresh("key")
        body = {"session_id": bet.session_id, "bet_id": bet.bet_id, "round_id": bet.round_id,
                "amount": self.lab.money(bet.amount, bet.currency)}
        self.keep(self.lab.lose_reply("authorizeBet", body, key=key, party=self.player.party,
                                      meanwhile=lambda: self.lab.until(partial(self.lab.read_bet, bet),
                                                                       lambda e: e.field("status") == "authorized")))
        self.must(self.lab.until(partial(self.lab.authorize, bet, key=key), lambda e: e.status == 200))
        self.must(self.lab.settle(bet, win))

    def must(self, answer: Exchange) -> Exchange:
        """A step without which the play could not go on."""
        return self.keep(self.lab.must(answer, 200))

    def keep(self, answer: Exchange) -> Exchange:
        """An answer for the transcript."""
        self.answers.append(answer)
        return answer


@pytest.mark.certifies("ROLL-05")
def test_answers_ledger_balances_and_events_agree(lab: Lab) -> None:
    """Three players at once, two currencies; then four books are read until they agree or the time is over."""
    plays = [Play(lab, lab.player(FUNDS)) for _ in range(PLAYERS)]
    _books_agree(lab, plays, [play.all for play in plays])


@pytest.mark.certifies("ROLL-05")
def test_wins_of_every_size_are_in_all_books(lab: Lab) -> None:
    """From an ordinary win to the largest amount of the contract, one player each; what is taken is in all four."""
    wins = [*WINS, *(largest - SOME_FUNDS for largest in _largest(lab.contract))]
    plays = [Play(lab, lab.player({"EUR": SOME_FUNDS})) for _ in wins]
    _books_agree(lab, plays, [partial(play.one_win, win) for play, win in zip(plays, wins, strict=True)],
                says="wins of every size: API answers, ledger, balances and events tell the same sums")


def _largest(contract: Mapping[str, Any]) -> list[int]:
    """The largest amount that the contract allows in minor units, where it is beyond our own; or none."""
    node: Any = contract
    for name in ("components", "schemas", "Money", "properties", "amount", "maximum"):
        node = node.get(name) if isinstance(node, Mapping) else None
    return [node] if isinstance(node, int) and WINS[-1] + SOME_FUNDS < node < 2**63 else []


def _books_agree(lab: Lab, plays: Sequence[Play], played: Sequence[Callable[[], None]], says: str = "") -> None:
    """Drive the plays at once; read four books until they agree or the time is over, and claim that they do."""
    players = {play.player.player_id: play.player for play in plays}
    entries = {name: lab.ledger(player) for name, player in players.items()}
    balances = {name: lab.balances(player) for name, player in players.items()}
    lab.side_by_side(played)
    bets = [bet for play in plays for bet in play.bets]
    transcript = Transcript(answers=[answer for play in plays for answer in play.answers],
                            bets={bet.bet_id: (bet.player.player_id, bet.currency) for bet in bets})
    seen: list[Evidence] = []

    def look() -> Exchange:
        """One reading of everything; events may come later than answers."""
        feed = lab.side_by_side([partial(lab.feed, bet_id=bet.bet_id) for bet in bets])
        seen.append(Evidence(ledger={name: (entries[name], lab.ledger(player)) for name, player in players.items()},
                             balances={name: (balances[name], lab.balances(p)) for name, p in players.items()},
                             feed=[page for pages in feed for page in pages]))
        return seen[-1].feed[-1]

    lab.until(look, lambda _: agrees(transcript, seen[-1], lab.profile))
    lab.claim(reconciled(transcript, seen[-1], says))
