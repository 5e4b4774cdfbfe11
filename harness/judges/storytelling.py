"""A play retold: numbered sentences with amounts, and a shell script of curl calls that plays it again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from harness.judges.answers import saw
from harness.model import money
from harness.model.exchange import Exchange
from harness.model.profile import ContractProfile

_THINGS = {"player_id": "player", "session_id": "session", "bet_id": "bet", "bonus_id": "bonus",
           "jackpot_id": "jackpot", "consumption_id": "spin", "contribution_id": "contribution",
           "trigger_id": "trigger", "payout_id": "payout"}
_GIVEN = ("tenant_id", "brand_id", "provider_id", "game_id")
"""Identifiers that exist before the play: they stay as they are."""
_SET_BY_CURL = {"host", "content-length", "accept-encoding", "connection", "user-agent", "authorization"}


class _Names:
    """Short names for identifiers, numbered in the order in which they appear: `bet 1`, `key 3`."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}

    def of(self, kind: str, identifier: object) -> str:
        at = (kind, str(identifier))
        if at not in self._known:
            self._count[kind] = self._count.get(kind, 0) + 1
            self._known[at] = f"{kind} {self._count[kind]}"
        return self._known[at]


def story(steps: Sequence[Sequence[Exchange]], profile: ContractProfile, ending: str) -> list[str]:
    """Numbered sentences of a play, a step a line; `ending` is the last one."""
    names = _Names()
    lines = []
    for step in steps:
        told = [_sentence(e, profile, names) for e in step]
        lines.append(told[0] if len(told) == 1 else "at the same time: " + "; and: ".join(told))
    return [f"{n}. {line}" for n, line in enumerate([*lines, ending], start=1)]


def _sentence(e: Exchange, profile: ContractProfile, names: _Names) -> str:
    sent = e.sent_json()
    sent = sent if isinstance(sent, dict) else {}
    if e.operation == "createSession" and e.field("session_id"):
        sent = {**sent, "session_id": e.field("session_id")}
    elif e.operation == "closeSession":
        sent = {**sent, "session_id": unquote(urlsplit(e.url).path.split("/")[-2])}
    told = _SENTENCES.get(e.operation, e.operation).format_map(_Words(sent, profile, names))
    key = e.sent_header(profile.idempotency_header)
    with_key = f", {names.of('key', key)}" if key and e.operation not in _WITHOUT_KEY else ""
    by = "the other tenant: " if e.actor == "other" else ""
    status = e.field("status")
    answer = f"{saw(e)} {status}" if (e.status or 0) < 300 and isinstance(status, str) else saw(e)
    return f"{by}{told}{with_key} → {answer}"


class _Words(dict[str, str]):
    """Members of a request as a sentence tells them: identifiers by their short names, money in major units."""

    def __init__(self, sent: Mapping[str, Any], profile: ContractProfile, names: _Names) -> None:
        super().__init__({member: str(value) for member, value in sent.items()})
        self.update((member, names.of(kind, sent[member])) for member, kind in _THINGS.items() if member in sent)
        read = ((member, money.from_wire(value, profile.money_form)) for member, value in sent.items())
        self.update((member, _major(*amount)) for member, amount in read if amount)
        start = money.balances(sent, profile.money_form) or {}
        self["balances"] = ", ".join(_major(amount, currency) for currency, amount in start.items())

    def __missing__(self, member: str) -> str:
        return f"no {member}"


def _major(amount: int, currency: str) -> str:
    return f"{money.to_wire(amount, currency, 'decimal_string')['amount']} {currency}"


_WITHOUT_KEY = ("createSandboxPlayer", "createSession", "createSandboxJackpot", "closeSession", "issueBonus")
"""Set-up, whose keys matter to no later step."""
_SENTENCES: Mapping[str, str] = {
    "createSandboxPlayer": "{player_id} starts with {balances}",
    "createSession": "{session_id} of {player_id} in {currency}",
    "closeSession": "close {session_id}",
    "authorizeBet": "authorize {bet_id} in {session_id}: stake {amount}",
    "settleBet": "settle {bet_id}: win {win}",
    "rollbackBet": "roll back {bet_id}",
    "issueBonus": "issue {bonus_id} to {player_id}: {freespins} free spins, {amount} after wagering "
                  "{wager_requirement}",
    "consumeBonus": "{consumption_id} of {bonus_id}: win {win}",
    "reportWagerProgress": "count {bet_id} towards {bonus_id}",
    "createSandboxJackpot": "{jackpot_id} starts with {seed} minor units of {currency}",
    "contributeToJackpot": "{contribution_id} of {bet_id} to {jackpot_id}: {amount}",
    "triggerJackpot": "{trigger_id} of {jackpot_id} for {player_id}",
    "payJackpot": "{payout_id} of {trigger_id} to {player_id}",
}


def script(steps: Sequence[Sequence[Exchange]], readings: Sequence[Exchange], base_url: str) -> str:
    """A POSIX shell script that plays the steps again, with fresh identifiers, and reads what the observer read.

    It needs curl, sed and the clients' credentials: CLIENT_PROVIDER="id:secret" and so on by party.
    """
    actors = sorted({e.actor for step in steps for e in step} | {e.actor for e in readings})
    lines = ["#!/bin/sh", "# Plays the story again with new identifiers. Needs curl and sed.",
             "# Credentials by party: " + " ".join(f"{_client(a)}=id:secret" for a in actors), "set -eu",
             f"BASE=${{BASE:-{shlex.quote(base_url)}}}", "RUN=${RUN:-$(date +%s)}",
             "member() { sed -n \"s/.*\\\"$1\\\" *: *\\\"\\([^\\\"]*\\)\\\".*/\\1/p\" | head -n 1; }",
             "token() { curl -sS -u \"$1\" -d grant_type=client_credentials \"$BASE/v1/oauth/token\" "
             "| member access_token; }"]
    lines += [f"TOKEN_{a.upper()}=$(token \"${{{_client(a)}:?id:secret of the party {a}}}\")" for a in actors]
    writer = _Script([e for step in steps for e in step], base_url)
    for number, step in enumerate(steps, start=1):
        lines += ["", f"echo '# {number}. {' + '.join(e.operation for e in step)}'"]
        lines += writer.step(step)
    lines += ["", "echo '# the observer'", *(writer.call(e) + "; echo" for e in readings)]
    return "\n".join(lines) + "\n"


def _client(actor: str) -> str:
    return f"CLIENT_{actor.upper()}"


class _Script:
    """Turns exchanges into curl lines: identifiers of the run become fresh ones, session ids come from the answers."""

    def __init__(self, exchanges: Sequence[Exchange], base_url: str) -> None:
        self._base = base_url.rstrip("/")
        self._fresh = {str(v) for e in exchanges for v in _identifiers(e)}
        opened = [str(e.field("session_id")) for e in exchanges if e.operation == "createSession" and e.status == 201]
        self._fresh -= set(opened)
        self._session = {session: f"SESSION{n}" for n, session in enumerate(opened, start=1)}

    def step(self, step: Sequence[Exchange]) -> list[str]:
        """The lines of one step; calls at the same time run in the background and are waited for."""
        if len(step) > 1:
            return [*(f"({self.call(e)}; echo) &" for e in step), "wait"]
        name = self._session.get(str(step[0].field("session_id"))) if step[0].operation == "createSession" else None
        if name:
            return [f"{name}=$({self.call(step[0])} | member session_id)", f"echo \"{name} is ${name}\""]
        return [self.call(step[0]) + "; echo"]

    def call(self, e: Exchange) -> str:
        """One curl command."""
        parts = ["curl", "-sS", "-X", shlex.quote(e.method), f'-H "Authorization: Bearer $TOKEN_{e.actor.upper()}"']
        for name, value in e.request_headers:
            if name.lower() == "x-trace-id":
                parts.append('-H "X-Trace-Id: $(od -An -N16 -tx1 /dev/urandom | tr -d \' \\n\')"')
            elif name.lower() not in _SET_BY_CURL:
                parts.append("-H " + self._quoted(f"{name}: {value}"))
        if e.request_body:
            parts.append("--data-raw " + self._quoted(e.request_body))
        path = e.url.removeprefix(self._base)
        parts.append('"$BASE"' + self._quoted(path))
        return " ".join(parts)

    def _quoted(self, text: str) -> str:
        """`text` for the shell, its identifiers replaced: quoted pieces and variables side by side."""
        known = sorted({*self._fresh, *self._session}, key=len, reverse=True)
        if not known:
            return shlex.quote(text)
        pieces = re.split("(" + "|".join(map(re.escape, known)) + ")", text)
        return "".join(self._piece(p) for p in pieces if p)

    def _piece(self, piece: str) -> str:
        if piece in self._session:
            return f'"${self._session[piece]}"'
        return shlex.quote(piece) + ('"-$RUN"' if piece in self._fresh else "")


def _identifiers(e: Exchange) -> list[Any]:
    sent = e.sent_json()
    sent = sent if isinstance(sent, dict) else {}
    keys = [value for name, value in e.request_headers if name.lower().endswith("idempotency-key")]
    return [*keys, *(v for n, v in sent.items() if n.endswith("_id") and n not in _GIVEN)]
