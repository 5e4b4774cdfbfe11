"""The table: plays the moves of a random play at the subject, and compares with the model ledger after each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from harness.counterparts.acting import Player
from harness.counterparts.lab import Lab
from harness.counterparts.party import AUTO, Party
from harness.engine.ports import Effort
from harness.judges.model_ledger import Disagreement, Ledger, LeftOpen, agrees_with_model
from harness.model.errors import Disagreed, NoHook
from harness.model.exchange import Exchange
from harness.model.play import Move, Sum

_REPEATS = 3
_READ = {"bet_id": "getBet", "bonus_id": "getBonus", "jackpot_id": "getJackpot"}


class Table:
    """One play: moves become calls of the lab, with identifiers of their own; satisfies `engine.ports.Play`."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.moves: list[tuple[Move, ...]] = []
        self.steps: list[dict[str, list[str]]] = []
        self.ended: Disagreement | LeftOpen | None = None
        self._ids: dict[str, str] = {}
        self._players: dict[str, Player] = {}
        self._owner: dict[str, str] = {}
        """Name of the player behind a session, bet, bonus or trigger."""
        self._touched: dict[tuple[str, str, str], None] = {}
        self._ledger = Ledger(profile=lab.profile, tenants=tenants_of(lab))

    def step(self, *moves: Move) -> None:
        """Make the moves and look at what they touch; after a move that was left open nothing is played any more.

        Raises:
            Disagreed: an answer or a reading does not agree with the model ledger.
        """
        if self.ended is not None:
            return
        self.moves.append(moves)
        for move in moves:
            self._learn(move)
        calls: list[Callable[[], Exchange]] = [partial(self._make, move) for move in moves]
        exchanges = self._lab.together(calls) if len(calls) > 1 else [calls[0]()]
        self.steps.append({"calls": [e.id for e in exchanges], "looks": []})
        found = self._ledger.after(exchanges)
        touched = dict.fromkeys(t for move in moves for t in self._touches(move))
        self._touched.update(touched)
        self._look(found, touched)

    def finish(self) -> None:
        """Look at everything that the play has touched; raises Disagreed like `step`."""
        if self.ended is None and self.steps:
            self._look(self._ledger, self._touched)

    def again(self) -> Table:
        """The same moves at a new table, as far as they agree with the model."""
        other = Table(self._lab)
        try:
            for moves in self.moves:
                other.step(*moves)
            other.finish()
        except Disagreed:
            pass
        return other

    def _look(self, found: Ledger | Disagreement | LeftOpen, things: dict[tuple[str, str, str], None]) -> None:
        for operation, name, player in things:
            if not isinstance(found, Ledger):
                break
            self._ledger = found
            reading = self._read(operation, name, player)
            self.steps[-1]["looks"].append(reading.id)
            found = found.seeing(reading)
        if isinstance(found, Ledger):
            self._ledger = found
            return
        self.ended = found
        if isinstance(found, Disagreement):
            raise Disagreed(found.message)

    # -- from names to calls --------------------------------------------------------------------
    def _learn(self, move: Move) -> None:
        """Whose money a new thing is about."""
        body = dict(move.body)
        owner = body.get("player_id") or self._owner.get(body.get("session_id", "")) \
            or self._owner.get(body.get("bonus_id", ""), "")
        for member in ("session_id", "bet_id", "bonus_id", "trigger_id"):
            if member in body and owner:
                self._owner.setdefault(body[member], owner)

    def _touches(self, move: Move) -> Iterator[tuple[str, str, str]]:
        """(read operation, name, owner's name) of what a move may change; for a race the union is read."""
        body = dict(move.body)
        named = [body.get(member, "") for member in ("bet_id", "session_id", "bonus_id", "trigger_id")]
        owners = [body.get("player_id", ""), *(self._owner.get(name, "") for name in named)]
        for player in dict.fromkeys(p for p in owners if p in self._players):
            yield "getPlayerBalances", player, player
        if move.operation in ("createSandboxPlayer", "createSession", "closeSession"):
            return
        for member, operation in _READ.items():
            owner = self._owner.get(body.get(member, ""), "")
            if member in body and (member == "jackpot_id" or owner):
                yield operation, body[member], owner

    def _make(self, move: Move) -> Exchange:
        body = {member: self._value(member, value) for member, value in move.body}
        if move.operation == "createSandboxPlayer":
            return self._seat(move)
        party = self._party(move.by)
        key = self._id(move.key) if move.key else AUTO
        if move.operation == "closeSession":
            return self._lab.call(move.operation, {}, by=party, key=key, path={"session_id": body["session_id"]})
        if move.operation == "createSandboxJackpot":
            body["tenant_id"] = self._lab.provider.credential.tenant_id
        name = body.pop("session_id", None) if move.operation == "createSession" else None
        answer = self._lab.call(move.operation, body, by=party, key=key)
        if name is not None and answer.status == 201:
            self._ids[move["session_id"]] = str(answer.field("session_id"))
        return answer

    def _seat(self, move: Move) -> Exchange:
        player = self._lab.player({s.currency: s.amount for s in move["balances"]}, by=self._party(move.by))
        self._players[move["player_id"]] = player
        self._ids[move["player_id"]] = player.player_id
        return player.created

    def _value(self, member: str, value: Any) -> Any:
        if isinstance(value, Sum):
            return self._lab.money(value.amount, value.currency)
        return self._id(value) if member.endswith("_id") and member != "game_id" else value

    def _id(self, name: str) -> str:
        if name not in self._ids:
            self._ids[name] = self._lab.fresh(name.partition(" ")[0])
        return self._ids[name]

    def _party(self, name: str) -> Party:
        return {"provider": lambda: self._lab.provider, "other": lambda: self._lab.other,
                "admin": lambda: self._lab.admin}[name]()

    def _read(self, operation: str, name: str, owner: str) -> Exchange:
        member = {"getPlayerBalances": "player_id", "getBet": "bet_id", "getBonus": "bonus_id"}.get(operation,
                                                                                                   "jackpot_id")
        reader = self._lab.reader(self._players[owner]) if owner in self._players else self._lab.observer
        read = partial(self._lab.call, operation, by=reader, path={member: self._id(name)})
        if self._ledger.late:
            return self._lab.until(read, lambda e: isinstance(self._ledger.seeing(e), Ledger))
        return read()


def tenants_of(lab: Lab) -> dict[str, str]:
    """Tenant by actor, for the parties that play or look."""
    parties = [lab.provider, lab.observer]
    with suppress(NoHook):
        parties.append(lab.other)
    return {party.actor: party.credential.tenant_id for party in parties}


def explore(lab: Lab, effort: Effort, *features: str) -> None:
    """Random plays by the lab's seed; claims that each agrees with the model ledger.

    The shortest play that does not is played three times more, so that its claim can say how often it was seen.
    """
    plays, worst = lab.explorer(lambda: Table(lab), seed=lab.random.getrandbits(32), effort=effort,
                                features=features)
    base, tenants = lab.target.base_url, tenants_of(lab)
    for play in plays:
        lab.claim(agrees_with_model(play.steps, tenants=tenants))
    if worst is not None:
        again = [worst.again().steps for _ in range(_REPEATS)]
        lab.claim(agrees_with_model(worst.steps, tenants=tenants, again=again, base_url=base))
