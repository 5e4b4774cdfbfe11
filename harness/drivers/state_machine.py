"""Hypothesis: random plays from a rule-based state machine, and the shrinking of one that leaves the model ledger.

Every value that is drawn is a name or an amount, never something that the target said: the same seed gives the same
plays against any target, and a play can be repeated with new players while others use the target.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, configuration, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from harness.engine.ports import Effort, PlayT
from harness.model.errors import Disagreed
from harness.model.play import Move, Sum

_FUNDS = {"player 1": (Sum(10_000, "EUR"), Sum(5_000, "JPY")), "player 2": (Sum(2_000, "EUR"), Sum(2_000, "KWD")),
          "guest": (Sum(3_000, "EUR"),)}
_CURRENCIES = {"player 1": ("EUR", "JPY"), "player 2": ("EUR", "KWD"), "guest": ("EUR",)}
_stakes = st.sampled_from((100, 1, 10, 99, 333, 1_000, 1_999, 2_001, 5_001, 10_000, 10_001)) | st.integers(1, 3_000)
_wins = st.sampled_from((0, 1, 100, 250, 999, 2_500, 10_000)) | st.integers(0, 5_000)
Draw = Callable[[st.SearchStrategy[Any]], Any]
_MONEY = {"authorizeBet": "amount", "settleBet": "win", "consumeBonus": "win", "contributeToJackpot": "amount"}


class _Halt(BaseException):
    """Something that is no disagreement ended the exploration; Hypothesis must neither catch nor shrink it."""


def explore(new_play: Callable[[], PlayT], *, seed: int, effort: Effort,
            features: Collection[str]) -> tuple[list[PlayT], PlayT | None]:
    """(plays that agree, the shortest play that does not): satisfies `engine.ports.Explorer`."""
    search = _Search(new_play, effort)

    class Seated(_Machine):
        def __init__(self) -> None:
            super().__init__(search, features)

    chosen = settings(max_examples=effort.plays, stateful_step_count=effort.steps, deadline=None, database=None,
                      suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
                      verbosity=Verbosity.quiet, report_multiple_bugs=False, print_blob=False)
    with tempfile.TemporaryDirectory(prefix="certify-plays-") as folder:
        configuration.set_hypothesis_home_dir(folder)  # nothing is kept, and nothing in the user's folder
        try:
            run_state_machine_as_test(seeded(seed)(Seated), settings=chosen)
        except _Halt as halt:
            raise halt.args[0] from None
        except Exception:  # the failing play itself, or Hypothesis on one that does not fail each time
            if search.worst is None:
                raise
        finally:
            configuration.set_hypothesis_home_dir(None)
    return search.agreed, search.worst


class _Search:
    """What the plays of one exploration found, beyond what Hypothesis keeps."""

    def __init__(self, new_play: Callable[[], Any], effort: Effort) -> None:
        self._new_play = new_play
        self._effort = effort
        self._give_up = float("inf")
        self.agreed: list[Any] = []
        self.worst: Any = None
        self._size = 0

    def open(self) -> Any | None:
        """A new play; None once there was time enough to shrink."""
        return self._new_play() if time.monotonic() < self._give_up else None

    def close(self, play: Any, size: int, *, failed: bool) -> None:
        """Keep what is worth keeping: plays that agree until one fails, then the shortest that fails."""
        if failed:
            self._give_up = min(self._give_up, time.monotonic() + self._effort.shrink_seconds)
            if self.worst is None or size < self._size:
                self.worst, self._size = play, size
        elif self.worst is None:
            self.agreed.append(play)


class _Machine(RuleBasedStateMachine):
    """What may happen at a table: actions draw names and amounts and hand moves to the play.

    One rule draws the action from a weighted menu. Rules of their own would be switched off at random in each play
    (Hypothesis's swarm testing), and money moves only where sessions, bets and settles all come together.
    """

    def __init__(self, search: _Search, features: Collection[str]) -> None:
        super().__init__()
        self._search = search
        self._menu = _BETS + tuple(a for feature in sorted(features) for a in _MORE.get(feature, ()))
        self._players = ("player 1", "player 2", *(("guest",) if "tenants" in features else ()))
        self._play = search.open()
        self._size = 0
        self._failed = False
        self._numbers: dict[str, int] = {}
        self._seated: set[str] = set()
        self._sessions: list[Move] = []
        self._open: list[Move] = []
        """Authorizes whose bets no plain settle or rollback has ended."""
        self._bets: list[Move] = []
        self._writes: list[Move] = []
        self._bonuses: list[Move] = []
        self._jackpots: list[Move] = []
        self._triggers: list[Move] = []

    @initialize()
    def sit_down(self) -> None:
        """Every play has a player with a session."""
        self._session("player 1", "EUR")

    @rule(data=st.data())
    def play(self, data: st.DataObject) -> None:
        """One action of the menu."""
        getattr(self, data.draw(st.sampled_from(self._menu)))(data.draw)

    def teardown(self) -> None:
        """The last look at everything; the play is kept or dropped."""
        play, self._play = self._play, None
        if play is None:
            return
        try:
            if not self._failed:
                self._guard(play.finish)
        finally:
            self._search.close(play, self._size, failed=self._failed)

    def _do(self, *moves: Move) -> Move:
        """Make the moves, at the same time where there are two; returns the first, for the bundles."""
        if self._play is not None:
            self._size += len(moves)
            self._guard(self._play.step, *moves)
        return moves[0]

    def _guard(self, act: Callable[..., None], *moves: Move) -> None:
        try:
            act(*moves)
        except Disagreed:
            self._failed = True
            raise
        except Exception as error:
            raise _Halt(error) from error

    def _new(self, kind: str) -> str:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return f"{kind} {self._numbers[kind]}"

    def _move(self, operation: str, by: str = "provider", **body: Any) -> Move:
        return Move(operation=operation, body=tuple(body.items()), key=self._new("key"), by=by)

    # -- players and sessions ---------------------------------------------------------------------
    def _seat(self, player: str) -> None:
        if player not in self._seated:
            self._seated.add(player)
            self._do(Move(operation="createSandboxPlayer", by=_party(player),
                          body=(("player_id", player), ("balances", _FUNDS[player]))))

    def _session(self, player: str, currency: str) -> None:
        self._seat(player)
        self._sessions.append(self._do(self._move(
            "createSession", _party(player), player_id=player, currency=currency, session_id=self._new("session"),
            game_id="studio:slot_forge_02", locale="de-DE")))

    def open_session(self, draw: Draw) -> None:
        """A session of a player, in one of the player's currencies."""
        player = draw(st.sampled_from(self._players))
        self._session(player, draw(st.sampled_from(_CURRENCIES[player])))

    def close_session(self, draw: Draw) -> None:
        """Ended: no new bets, but what is open can be settled. The first session stays open."""
        if len(self._sessions) > 1:
            session = self._sessions.pop(draw(st.integers(1, len(self._sessions) - 1)))
            self._do(self._move("closeSession", session.by, session_id=session["session_id"]))
            self._do(self._bet(session, draw(_stakes)))

    # -- the life of a bet ------------------------------------------------------------------------
    def _bet(self, session: Move, stake: int, currency: str = "") -> Move:
        return self._move("authorizeBet", session.by, session_id=session["session_id"], bet_id=self._new("bet"),
                          round_id=self._new("round"), amount=Sum(stake, currency or session["currency"]))

    def _settle(self, bet: Move, win: int, currency: str = "") -> Move:
        return self._move("settleBet", bet.by, bet_id=bet["bet_id"], round_id=bet["round_id"],
                          win=Sum(win, currency or bet["amount"].currency))

    def _rollback(self, bet: Move) -> Move:
        return self._move("rollbackBet", bet.by, bet_id=bet["bet_id"])

    def _write(self, move: Move) -> None:
        self._writes.append(self._do(move))

    def _placed(self, bet: Move) -> None:
        self._write(bet)
        self._bets.append(bet)
        self._open.append(bet)

    def _ended(self, draw: Draw) -> Move | None:
        """An open bet, no longer counted as open."""
        return self._open.pop(draw(st.integers(0, len(self._open) - 1))) if self._open else None

    def authorize(self, draw: Draw) -> None:
        """A new bet."""
        self._placed(self._bet(draw(st.sampled_from(self._sessions)), draw(_stakes)))

    def settle(self, draw: Draw) -> None:
        """The result of an open bet."""
        if bet := self._ended(draw):
            self._write(self._settle(bet, draw(_wins)))

    def roll_back(self, draw: Draw) -> None:
        """An open bet given back."""
        if bet := self._ended(draw):
            self._write(self._rollback(bet))

    def end_again(self, draw: Draw) -> None:
        """A settle or a rollback of any bet, whatever state it is in."""
        if self._bets:
            bet = draw(st.sampled_from(self._bets))
            self._write(self._settle(bet, draw(_wins)) if draw(st.booleans()) else self._rollback(bet))

    def overtake(self, draw: Draw) -> None:
        """A settle or a rollback that comes before its bet, and then the bet."""
        bet = self._bet(draw(st.sampled_from(self._sessions)), draw(_stakes))
        self._write(self._settle(bet, draw(_wins)) if draw(st.booleans()) else self._rollback(bet))
        self._placed(bet)

    def mix_currencies(self, draw: Draw) -> None:
        """A stake or a win in another currency than the session's or the bet's."""
        if self._bets and draw(st.booleans()):
            bet = draw(st.sampled_from(self._bets))
            self._do(self._settle(bet, draw(_wins), _another(bet["amount"].currency)))
        else:
            session = draw(st.sampled_from(self._sessions))
            self._do(self._bet(session, draw(_stakes), _another(session["currency"])))

    # -- duplicates and races ---------------------------------------------------------------------
    def repeat(self, draw: Draw) -> None:
        """The same request again: under the same key, or the same operation under a new one."""
        if self._writes:
            write = draw(st.sampled_from(self._writes))
            self._do(write.under(self._new("key")) if draw(st.booleans()) else write)

    def change(self, draw: Draw) -> None:
        """The same key, or the same business id under a new key, with another amount."""
        if self._writes:
            write, amount = draw(st.sampled_from(self._writes)), draw(_stakes)
            if member := _MONEY.get(write.operation):
                changed = write.having(**{member: Sum(amount, write[member].currency)})
                self._do(changed.under(self._new("key")) if draw(st.booleans()) else changed)

    def race_copies(self, draw: Draw) -> None:
        """Two copies of a request at the same time: an old one, or the settle or rollback of an open bet."""
        bet = self._ended(draw) if draw(st.booleans()) else None
        if bet:
            write = self._settle(bet, draw(_wins)) if draw(st.booleans()) else self._rollback(bet)
        elif self._writes:
            write = draw(st.sampled_from(self._writes))
        else:
            return
        self._do(write, write.under(self._new("key")) if draw(st.booleans()) else write)
        self._writes.append(write)

    def race_ends(self, draw: Draw) -> None:
        """Settle and rollback of an open bet at the same time: one wins."""
        if bet := self._ended(draw):
            self._do(self._settle(bet, draw(_wins)), self._rollback(bet))

    def race_bets(self, draw: Draw) -> None:
        """Two bets at the same time, perhaps of one player who can pay only one."""
        first, second = (self._bet(draw(st.sampled_from(self._sessions)), draw(_stakes)) for _ in range(2))
        self._do(first, second)
        self._bets += [first, second]
        self._open += [first, second]

    def meddle(self, draw: Draw) -> None:
        """The other tenant settles or rolls back a bet that is not its own."""
        if self._bets:
            bet = draw(st.sampled_from(self._bets))
            move = self._settle(bet, draw(_wins)) if draw(st.booleans()) else self._rollback(bet)
            self._do(move.sent_by("other" if bet.by == "provider" else "provider"))

    # -- bonuses and jackpots ---------------------------------------------------------------------
    def issue_bonus(self, draw: Draw) -> None:
        """Free spins, and bonus money that is released once enough is wagered."""
        session = draw(st.sampled_from(self._sessions))
        currency, required = session["currency"], draw(st.sampled_from((1_000, 1, 5_000)))
        self._bonuses.append(self._do(self._move(
            "issueBonus", session.by, bonus_id=self._new("bonus"), player_id=session["player_id"],
            freespins=draw(st.integers(0, 2)), amount=Sum(500, currency), wager_requirement=Sum(required, currency))))

    def spin(self, draw: Draw) -> None:
        """A free spin, if one is left."""
        if self._bonuses:
            bonus = draw(st.sampled_from(self._bonuses))
            self._write(self._move("consumeBonus", bonus.by, bonus_id=bonus["bonus_id"], round_id=self._new("round"),
                                   consumption_id=self._new("spin"), win=Sum(draw(_wins), bonus["amount"].currency)))

    def wager(self, draw: Draw) -> None:
        """A bet counts towards a bonus."""
        if self._bonuses and self._bets:
            bonus, bet = draw(st.sampled_from(self._bonuses)), draw(st.sampled_from(self._open or self._bets))
            self._write(self._move("reportWagerProgress", bonus.by, bonus_id=bonus["bonus_id"], bet_id=bet["bet_id"]))

    def start_jackpot(self, draw: Draw) -> None:
        """A pool with a seed."""
        self._jackpots.append(self._do(self._move("createSandboxJackpot", "admin", jackpot_id=self._new("jackpot"),
                                                  currency="EUR", seed=draw(st.sampled_from((5_000, 0, 1))))))

    def contribute(self, draw: Draw) -> None:
        """A part of a bet goes into a pool."""
        bets = [bet for bet in self._open or self._bets if bet["amount"].currency == "EUR" and bet.by == "provider"]
        if self._jackpots and bets:
            jackpot, bet = draw(st.sampled_from(self._jackpots)), draw(st.sampled_from(bets))
            self._write(self._move("contributeToJackpot", jackpot_id=jackpot["jackpot_id"], bet_id=bet["bet_id"],
                                   amount=Sum(draw(st.sampled_from((10, 1, 100))), "EUR"),
                                   contribution_id=self._new("contribution")))

    def trigger(self, draw: Draw) -> None:
        """Somebody wins the pool."""
        if self._jackpots:
            jackpot, player = draw(st.sampled_from(self._jackpots)), draw(st.sampled_from(("player 1", "player 2")))
            self._seat(player)
            move = self._move("triggerJackpot", jackpot_id=jackpot["jackpot_id"], player_id=player,
                              trigger_id=self._new("trigger"), round_id=self._new("round"))
            self._write(move)
            self._triggers.append(move)

    def pay(self, draw: Draw) -> None:
        """The winner is paid; anybody else is not."""
        if self._triggers:
            trigger = draw(st.sampled_from(self._triggers))
            player = trigger["player_id"] if draw(st.integers(0, 3)) else "player 2"
            self._seat(player)
            self._write(self._move("payJackpot", payout_id=self._new("payout"), trigger_id=trigger["trigger_id"],
                                   player_id=player))


_BETS = (*("authorize",) * 5, *("settle",) * 4, *("roll_back",) * 2, "end_again", "overtake", "mix_currencies",
         "repeat", "repeat", "change", "race_copies", "race_ends", "race_bets", "open_session", "close_session")
"""What happens at every table, the common more often; the first are what a play shrinks to."""
_MORE: Mapping[str, tuple[str, ...]] = {
    "tenants": ("meddle",),
    "bonuses": ("issue_bonus", "spin", "spin", "wager", "wager", "wager"),
    "jackpots": ("start_jackpot", "contribute", "contribute", "trigger", "pay")}


def _party(player: str) -> str:
    return "other" if player == "guest" else "provider"


def _another(currency: str) -> str:
    return "JPY" if currency != "JPY" else "EUR"
