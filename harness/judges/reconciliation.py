"""Judge of reconciliation: API answers, ledger, balances and events tell the same sums (ROLL-05).

Each business id counts once: acknowledged answers by bet and step, ledger entries by transaction, events by event id.
Bets whose outcome no answer told are left out with their player. Everything is in integer minor units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.judges.answers import saw, whose
from harness.judges.registry import judge
from harness.judges.statements import ANSWERS, BALANCES, EVENTS, LEDGER, STEPS, Account, Statements
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.profile import ContractProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was played: every answer of the bet operations in order, and whose each bet is: (player, currency)."""

    answers: Sequence[Exchange]
    bets: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the observer read of it: per player all ledger pages and the balances before and after; and the feed."""

    ledger: Mapping[str, tuple[Sequence[Exchange], Sequence[Exchange]]]
    balances: Mapping[str, tuple[Exchange, Exchange]]
    feed: Sequence[Exchange]

    def exchanges(self) -> Iterator[Exchange]:
        """All of it."""
        for before, after in self.ledger.values():
            yield from (*before, *after)
        for pair in self.balances.values():
            yield from pair
        yield from self.feed


def reconciled(transcript: Transcript, evidence: Evidence, says: str = "") -> Draft:
    """Per player and currency the acknowledged answers, the ledger, the balances and the events tell one sum."""
    ids = [e.id for e in (*transcript.answers, *evidence.exchanges())]
    return Draft(judge="reconciled", over=tuple(dict.fromkeys(ids)), says=says or
                 "API answers, ledger, balances and events tell the same sums", params={
        "answers": [e.id for e in transcript.answers], "bets": {b: list(w) for b, w in transcript.bets.items()},
        "ledger": {p: [[e.id for e in pages] for pages in both] for p, both in evidence.ledger.items()},
        "balances": {p: [e.id for e in both] for p, both in evidence.balances.items()},
        "feed": [e.id for e in evidence.feed]})


def agrees(transcript: Transcript, evidence: Evidence, profile: ContractProfile) -> bool:
    """Would the claim hold now? For a check that waits until late events have come; it judges nothing."""
    draft = reconciled(transcript, evidence)
    claim = Claim(id="", check="", control="", judge=draft.judge, says=draft.says, over=draft.over,
                  params=draft.params)
    seen = (*transcript.answers, *evidence.exchanges())
    return _reconciled(History(exchanges=seen, profile=profile), claim).outcome.value == "pass"


@judge("reconciled")
def _reconciled(history: History, claim: Claim) -> Finding:
    if len(history.over(claim)) < len(claim.over) or not claim.over:
        return unknown("the journal lacks an exchange of this claim", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    books = Statements(history, claim.params)
    if not books.acknowledged:
        return unknown("no bet was acknowledged", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    for account in books.accounts():
        sums = {name: total for name in (ANSWERS, LEDGER, BALANCES, EVENTS)
                if (total := books.total(name, account)) is not None}
        first = next(_differences(books, account), None)
        if len(set(sums.values())) > 1 or first is not None:
            return _told_apart(books, account, sums, first)
    if books.blind:
        name, page = next(iter(books.blind.items()))
        if page is None:
            return unknown(f"the {name} of it were not read", Reason.NO_SAMPLES, owner=Owner.HARNESS)
        return unknown(f"the {name} could not be read: {saw(page)}", Reason.OBSERVER_UNAVAILABLE,
                       exchanges=[page.id], owner=whose(page))
    if books.unclear:
        bet, step = next(iter(books.unclear))
        return unknown(f"nobody told what became of the {step} of bet {bet}", Reason.NO_ANSWER,
                       exchanges=[books.cited[bet, step].id], owner=whose(books.cited[bet, step]))
    count = sum(1 for _ in books.accounts())
    return held(f"{len(books.acknowledged)} operations of {count} accounts are the same in all four books",
                exchanges=claim.over[:1], operations=len(books.acknowledged), accounts=count)


@dataclass(frozen=True, slots=True)
class _Difference:
    book: str
    says: str
    exchange: Exchange | None


def _told_apart(books: Statements, account: Account, sums: Mapping[str, int], first: _Difference | None) -> Finding:
    apart = _apart(sums) or ((first.book,) if first else ())
    player, currency = account
    told = ", ".join(f"{name} {total:+d}" for name, total in sums.items())
    which = f"{' and '.join(apart)} {'stand' if len(apart) > 1 or apart[0].endswith('s') else 'stands'} apart"
    begins = f"; it begins with {first.says}" if first else ""
    cited = [first.exchange.id] if first and first.exchange else []
    right = next((total for name, total in sums.items() if name not in apart), 0)
    return broken(f"player {player}, {currency}: the {which} ({told}){begins}"[:700],
                  expected=f"{right:+d} minor units of {currency} in every book",
                  seen=first.says if first and len(set(sums.values())) == 1 else told,
                  exchanges=[*cited, *books.pages(apart, player)][:4], **dict(sums))


def _apart(sums: Mapping[str, int]) -> tuple[str, ...]:
    """The books that do not tell what most tell; of two halves, the one without the answers."""
    if len(set(sums.values())) < 2:
        return ()
    often = Counter(sums.values())
    most = max(often.values())
    common = [total for total, times in often.items() if times == most]
    usual = sums[ANSWERS] if sums[ANSWERS] in common else common[0]
    return tuple(name for name, total in sums.items() if total != usual)


def _differences(books: Statements, account: Account) -> Iterator[_Difference]:
    """Operation by operation, in the order in which they were sent; events by step, the ledger by bet."""
    ledger = books.ledger_by_bet(account)
    for bet in books.bets_of(account):
        for step in STEPS:
            wanted, told = books.acknowledged.get((bet, step)), books.events.get((bet, step), [])
            if EVENTS in books.blind or (bet, step) in books.unclear or told == ([] if wanted is None else [wanted]):
                continue
            yield _Difference(EVENTS, _event_says(bet, step, wanted, told), books.cited.get((bet, step)))
        if ledger is None or any((bet, step) in books.unclear for step in STEPS):
            continue
        moves = {step: books.acknowledged[bet, step] for step in STEPS if (bet, step) in books.acknowledged}
        entries = ledger.get(bet, [])
        if sum(entries) != sum(moves.values()):
            yield _Difference(LEDGER, *_entry_says(books, bet, moves, entries))


def _event_says(bet: str, step: str, wanted: int | None, told: Sequence[int]) -> str:
    if wanted is None:
        return f"the {step} of bet {bet}: an event tells {told[0]:+d}, no answer acknowledged it"
    if not told:
        return f"the {step} of bet {bet} ({wanted:+d}): it has no event"
    return f"the {step} of bet {bet} ({wanted:+d}): told by events as {', '.join(f'{t:+d}' for t in told)}"


def _entry_says(books: Statements, bet: str, moves: Mapping[str, int],
                entries: Sequence[int]) -> tuple[str, Exchange | None]:
    left = Counter(entries)
    for step, amount in moves.items():
        if left[amount] > 0:
            left[amount] -= 1
        elif amount:
            shown = ", ".join(f"{e:+d}" for e in entries) or "none"
            return (f"the {step} of bet {bet} ({amount:+d}): no such ledger entry among those of the bet ({shown})",
                    books.cited.get((bet, step)))
    extra = next(iter(left.elements()), 0)
    cited = next((books.cited[bet, step] for step in STEPS if (bet, step) in books.cited), None)
    return f"a ledger entry of {extra:+d} for bet {bet} that no answer acknowledged", cited
