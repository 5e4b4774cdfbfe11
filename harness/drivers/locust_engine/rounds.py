"""The workload of a storm of rounds: an authorize on arrival, and a settle or rollback once it was answered.

The schedule decides when a round begins. What ends it depends on its first answer, as at a real provider; that does
not close the loop, because the next round waits for nobody.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from harness.drivers.locust_engine.answers import Answer
from harness.drivers.locust_engine.calls import Call
from harness.drivers.locust_engine.kept import Kept
from harness.model import money
from harness.model.storm import Caller, RoundPlan, StormPlan
from harness.model.storm_record import Became

_PATHS = {"authorizeBet": "/v1/bets/authorize", "settleBet": "/v1/bets/settle", "rollbackBet": "/v1/bets/rollback",
          "contributeToJackpot": "/v1/jackpots/contributions"}
_DONE, _REFUSED = (200, 201), range(400, 500)
_BUSY = (429, 503)
_OF_AN_ERROR = (b'"retryable"', b'"code"', b'"trace_id"')
"""Members of the contract's error: a 200 with all of them says that nothing was done, whatever its status says."""
_FALSE = "error_in_200"
_MOST_AMENDED = 500


class Rounds:
    """One worker's share of the rounds; `begun`, `ended` and `fed` have a byte (`Became`) for each of its rounds."""

    def __init__(self, plan: StormPlan, workers: int = 1) -> None:
        self._plan = plan
        self._workers = workers
        self._source = random.Random()  # noqa: S311 - trace ids guard nothing
        self._heads: dict[str, list[bytes]] = {}
        self.renew([caller.token for caller in plan.callers])
        self._money: dict[int, str] = {}
        self._numbers: list[int] = []
        self.begun = bytearray()
        self.ended = bytearray()
        self.fed = bytearray()
        self.kept = Kept()

    def renew(self, tokens: Sequence[str]) -> None:
        """Calls are made with these tokens from now on, one a caller; may be called from any thread."""
        self._heads = {operation: [self._head(operation, who, token)
                                   for who, token in zip(self._plan.callers, tokens, strict=True)]
                       for operation in _PATHS}

    def opens(self, number: int) -> Iterable[Call]:
        """The authorize of round `number`, twice where the plan wants copies."""
        place = number // self._workers
        if len(self.begun) <= place:
            missing = bytes(place + 1 - len(self.begun))
            self._numbers += range(number - self._workers * (len(missing) - 1), number + 1, self._workers)
            self.begun += missing
            self.ended += missing
            self.fed += missing
        return self._calls("authorizeBet", number)

    def answered(self, call: Call, answer: Answer | None, failure: str) -> Iterable[tuple[float, Call]]:
        """Notes what became of it; once an authorize is done, what ends the round follows after its pause."""
        del failure
        if answer is not None:
            self.kept.offer(call, answer)
        number = call.tag
        place, states = number // self._workers, self._states(call.operation)
        became = _became(answer)
        if became is Became.DONE and answer is not None:
            if b'"forfeited"' in answer.body:
                became = Became.UNKNOWN  # done, and perhaps not paid: a win may be forfeited by the contract
            elif all(member in answer.body for member in _OF_AN_ERROR):
                became, call.outcome = Became.UNKNOWN, _FALSE
        if states[place] == Became.DONE:
            return ()  # of a copy, or of the first while its copy was faster
        if states[place] == Became.UNKNOWN and answer is not None and answer.status == 409:
            return ()  # asked again: known already, or under way still; neither says that it was not done
        states[place] = became
        if became is not Became.DONE or call.operation != "authorizeBet":
            return ()
        return [*((0.0, paid) for paid in self._contributions(number)),
                *((self._plan.pause_seconds, ending) for ending in self._calls(self._ending(number), number))]

    def left_open(self) -> list[int]:
        """Rounds with a call that nobody knows the end of, or that is owed still; never a bet that was refused."""
        again = (Became.UNKNOWN, Became.SHED, Became.UNSENT)
        rounds = zip(self._numbers, self.begun, self.ended, self.fed, strict=True)
        return [number for number, begun, ended, fed in rounds
                if begun == Became.UNKNOWN or (begun == Became.DONE and (
                    ended in again or (fed in again and self._plan.round(number).contribution)))][:_MOST_AMENDED]

    def again(self, number: int) -> Iterable[Call]:
        """What such a round is to be asked, under the first keys; once each."""
        place = number // self._workers
        if self.begun[place] != Became.DONE:
            return self._calls("authorizeBet", number)[:1]
        calls = [] if self.ended[place] == Became.DONE else self._calls(self._ending(number), number)[:1]
        return calls if self.fed[place] == Became.DONE else [*calls, *self._contributions(number)[:1]]

    def _states(self, operation: str) -> bytearray:
        if operation == "authorizeBet":
            return self.begun
        return self.fed if operation == "contributeToJackpot" else self.ended

    def _ending(self, number: int) -> str:
        return "rollbackBet" if self._plan.round(number).rolled_back else "settleBet"

    def _contributions(self, number: int) -> list[Call]:
        return self._calls("contributeToJackpot", number) if self._plan.round(number).contribution else []

    def _calls(self, operation: str, number: int) -> list[Call]:
        one = self._plan.round(number)
        return [self._call(operation, number, one) for _ in range(2 if one.duplicated else 1)]

    def _call(self, operation: str, number: int, one: RoundPlan) -> Call:
        plan = self._plan
        name, seat = f"{plan.prefix}-{number}", plan.seats[one.seat]
        if operation == "authorizeBet":
            body = (f'{{"session_id":"{seat.session_id}","bet_id":"{name}","round_id":"{name}",'
                    f'"amount":{self._sum(one.stake)}}}')
        elif operation == "settleBet":
            body = f'{{"bet_id":"{name}","round_id":"{name}","win":{self._sum(one.win)}}}'
        elif operation == "rollbackBet":
            body = f'{{"bet_id":"{name}"}}'
        else:
            body = (f'{{"contribution_id":"{name}","jackpot_id":"{plan.jackpot_id}","bet_id":"{name}",'
                    f'"amount":{self._sum(one.contribution)}}}')
        sent = body.encode()
        rest = (f"X-Trace-Id: {self._source.getrandbits(128):032x}\r\n{plan.key_header}: {name}-{operation[0]}\r\n"
                f"Content-Length: {len(sent)}\r\n\r\n")
        hot = operation == "contributeToJackpot" or (one.seat == 0 and plan.mix.hot_player > 0)
        return Call(operation, self._heads[operation][seat.caller] + rest.encode() + sent, number, hot=hot)

    def _sum(self, amount: int) -> str:
        if amount not in self._money:
            self._money[amount] = json.dumps(money.to_wire(amount, self._plan.currency, self._plan.money_form))
        return self._money[amount]

    def _head(self, operation: str, who: Caller, token: str) -> bytes:
        place = urlsplit(self._plan.base_url)
        host = place.netloc.rpartition("@")[2]
        lines = [f"POST {place.path.rstrip('/')}{_PATHS[operation]} HTTP/1.1", f"Host: {host}",
                 "Accept: application/json", "Content-Type: application/json", f"Authorization: Bearer {token}",
                 *(f"{name}: {value}" for name, value in who.headers)]
        return "".join(f"{line}\r\n" for line in lines).encode()


class Amends:
    """After the storm: what it left open, asked for again, call after call; arrival `n` is the n-th such round."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self.left = rounds.left_open()

    def opens(self, number: int) -> Iterable[Call]:
        """The calls of that round which are open."""
        return self._rounds.again(self.left[number])

    def answered(self, call: Call, answer: Answer | None, failure: str) -> Iterable[tuple[float, Call]]:
        """Notes what became of it, as in the storm; what follows, follows."""
        return self._rounds.answered(call, answer, failure)


def _became(answer: Answer | None) -> Became:
    if answer is None:
        return Became.UNKNOWN
    if answer.status in _DONE:
        return Became.DONE
    if answer.status == 202:
        return Became.LATER
    if answer.status in _BUSY:
        return Became.SHED if answer.header(b"retry-after") is not None else Became.UNKNOWN
    if answer.status not in _REFUSED or (answer.status == 409 and _retryable(answer)):
        return Became.UNKNOWN
    return Became.REFUSED


def _retryable(answer: Answer) -> bool:
    """A copy of the call is still under way (IN_PROGRESS)."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("retryable") is True
