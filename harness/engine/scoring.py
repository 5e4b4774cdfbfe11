"""Score a run: claims are judged, controls rolled up, the launch table filled. Pure: same input, same card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.engine.storm_figures import storms
from harness.engine.timelines import timelines
from harness.judges.registry import decide
from harness.model.claim import Claim
from harness.model.control import LAUNCH_LEVELS, Catalogue, Control, Level
from harness.model.exchange import Exchange
from harness.model.history import CheckRecord, History
from harness.model.outcome import Finding, Outcome, Owner, Reason, unknown, worst
from harness.model.plan import Plan, PlannedControl
from harness.model.scorecard import (
    Answer,
    BlockRow,
    ControlRow,
    JudgedClaim,
    LevelRow,
    RunFacts,
    Scorecard,
    Verdict,
)

_EVIDENCE_PER_FINDING = 4


def judge_claims(history: History) -> tuple[JudgedClaim, ...]:
    """Judge every claim of the history; a judge that raises is the harness's own error, never a pass."""
    return tuple(JudgedClaim(claim=claim, finding=_decide(history, claim)) for claim in history.claims)


def _decide(history: History, claim: Claim) -> Finding:
    try:
        return decide(history, claim)
    except Exception as error:
        return Finding(outcome=Outcome.ERROR, reason=Reason.HARNESS_BUG, owner=Owner.HARNESS, exchanges=claim.over,
                       message=f"judge {claim.judge} failed: {type(error).__name__}: {error}"[:300])


@dataclass(frozen=True, slots=True)
class Score:
    """Rows, blocks, levels and the verdict of a run."""

    rows: tuple[ControlRow, ...]
    verdict: Verdict
    exit_code: int
    headline: str


def score(*, catalogue: Catalogue, plan: Plan, history: History, run: RunFacts) -> Scorecard:
    """The scorecard of a run, from its plan and its history alone."""
    judged = judge_claims(history)
    records = {record.check: record for record in history.checks}
    rows = tuple(_row(control, plan, judged, records) for control in catalogue.controls.values())
    levels = tuple(_level(level, rows) for level in LAUNCH_LEVELS)
    result = _verdict(rows, plan, run)
    return Scorecard(run=run, verdict=result.verdict, exit_code=result.exit_code, headline=result.headline,
                     blocks=_blocks(catalogue, rows), rows=rows, levels=levels, evidence=_evidence(rows, history),
                     timelines=timelines(history, _by_scenario(history, judged, records)),
                     storms=storms(history, _by_storm(history, judged, records)), pacts=history.pacts)


def _row(control: Control, plan: Plan, judged: tuple[JudgedClaim, ...],
         records: Mapping[str, CheckRecord]) -> ControlRow:
    planned = plan.controls.get(control.id) or PlannedControl(control=control.id, reason=Reason.NOT_RUN)
    if planned.reason is not None:
        return ControlRow(control=control, counted=planned.counted, checks=planned.checks,
                          finding=_not_driven(planned))
    ran = [r for name, r in records.items() if name.partition("[")[0] in planned.checks]
    mine = tuple(j for j in judged if j.claim.control == control.id
                 or (j.claim.positive_control and j.claim.check in {r.check for r in ran}))
    findings = [f for record in ran for f in _of_check(record, mine)]
    missing = set(planned.checks) - {r.check.partition("[")[0] for r in ran}
    if missing:
        findings.append(unknown(f"{sorted(missing)[0]} was not run", Reason.NOT_RUN, owner=Owner.HARNESS))
    finding = worst(findings) or unknown("nothing was observed", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    return ControlRow(control=control, finding=finding, claims=mine, checks=planned.checks,
                      counted=planned.counted, seconds=sum(r.seconds for r in ran))


def _by_scenario(history: History, judged: tuple[JudgedClaim, ...], records: Mapping[str, CheckRecord]
                 ) -> dict[str, dict[str, Outcome]]:
    """By scenario and control what that scenario alone says: a control is decided by several."""
    return {name: _alone(name, [j for j in judged if j.claim.check == name], records)
            for name in {s.check for s in history.scenarios}}


def _by_storm(history: History, judged: tuple[JudgedClaim, ...], records: Mapping[str, CheckRecord]
              ) -> dict[str, dict[str, Outcome]]:
    """By storm and control what that storm alone says: without the claims that name another one."""
    return {storm.id: _alone(storm.check, [j for j in judged if j.claim.check == storm.check
                                           and j.claim.params.get("storm", storm.id) == storm.id], records)
            for storm in history.storms}


def _alone(name: str, own: list[JudgedClaim], records: Mapping[str, CheckRecord]) -> dict[str, Outcome]:
    """By control what these claims of one check say."""
    record = records.get(name) or CheckRecord(check=name, controls=tuple(dict.fromkeys(
        j.claim.control for j in own if not j.claim.positive_control)))
    found: dict[str, Outcome] = {}
    for control in record.controls:
        mine = [j for j in own if j.claim.control == control or j.claim.positive_control]
        if finding := worst(_of_check(record, mine)):
            found[control] = finding.outcome
    return found


def _not_driven(planned: PlannedControl) -> Finding:
    reason = planned.reason or Reason.NOT_RUN
    applies = reason not in (Reason.OTHER_ROLE, Reason.OTHER_API, Reason.DECLARED_ABSENT)
    return Finding(outcome=Outcome.INCONCLUSIVE if applies else Outcome.NOT_APPLICABLE, reason=reason,
                   message=planned.why, owner=Owner.NOBODY)


def _of_check(record: CheckRecord, judged: Iterable[JudgedClaim]) -> list[Finding]:
    """Findings of one check for one control: its claims, and how its driving ended.

    A positive control that did not hold is itself inconclusive (`decide`), so no pass beside it counts; a
    breach stays a breach, because what was accepted wrongly was accepted.
    """
    own = [j for j in judged if j.claim.check == record.check]
    findings = [j.finding for j in own]
    ending = _ending(record, claims=sum(not j.claim.positive_control for j in own))
    return [*findings, ending] if ending else findings


_TO_BLAME = {Reason.NO_HOOK: Owner.PROFILE, Reason.TOOL_UNAVAILABLE: Owner.ENVIRONMENT}
"""For checks that stopped; else it is the subject, which did not take a step that it should."""


def _ending(record: CheckRecord, *, claims: int) -> Finding | None:
    """What the end of the driving adds: None when the check finished and made claims."""
    match record.ended:
        case "finished":
            return None if claims else unknown(f"{record.check} made no claim", Reason.NO_SAMPLES,
                                               owner=Owner.HARNESS)
        case "stopped":
            known = {r.value for r in Reason}
            reason = Reason(record.reason) if record.reason in known else Reason.SETUP_FAILED
            owner = _TO_BLAME.get(reason, Owner.SUBJECT)
            return unknown(record.message, reason, exchanges=record.exchanges, owner=owner)
        case "asserted":
            return Finding(outcome=Outcome.FAIL, reason=Reason.BREACH, message=record.message, seen=record.message,
                           expected="the check's assertion holds", owner=Owner.SUBJECT)
        case "skipped":
            return unknown(f"skipped: {record.message}", Reason.SKIPPED, owner=Owner.HARNESS)
        case "crashed":
            return Finding(outcome=Outcome.ERROR, reason=Reason.HARNESS_BUG, message=record.message,
                           owner=Owner.HARNESS)
        case _:
            return unknown(f"{record.check} was interrupted", Reason.INTERRUPTED, owner=Owner.HARNESS)


def _blocks(catalogue: Catalogue, rows: tuple[ControlRow, ...]) -> tuple[BlockRow, ...]:
    return tuple(_block(block.id, catalogue, rows) for block in catalogue.blocks)


def _block(block_id: str, catalogue: Catalogue, rows: tuple[ControlRow, ...]) -> BlockRow:
    """Yes only if every applicable MUST passed, No if one failed, Unknown otherwise (an empty block too)."""
    block = next(b for b in catalogue.blocks if b.id == block_id)
    musts = [r for r in rows if r.control.block == block_id and r.control.must
             and r.outcome is not Outcome.NOT_APPLICABLE]
    passed = [r for r in musts if r.outcome is Outcome.PASS]
    failed = [r.control.id for r in musts if r.outcome is Outcome.FAIL]
    if failed:
        answer, why = Answer.NO, f"failed: {_names(failed)}"
    elif musts and len(passed) == len(musts):
        answer, why = Answer.YES, f"all {len(musts)} controls passed"
    else:
        answer, why = Answer.UNKNOWN, _what_lacks(musts)
    return BlockRow(block=block, answer=answer, why=why, decided=len(passed) + len(failed), needed=len(musts))


def _what_lacks(musts: list[ControlRow]) -> str:
    """`21 passed; 6 not built yet, 2 not attested`."""
    words = {Reason.NOT_BUILT: "not built yet", Reason.NOT_ATTESTED: "not attested",
             Reason.NOT_SELECTED: "not selected", Reason.NOT_RUN: "not run"}
    counts: dict[str, int] = {}
    for row in musts:
        if row.outcome is not Outcome.PASS:
            word = words.get(row.finding.reason, "inconclusive")
            counts[word] = counts.get(word, 0) + 1
    passed = sum(r.outcome is Outcome.PASS for r in musts)
    lacks = ", ".join(f"{n} {word}" for word, n in counts.items()) or "no control applies"
    return f"{passed} passed; {lacks}"


def _level(level: Level, rows: tuple[ControlRow, ...]) -> LevelRow:
    needed = [r for r in rows if r.control.must and r.outcome is not Outcome.NOT_APPLICABLE
              and ((r.control.automated and r.control.phase in level.phases)
                   or (not r.control.automated and level is Level.LAUNCH))]
    missing = {r.control.id: f"{r.outcome.value}: {r.finding.message}" if r.outcome is Outcome.FAIL
               else r.finding.message for r in needed if r.outcome is not Outcome.PASS}
    return LevelRow(level=level, reached=bool(needed) and not missing, passed=len(needed) - len(missing),
                    needed=len(needed), missing=missing)


def _verdict(rows: tuple[ControlRow, ...], plan: Plan, run: RunFacts) -> Score:
    counted = [r for r in rows if r.counted and r.outcome is not Outcome.NOT_APPLICABLE]
    asked = f"selection {', '.join(plan.selection)}" if plan.partial else f"level {plan.level.title}"

    def ids(outcome: Outcome) -> list[str]:
        return [r.control.id for r in counted if r.outcome is outcome]

    if errors := ids(Outcome.ERROR):
        return Score(rows, Verdict.INCOMPLETE, 5, f"Incomplete: certify itself failed on {_names(errors)} ({asked})")
    if failed := ids(Outcome.FAIL):
        return Score(rows, Verdict.NOT_CERTIFIED, 1, f"Not certified: {_names(failed)} failed ({asked})")
    left = [note for note in run.notes if note.startswith("not undone")]
    if left:
        return Score(rows, Verdict.INCOMPLETE, 4, f"Incomplete: clean-up failed ({left[0]})")
    open_ = ids(Outcome.INCONCLUSIVE)
    if open_ or not counted:
        lacks = f"{len(open_)} of {len(counted)} controls undecided: {_names(open_)}" if counted else "nothing counted"
        return Score(rows, Verdict.INCOMPLETE, 3, f"Incomplete: {lacks} ({asked})")
    if plan.partial:
        return Score(rows, Verdict.CERTIFIED, 0, f"Passed: {len(counted)} of {len(counted)} controls ({asked}); "
                     "a selection decides no launch level")
    return Score(rows, Verdict.CERTIFIED, 0, f"Certified: all {len(counted)} controls passed ({asked})")


def _names(ids: list[str]) -> str:
    return ", ".join(ids[:6]) + (f" and {len(ids) - 6} more" if len(ids) > 6 else "")


def _evidence(rows: tuple[ControlRow, ...], history: History) -> dict[str, Exchange]:
    """The exchanges that reports show: few per claim, so that a page stays small."""
    wanted = {i for row in rows for finding in (row.finding, *(j.finding for j in row.claims))
              for i in finding.exchanges[:_EVIDENCE_PER_FINDING]}
    return {e.id: e for e in (*history.exchanges, *history.samples) if e.id in wanted}
