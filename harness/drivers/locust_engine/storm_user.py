"""Locust's one user a process, through which it begins a storm."""

from __future__ import annotations

from collections.abc import Callable

import gevent
from locust import User, task
from locust.exception import StopUser

from harness.drivers.locust_engine.share import Share

LOOK_SECONDS = 0.05
_EASING_SECONDS = 5.0
"""For what is under way when no new round may begin; then it is let go."""


class Storm(User):
    """It starts the pump, and is there until that has ended.

    Locust spawns it anew where workers come and go; a share is begun once all the same.
    """

    share: Share | None = None
    """This process's, once it knows its plan."""
    begun = False
    on_begin: Callable[[], None] | None = None

    @task
    def blow(self) -> None:
        """One storm."""
        share = self.share
        if share is None or Storm.begun:
            raise StopUser
        Storm.begun = True
        share.begin()
        if Storm.on_begin is not None:
            Storm.on_begin()
        while not share.done:
            gevent.sleep(LOOK_SECONDS)
        raise StopUser


def ease(share: Share) -> None:
    """Let no new round begin, and let those under way end."""
    if share.ease():
        gevent.spawn_later(_EASING_SECONDS, share.stop)
