"""A small catalogue, target and history to plan and score."""

import pytest

from harness.model.control import Block, Catalogue, Control, How, Level, Role
from harness.model.plan import Check
from harness.model.profile import Target
from harness.model.scorecard import RunFacts


def control(name, block="idempotency", how=How.BLACK_BOX, role=Role.PLATFORM, phase=7, must=True):
    return Control(id=name, title=f"title of {name}", block=block, how=(how,), roles=(role,), phase=phase, must=must)


@pytest.fixture
def catalogue():
    controls = [control("IDEM-01"), control("IDEM-02"), control("IDEM-11", phase=3),
                control("IDEM-14", role=Role.PROVIDER), control("MONEY-01"), control("SEC-12", "security", must=False),
                control("OBS-09", "observability", how=How.ATTESTED), control("ROLL-03", "rollback", phase=0)]
    blocks = [Block(id=b, question=f"{b}?") for b in ("idempotency", "security", "observability", "rollback")]
    return Catalogue(blocks=tuple(blocks), controls={c.id: c for c in controls}, digest="d1")


def check(name, *controls, **options):
    return Check(id=f"a/test_a.py::{name}", path="/x/a/test_a.py", controls=controls, **options)


@pytest.fixture
def checks():
    return (check("test_one", "IDEM-01"), check("test_two", "IDEM-02", needs=("keys",)),
            check("test_eleven", "IDEM-11"), check("test_money", "MONEY-01"))


@pytest.fixture
def target():
    return Target(name="x", base_url="http://127.0.0.1:1", sandbox=True, level=Level.BUILT)


@pytest.fixture
def facts():
    return RunFacts(run_id="r", target="x", base_url="http://127.0.0.1:1", seed=1, plan_digest="p",
                    catalogue_digest="d1", contract="1.7", version="0", started_at="", seconds=1.0, asked=Level.BUILT)


@pytest.fixture
def outcome_of():
    return lambda card, name: next(r.outcome for r in card.rows if r.control.id == name)


