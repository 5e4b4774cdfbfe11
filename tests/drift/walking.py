"""A slot for tests: two schemas, with or without documents around them, and provers that say what they are told."""

from dataclasses import dataclass, field
from typing import Any

from harness.drift.changes import Place, Side
from harness.drift.schema_walk import walk
from harness.drift.slots import slot_changes

IN, OUT = Side.IN, Side.OUT
TEXT = {"type": "string"}
WHOLE = {"type": "integer"}


def objects(required=(), **members):
    made = {"type": "object", "properties": members}
    return {**made, "required": list(required)} if required else made


@dataclass(frozen=True)
class Says:
    """A prover's answer."""

    answer: str
    witness: Any = None
    why: str = ""


@dataclass
class Prover:
    """Answers `forward` to the question that matters, `backward` to the other one, and remembers both."""

    forward: str = "yes"
    backward: str = "no"
    witness: Any = None
    why: str = ""
    asked: list = field(default_factory=list)

    def __call__(self, writer, reader, *, closed, **_roots):
        if reader is False:
            return Says("no")  # the writer can send something
        self.asked.append((writer, reader, closed))
        answer = self.forward if len(self.asked) == 1 else self.backward
        return Says(answer, self.witness if answer == "no" else None, self.why)


def _slot(old, new, side, where, old_root, new_root):
    return {"old_root": {} if old_root is None else old_root, "new_root": {} if new_root is None else new_root,
            "side": side, "where": where, "old_place": lambda at: Place(file="old", pointer=at),
            "new_place": lambda at: Place(file="new", pointer=at), "old_pointer": "/old", "new_pointer": "/new"}


def walked(old, new, side=IN, *, where="POST /bets body", old_root=None, new_root=None):
    return list(walk(old, new, **_slot(old, new, side, where, old_root, new_root)))


def ruled(old, new, side=IN, **kwargs):
    """Rule id and verdict of each change."""
    return [(one.rule, one.verdict.value) for one in walked(old, new, side, **kwargs)]


def judged(old, new, prover, side=IN, *, where="POST /bets body", old_root=None, new_root=None, **kwargs):
    return slot_changes(old, new, prover=prover, **_slot(old, new, side, where, old_root, new_root), **kwargs)
