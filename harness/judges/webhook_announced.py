"""Is each acknowledged call announced? By what a receiver saw, and by the platform's word on what it did not take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.judges.registry import judge
from harness.judges.webhook_lists import FEWEST_TRIES, OPEN, listed_as, unread
from harness.judges.webhook_sender import REMEDY, taken, tries_of
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Outcome, Owner, Reason, broken, held, unknown

Listed = Mapping[str, Mapping[str, Any]]


def all_announced(calls: Sequence[tuple[str, Exchange]], path: str, listed: Sequence[Exchange] = (),
                  endpoint: str = "") -> Draft:
    """Each acknowledged call has exactly one event (by id), and the receiver has taken it (HOOK-11, IDEM-13).

    `listed`: the platform's lists about this `endpoint`, for a receiver that does not take every try: an event may be
    tried on when we look, or have been given up visibly. Without them each event must have been taken.
    """
    return Draft(judge="all_announced", over=(*(e.id for _, e in calls), *(e.id for e in listed)),
                 params={"path": path, "about": [player for player, _ in calls], "endpoint": endpoint},
                 says="each acknowledged call is announced, by one event id, and no event is lost")


@judge("all_announced")
def _all_announced(history: History, claim: Claim) -> Finding:
    about, every = claim.params["about"], history.over(claim)
    of_calls = set(claim.over[:len(about)])
    calls, pages = [e for e in every if e.id in of_calls], [e for e in every if e.id not in of_calls]
    if len(calls) < len(about) or not calls:
        return unknown("the journal lacks a call", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    if not any(call.status == 200 for call in calls):
        return unknown("no call was acknowledged, so none had to be announced", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    tries = tries_of(history, claim.params["path"])
    listed = listed_as(pages, endpoint) if (endpoint := claim.params.get("endpoint")) else None
    blank = unread(pages, len(claim.over) - len(about)) if endpoint else None
    silent, given_up, open_ = [], 0, None
    for player, call in zip(about, calls, strict=True):
        if call.status != 200:
            continue
        ours = {event: seen for event, seen in tries.items() if any(e.mentions(player) for e in seen)}
        if len(ours) > 1:
            return broken("one call was announced by events with different ids", expected="one event id",
                          seen=f"{len(ours)} event ids", exchanges=[call.id, *(s[0].id for s in ours.values())][:3])
        for event, seen in ours.items():
            found = None if any(map(taken, seen)) else _not_taken(call, event, seen, listed, blank)
            if found and found.outcome is Outcome.FAIL:
                return found
            given_up += found is not None and found.outcome is Outcome.PASS
            open_ = open_ or (found if found and found.outcome is Outcome.INCONCLUSIVE else None)
        silent += [] if ours else [call]
    unsure = _without_any_try(silent, tries, listed, blank) or open_
    told = f"; {given_up} not taken, and given up visibly" if given_up else ""
    return unsure or held(f"{len(calls)} calls were announced by one event id each{told}", exchanges=[calls[0].id],
                          calls=len(calls), tries=sum(len(seen) for seen in tries.values()), given_up=given_up)


def _not_taken(call: Exchange, event: str, seen: Sequence[Exchange], listed: Listed | None, blank: Finding | None
               ) -> Finding:
    """An event that was tried and not taken: still tried on, given up visibly after some tries, or lost."""
    said = (listed or {}).get(event, {}).get("status")
    shown = [call.id, *(e.id for e in seen[:2])]
    if said in OPEN:
        return unknown(f"after {len(seen)} tries an event was not taken yet, and the platform says that it tries on; "
                       f"{REMEDY}", Reason.NO_SAMPLES, owner=Owner.PROFILE, exchanges=shown)
    if said == "dead" and (len(seen) >= FEWEST_TRIES or any(e.status == 410 for e in seen)):
        return held("given up visibly", exchanges=shown)
    if said is None and blank:
        return blank
    told = "" if listed is None else f"; {f'listed as {said}' if said else 'in no list of deliveries'}"
    return broken("an acknowledged call was not announced while we waited", exchanges=shown,
                  expected="its event, taken" + ("" if listed is None else f", or given up after {FEWEST_TRIES} tries"),
                  seen=f"{len(seen)} tries, none taken{told}")


def _without_any_try(silent: Sequence[Exchange], tries: Mapping[str, Sequence[Exchange]], listed: Listed | None,
                     blank: Finding | None) -> Finding | None:
    """Calls that nothing came of. Lists name no call: so many may wait as events are open there that we never saw."""
    if not silent:
        return None
    waiting = [event for event, item in (listed or {}).items() if item.get("status") in OPEN and event not in tries]
    if len(silent) <= len(waiting):
        return unknown(f"{len(silent)} calls were not announced while we waited; the platform says that it will: "
                       f"{len(waiting)} events are still to be sent; {REMEDY}", Reason.NO_SAMPLES, owner=Owner.PROFILE,
                       exchanges=[e.id for e in silent[:3]])
    told = "" if listed is None else f"; {len(waiting)} events are listed that are still to be sent"
    return blank or broken("an acknowledged call was not announced while we waited", expected="its event, taken",
                           seen=f"no try for {len(silent)} calls{told}", exchanges=[e.id for e in silent[:3]])
