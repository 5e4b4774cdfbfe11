"""kill -9 in the middle of a burst: what was acknowledged is there once, what was not can be repeated."""

from __future__ import annotations

import os
import random
import threading
import time
from typing import Any

import httpx
import pytest

ROUNDS = int(os.environ.get("CERTIFY_CRASH_ROUNDS", "5"))


class Gambler(threading.Thread):
    """Plays authorize and settle in a loop and repeats every call with its key until it has a final answer."""

    def __init__(self, partner: Any, seed: int) -> None:
        super().__init__(daemon=True)
        self.partner, self.random = partner, random.Random(seed)
        self.player = partner.player(1_000_000)
        self.session = partner.session(self.player)
        self.expected = 1_000_000
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.stopping = threading.Event()
        self.problems: list[str] = []

    def run(self) -> None:
        while not self.stopping.is_set():
            stake, win = self.random.randint(1, 500), self.random.randint(0, 700)
            bet = self.partner.new_bet()
            placed = self._until_final(lambda key, b=bet, s=stake: self.partner.authorize(self.session, s, b, key))
            if placed is None:
                return
            self.acknowledged[bet] = placed
            self.expected -= stake
            if self.random.random() < 0.2:
                ended = self._until_final(lambda key, b=bet: self.partner.rollback(b, key))
                self.expected += stake
            else:
                ended = self._until_final(lambda key, b=bet, w=win: self.partner.settle(b, w, key))
                self.expected += win
            if ended is None:
                return

    def _until_final(self, call: Any) -> dict[str, Any] | None:
        key = self.partner.new_bet()
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                answer = call(key)
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                found: dict[str, Any] = answer.json()
                return found
            if answer.status_code not in (202, 409, 429, 503):
                break
            time.sleep(0.02)
        self.problems.append(answer.text)
        return None


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kill_9_during_a_burst_loses_and_doubles_nothing(start: Any, request: pytest.FixtureRequest, database: str
                                                         ) -> None:
    url = request.getfixturevalue("postgres")() if database == "postgresql" else None
    partner = start(database_url=url)
    chance = random.Random(20261121)
    gamblers = [Gambler(partner, seed) for seed in range(6)]
    for gambler in gamblers:
        gambler.start()
    for turn in range(ROUNDS):
        time.sleep(chance.uniform(0.05, 0.5))
        partner.running.kill_platform()
        assert partner.eventually(lambda done=turn: partner.running.restarts > done)
        partner.running.wait_ready()
    time.sleep(0.2)
    for gambler in gamblers:
        gambler.stopping.set()
    for gambler in gamblers:
        gambler.join(30)
        assert not gambler.problems
        assert len(gambler.acknowledged) > 2
        assert partner.balance(gambler.player) == (gambler.expected, 0)
        assert partner.wallet_balance(gambler.player) == gambler.expected
        booked = [e["bet_id"] for e in partner.ledger(gambler.player) if e["kind"] == "bet"]
        assert sorted(booked) == sorted(set(booked))
        assert set(gambler.acknowledged) <= set(booked)
    assert partner.admin("GET", "/sandbox/ledger")["balanced"]


def test_restart_by_request_keeps_port_data_keys_and_tokens(start: Any) -> None:
    partner = start()
    player = partner.player()
    session = partner.session(player)
    bet, key = partner.new_bet(), partner.new_bet()
    first = partner.authorize(session, 100, bet, key)
    pid = partner.running.platform_pid
    partner.admin("POST", "/sandbox/restart", {"mode": "kill"})
    assert partner.eventually(lambda: partner.running.platform_pid != pid)
    partner.http.close()
    partner.http = httpx.Client(base_url=partner.running.platform_url, timeout=10)
    assert partner.authorize(session, 100, bet, key).content == first.content
    assert partner.balance(player) == (9_900, 100)
    mismatch = partner.authorize(session, 101, bet, key)
    assert mismatch.json()["code"] == "IDEMPOTENCY_MISMATCH"
