"""Judges of the vocabulary that never changes within a major version: ids, money, statuses, keys (CONT-09)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.contracts import packs
from harness.drift.document import Document
from harness.judges.answer_contract import documented_answers
from harness.judges.answers import unanswered
from harness.judges.baselines import canonical, recorded_baseline
from harness.judges.contract_document import Problem, all_operations, pointer
from harness.judges.errors import code_rules
from harness.judges.registry import judge
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.operations import Operation, operations, resolve
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.profile import ContractProfile

_SHOWN = 5
_MAJOR = re.compile(r"^/v(\d+)/")
_IDENTIFIER = re.compile(r"[a-z_]+_id|region")


def same_vocabulary(says: str = "") -> Draft:
    """The target's document keeps the identifiers, money model, statuses and keys of the released baseline."""
    return Draft(judge="same_vocabulary",
                 says=says or "identifiers, money, statuses and idempotency mean what they meant in the baseline")


@judge("same_vocabulary")
def _same_vocabulary(history: History, _claim: Claim) -> Finding:
    found = _released(history)
    if isinstance(found, str):
        return unknown(found, Reason.NO_SAMPLES, owner=Owner.PROFILE)
    baseline, released, contract = found
    now = {(op.method, op.path): op for op in all_operations(contract)}
    problems: list[Problem] = []
    compared = 0
    for old in operations(released).values():
        new = now.get((old.method, old.path))
        if new is None or old.sandbox_only:
            continue  # a removed operation is CONT-07's to judge
        compared += 1
        problems += _operation(released, contract, old, new, history.profile)
    problems += [*_codes(released, contract, history.profile), *_currencies(released, contract),
                 *_keys(released, contract)]
    if not compared:
        return unknown(f"the document shares no operation with the unified API {baseline}", Reason.NO_SAMPLES,
                       owner=Owner.PROFILE)
    if problems:
        shown = "; ".join(f"{where}: {wrong}" for where, wrong in problems[:_SHOWN])
        return broken(f"the vocabulary of {baseline} changed: {shown}"[:800], expected=f"as in {baseline}",
                      seen=f"{len(problems)} changes, first at {problems[0][0]}: {problems[0][1]}"[:300],
                      changes=len(problems), baseline=baseline)
    return held(f"{compared} operations speak as in {baseline}", operations=compared, baseline=baseline)


def _released(history: History) -> tuple[str, Mapping[str, Any], Mapping[str, Any]] | str:
    """(name, document of the baseline, own document under the same names of paths), or why there is none.

    A run of before baselines were recorded is held against the release that its document's version comes after.
    """
    if "baseline" not in history.evolution:
        name = _release_before(history.contract)
        return (name, packs.openapi(name), history.contract) if name else \
            "no released version of the unified API has this major version"
    baseline = recorded_baseline(history)
    if isinstance(baseline, str):
        return baseline
    own = Document(file="", value=history.contract, lines={})
    old, new = (canonical(one)[0] if baseline.released else one for one in (baseline.document, own))
    return baseline.name, old.value, new.value


def _release_before(contract: Mapping[str, Any]) -> str | None:
    """The newest release before the document's version with the same path major, else the oldest such release."""
    paths = contract.get("paths")
    majors = {m[1] for p in (paths if isinstance(paths, Mapping) else ()) if (m := _MAJOR.match(str(p)))}
    info = contract.get("info")
    stated = re.match(r"(\d+)\.(\d+)", str(info.get("version", "")) if isinstance(info, Mapping) else "")
    own = (int(stated[1]), int(stated[2])) if stated else None
    known = [v for v in packs.versions() if v.partition(".")[0] in majors]
    older = [v for v in known if own is not None and tuple(map(int, v.split(".")[:2])) < own]
    return older[-1] if older else (known[0] if known else None)


def _operation(released: Mapping[str, Any], contract: Mapping[str, Any], old: Operation, new: Operation,
               profile: ContractProfile) -> Iterator[Problem]:
    where: tuple[str, ...] = ("paths", old.path, old.method.lower())
    before, after = (_body(doc, op.document.get("requestBody")) for doc, op in ((released, old), (contract, new)))
    if before is not None:
        yield from _members((released, before), (contract, after), (*where, "requestBody"), profile)
    answers, answers_now = documented_answers(released, old), documented_answers(contract, new)
    for status in answers:
        if status.startswith("2"):
            if status not in answers_now:
                yield pointer(*where, "responses"), f"success status {status} is gone"
                continue
            old_body, new_body = _body(released, answers[status]), _body(contract, answers_now[status])
            yield from _members((released, old_body), (contract, new_body), (*where, "responses", status), profile)


def _body(document: Mapping[str, Any], node: Any) -> Mapping[str, Any] | None:
    """The schema of a body's first JSON (or only) media type, reference followed."""
    content = resolve(document, node)
    content = content.get("content") if isinstance(content, Mapping) else None
    if not isinstance(content, Mapping) or not content:
        return None
    media = next((m for name, m in content.items() if "json" in str(name)), next(iter(content.values())))
    schema = resolve(document, media.get("schema")) if isinstance(media, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def _members(old: tuple[Mapping[str, Any], Any], new: tuple[Mapping[str, Any], Any], where: tuple[str, ...],
             profile: ContractProfile) -> Iterator[Problem]:
    """Compare the identifiers, money members and statuses of two object schemas."""
    before, after = _properties(*old), _properties(*new)
    for name, schema in before.items():
        now = after.get(name)
        if _IDENTIFIER.fullmatch(name):
            if now is None:
                yield pointer(*where), f"identifier {name} is gone"
            elif _types(schema) - {"null"} != _types(now) - {"null"}:
                yield pointer(*where, name), f"{name} is {_named(now)}, was {_named(schema)}"
        elif _is_money(old[0], schema):
            if now is None or not _is_money(new[0], now):
                yield pointer(*where, name), f"{name} is no money (amount, currency) any more"
            else:
                wanted = "integer" if profile.money_form == "minor_units" else "string"
                amount = _properties(new[0], _money_schema(new[0], now))["amount"]
                if _types(amount) - {"null"} != {wanted}:
                    yield pointer(*where, name, "amount"), f"{name}.amount is {_named(amount)}, not {wanted}"
        elif name == "status" and isinstance(schema.get("enum"), list):
            offered = now.get("enum") if now is not None else []
            gone = [w for w in schema["enum"] if isinstance(offered, list) and w not in offered]
            if gone and offered is not None:
                yield pointer(*where, name), f"status {', '.join(map(str, gone))} is gone"


def _properties(document: Mapping[str, Any], schema: Any) -> dict[str, Mapping[str, Any]]:
    """Properties of an object schema (parts of allOf included), references followed."""
    found: dict[str, Mapping[str, Any]] = {}
    schema = resolve(document, schema)
    if not isinstance(schema, Mapping):
        return found
    parts = schema.get("allOf")
    for part in [*(parts if isinstance(parts, list) else ()), schema]:
        part = resolve(document, part)
        properties = part.get("properties") if isinstance(part, Mapping) else None
        for name, one in properties.items() if isinstance(properties, Mapping) else ():
            one = resolve(document, one)
            if isinstance(one, Mapping):
                found[str(name)] = one
    return found


def _money_schema(document: Mapping[str, Any], schema: Any) -> Any:
    """The schema itself, or the first of its alternatives, that has amount and currency; None where none has."""
    alternatives = [schema, *(a for w in ("anyOf", "oneOf") if isinstance(schema.get(w), list) for a in schema[w])]
    return next((a for a in alternatives if {"amount", "currency"} <= _properties(document, a).keys()), None)


def _is_money(document: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    return _money_schema(document, schema) is not None


def _types(schema: Mapping[str, Any]) -> set[str]:
    kind = schema.get("type")
    return {str(k) for k in kind} if isinstance(kind, list) else {str(kind)}


def _named(schema: Mapping[str, Any]) -> str:
    return " or ".join(sorted(_types(schema)))


def _codes(released: Mapping[str, Any], contract: Mapping[str, Any], profile: ContractProfile) -> Iterator[Problem]:
    if not contract.get("x-error-codes"):
        return
    now = code_rules(contract, profile)
    for code, rule in code_rules(released, profile).items():
        if code in now and now[code] != rule:
            yield pointer("x-error-codes", code), f"{code} has another status or retryability"


def _currencies(released: Mapping[str, Any], contract: Mapping[str, Any]) -> Iterator[Problem]:
    before, after = released.get("x-currencies"), contract.get("x-currencies")
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for currency, digits in before.items():
        if currency in after and after[currency] != digits:
            yield pointer("x-currencies", currency), f"{currency} has {after[currency]} digits, had {digits}"


def _keys(released: Mapping[str, Any], contract: Mapping[str, Any]) -> Iterator[Problem]:
    before, after = released.get("x-idempotency"), contract.get("x-idempotency")
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    scope = after.get("scope", before.get("scope"))
    if scope != before.get("scope"):
        yield pointer("x-idempotency", "scope"), f"keys are scoped by {scope}, were by {before.get('scope')}"
    old, new = before.get("lifetime_seconds"), after.get("lifetime_seconds")
    if isinstance(old, int) and isinstance(new, int) and new < old:
        yield pointer("x-idempotency", "lifetime_seconds"), f"keys live {new} s, lived {old} s"


def speaks(exchange: Exchange, *, ids: Mapping[str, str], statuses: Sequence[str], amounts: Sequence[str] = (),
           says: str = "") -> Draft:
    """An answer names the ids it was asked with, one of `statuses`, and `amounts` as exact money."""
    return Draft(judge="speaks", over=(exchange.id,),
                 params={"ids": dict(ids), "statuses": list(statuses), "amounts": list(amounts)},
                 says=says or f"{exchange.operation} answers in the vocabulary of its major version")


@judge("speaks")
def _speaks(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    (exchange,) = exchanges
    for name, wanted in claim.params["ids"].items():
        if exchange.field(name) != wanted:
            return broken(f"{claim.says}; {name} is another", expected=f"{name}={wanted!r}",
                          seen=f"{name}={exchange.field(name)!r}"[:200], exchanges=[exchange.id])
    status = exchange.field("status")
    if not isinstance(status, str) or status not in claim.params["statuses"]:
        return broken(f"{claim.says}; status is {status!r}"[:300], expected=" or ".join(claim.params["statuses"]),
                      seen=f"status={status!r}"[:200], exchanges=[exchange.id])
    for name in claim.params["amounts"]:
        if money.from_wire(exchange.field(name), history.profile.money_form) is None:
            return broken(f"{claim.says}; {name} is no exact money", expected=f"{name} as {history.profile.money_form}",
                          seen=f"{name}={exchange.field(name)!r}"[:200], exchanges=[exchange.id])
    return held(claim.says, exchanges=[exchange.id])
