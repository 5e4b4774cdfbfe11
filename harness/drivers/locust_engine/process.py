"""The process that Locust has for itself: alone, or as master or worker of many.

Its orders are lines of JSON on stdin, its reports lines of JSON on stdout: first the storm, then `{"tokens": [...]}`
as often as callers have new ones. A line "ease" lets no new round begin; any other line ("stop"), or the end of stdin,
ends it: a storm does not outlive the run that wanted it.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from typing import Any

import gevent
import locust.runners  # it patches the standard library, which is why this is a process of its own
from locust.env import Environment

from harness.drivers.locust_engine.master import lead
from harness.drivers.locust_engine.own_users import run_own_users
from harness.drivers.locust_engine.parent import Parent
from harness.drivers.locust_engine.share import Share
from harness.drivers.locust_engine.storm_user import LOOK_SECONDS, Storm, ease
from harness.drivers.locust_engine.worker import work
from harness.model.storm import StormPlan

_REPORT_SECONDS = 0.5


def main() -> int:
    """Follow the orders; 0 when the storm has ended, whatever it brought."""
    logging.getLogger("locust").setLevel(logging.ERROR)
    locust.runners.WORKER_REPORT_INTERVAL = _REPORT_SECONDS
    parent = Parent()
    order = parent.order()
    try:
        roles = {"alone": _alone, "master": lead, "worker": work, "own_users": run_own_users}
        roles[order["role"]](parent, order)
    except (KeyError, TypeError, ValueError, OSError) as error:
        parent.tell("problem", text=f"{type(error).__name__}: {error}")
        return 1
    return 0


def _alone(parent: Parent, order: Mapping[str, Any]) -> None:
    environment = Environment(user_classes=[Storm])
    share = Storm.share = Share(StormPlan.from_line(order["plan"]))
    runner = environment.create_local_runner()
    parent.tell("began", workers=1, unix=time.time())
    runner.start(1, spawn_rate=1)
    reported = time.monotonic()
    while not share.done:
        gevent.sleep(LOOK_SECONDS)
        if parent.stopped:
            share.stop()
        elif parent.eased:
            ease(share)
        for tokens in parent.renewed():
            share.renew(tokens)
        if time.monotonic() - reported > _REPORT_SECONDS:
            reported = time.monotonic()
            parent.tell("tally", **share.take())
    parent.tell("tally", **share.take())
    parent.tell("states", **share.states())
    runner.quit()
    parent.tell("ended")


if __name__ == "__main__":
    sys.exit(main())
