"""Authorize+settle pairs per second through the sandbox, wallet hop included: closed loop and open arrivals.

The peer in the same run is the same client against /healthz of the same process: what HTTP alone costs here.
"""

import asyncio
import itertools
import time

import aiohttp

from harness.sandbox.supervisor import SandboxOptions, start_sandbox

SECONDS = 8.0
LANES = 16
OFFERED = 300
PLAYERS = 32
HEADERS = {"X-Brand-Id": "brand-a1", "X-Region": "eu-west", "X-Provider-Id": "provider-a"}
_numbers = itertools.count()


class Load:
    """One client with its token, players and sessions."""

    def __init__(self, url: str, secrets: dict[str, str], session: aiohttp.ClientSession) -> None:
        self._url, self._secrets, self._http = url, secrets, session
        self._sessions: list[str] = []
        self._token = ""
        self.times: dict[str, list[float]] = {"authorize": [], "settle": []}
        self.failed = 0

    async def _issue(self, client: str) -> str:
        auth = aiohttp.BasicAuth(client, self._secrets[client])
        form = {"grant_type": "client_credentials"}
        async with self._http.post(self._url + "/v1/oauth/token", data=form, auth=auth) as answer:
            return str((await answer.json())["access_token"])

    async def prepare(self) -> None:
        """Players with funds, one session each."""
        admin, self._token = await self._issue("sandbox-admin"), await self._issue("provider-a")
        for _ in range(PLAYERS):
            body = {"tenant_id": "tenant-a", "brand_id": "brand-a1", "region": "eu-west",
                    "balances": [{"amount": 10**12, "currency": "EUR"}]}
            async with self._http.post(self._url + "/sandbox/players", json=body,
                                       headers={"Authorization": f"Bearer {admin}"}) as answer:
                player = (await answer.json())["player_id"]
            opened = {"player_id": player, "game_id": "g:1", "currency": "EUR", "locale": "de-DE"}
            status, got = await self._write("/v1/sessions", opened)
            assert status == 201, got
            self._sessions.append(got["session_id"])

    async def _write(self, path: str, body: dict) -> tuple[int, dict]:
        number = next(_numbers)
        headers = {**HEADERS, "Authorization": f"Bearer {self._token}", "X-Trace-Id": f"t{number}",
                   "X-Idempotency-Key": f"k{number}"}
        async with self._http.post(self._url + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def pair(self, due: float) -> None:
        """One authorize and its settle; latency counts from when it was due."""
        number = next(_numbers)
        ids = {"bet_id": f"b{number}", "round_id": f"r{number}"}
        body = {**ids, "session_id": self._sessions[number % PLAYERS], "amount": {"amount": 100, "currency": "EUR"}}
        for name, path, sent in (("authorize", "/v1/bets/authorize", body),
                                 ("settle", "/v1/bets/settle", {**ids, "win": {"amount": 150, "currency": "EUR"}})):
            status, _ = await self._write(path, sent)
            now = time.perf_counter()
            self.times[name].append(now - due)
            self.failed += status != 200
            due = now

    async def closed(self, seconds: float) -> float:
        """Pairs per second of LANES clients that wait for each answer."""
        ends, done = time.perf_counter() + seconds, 0

        async def lane() -> None:
            nonlocal done
            while time.perf_counter() < ends:
                await self.pair(time.perf_counter())
                done += 1

        await asyncio.gather(*(lane() for _ in range(LANES)))
        return done / seconds

    async def opened(self, rate: float, seconds: float) -> None:
        """Arrivals at a fixed rate, whatever the answers do."""
        began, tasks = time.perf_counter(), set()
        for n in range(int(rate * seconds)):
            due = began + n / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(self.pair(due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def healthz(self, seconds: float) -> float:
        """Requests per second to /healthz from the same lanes."""
        ends, done = time.perf_counter() + seconds, 0

        async def lane() -> None:
            nonlocal done
            while time.perf_counter() < ends:
                async with self._http.get(self._url + "/healthz") as answer:
                    await answer.read()
                done += 1

        await asyncio.gather(*(lane() for _ in range(LANES)))
        return done / seconds


def _share(times: list[float], q: float) -> float:
    ordered = sorted(times)
    return 1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))]


async def _measure(url: str, secrets: dict[str, str]) -> None:
    connector = aiohttp.TCPConnector(limit=256)
    async with aiohttp.ClientSession(connector=connector) as session:
        load = Load(url, secrets, session)
        await load.prepare()
        await load.closed(1.0)
        load.times = {"authorize": [], "settle": []}
        rate = await load.closed(SECONDS)
        peer = await load.healthz(3.0)
        print(f"closed loop, {LANES} lanes: {rate:.0f} pairs/s, failed {load.failed}; "
              f"/healthz {peer:.0f} requests/s, so a pair costs {peer / rate:.1f} bare requests")
        load.times = {"authorize": [], "settle": []}
        await load.opened(OFFERED, SECONDS)
        for name, times in load.times.items():
            print(f"open arrivals, {OFFERED} pairs/s offered: {name:<9} p50 {_share(times, .5):.1f}  "
                  f"p95 {_share(times, .95):.1f}  p99 {_share(times, .99):.1f} ms, {len(times)} calls")
        print(f"failed: {load.failed}")


def main() -> None:
    """Start a sandbox on loopback and measure it."""
    running = start_sandbox(SandboxOptions(changes={"rate_per_second": 1e6, "rate_burst": 1e6}))
    try:
        secrets = {c.client_id: c.secret for c in running.settings.clients}
        asyncio.run(_measure(running.platform_url, secrets))
    finally:
        running.stop()
