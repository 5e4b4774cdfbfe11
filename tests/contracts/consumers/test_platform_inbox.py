"""The platform takes what a game server publishes, and the shipped pact is what it asks for."""

import pytest

from tests.contracts.consumers import platform_inbox
from tests.contracts.consumers.shipping import asks_what_is_shipped, every, nothing_else_is_shipped


@pytest.mark.parametrize("one", every(platform_inbox.PACTS))
def test_the_platform_asks_for_what_is_shipped(one) -> None:
    asks_what_is_shipped(one)


def test_nothing_else_is_shipped_in_its_name() -> None:
    nothing_else_is_shipped(platform_inbox.PACTS)
