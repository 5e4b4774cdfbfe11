"""Judge of what follows an outage of the wallet: what was left open is made good, and nobody is trampled by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

from harness.judges.registry import judge
from harness.judges.wallet_words import READS, said
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Span

_MOST_EACH = 4
"""Calls about one operation once the wallet is back: asked, made again, cancelled, and one to spare."""
_MOST_EACH_ON_AVERAGE = 2.5
"""Both where an operation is one call in calm; each call more that it takes then may be made then, too."""
_FEWEST = 5
"""Operations that a word on the average needs: of fewer, each may need what one may."""


def catches_up(operations: Sequence[tuple[str, Exchange]], outage: Span, later: Sequence[tuple[str, Exchange]],
               within_seconds: float, before: Sequence[Exchange] = ()) -> Draft:
    """In the `within_seconds` after the outage the wallet is asked a few times about each operation (TIME-11).

    `operations`: those during the outage; `later`: those after it, which the platform was asked until it took them;
    `before`: the same calls while all was well, one after the other.
    """
    both = [*operations, *later]
    return Draft(judge="catches_up", over=(*(call.id for _, call in both), *(call.id for call in before)),
                 params={"about": [about for about, _ in both], "start_ns": outage.start_ns, "end_ns": outage.end_ns,
                         "until_ns": outage.end_ns + round(within_seconds * 1e9)},
                 says="once the wallet is back, what was left open is made good without a storm")


@judge("catches_up")
def _catches_up(history: History, claim: Claim) -> Finding:
    every, names = history.over(claim), claim.params["about"]
    start, end, until = claim.params["start_ns"], claim.params["end_ns"], claim.params["until_ns"]
    if not every or len(every) < len(claim.over):
        return unknown("the journal lacks a call", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    calls, before = every[:len(names)], every[len(names):]
    during = [name for name, call in zip(names, calls, strict=True) if start <= call.started_ns < end]
    if not during:
        return unknown("nothing was asked of the platform during the outage", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    at_wallet = list(history.where(channel="wallet"))
    named = _named(names, [e for e in at_wallet if start <= e.started_ns <= until])
    back = [e for e in at_wallet if end <= e.started_ns <= until]
    asked = {name: seen for name in during if (seen := [e for e in back if _about(e, name, named[name])])}
    if not any(e.mentions(name) or _about(e, name, named[name]) for e in back for name in names):
        return unknown("the wallet saw nothing once it was back", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    more = max((sum(b.started_ns <= e.started_ns <= b.ended_ns and e.method not in READS and said(e).moves
                    for e in at_wallet) - 1 for b in before), default=0)
    odd = max(([e for e in back if e.method not in READS and e.mentions(name) and e not in asked.get(name, ())]
               for name in during), key=len)
    return _few(asked, len(during), more, odd, back)


def _few(asked: Mapping[str, Sequence[Exchange]], during: int, more: int, odd: Sequence[Exchange],
         back: Sequence[Exchange]) -> Finding:
    """`asked`: what the wallet saw of each operation, once it was back; `more`: calls that one takes in calm, but one.

    `odd`: calls about one player that may be about its operation, and may be readings of its balance.
    """
    more = max(0, more)
    total, most = sum(map(len, asked.values())), max(asked.values(), key=len, default=())
    each, average = _MOST_EACH + more, _MOST_EACH_ON_AVERAGE + more
    told = {"operations": during, "asked_about": len(asked), "calls": total, "most_each": len(most)}
    if len(most) > each:
        return broken(f"once the wallet was back it was asked {len(most)} times about one operation",
                      expected=f"at most {each} calls", seen=f"{len(most)} calls", exchanges=[e.id for e in most[:4]],
                      **told)
    if len(asked) >= _FEWEST and total > average * len(asked):
        return broken(f"once the wallet was back it was asked {total} times about {len(asked)} operations",
                      expected=f"{average} calls an operation", seen=f"{total / len(asked):.1f}",
                      exchanges=[e.id for e in most], **told)
    if len(odd) > each:
        return unknown(f"once the wallet was back it was called {len(odd)} times about one player, and nothing tells "
                       "whether all that is about one operation", Reason.NO_SAMPLES, owner=Owner.PROFILE,
                       exchanges=[e.id for e in odd[:4]])
    return held(f"once the wallet was back it was asked {total} times about {len(asked)} operations; {during} had "
                "been asked for while it was out", exchanges=[back[0].id], **told)


def _named(players: Iterable[str], seen: Sequence[Exchange]) -> dict[str, set[str]]:
    """What names the operation of each player at the wallet.

    It is in the calls of that player alone: what is in those of others is a word of the protocol, or a number. And it
    says how much, or is said again: what is said once may name anything, a reading too.
    """
    of = {player: [said(e) for e in seen if e.mentions(player)] for player in dict.fromkeys(players)}
    whose = Counter(value for calls in of.values() for value in frozenset().union(*(call.values for call in calls)))
    often = Counter(value for e in seen for value in said(e).values)
    return {player: {name for call in calls for name in call.names
                     if whose[name] <= 1 and name != player and (call.amount or often[name] > 1)}
            for player, calls in of.items()}


def _about(e: Exchange, player: str, names: Set[str]) -> bool:
    """Is the call about the player's operation, and not just about the player, as the reading of a balance is?"""
    what = said(e)
    return bool(names & what.values) or (what.amount and e.method not in READS and e.mentions(player))
