"""PACT-02: the events that the platform sends are what its consumers read, and it takes what it says that it takes.

A consumer breaks where a member that it reads is gone or has another type, whatever the registered schema allows.
"""

import pytest

from harness import Lab, message_pacts, pacts_verified, promises_taken, publish_promised, verify_messages


@pytest.mark.certifies("PACT-02", needs=("pacts", "message_pacts"))
def test_every_message_pact_verifies(lab: Lab) -> None:
    """One event of each type that is read, in the feed and in webhooks; and what the platform's own pacts name."""
    pacts = message_pacts(lab)
    if pacts.sent or not pacts.taken:
        lab.claim(pacts_verified(verify_messages(lab, pacts.sent), says="every event that the platform sends is what "
                                 "its consumers' message pacts read"))
    published = publish_promised(lab, pacts.taken)
    if published:
        lab.claim(promises_taken(published))
