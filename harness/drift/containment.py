"""Whether everything that one schema allows is accepted by another: yes, no with a witness, or unsure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.drift.alike import Alike
from harness.drift.budgets import Budget
from harness.drift.bundles import Bundle, Cuts, Unfollowed
from harness.drift.bundling import Bundler
from harness.drift.counterexamples import Acceptance, Found, candidates, first_candidates, search
from harness.drift.limits import Scales, tractable
from harness.drift.settled import Settled
from harness.drift.shelves import Shelf
from harness.drift.structural import Walk

STEPS, SECONDS = 80_000, 20.0
"""What one question may cost: see `budgets`. The seconds are the last bound, many times what the steps take."""
_GLANCED, _GLANCED_STEPS = 60, 300
"""How many documents are looked at before anything is proved, and the steps for them."""
_DOUBTED, _DOUBTED_STEPS, _DOUBTED_IN_ALL = 240, 4_000, 12_000
"""How many documents a proof is doubted by, and the steps for it: of one question, and of one prover all told."""
_SEARCHED, _SEARCHED_STEPS, _SEARCHED_IN_ALL = 12_000, 4_000, 400_000
"""The same for searches in vain: when the last is spent, each further search has the second."""
_PER_SCHEMA = 0.2
_SMALL = 150
"""Up to how many schemas the algebra is asked before the walk."""

Answer = Literal["yes", "no", "unsure"]


@dataclass(frozen=True, slots=True)
class Contained:
    """What was found out about one pair of schemas."""

    answer: Answer
    witness: Any = None
    """For "no": a document valid for the writer and refused by the reader; None also where none was found."""
    why: str = ""
    """One sentence for "unsure", and for a "no" without a witness."""
    shown: bool = False
    """Whether `witness` is one: null is a document too."""


@dataclass(slots=True)
class _Shared:
    settled: Settled = field(default_factory=Settled)
    scales: Scales = field(default_factory=Scales)
    doubting: float = _DOUBTED_IN_ALL
    searching: float = _SEARCHED_IN_ALL


class Prover:
    """Compares schemas of two documents; what both refer to is worked out once and kept, so use one for all pairs.

    The roots are any JSON in which the schemas' `#/...` references resolve; they must not change while it lives.
    """

    def __init__(self, writer_root: Any, reader_root: Any, *, cuts: Cuts | None = None,
                 samples: Cuts | None = None, doubts: float = _DOUBTED_IN_ALL, shelf: Shelf | None = None) -> None:
        """`cuts`: by identity, what to read in the place of a part of the roots, as in `Bundler`.

        `samples` cuts the writer's root for witnesses alone: they are valid for what it makes of the writer's schema.
        `doubts`: how many steps go into doubting what was proved. `shelf`: what others read of these roots.
        """
        self.roots = (writer_root, reader_root)
        self._writers = {closed: Bundler(writer_root, closed=closed, cuts=cuts, shelf=shelf)
                         for closed in (False, True)}
        self._reader = Bundler(reader_root, cuts=cuts, shelf=shelf)
        self._samples = None if samples is None else Bundler(writer_root, cuts=samples, shelf=shelf)
        self._alike = Alike(self._writers[False], self._reader)
        self._shared = _Shared(doubting=doubts)
        self._known: dict[tuple[Any, ...], Contained] = {}

    def contained(self, writer: Any, reader: Any, *, closed: bool = True, budget: Budget | None = None) -> Contained:
        """Whether every document of the writer's schema is accepted by the reader's; see `contained`."""
        budget = Budget(STEPS, SECONDS) if budget is None else budget
        try:
            if reader is True or reader == {} or self._alike.schemas(writer, reader):
                return Contained("yes")
            asked = self._reader.bundle(reader)
            written = self._writers[False].bundle(writer)
            sent = self._writers[True].bundle(writer) if closed else written
            if not (self._shared.scales.bearable(sent) and self._shared.scales.bearable(asked)):
                return Contained("unsure", why="The schema unfolds to more than can be compared.")
            key = (sent.key, asked.key)
            if key not in self._known:
                real = self._samples.bundle(writer) if self._samples else None
                self._known[key] = _Question(written, sent, asked, real, self._alike.name, budget,
                                             self._shared).answer()
            return self._known[key]
        except Unfollowed as stopped:
            return Contained("unsure", why=f"{stopped}.")
        except (RecursionError, MemoryError):
            return Contained("unsure", why="The schema is nested too deep to be compared.")
        except (TypeError, AttributeError, LookupError, ValueError, OverflowError) as odd:  # of JSON that is no schema
            return Contained("unsure", why=f"A schema is malformed or holds values out of range: {odd}.")


class _Question:
    def __init__(self, written: Bundle, sent: Bundle, asked: Bundle, real: Bundle | None,
                 alike: Callable[[str], bool], budget: Budget, shared: _Shared) -> None:
        self._shared, self._real, self._budget = shared, real, budget
        self._checks: tuple[Acceptance, Acceptance] | None = None
        self._written, self._sent, self._asked, self._alike = written, sent, asked, alike

    def answer(self) -> Contained:
        """Proved, and doubted while that is cheap; or refuted by a document; or neither."""
        size = self._shared.scales.size(self._sent) + self._shared.scales.size(self._asked)
        self._budget.spend(size * _PER_SCHEMA)
        small = size <= _SMALL
        try:
            found = self._glanced()
        except (ValueError, OverflowError) as wrong:
            return _invalid(wrong)
        if found is not None:
            return Contained("no", found.document, shown=True)
        said, between = self._algebra() if small else ("unknown", [])
        proved = said == "yes" or (said == "unknown" and self._walked())
        try:
            found = self._doubted() if proved else self._searched(between)
        except (ValueError, OverflowError) as wrong:
            return _invalid(wrong)
        if found is not None:
            return Contained("no", found.document, shown=True)
        if not proved and said == "no" and self._walked():
            return Contained("unsure", why="The algebra of schemas and the walk over them do not agree.")
        if proved:
            unknown = sorted(self._asked.formats - self._written.formats)
            if unknown:
                return Contained("unsure", why=f"Nobody here can check the format {unknown[0]!r}.")
            return Contained("yes")
        if not small and not self._budget.over:
            said, _ = self._algebra()
        if said == "yes":
            return Contained("yes")
        if said == "no" and not self._sent.shared:
            return Contained("no", why="The algebra of schemas says so, and no example was found.")
        return Contained("unsure", why=f"No proof and no counterexample was found {self._budget.why}.")

    def _glanced(self) -> Found | None:
        """A counterexample among the first that come to mind: then nothing has to be proved."""
        budget = Budget(_GLANCED_STEPS, of=self._budget)
        drawn = first_candidates(self._written, self._asked, budget, self._alike)
        return search(*self._validators(), drawn, budget=budget, most=_GLANCED)

    def _doubted(self) -> Found | None:
        if self._shared.doubting <= 0:
            return None
        budget = Budget(min(_DOUBTED_STEPS, self._shared.doubting), of=self._budget)
        before = budget.left
        found = self._tried([], budget, _DOUBTED)
        self._shared.doubting -= before - budget.left
        return found

    def _searched(self, between: list[Any]) -> Found | None:
        budget = Budget(max(_SEARCHED_STEPS, self._shared.searching), of=self._budget)
        before = budget.left
        found = self._tried(between, budget, _SEARCHED)
        self._shared.searching -= before - budget.left if found is None else 0.0
        return found

    def _tried(self, between: list[Any], budget: Budget, most: int) -> Found | None:
        drawn = candidates(self._written, self._asked, budget, between, self._alike)
        return search(*self._validators(), drawn, budget=budget, most=most)

    def _validators(self) -> tuple[Acceptance, Acceptance]:
        """Of the writer and of the reader, compiled once."""
        if self._checks is None:
            both = (self._written, self._sent) if self._sent.shared else (self._sent,)
            both = both if self._real is None else (*both, self._real)
            self._checks = Acceptance(*both), Acceptance(self._asked)
        return self._checks

    def _algebra(self) -> tuple[str, list[Any]]:
        """What the library says of the pair, and what it takes to lie between the two."""
        import jsonschema_rs

        if not (tractable(self._sent.whole) and tractable(self._asked.whole)):
            return "unknown", []

        def canonical(bundle: Bundle) -> Any:
            return jsonschema_rs.canonicalize(bundle.whole, draft=jsonschema_rs.Draft202012, validate_formats=True)
        try:
            writer, reader = canonical(self._sent), canonical(self._asked)
            said = str(reader.covers(writer))
        except (ValueError, OverflowError):
            return "unknown", []
        return said, [] if said == "yes" else _if_possible(lambda: writer.subtract(reader).to_json_schema())

    def _walked(self) -> bool:
        return Walk(self._sent, self._asked, self._budget, self._alike, self._shared.settled).proves()


def _invalid(wrong: Exception) -> Contained:
    return Contained("unsure", why=f"A schema is not valid: {str(wrong).splitlines()[0][:160]}.")


def _if_possible(make: Callable[[], Any]) -> list[Any]:
    try:
        return [make()]
    except (ValueError, OverflowError):
        return []


_latest: list[Prover] = []


def contained(writer: Any, reader: Any, *, writer_root: Any, reader_root: Any, closed: bool = True,
              steps: int = STEPS, seconds: float = SECONDS) -> Contained:
    """Whether every document that the writer's schema allows is accepted by the reader's.

    Both are schemas of JSON Schema 2020-12 (see `lifting.lifted`) or booleans; their `#/...` references resolve in
    their roots. `closed` takes the writer to send only what it declares: its objects that declare members and say
    nothing about others allow no others. "no" comes with a checked witness wherever one can be found within
    `steps` (and, last of all, `seconds`); where the reader asks for a format that no validator knows and the writer
    does not, it is "unsure" at best. The `Prover`s of the last four pairs of roots are kept, so a caller that compares
    two documents pair by pair, both ways, pays for shared parts once; the roots must not change meanwhile.
    """
    prover = next((one for one in _latest if one.roots[0] is writer_root and one.roots[1] is reader_root), None)
    if prover is None:
        prover = Prover(writer_root, reader_root)
        _latest[:] = [prover, *_latest[:3]]
    return prover.contained(writer, reader, closed=closed, budget=Budget(steps, seconds))
