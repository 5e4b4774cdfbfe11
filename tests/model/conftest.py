"""Values of a kind that nobody expects."""

import pytest


@pytest.fixture
def hostile_values():
    """JSON values that are no reading of anything."""
    return [None, True, 7, -1.5, "", "x", [], [1, "a", None], {}, {"a": {"b": []}}, [[[]]], {"currency": {}},
            {"amount": "1e999999999", "currency": "EUR"}, {"amount": [], "currency": "EUR"}]
