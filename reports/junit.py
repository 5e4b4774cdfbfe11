"""JUnit XML for CI viewers: what is not proven is an error there, never a pass."""

from xml.sax.saxutils import escape, quoteattr

from harness import Outcome, Scorecard
from harness.model.scorecard import ControlRow

NAME = "junit"
SUFFIX = ".xml"


def render(scorecard: Scorecard) -> str:
    """One test suite per block, one test case per control that this run was asked for."""
    suites = []
    for block in scorecard.blocks:
        rows = [r for r in scorecard.rows if r.control.block == block.block.id]
        cases = [_case(row) for row in rows]
        failures = sum(r.counted and r.outcome is Outcome.FAIL for r in rows)
        errors = sum(_is_error(r) for r in rows)
        skipped = len(rows) - failures - errors - sum(r.counted and r.outcome is Outcome.PASS for r in rows)
        suites.append(f'  <testsuite name={_quoted(block.block.id)} tests="{len(rows)}" failures="{failures}" '
                      f'errors="{errors}" skipped="{skipped}">\n' + "\n".join(cases) + "\n  </testsuite>")
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<testsuites name={_quoted("certify " + scorecard.run.target)} time="{scorecard.run.seconds:.3f}">\n'
            + "\n".join(suites) + "\n</testsuites>\n")


def _is_error(row: ControlRow) -> bool:
    return row.counted and row.outcome in (Outcome.INCONCLUSIVE, Outcome.ERROR)


def _case(row: ControlRow) -> str:
    head = (f'    <testcase classname={_quoted(row.control.block)} '
            f'name={_quoted(f"{row.control.id} {row.control.title}")} time="{row.seconds:.3f}"')
    finding = row.finding
    if row.counted and row.outcome is Outcome.PASS:
        return head + "/>"
    if row.counted and row.outcome is Outcome.FAIL:
        text = f"expected: {finding.expected}\nseen: {finding.seen}\nremedy: {row.control.remedy}"
        return f"{head}><failure message={_quoted(finding.message)}>{_text(text)}</failure></testcase>"
    if _is_error(row):
        return f"{head}><error type={_quoted(finding.reason.value)} message={_quoted(finding.message)}/></testcase>"
    return f"{head}><skipped message={_quoted(f'{finding.reason.value}: {finding.message}')}/></testcase>"


def _clean(text: str) -> str:
    """XML 1.0 knows no control characters and no lone surrogates."""
    return "".join(c if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff\x7f")
                   else "\ufffd" for c in text)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text).replace("\n", " "))


def _text(text: str) -> str:
    return escape(_clean(text))
