"""PACT-01: what consumers need of the platform, as their pacts say, is what they get."""

import pytest

from harness import Lab, pacts_verified, verify_pacts


@pytest.mark.certifies("PACT-01", api="any", needs=("pacts",))
def test_every_consumer_pact_verifies(lab: Lab) -> None:
    """Each interaction in its provider state, against the platform; the pacts of the profile, or certify's own."""
    lab.claim(pacts_verified(verify_pacts(lab)))
