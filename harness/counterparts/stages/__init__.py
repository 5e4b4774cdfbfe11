"""The stages: where chaos scenarios are played against the subject. One module a kind of workload."""

from __future__ import annotations

from harness.counterparts.lab import Lab
from harness.counterparts.stages import burst, inbox, own_users, receiver, rounds, volley, wallet
from harness.model.scenario import Announced, Bets, Burst, Locustfile, Published, Rounds, Scenario, Volley

_STAGES = {Bets: wallet.play, Volley: volley.play, Announced: receiver.play, Published: inbox.play,
           Rounds: rounds.play, Burst: burst.play, Locustfile: own_users.play}


def play(lab: Lab, scenario: Scenario) -> None:
    """Play the scenario, claim that its faults were witnessed, and then each of its expectations.

    Raises:
        NoHook: the target offers no way to do this to it. Prerequisite: a set-up step did not work.
        EnvironmentFault: a fault cannot be made or taken away.
    """
    _STAGES[type(scenario.workload)](lab, scenario)
