"""A platform in memory that takes bets as the contract has it, honestly, and notes when each call for a bet came."""

import json
import threading
import time

from tests.support import Handler

SCENARIO = '''"""A long storm of our own."""
from harness import Burst, Mix, Scenario, burst_delivered, money_after_burst, objectives_kept, refusals_polite

LONG = Scenario(
    name="long storm", says="A minute.",
    workload=Burst(seconds=60, shape="constant", players=4, mix=Mix(duplicates=0.0)),
    expects=(("LOAD-06", burst_delivered), ("LOAD-01", objectives_kept), ("LOAD-02", refusals_polite),
             ("MONEY-11", money_after_burst)))
'''


class Till:
    """`handler` is served by the test; `came` has the monotonic second of every call for a bet."""

    def __init__(self, *, sandbox=True):
        self.came = []
        self.refuses_from = float("inf")
        """From this many calls for bets on, each is answered 500, and nothing is done."""
        self._lock = threading.Lock()
        self._sandbox = sandbox
        self._balances, self._sessions, self._bets = {}, {}, {}
        till = self

        class Answering(Handler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                raw = self.sent()
                body = json.loads(raw) if raw[:1] == b"{" else {}
                status, said = till.asked(self.command, self.path.partition("?")[0], body)
                text = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = answer

        self.handler = Answering

    def asked(self, method, path, body):
        """(status, body) of the answer."""
        with self._lock:
            if path.startswith("/v1/bets/"):
                self.came.append(time.monotonic())
                if len(self.came) > self.refuses_from:
                    return 500, {"code": "INTERNAL", "message": "no", "retryable": True}
                return self._bet(path.rpartition("/")[2], body)
            return self._else(method, path, body)

    def _bet(self, what, body):
        bet = body["bet_id"]
        if what == "authorize" and bet not in self._bets:
            player = self._sessions[body["session_id"]]
            self._bets[bet] = [player, body["amount"]["amount"], ""]
            self._balances[player] -= body["amount"]["amount"]
        elif what != "authorize" and not self._bets[bet][2]:
            player, stake, _ = self._bets[bet]
            self._bets[bet][2] = what
            self._balances[player] += stake if what == "rollback" else body["win"]["amount"]
        return 200, {"bet_id": bet, "status": "authorized"}

    def _else(self, method, path, body):
        if path == "/sandbox/info":
            return 200, {"sandbox": self._sandbox, "api_version": "1.7", "started_at": "2026-11-22T00:00:00.000Z"}
        if path == "/v1/oauth/token":
            return 200, {"access_token": "token-of-the-till", "token_type": "Bearer", "expires_in": 3_600}
        if path == "/sandbox/players":
            self._balances[body["player_id"]] = body["balances"][0]["amount"]
            return 201, {"player_id": body["player_id"]}
        if path == "/v1/sessions":
            self._sessions[f"s-{body['player_id']}"] = body["player_id"]
            return 201, {"session_id": f"s-{body['player_id']}", **body}
        if path.endswith("/balances"):
            amount = self._balances[path.split("/")[-2]]
            return 200, {"balances": [{"amount": amount, "currency": "EUR"}]}
        if path == "/v1/events":
            return 200, {"items": [], "next_cursor": None, "has_more": False}
        return 404, {"code": "NOT_FOUND", "message": f"{method} {path}", "retryable": False}
