"""Three tests of a table of probes for fault switches: none is missing, each shows its defect, none sees ghosts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import pytest

from harness.sandbox.faults import Fault

Probe = Callable[[Any], Any]


def probed(probes: Mapping[str, Probe], switches: Iterable[Fault], *, elsewhere: Collection[str] = ()
           ) -> tuple[Callable[..., None], Callable[..., None], Callable[..., None]]:
    """The tests, to be named in the module of the table; switches `elsewhere` have tests of their own."""
    names = {switch.name for switch in switches}
    by_name = pytest.mark.parametrize("name", sorted(probes))

    def every_switch_has_a_probe() -> None:
        assert set(probes) | set(elsewhere) == names, set(probes) ^ (names - set(elsewhere))
        assert not set(probes) & set(elsewhere)

    @by_name
    def the_switch_shows_its_defect(partner: Any, name: str) -> None:
        partner.faults(name)
        try:
            assert probes[name](partner), f"{name} is on and does not show"
        finally:
            partner.faults()

    @by_name
    def the_healthy_platform_shows_none(healthy: Any, name: str) -> None:
        assert not probes[name](healthy), f"{name} is off and its probe sees it"

    return every_switch_has_a_probe, the_switch_shows_its_defect, the_healthy_platform_shows_none
