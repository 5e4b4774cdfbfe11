"""Judges of consumer pacts: what each consumer needs is given (PACT-01)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.pact import Kind
from harness.model.pact_record import Became, InteractionResult, PactRecord

_SHOWN = 4
_REASONS = {Became.NOT_SET_UP: Reason.SETUP_FAILED, Became.NO_ANSWER: Reason.NO_ANSWER, Became.DIFFERED: Reason.FLAKY,
            Became.NOT_PRODUCED: Reason.NO_SAMPLES, Became.NOT_VERIFIED: Reason.TOOL_UNAVAILABLE}
_WORST_FIRST = tuple(_REASONS)


def pacts_verified(record: str, *, least: int = 1, says: str = "") -> Draft:
    """Every interaction of that verification's record is verified; what is pending is told and fails nobody."""
    return Draft(judge="pacts_verified", params={"record": record, "least": least},
                 says=says or "every interaction of every consumer pact gets what the consumer needs")


@judge("pacts_verified")
def _pacts_verified(history: History, claim: Claim) -> Finding:
    record = history.pact_record(str(claim.params.get("record", "")))
    if record is None:
        return unknown("the journal holds no verification of pacts", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    binding = [one for one in record.results if not one.pending]
    broke = [one for one in binding if one.became is Became.MISMATCHED]
    if broke:
        return _broken(record, broke)
    if undecided := [one for one in binding if one.became is not Became.VERIFIED]:
        return _undecided(undecided, len(binding))
    if record.problems:
        return unknown(f"not every pact could be had: {record.problems[0]}", Reason.TOOL_UNAVAILABLE)
    if len(binding) < int(claim.params.get("least", 1)):
        return _too_few(record)
    consumers = sorted({one.consumer for one in binding})
    return held(f"{len(binding)} interactions of {_names(consumers)} are verified{_pending(record)}{_left_out(record)}",
                exchanges=(e for one in binding for e in one.exchanges[:1]), interactions=len(binding),
                consumers=len(consumers), pending=len(record.results) - len(binding), left_out=len(record.left_out))


def _broken(record: PactRecord, broke: Sequence[InteractionResult]) -> Finding:
    first = broke[0]
    mismatch = first.mismatches[0] if first.mismatches else None
    more = f"; {len(broke) - 1} more: {_listed(broke[1:])}" if broke[1:] else ""
    others = f" (and {len(first.mismatches) - 1} more differences)" if first.mismatches[1:] else ""
    return broken(
        f"{_name(first)}: {mismatch.says if mismatch else 'it is not verified'}{others}{more}{_pending(record)}",
        expected=f"{_where(first)}{mismatch.expected}" if mismatch else "what the consumer needs",
        seen=mismatch.actual or "nothing" if mismatch else "something else",
        exchanges=[e for one in broke for e in one.exchanges], interactions=len(record.results), broken=len(broke),
        touches=sorted({control for one in broke for control in one.controls}))


def _undecided(undecided: Sequence[InteractionResult], asked: int) -> Finding:
    first = min(undecided, key=lambda one: _WORST_FIRST.index(one.became))
    more = f"; {len(undecided) - 1} more of {asked}: {_listed(o for o in undecided if o is not first)}" \
        if undecided[1:] else ""
    owners = {owner.value: owner for owner in Owner if owner is not Owner.NOBODY}
    return unknown(f"{_name(first)}: {_said(first)}{more}", _REASONS[first.became],
                   owner=owners.get(first.blame) or Owner.ENVIRONMENT, exchanges=first.exchanges)


def _said(one: InteractionResult) -> str:
    """What kept it from being decided, in words."""
    match one.became:
        case Became.NOT_SET_UP:
            return f"the provider state could not be set up: {one.why}"
        case Became.DIFFERED:
            return f"{one.mismatches[0].says if one.mismatches else 'a mismatch'}, but {one.why}"
        case _:
            return one.why or "it was not verified"


def _too_few(record: PactRecord) -> Finding:
    """Zero interactions are no pass."""
    if pending := len(record.results):
        return unknown(f"all {pending} interactions are pending: none binds the provider yet{_pending(record)}",
                       Reason.NO_SAMPLES, owner=Owner.PROFILE)
    if record.left_out:
        return unknown(f"no interaction applies: {record.left_out[0].why}{_left_out(record)}", Reason.NO_SAMPLES,
                       owner=Owner.PROFILE)
    where = ", ".join(record.sources) or "no source"
    return unknown(f"no interaction was found: {where}", Reason.NO_SAMPLES, owner=Owner.PROFILE,
                   expected="at least one interaction of one consumer pact")


def _name(one: InteractionResult) -> str:
    """`rgs → platform: authorize a bet (touches CONT-02)`; of a message also how it was told."""
    touches = f" (touches {', '.join(one.controls)})" if one.controls else ""
    return f"{one.consumer} → {one.provider}: {one.description}{_way(one)}{touches}"


def _way(one: InteractionResult) -> str:
    return f" {one.path}" if one.kind == Kind.MESSAGE.value and one.path else ""


def _where(one: InteractionResult) -> str:
    """Of which part of the answer the mismatch speaks."""
    mismatch = one.mismatches[0]
    return f"{mismatch.kind} {mismatch.path}: " if mismatch.path else f"{mismatch.kind}: "


def _listed(results: Iterable[InteractionResult]) -> str:
    names = [f"{one.consumer}: {one.description}{_way(one)}" for one in results]
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")


def _names(consumers: Sequence[str]) -> str:
    return ", ".join(consumers[:_SHOWN]) + (f" and {len(consumers) - _SHOWN} more" if consumers[_SHOWN:] else "")


def _pending(record: PactRecord) -> str:
    """What is pending, told because it will bind once it was verified."""
    pending = [one for one in record.results if one.pending]
    if not pending:
        return ""
    open_ = Counter(one.became is Became.VERIFIED for one in pending)[False]
    return f"; {len(pending)} pending" + (f", {open_} of them not verified yet" if open_ else ", all verified")


def _left_out(record: PactRecord) -> str:
    return f"; {len(record.left_out)} do not apply ({record.left_out[0].why})" if record.left_out else ""
