"""Expectations of chaos scenarios: from what was played to the claim that must hold."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.aftermath import ends_once, taken_again
from harness.judges.breaker import opens_and_closes
from harness.judges.catching_up import catches_up
from harness.judges.wallet_calls import answers_in_time, backs_off, gives_up_in_time, retries_sparingly
from harness.judges.webhook_announced import all_announced
from harness.model.claim import Draft
from harness.model.exchange import Exchange
from harness.model.played import Delivered, Played, Span


def answered_in_time(played: Played) -> Draft:
    """The provider has an answer within the SLO (TIME-01)."""
    return answers_in_time(played.operations, played.slo_ms, played.noise_ms, again=_again(played))


def given_up_in_time(played: Played) -> Draft:
    """A wallet that keeps silent is given up before the SLO is over (TIME-02)."""
    return gives_up_in_time(played.operations, played.slo_ms, played.noise_ms, again=_again(played))


def _again(played: Played) -> Sequence[tuple[str, Exchange]]:
    return played.again.operations if played.again else ()


def few_retries(played: Played) -> Draft:
    """At most two retries, under the same key, none of a refusal (TIME-03)."""
    return retries_sparingly(played.operations)


def spaced_retries(played: Played) -> Draft:
    """Retries are further apart each time, and not in step (TIME-04)."""
    return backs_off(played.operations, played.spread_ms)


def breaker_works(played: Played) -> Draft:
    """While the wallet is out it is hardly asked any more, and soon after it is again (TIME-07)."""
    return opens_and_closes(played.operations, played.faults[0], played.after, played.recovers_within,
                            declared=played.recovery_declared)


def taken_again_soon(played: Played) -> Draft:
    """Once the trouble is over bets are taken again (TIME-07)."""
    return taken_again([call for _, call in played.after], played.recovers_within, declared=played.recovery_declared)


def no_storm(played: Played) -> Draft:
    """Once the wallet is back it is asked about each operation a few times at most (TIME-11)."""
    outage = Span(start_ns=min(f.start_ns for f in played.faults), end_ns=max(f.end_ns for f in played.faults))
    return catches_up(played.operations, outage, played.after, played.recovers_within, played.before)


def one_end_each(played: Played) -> Draft:
    """Each bet has one permitted end, and its stake left at most once (TIME-08, TIME-13)."""
    return ends_once(played.ended, played.recovers_within, declared=played.recovery_declared)


def each_announced_once(delivered: Delivered) -> Draft:
    """Each acknowledged call reaches the receiver by one event id, or is given up visibly (HOOK-11, IDEM-13)."""
    return all_announced(delivered.calls, delivered.path, delivered.listed, delivered.endpoint)


def other_receiver_unharmed(delivered: Delivered) -> Draft:
    """A receiver that is well gets every event, whatever befalls another one (HOOK-11)."""
    return all_announced(delivered.calls, delivered.neighbour)
