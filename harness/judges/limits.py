"""Judges of rate limits: who asks too much is told to come back, nothing is lost, and nobody else notices (TIME-09)."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.answers import BUSY, saw, whose
from harness.judges.errors import code_rules, error_violation
from harness.judges.registry import judge
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.profile import RateLimit

CLEARLY, MARGIN = 2.0, 10
"""So much more than the declared bucket must have been served before its limit is called missing."""
_SHOWN = 4
_STRAY = 0.05
"""Of a neighbour's calls so many may fail by chance, whatever else goes on."""
_CLEAR = 0.5
"""Beyond this share of silence it was no chance, where the same line carried the flood."""
_FEWEST_FAILED, _FEWEST_CALM = 3, 3


def more_than_declared(flood: Sequence[Exchange], limit: RateLimit) -> bool:
    """Was clearly more served than the declared bucket allows in that time?"""
    served = [e for e in flood if e.answered and 200 <= (e.status or 0) < 300]
    return len(served) > CLEARLY * _allowed(flood, limit.per_second, limit.burst) + MARGIN


def _allowed(flood: Sequence[Exchange], per_second: float, burst: float) -> float:
    """What the bucket allows from the first call's start to the last one's end."""
    if not flood:
        return burst
    return burst + per_second * (max(e.ended_ns for e in flood) - min(e.started_ns for e in flood)) / 1e9


def limited(flood: Sequence[Exchange], limit: RateLimit) -> Draft:
    """Of the calls of one party, sent as fast as this, some are answered 429."""
    return Draft(judge="limited", over=tuple(e.id for e in flood),
                 params={"party": limit.party, "per_second": limit.per_second, "burst": limit.burst},
                 says=f"a flood by {limit.party} above {limit.per_second:g} calls per second (burst {limit.burst}) "
                      "meets 429")


@judge("limited")
def _limited(history: History, claim: Claim) -> Finding:
    flood = history.over(claim)
    limit = RateLimit(party=claim.params["party"], per_second=claim.params["per_second"], burst=claim.params["burst"])
    refused = [e for e in flood if e.answered and e.status == 429]
    if refused:
        return held(f"{len(refused)} of {len(flood)} calls were answered 429", exchanges=[refused[0].id],
                    calls=len(flood), refused=len(refused))
    allowed = round(_allowed(flood, limit.per_second, limit.burst))
    served = sum(e.answered and 200 <= (e.status or 0) < 300 for e in flood)
    if more_than_declared(flood, limit):
        return broken(f"{claim.says}; {served} calls were served where about {allowed} are declared, and none was "
                      "limited", expected="429 with Retry-After", seen=f"{served} of {len(flood)} calls served",
                      exchanges=[flood[0].id, flood[-1].id], served=served, allowed=allowed)
    other = next((e for e in flood if e.answered and not 200 <= (e.status or 0) < 300), None)
    if other is not None:
        return unknown(f"the flood was answered otherwise: {saw(other)}", Reason.NO_SAMPLES, exchanges=[other.id],
                       owner=Owner.SUBJECT)
    return unknown(f"only {served} calls were served where about {allowed} are declared: too few to tell. Declare a "
                   "party with a smaller limit ([target.NAME.limits]), or run on a faster machine", Reason.NO_SAMPLES)


def asks_to_wait(answers: Sequence[Exchange]) -> Draft:
    """Every 429 and 503 among the answers has a Retry-After that can be read, and the error model."""
    return Draft(judge="asks_to_wait", over=tuple(e.id for e in answers),
                 says="every 429 and 503 says in Retry-After when to come back, and has the error model")


@judge("asks_to_wait")
def _asks_to_wait(history: History, claim: Claim) -> Finding:
    rules = code_rules(history.contract, history.profile)
    refused = [e for e in history.over(claim) if e.answered and e.status in BUSY]
    if not refused:
        return unknown("no call was limited", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    for answer in refused:
        if answer.retry_after() is None:
            stated = answer.header("Retry-After")
            return broken(f"{claim.says}; {answer.operation} did not", exchanges=[answer.id],
                          expected="Retry-After in whole seconds, or an HTTP date",
                          seen=f"{answer.status}, " + ("no Retry-After" if stated is None
                                                       else f"Retry-After: {stated}"[:120]))
        if wrong := error_violation(answer, rules):
            return broken(f"{claim.says}; {answer.operation} has not", expected=wrong[0],
                          seen=f"{answer.status}: {wrong[1]}", exchanges=[answer.id])
    waits = [answer.retry_after() or 0.0 for answer in refused]
    return held(f"{len(refused)} answers ask to wait {min(waits):g} to {max(waits):g} s", exchanges=[refused[0].id],
                refused=len(refused))


def served_after_wait(refused: Exchange, tries: Sequence[Exchange]) -> Draft:
    """The refused call, repeated each time after the wait that was asked for, is carried out by one of `tries`."""
    return Draft(judge="served_after_wait", over=(refused.id, *(e.id for e in tries)),
                 says=f"a limited {refused.operation} is carried out when it comes back after Retry-After")


@judge("served_after_wait")
def _served_after_wait(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) < 2 or exchanges[0].status not in BUSY:
        asked = exchanges[0].retry_after() if exchanges else None
        why = "" if asked is None else f": {asked:g} s are longer than a check waits"
        return unknown(f"no limited call was repeated{why}", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    refused, *tries = exchanges
    last = tries[-1]
    if any(e.answered and 200 <= (e.status or 0) < 300 for e in tries):
        return held(f"served at try {len(tries)}", exchanges=[refused.id, last.id])
    if not last.answered:
        return unknown(f"{last.operation}: {saw(last)}", Reason.NO_ANSWER, exchanges=[last.id])
    return broken(f"{claim.says}; it was refused {len(tries)} times more", expected="carried out", seen=saw(last),
                  exchanges=[refused.id, *(e.id for e in tries[-_SHOWN:])])


def only_served_bets_move(before: Exchange, after: Exchange, bets: Sequence[Exchange], stake: int,
                          currency: str = "EUR") -> Draft:
    """Between two readings the balance moved by the stakes of the bets that were taken; limited ones did nothing."""
    return Draft(judge="only_served_bets_move", over=(before.id, after.id, *(b.id for b in bets)),
                 params={"stake": stake, "currency": currency},
                 says="a bet that is answered 429 holds nothing")


@judge("only_served_bets_move")
def _only_served_bets_move(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    bets = exchanges[2:]
    refused = [e for e in bets if e.answered and e.status in BUSY]
    if not refused:
        return unknown("no bet was limited", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    readings = [money.balances(e.json(), history.profile.money_form) for e in exchanges[:2]]
    if readings[0] is None or readings[1] is None:
        bad = exchanges[readings.index(None)]
        return unknown(f"the observer could not read balances: {saw(bad)}", Reason.OBSERVER_UNAVAILABLE,
                       exchanges=[bad.id], owner=whose(bad))
    stake, currency = claim.params["stake"], claim.params["currency"]
    taken = sum(e.answered and e.status == 200 for e in bets)
    # What got no answer, or no clear one, may have happened.
    unclear = sum(not e.answered or e.status == 202 or (500 <= (e.status or 0) != 503) for e in bets)
    gone = readings[0].get(currency, 0) - readings[1].get(currency, 0)
    if not taken * stake <= gone <= (taken + unclear) * stake:
        return broken(f"{claim.says}; {taken} of {len(bets)} were taken, {len(refused)} limited",
                      expected=f"{currency} {-taken * stake:+d} minor units", seen=f"{currency} {-gone:+d} minor units",
                      exchanges=[*claim.over[:2], *(e.id for e in refused[:2])])
    return held(f"{len(refused)} limited bets held nothing, {taken} were taken", exchanges=claim.over[:2],
                refused=len(refused), taken=taken)


def neighbour_unharmed(name: str, calm: Sequence[Exchange], meanwhile: Sequence[Exchange],
                       flood: Sequence[Exchange], least: int = 5) -> Draft:
    """The neighbour's modest calls while another party floods are all served, as they were before."""
    parts = (calm, meanwhile, flood)
    return Draft(judge="neighbour_unharmed", over=tuple(e.id for part in parts for e in part),
                 params={"calm": len(calm), "meanwhile": len(meanwhile), "least": least},
                 says=f"{name} is served as ever while another party floods")


@judge("neighbour_unharmed")
def _neighbour_unharmed(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    split, end = claim.params["calm"], claim.params["calm"] + claim.params["meanwhile"]
    calm, meanwhile, flood = exchanges[:split], exchanges[split:end], exchanges[end:]
    if len(exchanges) < len(claim.over) or not flood:
        return unknown("the flood was not recorded", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    early = next((e for e in calm if e.status != 200), None)
    if early is not None or not calm:
        return unknown("the neighbour was not served before the flood" + (f": {saw(early)}" if early else ""),
                       Reason.NO_STEADY_STATE, exchanges=[early.id] if early else [],
                       owner=whose(early) if early else Owner.HARNESS)
    harmed = [e for e in meanwhile if e.answered and e.status in BUSY]
    if harmed:
        return broken(f"{claim.says}; {len(harmed)} of its {len(meanwhile)} calls were turned away",
                      expected="200 for each", seen=saw(harmed[0]), exchanges=[flood[0].id, *(e.id for e in
                                                                               harmed[:_SHOWN - 1])],
                      harmed=len(harmed))
    refused = [e for e in flood if e.answered and e.status in BUSY]
    if not refused:
        return unknown("nobody was limited, so there was nothing to be harmed by", Reason.NO_SAMPLES,
                       owner=Owner.SUBJECT)
    if worse := _worse_than_before(claim, calm, meanwhile, flood):
        return worse
    begin, over = min(e.started_ns for e in refused), max(e.ended_ns for e in refused)
    among = [e for e in meanwhile if begin <= e.started_ns <= over and e.answered and e.status == 200]
    if len(among) < claim.params["least"]:
        return unknown(f"only {len(among)} calls of the neighbour fell into the flood", Reason.NO_SAMPLES)
    lost = sum(e.status != 200 for e in meanwhile)
    return held(f"{len(among)} calls were served while {len(refused)} of the flood were turned away"
                + (f"; {lost} of {len(meanwhile)} failed" if lost else ""),
                exchanges=[refused[0].id, among[0].id], calls=len(among), failed=lost)


def _worse_than_before(claim: Claim, calm: Sequence[Exchange], meanwhile: Sequence[Exchange],
                       flood: Sequence[Exchange]) -> Finding | None:
    """Calls that failed or were not answered, though none was before; None where so few did that it is chance."""
    failed = [e for e in meanwhile if e.answered and (e.status or 0) >= 500]
    silent = [e for e in meanwhile if not e.answered]
    odd = [e for e in meanwhile if e.answered and e.status != 200]
    share = (f"of {len(meanwhile)} calls {len(failed)} were answered 5xx and {len(silent)} not at all; before the "
             f"flood {len(calm)} of {len(calm)} were served")
    carried = sum(not e.answered for e in flood) <= _STRAY * len(flood)
    for harmed, most, sure in ((failed, _STRAY, True), (silent, _CLEAR, carried)):
        clear = len(harmed) >= _FEWEST_FAILED and len(harmed) > most * len(meanwhile)
        if clear and sure and len(calm) >= _FEWEST_CALM:
            return broken(f"{claim.says}; {share}", expected="200 for each", harmed=len(harmed),
                          seen=f"{len(harmed)} of {len(meanwhile)}: {saw(harmed[0])}",
                          exchanges=[flood[0].id, *(e.id for e in harmed[:_SHOWN - 1])])
    if silent or len(odd) > _STRAY * len(meanwhile):
        first = (silent or odd)[0]
        return unknown(f"too little to tell whether the flood did it: {share} ({saw(first)})", Reason.NO_ANSWER,
                       exchanges=[first.id], owner=whose(first))
    return None
