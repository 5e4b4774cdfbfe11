"""CONT-03: whatever is sent to whatever operation, valid or not: no 5xx, no broken promise, no effect of a refusal."""

import pytest

from harness import FuzzEffort, Lab, fuzz

_EACH = {"quick": FuzzEffort(examples=8, steps=4, seconds=60),
         "standard": FuzzEffort(examples=30, steps=6, seconds=120),
         "full": FuzzEffort(examples=500, steps=12, seconds=700)}
_ALONE = {"quick": ("examples", "fuzzing"), "standard": ("examples", "coverage", "fuzzing"),
          "full": ("examples", "coverage", "fuzzing")}
_SHARES = 6
"""A share is a check of its own, so that workers take them side by side; each has its own seed."""


@pytest.mark.certifies("CONT-03", api="any", long=True)
def test_the_first_share_of_operations_withstands_fuzzing(lab: Lab) -> None:
    """Examples, boundary values and random requests, valid and not, to a sixth of the operations."""
    _fuzz(lab, 0)


@pytest.mark.certifies("CONT-03", api="any", long=True)
def test_the_second_share_of_operations_withstands_fuzzing(lab: Lab) -> None:
    """The same for the second sixth."""
    _fuzz(lab, 1)


@pytest.mark.certifies("CONT-03", api="any", long=True)
def test_the_third_share_of_operations_withstands_fuzzing(lab: Lab) -> None:
    """The same for the third sixth."""
    _fuzz(lab, 2)


@pytest.mark.certifies("CONT-03", api="any", long=True)
def test_the_fourth_share_of_operations_withstands_fuzzing(lab: Lab) -> None:
    """The same for the fourth sixth."""
    _fuzz(lab, 3)


@pytest.mark.certifies("CONT-03", api="any", long=True)
def test_the_fifth_share_of_operations_withstands_fuzzing(lab: Lab) -> None:
    """The same for the fifth sixth."""
    _fuzz(lab, 4)


@pytest.mark.certifies("CONT-03", api="any", long=True)
def test_the_sixth_share_of_operations_withstands_fuzzing(lab: Lab) -> None:
    """The same for the sixth sixth."""
    _fuzz(lab, 5)


def _fuzz(lab: Lab, share: int) -> None:
    fuzz(lab, _EACH[lab.budget], phases=_ALONE[lab.budget], share=share, of=_SHARES)


@pytest.mark.certifies("CONT-03", api="any", long=True)
def test_linked_operations_withstand_fuzzing(lab: Lab) -> None:
    """Sequences through the contract's links: what one call made is used in the next."""
    fuzz(lab, _EACH[lab.budget], phases=("stateful",))
