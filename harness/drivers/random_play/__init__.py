"""Hypothesis: random plays from a rule-based state machine, and the shrinking of one that leaves the model ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import harness.drivers.random_play.promotions  # noqa: F401 - the actions register themselves
from harness.drivers.hypothesis_home import borrowed_home
from harness.drivers.random_play.bets import menu, openings
from harness.drivers.random_play.evening import Evening
from harness.drivers.random_play.shorter import fewer_steps
from harness.engine.ports import Effort, PlayT
from harness.model.errors import Disagreed
from harness.model.play import Move


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
    try:
        _open_plainly(search, features)
        with borrowed_home(variations=False):
            run_state_machine_as_test(seeded(seed)(Seated), settings=chosen)
    except _Halt as halt:
        raise halt.args[0] from None
    except Exception:  # the failing play itself, or Hypothesis on one that does not fail each time
        if search.worst is None:
            raise
    worst = search.worst and fewer_steps(new_play, search.worst, effort.shrink_seconds / 2)
    return search.agreed, worst


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
            self._give_up = min(self._give_up, time.monotonic() + self._effort.shrink_seconds / 2)
            if self.worst is None or size < self._size:
                self.worst, self._size = play, size
        elif self.worst is None:
            self.agreed.append(play)


class _Seat:
    """One play under way: hands moves on, and remembers how it went."""

    def __init__(self, search: _Search, features: Collection[str]) -> None:
        self._search = search
        self.evening = Evening(self._do, ("player 1", "player 2", *(("guest",) if "tenants" in features else ())))
        self._play = search.open()
        self._size = 0
        self._failed = False

    def sit_down(self) -> None:
        """Every play has a player with a session."""
        self.evening.session("player 1", "EUR")

    def leave(self) -> None:
        """The last look at everything; the play is kept or dropped."""
        play, self._play = self._play, None
        if play is None:
            return
        try:
            if not self._failed:
                self._guard(play.finish)
        finally:
            self._search.close(play, self._size, failed=self._failed)

    def _do(self, *moves: Move) -> None:
        if self._play is not None:
            self._size += len(moves)
            self._guard(self._play.step, *moves)

    def _guard(self, act: Callable[..., None], *moves: Move) -> None:
        try:
            act(*moves)
        except Disagreed:
            self._failed = True
            raise
        except Exception as error:
            raise _Halt(error) from error


def _open_plainly(search: _Search, features: Collection[str]) -> None:
    """The first play is no random one: each operation in its plainest form, so that none depends on chance alone."""
    seat = _Seat(search, features)
    with suppress(Disagreed):  # the random plays look for a shorter one
        seat.sit_down()
        for act in openings(features):
            act(seat.evening)
    with suppress(Disagreed):
        seat.leave()


class _Machine(RuleBasedStateMachine):
    """Draws actions from the menu and hands their moves to the play."""

    def __init__(self, search: _Search, features: Collection[str]) -> None:
        super().__init__()
        self._menu = menu(features)
        self._seat = _Seat(search, features)

    @initialize()
    def sit_down(self) -> None:
        """The first step of every play."""
        self._seat.sit_down()

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        """One action of the menu."""
        data.draw(st.sampled_from(self._menu))(self._seat.evening, data.draw)

    def teardown(self) -> None:
        """The play is over."""
        self._seat.leave()
