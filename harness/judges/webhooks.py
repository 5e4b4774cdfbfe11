"""Judges of webhooks as they arrive: signature, timestamp and event id of every delivery (HOOK-01)."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown

_SHOWN = 4
_SIGNATURE = {"missing": "no signature", "body_only": "a signature over the body alone: the timestamp is not signed",
              "invalid": "a signature that does not verify"}


def signed(own: Sequence[Exchange], says: str = "") -> Draft:
    """Every delivery of the run is signed over timestamp and body, fresh, and names the event of its body.

    `own` are the deliveries that the check's own calls caused; without any, nothing can be said.
    """
    return Draft(judge="signed", params={"own": [e.id for e in own]},
                 says=says or "every webhook has a valid HMAC-SHA256 over timestamp.body, a fresh timestamp "
                              "and the id of its event")


@judge("signed")
def _signed(history: History, claim: Claim) -> Finding:
    own = set(claim.params["own"])
    moves = _clock_moves(history)
    judged = 0
    problems: dict[str, tuple[Exchange, str]] = {}
    for delivery in history.where(channel="webhook"):
        if delivery.facts.get("signature") == "secret_unknown":
            continue  # an endpoint whose secret was never told to us
        judged += 1
        wrong = _violation(history, delivery, moves)
        if wrong is not None:
            problems.setdefault(wrong[0], (delivery, wrong[1]))
    if problems:
        expected, (delivery, seen) = next(iter(problems.items()))
        named = "; ".join(s for _, s in problems.values())
        return broken(f"webhooks break the signature rules: {named}"[:600], expected=expected, seen=seen,
                      exchanges=[d.id for d, _ in list(problems.values())[:_SHOWN]], deliveries=judged)
    if not judged or not own & {d.id for d in history.where(channel="webhook")}:
        return unknown("no webhook of the check's own calls arrived", Reason.NO_SAMPLES)
    return held(f"{judged} deliveries are signed, fresh and named", exchanges=sorted(own)[:_SHOWN], deliveries=judged)


def _violation(history: History, delivery: Exchange, moves: list[tuple[int, float]]) -> tuple[str, str] | None:
    """(expected, seen) of the first thing that is wrong with a delivery, or None."""
    profile, facts = history.profile, delivery.facts
    worth = facts.get("signature")
    if worth != "valid":
        return (f"a valid HMAC-SHA256 over {profile.timestamp_header} + \".\" + body in {profile.signature_header}",
                _SIGNATURE.get(str(worth), f"signature {worth}"))
    age = facts.get("age_seconds")
    if not isinstance(age, int | float) or isinstance(age, bool):
        return f"{profile.timestamp_header} in Unix seconds (10 digits)", _sent(delivery, profile.timestamp_header)
    offset = history.facts.get("clock_offset_seconds")
    corrected = age + (offset if isinstance(offset, int | float) else 0.0)
    moved = [shift for since, shift in moves if since <= delivery.started_ns]
    window = profile.freshness_window_seconds
    # A check may have moved the sandbox's clock; then either clock is an honest one for its deliveries.
    if min([abs(corrected), *(abs(corrected + shift) for shift in moved)]) > window:
        return (f"{profile.timestamp_header} within {window} s of now",
                f"{profile.timestamp_header} {abs(corrected):.0f} s {'old' if corrected > 0 else 'in the future'}")
    named, body = facts.get("event_id"), delivery.sent_json()
    told = body.get("event_id") if isinstance(body, dict) else None
    if not named or named != told:
        return (f"{profile.event_id_header} equal to the body's event_id",
                f"{profile.event_id_header} {named or 'missing'}, event_id {told!r}"[:200])
    return None


def _sent(delivery: Exchange, header: str) -> str:
    return f"{header}: {delivery.sent_header(header) or 'missing'}"[:120]


def _clock_moves(history: History) -> list[tuple[int, float]]:
    """(since when, seconds) of every shift of the sandbox's clock that the run made."""
    moves = []
    for exchange in history.where(channel="api"):
        shift = exchange.field("offset_seconds") if exchange.url.endswith("/sandbox/clock") else None
        if isinstance(shift, int | float) and not isinstance(shift, bool):
            moves.append((exchange.started_ns, float(shift)))
    return moves
