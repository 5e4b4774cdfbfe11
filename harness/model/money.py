"""Money on the wire and in minor units, never through a binary float."""

from __future__ import annotations

import re
from typing import Any

_SCALE_NOT_TWO = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
    "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

_DECIMAL = re.compile(r"(-?)([0-9]{1,40})(?:\.([0-9]{1,20}))?")


def scale(currency: str) -> int:
    """ISO 4217 minor-unit digits of a currency."""
    return _SCALE_NOT_TWO.get(currency, 2)


def to_wire(minor: int, currency: str, form: str) -> dict[str, Any]:
    """`{amount, currency}` as the contract profile's `money_form` writes it."""
    if form == "minor_units":
        return {"amount": minor, "currency": currency}
    digits = scale(currency)
    text = f"{abs(minor):0{digits + 1}d}"
    amount = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return {"amount": f"-{amount}" if minor < 0 else amount, "currency": currency}


def from_wire(value: Any, form: str, *, member: str = "amount") -> tuple[int, str] | None:
    """(minor units, currency) of a Money value; None when it is none or not exact in that form."""
    if not isinstance(value, dict) or not isinstance(value.get("currency"), str):
        return None
    amount, currency = value.get(member), value["currency"]
    minor = signed(amount, currency, form)
    return None if minor is None else (minor, currency)


def signed(amount: Any, currency: str, form: str) -> int | None:
    """Minor units of a signed wire amount, or None when it is not exact in that form."""
    if form == "minor_units":
        return amount if isinstance(amount, int) and not isinstance(amount, bool) else None
    found = _DECIMAL.fullmatch(amount) if isinstance(amount, str) else None
    if found is None:
        return None
    fraction = (found[3] or "").rstrip("0")
    if len(fraction) > scale(currency):
        return None
    return int(found[1] + found[2] + fraction.ljust(scale(currency), "0"))


def balances(body: Any, form: str) -> dict[str, int] | None:
    """Spendable minor units per currency of a player or balances answer; None when it is none.

    Raises nothing; a currency listed twice or an inexact amount makes the whole reading None.
    """
    rows = body.get("balances") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        return None
    result: dict[str, int] = {}
    for row in rows:
        money = from_wire(row, form)
        if money is None or money[1] in result:
            return None
        result[money[1]] = money[0]
    return result
