"""HOOK-01: every webhook is signed over its timestamp and raw body, fresh, and names its event.

What is not signed can be forged; what is signed without its time can be replayed for ever.
"""

import pytest

from harness import Lab, signed


@pytest.mark.certifies("HOOK-01", needs=("webhooks",))
def test_every_webhook_is_signed_fresh_and_named(lab: Lab) -> None:
    """Judged over all deliveries of the run; a bet that is settled makes sure that there are some."""
    lab.listen()
    player = lab.player()
    bet = lab.bet(lab.session(player), player)
    lab.must(lab.authorize(bet), 200)
    lab.must(lab.settle(bet, 1_200), 200)
    lab.claim(signed(lab.deliveries(lambda d: bet.bet_id in d.request_body, count=2)))
