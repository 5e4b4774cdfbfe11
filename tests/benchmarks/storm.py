"""The storm's generator beside its peers: JSON POST with keep-alive, requests a second and core, one server.

Rounds are interleaved, every client has the same number of connections, and only the processor time of its load phase
counts (user and system), because server and clients share the machine. `storm` sends one request again and again, as
its peers do; `storm, rounds` is what certify really sends: unique ids, keys and traces, settles after authorizes;
`storm, TLS` is the first through TLS 1.3, `storm, handshakes` the same with a connection (resumed) for each call. All
run inside Locust, in its process, with every latency in a histogram. wrk, hey and k6 take part where they are on PATH.
`python -m tests.benchmarks.storm NAME...`: only those clients.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.fault_proxy import fast_server
from tests.tls import AUTHORITY, CERTIFICATES

ROUNDS = 5
SECONDS = 3
CONNECTIONS = 32
BODY = '{"session_id":"ses-1","bet_id":"bet-1","round_id":"round-1","amount":{"amount":100,"currency":"EUR"}}'
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"


def main(*only: str) -> None:
    """A line a client: requests per core-second, median and range, and the ratio of the storm to it."""
    with ExitStack() as stack:
        address = stack.enter_context(fast_server())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certificate = str(CERTIFICATES / "server.pem")
        secured = stack.enter_context(fast_server(certificate=certificate))
        closing = stack.enter_context(fast_server(CLOSING, certificate))
        clients = {"storm": _ours("pump"), "storm, rounds": _ours("rounds"), "storm, TLS": _ours("tls", secured),
                   "storm, handshakes": _ours("tls", closing), "FastHttpUser": _ours("fast"),
                   "HttpUser": _ours("http"), **_programs(folder)}
        clients = {name: client for name, client in clients.items() if not only or name in ("storm", *only)}
        figures = {name: [] for name in clients}
        for _ in range(ROUNDS):
            for name, run in clients.items():
                figures[name].append(run(address))
        ours = figures["storm"]
        for name, rates in figures.items():
            ratios = [a / b for a, b in zip(ours, rates, strict=True)]
            print(f"storm: {name:<17} {statistics.median(rates):9.0f} requests per core-second "
                  f"[{min(rates):.0f}-{max(rates):.0f}]; the storm sends {statistics.median(ratios):.2f} times as many "
                  f"[{min(ratios):.2f}-{max(ratios):.2f}]")


def _ours(kind, elsewhere=""):
    def run(address):
        done = subprocess.run([sys.executable, "-m", "tests.benchmarks.storm_client", kind, elsewhere or address,
                               str(CONNECTIONS), str(SECONDS)], capture_output=True, text=True, check=True,
                              env={**os.environ, "SSL_CERT_FILE": AUTHORITY})
        told = json.loads(done.stdout.splitlines()[-1])
        assert told["failed"] == 0, told
        return told["calls"] / told["core_seconds"]

    return run


def _programs(folder):
    script = folder / "post.lua"
    script.write_text(f"wrk.method='POST'; wrk.body='{BODY}'; wrk.headers['Content-Type']='application/json'\n")
    k6 = folder / "post.js"
    k6.write_text("import http from 'k6/http';\nexport default () => { http.post(__ENV.URL, "
                  f"'{BODY}', {{headers: {{'Content-Type': 'application/json'}}}}); }};\n")
    url = "http://{}/v1/bets/authorize"
    known = {
        "wrk": (["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), url], r"(\d+) requests in"),
        "hey": (["hey", "-c", str(CONNECTIONS), "-z", f"{SECONDS}s", "-m", "POST", "-T", "application/json", "-d", BODY,
                 url], r"\[200\]\s+(\d+) responses"),
        "k6": (["k6", "run", "--vus", str(CONNECTIONS), "--duration", f"{SECONDS}s", "-e", f"URL={url}", str(k6)],
               r"http_reqs\D+(\d+)")}

    def client(command, pattern):
        def run(address):
            before = os.times()
            done = subprocess.run([part.replace("{}", address) for part in command], capture_output=True, text=True,
                                  check=True)
            after = os.times()
            spent = after.children_user + after.children_system - before.children_user - before.children_system
            return int(re.search(pattern, done.stdout)[1]) / spent

        return run

    return {name: client(*how) for name, how in known.items() if shutil.which(name)}


if __name__ == "__main__":
    main(*sys.argv[1:])
