"""One client of the storm benchmark, inside Locust: KIND ADDRESS CONNECTIONS SECONDS; prints calls and core-seconds."""

import json
import sys
import time

import gevent
import locust.runners  # noqa: F401 - it patches the standard library
from locust import FastHttpUser, HttpUser, constant, task
from locust.env import Environment

from harness.drivers.locust_engine.calls import Call
from harness.drivers.locust_engine.pump import Pump
from harness.drivers.locust_engine.rounds import Rounds
from harness.drivers.locust_engine.share import native_thread, resolved
from harness.model.arrivals import constant as constantly
from harness.model.storm import Caller, Seat, StormPlan
from tests.benchmarks.storm import BODY


def main() -> None:
    kind, address, connections, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    told = _closed(kind, address, connections, seconds) if kind in ("fast", "http") else \
        _pumped(kind, address, connections, seconds)
    print(json.dumps(told))


class _Same:
    def __init__(self, address):
        body = BODY.encode()
        self._data = (f"POST /v1/bets/authorize HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n"
                      f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    def opens(self, _):
        return (Call("authorizeBet", self._data),)

    def answered(self, *_):
        return ()


def _pumped(kind, address, connections, seconds):
    plan = StormPlan(base_url=f"http://{address}", schedule=constantly(1, 1), pause_seconds=0.0,
                     callers=(Caller(headers=(("X-Brand-Id", "b"), ("X-Region", "r"), ("X-Provider-Id", "p")),
                                     token="t" * 40),),
                     seats=tuple(Seat(player_id=f"p-{n}", session_id=f"ses-{n}") for n in range(100)))
    place = resolved(f"{'https' if kind == 'tls' else 'http'}://{address}")
    pump = Pump(place, Rounds(plan) if kind == "rounds" else _Same(address))
    ended = []
    before = time.process_time()

    def blow():
        pump.saturate(connections, seconds)
        ended.append(time.process_time())

    native_thread(blow)
    while not ended:
        gevent.sleep(0.05)
    tally = pump.take()
    good = sum(counts.get("200", 0) for counts in tally.outcomes.values())
    return {"calls": good, "failed": tally.calls - good, "core_seconds": ended[0] - before}


def _closed(kind, address, connections, seconds):
    class Closed(FastHttpUser if kind == "fast" else HttpUser):
        host = f"http://{address}"
        wait_time = constant(0)

        @task
        def post(self):
            self.client.post("/v1/bets/authorize", data=BODY, headers={"Content-Type": "application/json"})

    environment = Environment(user_classes=[Closed])
    runner = environment.create_local_runner()
    runner.start(connections, spawn_rate=connections)
    gevent.sleep(1.0)
    calls, before = environment.stats.total.num_requests, time.process_time()
    gevent.sleep(seconds)
    made, spent = environment.stats.total.num_requests - calls, time.process_time() - before
    failed = environment.stats.total.num_failures
    runner.quit()
    return {"calls": made, "failed": failed, "core_seconds": spent}


main()
