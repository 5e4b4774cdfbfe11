"""Pacts in a target's own form of money: the shipped ones are written in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.model import money
from harness.model.pact import Pact

_AMOUNT = [{"match": "type"}, {"match": "regex", "regex": r"^-?\d+(\.\d+)?$"}]


def in_money_form(pact: Pact, form: str) -> Pact:
    """The same pact where sums are written as `form` has them, examples and matchers alike."""
    if form == "minor_units":
        return pact
    return replace(pact, document=_walked(pact.document, form))


def _walked(value: Any, form: str) -> Any:
    if isinstance(value, list):
        return [_walked(one, form) for one in value]
    if not isinstance(value, Mapping):
        return value
    amount, currency = value.get("amount"), value.get("currency")
    if type(amount) is int and isinstance(currency, str) and set(value) == {"amount", "currency"}:
        return money.to_wire(amount, currency, form)
    return {name: _rules(one) if name == "matchingRules" else one if name == "providerStates" else _walked(one, form)
            for name, one in value.items()}


def _rules(parts: Mapping[str, Any]) -> dict[str, Any]:
    """An integer in minor units is a text of digits in any other form."""
    return {part: {path: {**rule, "matchers": _AMOUNT} if part == "body" and path.endswith(".amount")
                   and rule.get("matchers") == [{"match": "integer"}] else rule for path, rule in rules.items()}
            for part, rules in parts.items()}
