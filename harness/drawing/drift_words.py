"""The words of a report on drift, the same in every form: what a change does, to whom, and what it comes to."""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness.drift.changes import Change, Effect, Place, Side, Verdict, Witness
from harness.drift.judged import Judged
from harness.drift.promises import BROKEN

_DOES = {
    (Effect.NARROWS, Side.IN): "Takes less: consumers that send what was right before are refused.",
    (Effect.WIDENS, Side.IN): "Takes more: consumers that send what was right before go on working.",
    (Effect.INCOMPARABLE, Side.IN): "Takes other things than before: some consumers that send what was right are "
                                    "refused.",
    (Effect.NARROWS, Side.OUT): "Gives less than was allowed: consumers that read what was promised go on working.",
    (Effect.WIDENS, Side.OUT): "May give more than was promised: consumers that read it may meet what they do not "
                               "know.",
    (Effect.INCOMPARABLE, Side.OUT): "May give other things than were promised: consumers that read it may meet what "
                                     "they do not know.",
    (Effect.UNKNOWN, Side.IN): "Whether consumers that send what was right before are refused could not be decided.",
    (Effect.UNKNOWN, Side.OUT): "Whether consumers that read it meet what they do not know could not be decided.",
}
_ANYONE = {Effect.NARROWS: "Consumers that rely on it lose it.", Effect.WIDENS: "There is more than before.",
           Effect.INCOMPARABLE: "Consumers that rely on it find another thing there.",
           Effect.UNKNOWN: "Whether it breaks those that rely on it could not be decided."}
_KINDS = (*Verdict,)
_FEW = 3


def direction(change: Change) -> str:
    """Whom it touches and how; "" where it touches nobody."""
    if change.effect is Effect.NONE:
        return ""
    if change.effect is Effect.WIDENS and change.side is Side.NEITHER and change.verdict is Verdict.BREAKING:
        return "Consumers that rely on what it was may break."
    if (change.effect, change.side, change.verdict) == (Effect.NARROWS, Side.OUT, Verdict.BREAKING):
        return "Allows less than before: readers of the new version refuse what was written by the old."
    return _DOES.get((change.effect, change.side)) or _ANYONE[change.effect]


def sentence(text: str) -> str:
    """The text with a full stop, whoever wrote it."""
    text = text.strip()
    return text if text.endswith((".", "!", "?", ":")) or not text else text + "."


def kind(change: Change) -> str:
    """What it is called in a report: its verdict, or `broken promise` where only that fails."""
    return "broken promise" if change.rule in BROKEN and change.verdict is Verdict.EDITORIAL else change.verdict.value


def in_order(changes: Sequence[Change]) -> list[Change]:
    """Worst first; within a kind as they were found."""
    return sorted(changes, key=lambda c: 0.5 if kind(c) == "broken promise" else _KINDS.index(c.verdict))


def elsewhere(change: Change) -> str:
    """Where else the same holds, the first few by name; "" where nowhere."""
    few = change.also[:_FEW]
    more = len(change.also) - len(few)
    return f"The same in {', '.join(few)}" + f" and {more} more places" * bool(more) + "." if few else ""


def counts(changes: Sequence[Change]) -> str:
    """`2 breaking, 1 additive`; `no change` of none."""
    kinds = [kind(change) for change in in_order(changes)]
    return ", ".join(f"{kinds.count(one)} {one}" for one in dict.fromkeys(kinds)) or "no change"


def place(found: Place | None) -> str:
    """`openapi.yaml:12 #/paths/...`; `not there` of none."""
    if found is None:
        return "not there"
    line = "" if found.line is None else f":{found.line}"
    return f"{found.file}{line} #{found.pointer}"


def example(witness: Witness, old: str, new: str) -> str:
    """What the document shows, ending with a colon."""
    takes, refuses = (old, new) if witness.valid_in == "old" else (new, old)
    return f"Valid in {takes}, refused in {refuses}:"


def document(witness: Witness, width: int, most: int) -> list[str]:
    """The example as lines of JSON in ASCII: one if it fits, else at most `most`, cut visibly."""
    one = json.dumps(witness.document, default=str)
    if len(one) <= width:
        return [one]
    lines = [line if len(line) <= width else line[:width - 3] + "..."
             for line in json.dumps(witness.document, indent=1, default=str).splitlines()]
    return lines if len(lines) <= most else [*lines[:most], f"... {len(lines) - most} lines more"]


def versions(judged: Judged) -> tuple[str, str]:
    """What the two are called: by their version numbers, or where they have none or the same, `old` and `new`."""
    found = judged.comparison
    if found.old_version and found.new_version and found.old_version != found.new_version:
        return found.old_version, found.new_version
    return "the old version", "the new version"


def verdict(judged: Judged) -> str:
    """The whole in one word or two."""
    if judged.ok:
        return "no change" if not judged.comparison.changes else "passes"
    if judged.failing:
        worst = kind(in_order(judged.failing)[0])
        return "may break: not decided" if worst == "unsure" else worst
    return "wrong version number"


def smallest(judged: Judged) -> str:
    """The sentence on the version number; "" where there is none to judge."""
    found = judged.version
    if found is None:
        return ""
    least = f" The smallest version that these changes allow: {found.minimum}." \
        if found.minimum and not (found.ok and found.minimum == judged.comparison.new_version) \
        and f"at least {found.minimum}" not in found.says else ""
    return found.says + ("" if found.says.endswith(".") else ".") + least
