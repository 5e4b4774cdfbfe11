"""What a call at the wallet says, whatever protocol it speaks: which transaction it names, what it is about.

Wallet protocols differ from platform to platform, so members are known by what they are called. What is not known so
decides nothing: every answer here may be "cannot be told" (None).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from harness.model.exchange import Exchange, Headers, mentions, parse_json

READS = ("GET", "HEAD")
"""Methods that move nothing, in any protocol."""
LONGEST_NAME = 128
"""What is longer is no name of a transaction."""
_IDEMPOTENCY, _TRANSACTIONS, _DONE = 0, 1, 2
_DEEPEST, _MOST_MEMBERS = 6, 500
_MOST_VERBS = 16
_ID = "(id|key|ref|reference|uuid|guid|no|number)"
_TRANSACTION = re.compile(rf"(tx|txn|trx|transactions?)({_ID})?$")
_NATURAL = re.compile(rf"(bet|wager|stake|ticket|coupon|slip|operation|order|reserve|reservation|hold|payment"
                      rf"|debit|credit|withdraw|withdrawal|deposit|settlement|payout|win|refund|action|command)s?{_ID}$"
                      r"|^(id|uuid|ref|reference|externalid|externalreference)$")
_BARE = ("id", "uuid")
"""So the transaction may be called, and so may the message."""
_OTHERS = frozenset(("original", "orig", "parent", "related", "linked", "previous", "initial", "ref", "reference"))
"""Before `transaction_id` they say that it is another one's."""
_OF_THE_TRY = frozenset(("time", "timestamp", "ts", "date", "datetime", "at", "attempt", "attempts", "try", "tries",
                         "retry", "retries", "resend", "nonce", "trace", "span", "correlation", "request", "message",
                         "signature", "sign", "sig", "hash", "hmac", "checksum", "digest"))
"""Words in the names of members that may differ between tries of one call."""
_VERB = re.compile(r"(action|kind|method|type|operation|command|cmd|event|function|op|verb)$")
_WORD = re.compile(r"(?!.*(?:retr[yi]|repeat|resen[dt]))[a-z][a-z_.:/ -]{0,39}$", re.IGNORECASE)
_AMOUNT = frozenset(("amount", "stake", "sum", "value", "cents", "minor", "units", "money", "price", "total",
                     "bet", "debit", "credit", "withdraw", "win", "wager"))
_VERSION = re.compile(r"v\d+(\.\d+)*$")
_FORM = re.compile(r"[^\s<>{}\[\]]+=[^\s<>{}\[\]]*$")


@dataclass(frozen=True, slots=True)
class Said:
    """The members of a call (headers, URL and body), sorted by what they are called."""

    keys: tuple[Mapping[str, str], ...]
    """Names of the transaction: called idempotency, called transaction, called after what is done (a bet, a hold)."""
    leaves: Mapping[str, str]
    """All members but sums, which may look like a name."""
    values: frozenset[str]
    """Theirs."""
    content: frozenset[tuple[str, str]]
    """What is neither a name of it nor of the try."""
    verbs: Mapping[str, str]
    path: str
    """The URL's, with a star for each identifier."""
    amount: bool
    readable: bool

    @property
    def names(self) -> frozenset[str]:
        """All that names the transaction."""
        return frozenset(value for named in self.keys for value in named.values())

    @property
    def moves(self) -> bool:
        """May it move money? It says how much, or of which transaction; or it cannot be read at all."""
        return self.amount or bool(self.names) or not self.readable


def said(e: Exchange) -> Said:
    """What the call says."""
    return _said(e.url, e.request_headers, e.request_body)


@lru_cache(maxsize=8192)
def _said(url: str, headers: Headers, text: str) -> Said:
    body = parse_json(text)
    if body is None and _FORM.match(text):
        body = dict(parse_qsl(text, keep_blank_values=True))
    where, _, query = url.partition("?")
    path, in_path = _path(where)
    keys: tuple[dict[str, str], ...] = ({}, {}, {})
    content, verbs, leaves, amount = set(), {}, {}, False
    rpc = isinstance(body, dict) and "jsonrpc" in body
    in_body = [*_leaves(body), *(((name,), value) for name, value in parse_qsl(query))]
    for steps, value in [*(((name,), value) for name, value in in_path), *in_body]:
        name, words = ".".join(map(str, steps)), _words(steps)
        shown = _shown(value)
        of_the_try = _of_the_try(steps) or (rpc and steps == ("id",))
        rank = _rank(words)
        if rank is None and _is_amount(words, value):
            amount = True
        else:
            leaves[name] = shown
        if rank is not None and not (of_the_try and rank == _DONE):
            if 0 < len(shown) <= LONGEST_NAME and isinstance(value, str | int):
                keys[rank][name] = shown
        elif not of_the_try:
            content.add((name, shown))
        if words and _VERB.match(words[-1]):
            verbs[name] = shown
    for name, value in headers:
        rank = _rank(_words((name,)))
        if rank is not None and rank != _DONE and 0 < len(value) <= LONGEST_NAME:
            keys[rank]["header " + name.lower()] = value
    return Said(keys=keys, leaves=leaves, values=frozenset(leaves.values()), content=frozenset(content), verbs=verbs,
                path=path, amount=amount, readable=not text or isinstance(body, dict | list))


def _leaves(body: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """(the way to it, the value) of each member that has no members itself."""
    left: list[tuple[tuple[str | int, ...], Any]] = [((), body)] if isinstance(body, dict | list) else []
    seen = 0
    while left and seen < _MOST_MEMBERS:
        steps, value = left.pop()
        if isinstance(value, dict | list) and value and len(steps) < _DEEPEST:
            members = value.items() if isinstance(value, dict) else enumerate(value)
            left.extend(((*steps, name), member) for name, member in members)
        elif steps:
            seen += 1
            yield steps, value


def members(body: Any) -> list[tuple[str, str]]:
    """(its name with those that it is in, all joined in lower case; the value as text) of each member."""
    return [("".join(_words(steps)), _shown(value)) for steps, value in _leaves(body)]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _path(path: str) -> tuple[str, list[tuple[str, str]]]:
    """(with a star for each identifier, [(what it identifies, the identifier)])."""
    shape: list[str] = []
    named: list[tuple[str, str]] = []
    before = ""
    for raw in path.split("/"):
        segment = unquote(raw)
        if any(map(str.isdigit, segment)) and not _VERSION.match(segment):
            shape.append("*")
            if before:
                named.append((f"{before}_id", segment))
        else:
            shape.append(segment)
            before = segment
    return "/".join(shape), named


def _of_the_try(steps: tuple[str | int, ...]) -> bool:
    """May a member of that name differ between tries? What is only called `id` is called after what it is in."""
    own = _words(steps[-1:])
    return bool(_OF_THE_TRY & set(_words(steps[-2:]) if own and own[-1] == own[0] and own[0] in _BARE else own))


def _words(steps: Iterable[str | int]) -> list[str]:
    """`transaction.refId` is transaction, ref, id."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", "_".join(s for s in steps if isinstance(s, str)))
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]


def _rank(words: list[str]) -> int | None:
    """Which of `Said.keys` a member of that name belongs to."""
    joined = "".join(words)
    if any(word.startswith("idempot") for word in words):
        return _IDEMPOTENCY
    if _TRANSACTION.search(joined):
        return None if _OTHERS & set(words[:-1]) else _TRANSACTIONS
    return _DONE if _NATURAL.search(joined) else None


def _is_amount(words: list[str], value: Any) -> bool:
    number = (isinstance(value, int | float) and not isinstance(value, bool)) or (
        isinstance(value, str) and re.fullmatch(r"-?\d{1,18}([.,]\d{1,9})?", value) is not None)
    return number and bool(words) and (words[-1] in _AMOUNT or words[-2:-1] == ["amount"])


# -- two calls ------------------------------------------------------------------------------------
def same_content(first: Exchange, later: Exchange) -> bool:
    """Do they say the same, their names and what belongs to the try left out? Then they are tries of one call."""
    one, other = said(first), said(later)
    if not (one.readable and other.readable):
        return (first.method, first.url, first.request_body) == (later.method, later.url, later.request_body)
    return first.method == later.method and (one.path, one.content) == (other.path, other.content)


def same_key(first: Exchange, later: Exchange) -> bool | None:
    """Does the later call name the transaction of the first? None: nothing in them says so for sure.

    What is called idempotency key decides, else what is called transaction; else what names a bet or a hold. It is
    another one for sure only where nothing else has changed: else the later call may be another step. A transaction
    in a header alone may be the line's own affair.
    """
    one, other = said(first), said(later)
    for mine, theirs in zip(one.keys[:2], other.keys[:2], strict=True):
        if shared := mine.keys() & theirs.keys():
            if any(mine[name] == theirs[name] for name in shared):
                return True
            alone = mine is one.keys[_TRANSACTIONS] and all(name.startswith("header ") for name in shared)
            return None if alone or not same_content(first, later) else False
    if (first.method, first.url, first.request_body) == (later.method, later.url, later.request_body):
        return True
    mine, theirs = one.keys[_DONE], other.keys[_DONE]
    shared = mine.keys() & theirs.keys()
    kept = {mine[name] == theirs[name] for name in shared}
    if len(kept) != 1 or not same_content(first, later):
        return None
    return True if kept == {True} else None if shared <= set(_BARE) else False


def carries(e: Exchange, names: Set[str]) -> bool:
    """Does the call carry one of these names, wherever?"""
    return bool(names & said(e).values) or any(mentions(unquote(e.url), name) for name in names)


def names_it(later: Exchange, first: Exchange) -> bool:
    """Does the later call carry the key of the first one?"""
    return carries(later, _strongest(first))


def compensates(first: Exchange, later: Exchange) -> bool:
    """Does the later call name the first one's transaction beside its own, and so follow on it (a cancel, a refund)?"""
    names, before = _strongest(first), said(first).leaves
    return same_key(first, later) is not True and any(
        value in names and before.get(name) != value and not _OF_THE_TRY & set(_words((name,)))
        for name, value in said(later).leaves.items())


def _strongest(e: Exchange) -> set[str]:
    """What the call is known by: keys and transactions; what names a bet or a hold only where it has none of them."""
    *best, done = said(e).keys
    return {value for named in best for value in named.values()} or set(done.values())


def keys_told(e: Exchange) -> str:
    """The names that it carries, in a line."""
    named = next((named for named in said(e).keys if named), {})
    return (", ".join(f"{name} {value}" for name, value in sorted(named.items())) or f"{e.url} {e.request_body}")[:200]


# -- many calls -----------------------------------------------------------------------------------
class Kinds:
    """Tells kinds of call apart: by method, path, and the members that say what to do, such as `action`.

    Such a member has a telling name, and over the run no other values than a few plain words.
    """

    def __init__(self, calls: Iterable[Exchange]) -> None:
        values: dict[str, set[str]] = {}
        for e in calls:
            for name, value in said(e).verbs.items():
                values.setdefault(name, set()).add(value)
        self._verbs = sorted(name for name, taken in values.items() if len(taken) <= _MOST_VERBS
                             and all(map(_WORD.match, taken)))

    def of(self, e: Exchange) -> tuple[str, ...]:
        """What kind of call it is; equal for calls that do the same."""
        what = said(e)
        return (e.method, what.path, *(f"{name}={what.verbs[name]}" for name in self._verbs if name in what.verbs))

    def apart(self, calls: Iterable[Exchange]) -> list[list[Exchange]]:
        """The calls, each kind by itself, in order."""
        kinds: dict[tuple[str, ...], list[Exchange]] = {}
        for e in calls:
            kinds.setdefault(self.of(e), []).append(e)
        return list(kinds.values())
