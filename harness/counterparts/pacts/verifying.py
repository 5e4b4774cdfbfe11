"""Verify the consumers' HTTP pacts against the subject, and record what came of each interaction; nothing is judged."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from harness.counterparts.lab import Lab
from harness.counterparts.pact_desk import StateHook
from harness.counterparts.pacts.front import Front, Leg
from harness.counterparts.pacts.setting import Setting, hook_at
from harness.model.outcome import Owner
from harness.model.pact import Interaction, Kind, Pact, interactions
from harness.model.pact_record import Became, InteractionResult, Job, LeftOut, PactRecord, Verdict

KIND = "pacts"
"""Of the record in the journal."""
_AT_ONCE = 4


def verify_pacts(lab: Lab) -> str:
    """Verify every HTTP interaction that applies to the target; the id of the record.

    What mismatches is tried once more, in a state of its own: a red must come again.
    """
    began = time.monotonic()
    stock = lab.pacts.stock
    accepted = lab.target.pact.providers if lab.target.pact else ()
    mine = [pact for pact in stock.pacts if pact.provider in accepted or not accepted]
    listed = [one for pact in mine for one in interactions(pact) if one.kind is not Kind.MESSAGE]
    empty = tuple(_empty(pact) for pact in mine if not (pact.shipped or interactions(pact)))
    asked = [one for one in listed if not why_not(lab, one)]
    results: tuple[InteractionResult, ...] = tuple(map(_nothing_known, asked))
    try:
        results = tuple(_verified(lab, asked))
    finally:  # also where it broke off: what was asked must not look as if it had not been
        record = PactRecord(
            id=lab.fresh("pacts"), check=lab.check, sources=stock.sources, results=(*results, *empty),
            problems=stock.problems, shipped=stock.shipped, seconds=round(time.monotonic() - began, 3),
            left_out=tuple(LeftOut(consumer=one.pact.consumer, description=one.description, why=why)
                           for one in listed if (why := why_not(lab, one))))
        lab.record_foreign(KIND, record.to_line())
    return record.id


def why_not(lab: Lab, one: Interaction) -> str:
    """Why an interaction does not apply to this target; "" where it does."""
    absent = [need for need in one.needs if lab.target.capabilities.get(need, True) is False]
    if absent:
        return f"the target does not offer {', '.join(absent)}"
    chosen = lab.profile.to_dict()
    other = [name for name, value in one.when.items() if name in chosen and chosen[name] != value]
    return f"the target's profile declares {other[0]} = {chosen[other[0]]!r}" if other else ""


def _empty(pact: Pact) -> InteractionResult:
    """A pact without interactions says nothing: it is no pass."""
    return InteractionResult(consumer=pact.consumer, provider=pact.provider, source=pact.source,
                             kind=Kind.UNKNOWN.value, description="(nothing)", became=Became.NOT_VERIFIED,
                             blame=Owner.PROFILE.value, why=f"{pact.source} has no interactions", pending=pact.pending)


def _impossible(lab: Lab, one: Interaction) -> str:
    """Why the interaction cannot be verified at all; "" where it can."""
    if one.kind is Kind.UNKNOWN:
        return "it needs a plug-in or a transport that certify does not load"
    odd = sorted(set(one.when) - set(lab.profile.to_dict()))
    return f"its certify.when names {odd[0]!r}, which is no choice of the contract profile" if odd else ""


def _nothing_known(one: Interaction) -> InteractionResult:
    return InteractionResult.of(one, Became.NOT_VERIFIED, why="the verification broke off", blame=Owner.HARNESS.value)


def _verified(lab: Lab, asked: Sequence[Interaction]) -> list[InteractionResult]:
    """Results in the order of `asked`."""
    setting = Setting(lab, hook_of(lab))
    found: dict[int, InteractionResult] = {}
    possible: list[tuple[int, Interaction]] = []
    for number, one in enumerate(asked):
        if why := next((why for state in one.states if (why := setting.unknown(state))), ""):
            found[number] = InteractionResult.of(one, Became.NOT_SET_UP, why=why, blame=Owner.PROFILE.value)
        elif why := _impossible(lab, one):
            found[number] = InteractionResult.of(one, Became.NOT_VERIFIED, blame=Owner.PROFILE.value, why=why)
        else:
            possible.append((number, one))
    if not possible:
        return [found[number] for number in range(len(asked))]
    front = Front(lab, lab.provider, lab.known, setting)
    try:
        alone = any(setting.alone(state) for _, one in possible for state in one.states)
        round_ = partial(_round, lab, front, 1 if alone else _AT_ONCE)
        found |= round_(possible, "a")
        again = [(number, one) for number, one in possible if found[number].became is Became.MISMATCHED]
        for number, second in (round_(again, "b") if again else {}).items():
            found[number] = _both(found[number], second)
    finally:
        front.close()
    return [found[number] for number in range(len(asked))]


def hook_of(lab: Lab) -> StateHook | None:
    """What sets up the states that certify does not know; None where the profile names nothing."""
    settings = lab.target.pact
    if lab.pacts.state_command is not None:
        return lab.pacts.state_command
    if settings is None or not settings.states:
        return None
    return hook_at(settings.states, partial(lab.send, by=lab.provider), lab.check)


def _round(lab: Lab, front: Front, at_once: int, asked: Sequence[tuple[int, Interaction]], mark: str
           ) -> dict[int, InteractionResult]:
    """Verify each once."""
    legs = {number: front.leg(f"{mark}{number}", one) for number, one in asked}
    jobs = [Job(key=f"{mark}{number}", document=one.alone, url=front.url(f"{mark}{number}"),
                state_url=front.state_url(f"{mark}{number}")) for number, one in asked]
    verdicts = lab.pacts.verifier(jobs, at_once=at_once)
    return {number: _result(legs[number], verdicts[f"{mark}{number}"]) for number, _ in asked}


def _result(leg: Leg, verdict: Verdict) -> InteractionResult:
    """What the verdict means, knowing what happened on the way."""
    told: dict[str, Any] = {"seconds": round(verdict.seconds, 4), "exchanges": tuple(e.id for e in leg.exchanges)}
    lost = next((e for e in leg.exchanges if not e.answered), None)
    if leg.unset is not None:
        told["exchanges"] = (*told["exchanges"], *leg.unset.exchanges)
        return InteractionResult.of(leg.interaction, Became.NOT_SET_UP, why=leg.unset.why,
                                    blame=leg.unset.owner.value, **told)
    if leg.trouble:
        return InteractionResult.of(leg.interaction, Became.NOT_VERIFIED, why=leg.trouble, blame=Owner.HARNESS.value,
                                    **told)
    if lost is not None:
        return InteractionResult.of(leg.interaction, Became.NO_ANSWER, why=f"the target gave no answer: {lost.failure}",
                                    blame=Owner.ENVIRONMENT.value, **told)
    if verdict.error or not leg.exchanges:
        return InteractionResult.of(leg.interaction, Became.NOT_VERIFIED, blame=Owner.HARNESS.value, **told,
                                    why=verdict.error or "the verifier sent no request")
    return InteractionResult.of(leg.interaction, Became.VERIFIED if verdict.ok else Became.MISMATCHED,
                                mismatches=verdict.mismatches, **told)


def _both(first: InteractionResult, second: InteractionResult) -> InteractionResult:
    """What two tries say of an interaction that mismatched at first."""
    if second.became is Became.MISMATCHED:
        return replace(second, exchanges=(*second.exchanges, *first.exchanges))
    then = second.why or second.became.value
    return replace(first, became=Became.DIFFERED, blame=Owner.SUBJECT.value,
                   why=f"it mismatched once, and then: {then}", exchanges=(*first.exchanges, *second.exchanges))
