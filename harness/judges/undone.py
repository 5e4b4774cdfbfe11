"""Was it undone at the wallet, what it did for a bet that is not taken after all?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from harness.judges.wallet_words import READS, Kinds, carries, compensates, members, said, same_content
from harness.model.exchange import Exchange

_VERDICT = re.compile(r"(status|result|state|outcome|code|error|success|ok|approved|accepted)$")
_FAULT = re.compile(r"error(code)?$")
_CONSENT = re.compile(r"(success|ok|approved|accepted)$")
_NO = re.compile(r"declin|reject|refus|fail|error|insufficient|denied|invalid|not[_ -]?(enough|allowed|ok|found)|nok$",
                 re.IGNORECASE)
_NO_FAULT = frozenset(("", "0", "None", "False", "{}", "[]", "ok", "none", "no", "success"))


@dataclass(frozen=True, slots=True)
class Usual:
    """What the wallet does for a bet that is taken: kinds of call, and of those that take: what it answers to each."""

    kinds: Kinds
    seen: Set[tuple[str, ...]]
    answers: Mapping[tuple[str, ...], Set[frozenset[tuple[str, str]]]]


def usual(at_wallet: Sequence[Exchange], taken: Sequence[tuple[str, Exchange]]) -> Usual:
    """From bets (player, call) that were taken at once."""
    kinds, sums = Kinds(at_wallet), _says_sums(at_wallet)
    done = [e for player, call in taken for e in at_wallet
            if call.started_ns <= e.started_ns <= call.ended_ns and e.mentions(player) and _done(e)]
    takes = [e for e in done if _takes(e, sums)]
    # Where one of them names its transaction, another that does not is a mere check.
    named = [e for e in takes if said(e).names] or takes
    answers: dict[tuple[str, ...], set[frozenset[tuple[str, str]]]] = {}
    for e in named:
        answers.setdefault(kinds.of(e), set()).add(frozenset(_verdict(e).items()))
    return Usual(kinds, {kinds.of(e) for e in done}, answers)


def never_undone(at_wallet: Sequence[Exchange], player: str, call: Exchange) -> Exchange | None:
    """What the wallet surely did about the player during the call, by its own answer, if nothing followed on it."""
    return next((one for one, sure in still_done(at_wallet, player, call) if sure), None)


def still_done(at_wallet: Sequence[Exchange], player: str, call: Exchange,
               usually: Usual | None = None) -> list[tuple[Exchange, bool]]:
    """What the wallet did about the player during the call with nothing following on it; and whether that is sure.

    `at_wallet`: what the wallet saw, in order. What follows is another call about the same transaction, or one that
    moves money of the player (a cancel, a refund, whatever it is called there); a try of the same call is none.

    Sure is what names a transaction and says how much, or need not: nothing there says so. It is also what a bet that
    is taken takes, and the only such call: of two, one may be a mere check.
    """
    ours = [e for e in at_wallet if e.started_ns >= call.started_ns]
    seen = [e for e in ours if e.started_ns <= call.ended_ns and e.mentions(player) and e.method not in READS]
    sums = _says_sums(at_wallet) if seen else False
    kinds = usually.kinds if usually else Kinds(seen)
    found: list[tuple[Exchange, bool]] = []
    for n, one in enumerate(seen):
        if not (_done(one) and _takes(one, sums)):
            continue
        since = [e for e in ours if _follows(e, one, player, sums) and _done(e)]
        before = [_is_another(one, e, kinds) for e in seen[:n]
                  if _takes(e, sums) and _names(one, e) and not same_content(e, one)]
        if any(_is_another(e, one, kinds) for e in since):
            continue
        answers = usually.answers.get(kinds.of(one)) if usually else None
        if answers is None and (any(before) or (usually and usually.answers and kinds.of(one) in usually.seen)):
            continue
        sure = said(one).readable and bool(said(one).names) and not since and all(before)
        if usually and usually.answers:
            verdict = frozenset(_verdict(one).items())
            sure = sure and len(usually.answers) == 1 and answers is not None and (not verdict or verdict in answers)
        found.append((one, sure))
    return found


def _follows(e: Exchange, one: Exchange, player: str, sums: bool) -> bool:
    """May the call undo, or carry on, what the other one did?"""
    return (e.started_ns > one.started_ns and e.method not in READS
            and (_names(e, one) or (e.mentions(player) and _takes(e, sums)))
            and (compensates(one, e) or not same_content(one, e)))


def _is_another(later: Exchange, first: Exchange, kinds: Kinds) -> bool:
    """Is it another step for sure, and no try that says something else?"""
    return kinds.of(later) != kinds.of(first) or compensates(first, later)


def _names(e: Exchange, one: Exchange) -> bool:
    return carries(e, said(one).names)


def _says_sums(at_wallet: Sequence[Exchange]) -> bool:
    """Do calls there say how much? Then one that does not takes nothing."""
    return any(said(e).amount and said(e).names for e in at_wallet)


def _takes(e: Exchange, sums: bool) -> bool:
    """May the call move money: it says how much; or which transaction, where none says how much; or is unreadable."""
    what = said(e)
    return what.amount or not what.readable or (bool(what.names) and not sums)


def _done(e: Exchange) -> bool:
    """Did the wallet do it? Some say no with a 200."""
    return (e.method not in READS and 200 <= int(e.facts.get("answered") or 0) < 300
            and not any(_says_no(name, value) for name, value in _verdict(e).items()))


def _verdict(e: Exchange) -> dict[str, str]:
    return {name: value for name, value in members(e.json()) if _VERDICT.search(name)}


def _says_no(name: str, value: str) -> bool:
    if _CONSENT.search(name):
        return value.lower() in ("false", "0", "no")
    if _FAULT.search(name):
        return value not in _NO_FAULT and value.lower() not in _NO_FAULT
    return _NO.search(value) is not None
