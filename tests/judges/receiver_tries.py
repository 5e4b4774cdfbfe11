"""Tries at a webhook receiver, and what a platform's lists say of them: what judges of senders are tried on."""

import json

from harness.model.exchange import Exchange
from harness.model.played import Delivered

SECOND = 1_000_000_000
PATH = "/hooks/ours"


def tries(number, *seen, path=PATH, event=None, players=None):
    """Tries of one event; each: (second it started at, status or failure[, changes: took, body, signature, asked])."""
    made = []
    for n, (at, what, *rest) in enumerate(seen):
        changes = rest[0] if rest else {}
        body = {"event_id": event or f"ev-{number}", "data": {"player_id": players or f"player-{number}"},
                **changes.get("body", {})}
        failure = what if isinstance(what, str) else ""
        asked = changes.get("asked")
        made.append(Exchange(
            id=f"r{number}-{n}-{event or ''}", check="", actor="platform", channel="receiver", operation="receiver",
            method="POST", url=path, request_body=json.dumps(body), status=None if failure else what, failure=failure,
            response_headers=() if asked is None else (("Retry-After", str(asked)),),
            started_ns=int(at * SECOND), ended_ns=int((at + changes.get("took", 0.001)) * SECOND),
            facts={"signature": changes.get("signature", "valid")}))
    return made


UNREAD = ({"status": 503, "body": {"code": "X"}}, {"status": 500, "body": None}, {"failure": "timeout"},
          {"body": {"items": [], "has_more": True, "next_cursor": "n"}}, {"body": {"items": "x"}}, {"body": []})
"""Answers of a list from which nothing follows about what is not on them."""


def delivered(make, *events, listed=(), redrives=(), try_seconds=5.0, noise_ms=1.0, told_at=0, more=()):
    """(what was played, every exchange of it); `listed`: (event number, status) by the platform's own lists.

    `more`: (operation, changes) of pages that come after those.
    """
    numbers = sorted({int(e.id[1:].split("-")[0]) for seen in events for e in seen})
    calls = [(f"player-{n}", make.exchange(method="POST", operation="authorizeBet", started=told_at)) for n in numbers]
    items = [{"event_id": f"ev-{n}", "endpoint_id": "we-1", "status": status, "delivery_id": f"dlv-{n}"}
             for n, status in listed]
    start = int(1e6 * SECOND) if not redrives else min(e.started_ns for _, e in redrives) - 1
    pages = [make.exchange(operation="listWebhookDeliveries", body={"items": items}, started=start),
             make.exchange(operation="listDeadLetters", started=start,
                           body={"items": [i for i in items if i["status"] == "dead"]})]
    pages += [make.exchange(operation=name, started=start, **changes) for name, changes in more]
    played = Delivered(calls=calls, path=PATH, neighbour="/hooks/other", listed=pages, endpoint="we-1", faults=(),
                       redrives=list(redrives), try_seconds=try_seconds, noise_ms=noise_ms)
    return played, [*(call for _, call in calls), *pages, *(e for _, e in redrives), *(e for s in events for e in s)]


def judged(make, draft, *events, **options):
    played, exchanges = delivered(make, *events, **options)
    return make.verdict(draft(played), *exchanges)
