"""`[target.NAME.load]`: what a target says it can bear, read and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any

from harness.content.watch_promise import WATCHED, watch_promise
from harness.model.errors import UsageError
from harness.model.profile import LoadPromise
from harness.model.slo import objectives

_RATES = ("rounds_per_second", "most_rounds_per_second")
_MOST = 100_000.0
_TEXTS = {"slo": 'Like slo = ["p95 < 400ms", "errors < 0.1%"]', "abort": 'Like abort = ["p95 < 2s", "errors < 20%"]'}
_DELAY = "abort_after_seconds"
_KNOWN = (*_RATES, *_TEXTS, _DELAY, *WATCHED)
_DEFAULT_DELAY, _LONGEST_DELAY = 10.0, 600


def load_promise(table: Mapping[str, Any], where: str, hosts: Collection[str] = ()) -> LoadPromise | None:
    """The promise in the table; None where there is none. `hosts` are those that may be contacted.

    Raises:
        UsageError: an unknown key, a rate that is none, an objective that cannot be read; names the key.
    """
    if not table:
        return None
    for key in table:
        if key not in _KNOWN:
            raise UsageError(f"{where}.{key} is unknown", remedy=f"Known: {', '.join(_KNOWN)}")
    rates: dict[str, Any] = {}
    for key in _RATES:
        rate = table.get(key, 0 if key != "rounds_per_second" else None)
        if not isinstance(rate, int | float) or isinstance(rate, bool) or not isfinite(rate) or not 0 <= rate <= _MOST:
            raise UsageError(f"{where}.{key} must be rounds a second, up to {_MOST:.0f}, not {rate!r}",
                             remedy="Like rounds_per_second = 50")
        rates[key] = float(rate)
    if not rates["rounds_per_second"] or (rates["most_rounds_per_second"] and \
            rates["most_rounds_per_second"] < rates["rounds_per_second"]):
        raise UsageError(f"{where}: rounds_per_second must be above 0 and not above most_rounds_per_second",
                         remedy="Declare what the platform bears in rounds_per_second")
    texts = {key: _objectives(table.get(key, []), f"{where}.{key}", example) for key, example in _TEXTS.items()}
    if _DELAY in table and not texts["abort"]:
        raise UsageError(f"{where}.{_DELAY} stops nothing without abort", remedy=_TEXTS["abort"])
    return LoadPromise(slo=texts["slo"], abort=texts["abort"], abort_after_seconds=_delay(table, where), **rates,
                       **watch_promise(table, where, hosts))


def _objectives(texts: Any, where: str, example: str) -> tuple[str, ...]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{where} must be a list of texts", remedy=example)
    try:
        objectives(texts)
    except ValueError as error:
        raise UsageError(f"{where}: {error}", remedy="One objective a text") from None
    return tuple(texts)


def _delay(table: Mapping[str, Any], where: str) -> float:
    delay = table.get(_DELAY, _DEFAULT_DELAY)
    if not isinstance(delay, int | float) or isinstance(delay, bool) or not 0 <= delay <= _LONGEST_DELAY:
        raise UsageError(f"{where}.{_DELAY} must be seconds, up to {_LONGEST_DELAY}, not {delay!r}",
                         remedy=f"Like {_DELAY} = 10")
    return float(delay)
