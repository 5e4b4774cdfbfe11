"""A remote game server lives by its shipped pacts, and they are what it asks for."""

import pytest

from tests.contracts.consumers import rgs
from tests.contracts.consumers.shipping import asks_what_is_shipped, every, nothing_else_is_shipped


@pytest.mark.parametrize("one", every(rgs.PACTS))
def test_the_game_server_asks_for_what_is_shipped(one) -> None:
    asks_what_is_shipped(one)


def test_nothing_else_is_shipped_in_its_name() -> None:
    nothing_else_is_shipped(rgs.PACTS)
