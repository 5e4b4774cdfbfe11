"""The built-in fault proxy beside the real Toxiproxy server: latency added and requests a second carried.

One client, keep-alive, HTTP/1.1 over loopback, rounds interleaved; also without any proxy. The real server is
measured where `toxiproxy-server` is on PATH.
"""

import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, suppress

from harness.drivers.toxiproxy_driver.client import ToxiproxyServer

ROUNDS = 5
SEQUENTIAL = 4_000
AT_ONCE = 16
SECONDS = 3.0
REQUEST = b"POST /wallet HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n" + b"x" * 200
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"y" * 200


def main() -> None:
    """A line per way: requests/s with 16 connections, p50 and p99 of one connection, medians of the rounds."""
    with ExitStack() as stack:
        upstream = stack.enter_context(fast_server())
        ways = {"direct": upstream}
        servers = {"built-in": [sys.executable, "-m", "harness.drivers.fault_proxy", "--port", "{}", "--stay"]}
        if program := shutil.which("toxiproxy-server"):
            servers["toxiproxy-server"] = [program, "-host", "127.0.0.1", "-port", "{}"]
        for name, command in servers.items():
            server = stack.enter_context(ToxiproxyServer(stack.enter_context(_running(command))))
            ways[name] = server.create("bench", upstream).listen
        figures = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, address in ways.items():
                figures[name].append((_rate(address), *_latency(address)))
        for name, rounds in figures.items():
            rate, p50, p99 = (statistics.median(column) for column in zip(*rounds, strict=True))
            low, high = min(r[0] for r in rounds), max(r[0] for r in rounds)
            print(f"fault_proxy: {name:<17} {rate:7.0f} requests/s [{low:.0f}-{high:.0f}], one connection p50 "
                  f"{p50 * 1e6:.0f} µs, p99 {p99 * 1e6:.0f} µs")


def fast_server(answer=ANSWER, certificate=None):
    """An HTTP server in a process of its own, as fast as Python can be; gives `host:port`. With a certificate: TLS.

    It takes requests for whole once their first line is there: clients on the loopback send them in one piece.
    """
    code = ("import asyncio,ssl,sys\n"
            "tls=None\n"
            "if sys.argv[1:]:\n"
            "    tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
            "    tls.load_cert_chain(sys.argv[1])\n"
            "class S(asyncio.Protocol):\n"
            "    def connection_made(self,t): self.t=t\n"
            "    def data_received(self,d):\n        n=d.count(b' HTTP/1.1\\r\\n')\n"
            f"        if n: self.t.write({answer!r}*n)\n"
            "async def main():\n"
            "    s=await asyncio.get_running_loop().create_server(S,'127.0.0.1',0,ssl=tls)\n"
            "    print('127.0.0.1:%d'%s.sockets[0].getsockname()[1],flush=True)\n"
            "    await s.serve_forever()\n"
            "try:\n    import uvloop; uvloop.run(main())\nexcept ImportError:\n    asyncio.run(main())\n")
    command = [sys.executable, "-c", code, *([certificate] if certificate else [])]
    return _Process(command, lambda process: process.stdout.readline().strip())


def _running(command):
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]

    def wait(_):
        for _ in range(2_000):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.005)
        return f"http://127.0.0.1:{port}"

    return _Process([part.format(port) for part in command], wait)


class _Process:
    def __init__(self, command, ready):
        self._command, self._ready = command, ready

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        found = self._ready(self._process)
        threading.Thread(target=self._process.stdout.read, daemon=True).start()
        return found

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(20)


def _dial(address):
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _ask(connection):
    connection.sendall(REQUEST)
    left = len(ANSWER)
    while left:
        left -= len(connection.recv(left))


def _latency(address):
    with _dial(address) as connection:
        for _ in range(200):
            _ask(connection)
        times = []
        for _ in range(SEQUENTIAL):
            began = time.perf_counter()
            _ask(connection)
            times.append(time.perf_counter() - began)
    cuts = statistics.quantiles(times, n=100)
    return cuts[49], cuts[98]


def _rate(address):
    """Requests a second of a client process with 16 connections, each with one request under way."""
    code = ("import selectors,socket,sys,time\n"
            f"request={REQUEST!r}; size={len(ANSWER)}\n"
            "host,_,port=sys.argv[1].rpartition(':')\n"
            "s=selectors.DefaultSelector()\n"
            f"for n in range({AT_ONCE}):\n"
            "    c=socket.create_connection((host,int(port))); c.setsockopt(socket.IPPROTO_TCP,socket.TCP_NODELAY,1)\n"
            "    s.register(c,selectors.EVENT_READ,[size]); c.sendall(request)\n"
            f"done=0; began=time.perf_counter(); until=began+{SECONDS}\n"
            "while time.perf_counter()<until:\n"
            "    for k,_ in s.select(1):\n"
            "        k.data[0]-=len(k.fileobj.recv(65536))\n"
            "        if k.data[0]<=0: done+=1; k.data[0]=size; k.fileobj.sendall(request)\n"
            "print(done/(time.perf_counter()-began))\n")
    return float(subprocess.run([sys.executable, "-c", code, address], capture_output=True, text=True,
                                check=True).stdout)


if __name__ == "__main__":
    main()
