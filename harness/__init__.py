"""The façade for authors of suites, scenarios and reports: names only; nobody inside imports it."""

from harness.counterparts.lab import Bet, Lab, Player
from harness.judges.answers import answered, equal, refused, same_result
from harness.judges.money import moved, unmoved
from harness.model.claim import Draft
from harness.model.control import Level
from harness.model.errors import NoHook, Prerequisite
from harness.model.exchange import Exchange
from harness.model.outcome import Outcome
from harness.model.scorecard import Answer, Scorecard, Verdict

__all__ = ["Answer", "Bet", "Draft", "Exchange", "Lab", "Level", "NoHook", "Outcome", "Player", "Prerequisite",
           "Scorecard", "Verdict", "answered", "equal", "moved", "refused", "same_result", "unmoved"]
