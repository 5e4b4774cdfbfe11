"""How well a storm keeps its schedule, and what it tells of a server that stalls.

Precision: how late calls begin at half of the rate that a closed loop reaches against the same server. Truth: a server
stalls once for 2 s in 20 s; what waits is known beforehand for open arrivals, and a closed loop hides most of it.
`python -m tests.benchmarks.storm_schedule --plot docs/load-stall.svg` draws the second, in 45 s.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

from harness.drawing.percentile_svg import Curve, curves_svg, of_histogram
from harness.drawing.plot import told_ms
from harness.drivers.locust_engine.calls import Call
from harness.drivers.locust_engine.links import Place
from harness.drivers.locust_engine.pump import Pump
from harness.model.arrivals import constant, stalled_quantile
from harness.model.histogram import Histogram
from tests.benchmarks.fault_proxy import ANSWER, REQUEST, fast_server

ROUNDS = 5
SECONDS = 4.0
CONNECTIONS = 32
RATE, STALLED_SECONDS, STALL = 200, 20.0, 2.0
USERS = 10


class Same:
    """One request, again and again."""

    def opens(self, _):
        return (Call("authorizeBet", REQUEST),)

    def answered(self, *_):
        return ()


def main() -> None:
    """Lines on precision and on truth."""
    _precision()
    for spacing in ("even", "poisson"):
        _truth(spacing)
    _naive()


def plot(path):
    """What open arrivals and a closed loop report of the same stall, and what waits by arithmetic, as a picture."""
    opened, closed = _truth("poisson"), _naive()
    waits = [(n / 10_000, 1_000 * stalled_quantile(n / 10_000, rate_seconds=STALLED_SECONDS, stall_seconds=STALL))
             for n in range(9_001, 10_000, 3)]
    curves = (of_histogram("true", "open arrivals", opened),
              of_histogram("naive", f"closed loop of {USERS} users", closed),
              Curve(kind="planned", words="what waits, by arithmetic", points=waits))
    p99 = " and ".join(told_ms(histogram.quantile(0.99) / 1000) for histogram in (opened, closed))
    path.write_text(curves_svg(
        curves, name="stall", alone=True, title=f"A server stalls for {STALL:g} s in {STALLED_SECONDS:g} s, asked for "
        f"{RATE} calls/s", described=f"Latency by percentile. At p99 open arrivals and a closed loop tell of {p99}; by "
        f"arithmetic {told_ms(1_000 * (STALL - 0.01 * STALLED_SECONDS))} is right.") + "\n", encoding="utf-8")
    print(f"storm_schedule: {path} is drawn")


def _pump(address):
    host, _, port = address.rpartition(":")
    return Pump(Place(host=host, port=int(port)), Same())


def _precision():
    lags = []
    with fast_server() as address:
        for _ in range(ROUNDS):
            closed = _pump(address)
            closed.saturate(CONNECTIONS, 2.0)
            ceiling = closed.take().calls / 2.0
            opened = _pump(address)
            opened.run(constant(ceiling / 2, SECONDS).times())
            lags.append([q / 1000 for q in opened.take().lag.quantiles((0.5, 0.99, 0.999))])
    half, late, latest = (statistics.median(column) for column in zip(*lags, strict=True))
    print(f"storm_schedule: at half of {ceiling:.0f} calls/s, calls begin {half:.2f} ms late at p50, {late:.2f} ms at "
          f"p99 [{min(x[1] for x in lags):.2f}-{max(x[1] for x in lags):.2f}], {latest:.2f} ms at p99.9")


def _stalling():
    """A server that answers at once, but for its first connection's tenth second, when it stalls for two."""
    code = ("import asyncio,time\n"
            "began=time.monotonic()\n"
            "class S(asyncio.Protocol):\n"
            "    def connection_made(self,t): self.t=t\n"
            "    def data_received(self,d):\n"
            "        n=d.count(b' HTTP/1.1\\r\\n')\n"
            f"        left=began+10-time.monotonic()\n        if -{STALL}<left<=0: time.sleep({STALL}+left)\n"
            f"        if n: self.t.write({ANSWER!r}*n)\n"
            "async def main():\n    global began\n"
            "    s=await asyncio.get_running_loop().create_server(S,'127.0.0.1',0,backlog=2048)\n"
            "    print(s.sockets[0].getsockname()[1],flush=True); began=time.monotonic()\n"
            "    await s.serve_forever()\n"
            "asyncio.run(main())\n")
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def _truth(spacing):
    server = _stalling()
    with server.stdout as told:
        pump = _pump(f"127.0.0.1:{told.readline().strip()}")
        pump.run(constant(RATE, STALLED_SECONDS, spacing=spacing, seed=1).times())
        server.terminate()
        server.wait()
    latency = pump.take().latency_of_all()
    parts = []
    for share in (0.95, 0.99):
        wanted = 1e6 * stalled_quantile(share, rate_seconds=STALLED_SECONDS, stall_seconds=STALL)
        found = latency.quantile(share)
        parts.append(f"p{share * 100:g} {found / 1e3:.0f} ms (analytic {wanted / 1e3:.0f}: {found / wanted - 1:+.1%})")
    print(f"storm_schedule: a stall of 2 s in 20 s, {RATE}/s, {spacing} arrivals: p50 "
          f"{latency.quantile(0.5) / 1e3:.1f} ms, {', '.join(parts)}")
    return latency


def _naive():
    """What a closed loop of a few users reports of the same stall: each of them met it once."""
    server = _stalling()
    took = []

    async def user(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        ends = time.monotonic() + STALLED_SECONDS
        while time.monotonic() < ends:
            began = time.monotonic()
            writer.write(REQUEST)
            await reader.readexactly(len(ANSWER))
            took.append(time.monotonic() - began)
            await asyncio.sleep(max(0.0, USERS / RATE - (time.monotonic() - began)))
        writer.close()

    async def users(port):
        await asyncio.gather(*(user(port) for _ in range(USERS)))

    with server.stdout as told:
        asyncio.run(users(int(told.readline())))
        server.terminate()
        server.wait()
    found = Histogram()
    found.extend([round(seconds * 1e6) for seconds in took])
    print(f"storm_schedule: the same in a closed loop of {USERS} users: p95 {found.quantile(0.95) / 1e3:.0f} ms, p99 "
          f"{found.quantile(0.99) / 1e3:.0f} ms; asked {RATE * STALLED_SECONDS:.0f}, sent {len(took)}")
    return found


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="Draw what a stall of the server looks like.")
    asked.add_argument("--plot", type=Path, required=True, metavar="FILE", help="SVG to write")
    plot(asked.parse_args().plot)
