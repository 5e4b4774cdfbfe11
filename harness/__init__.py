"""The façade for authors of suites, scenarios and reports: names only; nobody inside imports it."""

from harness.counterparts.lab import Bet, Lab, Player
from harness.judges.answers import answered, equal, refused, same_result
from harness.judges.idempotency import copies_agree, declares_key, distinct, no_second_effect
from harness.judges.money import moved, unmoved
from harness.judges.outbox import announced_once
from harness.model.claim import Draft
from harness.model.control import Level
from harness.model.errors import NoHook, Prerequisite
from harness.model.exchange import Exchange
from harness.model.outcome import Outcome
from harness.model.scorecard import Answer, Scorecard, Verdict

__all__ = [
    "Answer",
    "Bet",
    "Draft",
    "Exchange",
    "Lab",
    "Level",
    "NoHook",
    "Outcome",
    "Player",
    "Prerequisite",
    "Scorecard",
    "Verdict",
    "announced_once",
    "answered",
    "copies_agree",
    "declares_key",
    "distinct",
    "equal",
    "moved",
    "no_second_effect",
    "refused",
    "same_result",
    "unmoved",
]
