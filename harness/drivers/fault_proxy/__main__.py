"""Serves the fault proxy until its standard input ends, SIGTERM or Ctrl-C; the first line printed says where."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys

from aiohttp import web

from harness.drivers.fault_proxy.api import application, collection


def main() -> None:
    """`--port 0` takes a free one; `--stay` serves on when standard input ends."""
    parser = argparse.ArgumentParser(prog="fault-proxy", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8474)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--stay", action="store_true")
    given = parser.parse_args()
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(given))
    else:
        uvloop.run(_serve(given))


async def _serve(given: argparse.Namespace) -> None:
    proxies = collection(given.seed)
    runner = web.AppRunner(application(proxies), access_log=None, handle_signals=False, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, given.host, given.port)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)  # noqa: T201 - this is what it is asked for
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, done.set)
    if not given.stay:  # our parent is gone: leave nothing behind
        loop.add_reader(sys.stdin.fileno(), lambda: None if os.read(sys.stdin.fileno(), 4096) else done.set())
    await done.wait()
    for proxy in list(proxies.proxies.values()):
        await proxy.stop()
    await runner.cleanup()


if __name__ == "__main__":
    main()
