"""What a random play knows of its own evening: players, sessions, bets and what was written, by name.

Every value that is drawn is a name or an amount, never something that the target said: the same seed gives the same
plays against any target, and a play can be repeated with new players while others use the target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from harness.model.play import Move, Sum

Item = TypeVar("Item")

STAKES = st.sampled_from((100, 1, 10, 99, 333, 1_000, 1_999, 2_001, 5_001, 10_000, 10_001)) | st.integers(1, 3_000)
WINS = st.sampled_from((0, 1, 100, 250, 999, 2_500, 10_000)) | st.integers(0, 5_000)
_FUNDS = {"player 1": (Sum(10_000, "EUR"), Sum(5_000, "JPY")), "player 2": (Sum(2_000, "EUR"), Sum(2_000, "KWD")),
          "guest": (Sum(3_000, "EUR"),)}
_RECENT = 3


class Draw(Protocol):
    """Hypothesis's draw: a value of a strategy."""

    def __call__(self, strategy: st.SearchStrategy[Item], /) -> Item:
        """The value drawn."""
        ...


class Evening:
    """State of one random play; actions read it, draw from it and hand moves to `do`."""

    def __init__(self, do: Callable[..., None], players: Sequence[str]) -> None:
        self._make = do
        self.players = tuple(players)
        self.sessions: list[Move] = []
        self.open: list[Move] = []
        """Authorizes whose bets no plain settle or rollback has ended."""
        self.bets: list[Move] = []
        self.writes: list[Move] = []
        self.bonuses: list[Move] = []
        self.jackpots: list[Move] = []
        self.triggers: list[Move] = []
        self._seated: set[str] = set()
        self._numbers: dict[str, int] = {}

    def do(self, *moves: Move) -> Move:
        """Make the moves, at the same time where there are two; returns the first."""
        self._make(*moves)
        return moves[0]

    def write(self, move: Move) -> None:
        """Make a move that may be repeated, changed and raced later."""
        self.writes.append(move)
        self.do(move)

    def new(self, kind: str) -> str:
        """The next name of a kind: "bet 3"."""
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return f"{kind} {self._numbers[kind]}"

    def move(self, operation: str, by: str = "provider", **body: Any) -> Move:
        """A call under a new key."""
        return Move(operation=operation, body=tuple(body.items()), key=self.new("key"), by=by)

    # -- players, sessions and bets -----------------------------------------------------------------
    def currencies(self, player: str) -> tuple[str, ...]:
        """What the player has money in."""
        return tuple(s.currency for s in _FUNDS[player])

    def seat(self, player: str) -> None:
        """Create the player, once."""
        if player not in self._seated:
            self._seated.add(player)
            self.do(Move(operation="createSandboxPlayer", by=_party(player),
                         body=(("player_id", player), ("balances", _FUNDS[player]))))

    def session(self, player: str, currency: str) -> None:
        """A new session of the player."""
        self.seat(player)
        self.sessions.append(self.do(self.move(
            "createSession", _party(player), player_id=player, currency=currency, session_id=self.new("session"),
            game_id="studio:slot_forge_02", locale="de-DE")))

    def session_of(self, name: str) -> Move | None:
        """The session, while it is open."""
        return next((s for s in self.sessions if s["session_id"] == name), None)

    def bet(self, session: Move, stake: int, currency: str = "") -> Move:
        """An authorize, not made yet."""
        return self.move("authorizeBet", session.by, session_id=session["session_id"], bet_id=self.new("bet"),
                         round_id=self.new("round"), amount=Sum(stake, currency or session["currency"]))

    def place(self, *bets: Move) -> None:
        """Authorize bets, at the same time where there are two."""
        self.bets += bets
        self.open += bets
        self.writes += bets
        self.do(*bets)

    def settle(self, bet: Move, win: int, currency: str = "") -> Move:
        """A settle, not made yet."""
        return self.move("settleBet", bet.by, bet_id=bet["bet_id"], round_id=bet["round_id"],
                         win=Sum(win, currency or bet["amount"].currency))

    def rollback(self, bet: Move) -> Move:
        """A rollback, not made yet."""
        return self.move("rollbackBet", bet.by, bet_id=bet["bet_id"])

    def end(self, bet: Move, draw: Draw) -> Move:
        """A settle or a rollback, not made yet."""
        return self.settle(bet, draw(WINS)) if draw(st.booleans()) else self.rollback(bet)

    def take_open(self, draw: Draw) -> Move | None:
        """An open bet, no longer counted as open."""
        return self.open.pop(draw(st.integers(0, len(self.open) - 1))) if self.open else None


def recent(draw: Draw, items: Sequence[Item]) -> Item:
    """One of the last few, now and then any: what is wrong shows where calls meet on the same thing."""
    return draw(st.sampled_from(items[-_RECENT:] if draw(st.integers(0, 4)) else items))


def another(currency: str) -> str:
    """A currency that it is not."""
    return "JPY" if currency != "JPY" else "EUR"


def _party(player: str) -> str:
    return "other" if player == "guest" else "provider"
