"""Money between the wire and the ledger: integer minor units inside, the profile's form outside."""

from __future__ import annotations

import re
from typing import Any

from harness.sandbox import faults
from harness.sandbox.errors import ApiError, field_error
from harness.sandbox.profile import Profile

# ISO 4217 minor-unit digits of the currencies this platform trades in (the contract's x-currencies).
SCALES: dict[str, int] = {"EUR": 2, "USD": 2, "GBP": 2, "SEK": 2, "JPY": 0, "KWD": 3, "BHD": 3}
MAX_MINOR = 999_999_999_999_999_999
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,4}))?", re.ASCII)


def scale_of(currency: str) -> int:
    """Digits after the point; raises CURRENCY_UNSUPPORTED for a currency outside SCALES."""
    try:
        return SCALES[currency]
    except KeyError:
        raise ApiError("CURRENCY_UNSUPPORTED", f"currency {currency} is not supported") from None


def parse(profile: Profile, money: Any, field: str = "amount") -> tuple[int, str]:
    """A wire Money object to (minor units, currency).

    Raises CURRENCY_UNSUPPORTED, AMOUNT_INVALID (more digits than the currency has) or VALIDATION_FAILED.
    The body schema was checked before; this repeats what money safety cannot leave to a schema.
    """
    currency, amount = money["currency"], money["amount"]
    scale = scale_of(currency)
    if profile.money_form == "decimal_string":
        return _from_decimal(amount, scale, field), currency
    if faults.on("float-amounts-accepted") and isinstance(amount, float):
        amount = int(amount)
    lowest = -MAX_MINOR if faults.on("negative-amounts-accepted") else 0
    if type(amount) is not int or not lowest <= amount <= MAX_MINOR:
        raise field_error(f"{field}.amount", "an integer of minor units between 0 and 999999999999999999")
    return amount, currency


def _from_decimal(amount: Any, scale: int, field: str) -> int:
    match = _DECIMAL.fullmatch(amount) if isinstance(amount, str) else None
    if match is None:
        raise field_error(f"{field}.amount", "a decimal string such as 12.50")
    whole, fraction = match[1], match[2] or ""
    if len(fraction.rstrip("0")) > scale:
        raise field_error(f"{field}.amount", "more digits than the currency has", "AMOUNT_INVALID")
    minor: int = int(whole) * 10**scale + int((fraction[:scale] or "0").ljust(scale, "0") if scale else "0")
    if minor > MAX_MINOR:
        raise field_error(f"{field}.amount", "out of range", "AMOUNT_INVALID")
    return minor


def wire_amount(profile: Profile, minor: int, currency: str) -> int | str:
    """Signed minor units in the profile's form: 1250 or "12.50"."""
    if profile.money_form == "minor_units":
        return minor
    scale = SCALES[currency]
    digits = str(abs(minor)).rjust(scale + 1, "0")
    text = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
    return f"-{text}" if minor < 0 else text


def render(profile: Profile, minor: int, currency: str) -> dict[str, Any]:
    """The Money object of an answer or event."""
    return {"amount": wire_amount(profile, minor, currency), "currency": currency}
