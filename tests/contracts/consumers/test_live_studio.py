"""A live studio lives by its shipped pacts, and they are what it asks for."""

import pytest

from tests.contracts.consumers import live_studio
from tests.contracts.consumers.shipping import asks_what_is_shipped, every, nothing_else_is_shipped


@pytest.mark.parametrize("one", every(live_studio.PACTS))
def test_the_studio_asks_for_what_is_shipped(one) -> None:
    asks_what_is_shipped(one)


def test_nothing_else_is_shipped_in_its_name() -> None:
    nothing_else_is_shipped(live_studio.PACTS)
