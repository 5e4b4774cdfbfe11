"""Write the shipped pacts anew, each from its consumer at work."""

import sys

from tests.contracts.consumers import jackpots, live_studio, platform_inbox, rgs
from tests.contracts.consumers.shipping import write

for path in write([*rgs.PACTS, *live_studio.PACTS, *jackpots.PACTS, *platform_inbox.PACTS]):
    sys.stdout.write(f"{path.relative_to(path.parents[4])}\n")
