"""The report on drift as Markdown, fit for a comment on a pull request: nothing in it can break out or call anybody."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from harness.drawing import drift_words as words
from harness.drift.changes import Change
from harness.drift.judged import Judged
from harness.drift.waivers import fingerprint

_MOST = 60_000
"""Characters; a comment on GitHub takes 65,536."""
_MOST_FULL, _MOST_BRIEF, _MOST_EXAMPLE, _LONGEST = 40, 100, 24, 600
_REFERENCE = re.compile(r"@|#(?=\d)")
"""After which a code host looks for a person or an issue, escaped or not."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$^=.-])")


def drift_markdown(judged: Judged) -> str:
    """Heading, version number, what fails in full, the rest folded away; cut visibly where a comment would be."""
    lines: list[str] = []
    size = 0
    for line in _lines(judged):
        size += len(line) + 1
        if size > _MOST:
            lines += ["", "*The report is longer than a comment can be: `certify drift --report json` has all.*"]
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def _lines(judged: Judged) -> Iterator[str]:
    found = judged.comparison
    old, new = words.versions(judged)
    yield f"### {'✅' if judged.ok else '❌'} Contract drift: {words.verdict(judged)}"
    yield ""
    yield f"{_told(found.format)} {_told(found.old_version or 'without version')} ({_told(judged.old)}) → " \
          f"{_told(found.new_version or 'without version')} ({_told(judged.new)}): {_told(words.counts(found.changes))}"
    if told := words.smallest(judged):
        yield ""
        yield f"**Version:** {_told(told)}"
    failing = words.in_order(judged.failing)
    for change in failing[:_MOST_FULL]:
        yield ""
        yield from _whole(change, old, new)
    if len(failing) > _MOST_FULL:
        yield ""
        yield f"*And {len(failing) - _MOST_FULL} more that fail: `certify drift --report json` has all.*"
    shown = {id(change) for change in failing}
    rest = [change for change in words.in_order(found.changes) if id(change) not in shown]
    if rest:
        yield from ("", "<details>", f"<summary>{html.escape(words.counts(rest))}: nothing that fails</summary>",
                    "")
        yield from (_brief(change) for change in rest[:_MOST_BRIEF])
        if len(rest) > _MOST_BRIEF:
            yield f"- and {len(rest) - _MOST_BRIEF} more"
        yield from ("", "</details>")
    for note in found.notes:
        yield ""
        yield f"> {_told(note)}"


def _whole(change: Change, old: str, new: str) -> Iterator[str]:
    yield f"#### {_told(words.kind(change))}: {_told(change.where)}"
    yield ""
    yield " ".join(_told(text) for text in (words.sentence(change.says), words.direction(change),
                                           words.elsewhere(change)) if text)
    if change.policy:
        yield f"Policy: {_told(words.sentence(change.policy))}"
    yield ""
    yield f"- old: {_told(words.place(change.old))}"
    yield f"- new: {_told(words.place(change.new))}"
    yield f"- rule {_told(change.rule)}, fingerprint `{fingerprint(change)}`"
    if change.witness is not None:
        yield ""
        yield _told(words.example(change.witness, old, new))
        yield ""
        yield from ("    " + line for line in words.document(change.witness, 110, _MOST_EXAMPLE))


def _brief(change: Change) -> str:
    waived = f" (waived: {_told(change.waived)})" if change.waived else ""
    more = f" (and {len(change.also)} more)" if change.also else ""
    return f"- {_told(words.kind(change))}: {_told(change.where)}{more}: {_told(words.sentence(change.says))}{waived}"


def _told(text: str) -> str:
    """Text of others as text: one line, no markup, no HTML, no link, no mention, no issue number."""
    one = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    one = one if len(one) <= _LONGEST else one[:_LONGEST] + " …"
    safe = _SPECIAL.sub(r"\\\1", html.escape(one, quote=False))
    return _REFERENCE.sub("\\g<0>\u2060", safe).replace("://", ":\u2060//")
