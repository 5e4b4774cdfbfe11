"""Synthetic histories for judges: exchanges, claims and verdicts in a line each."""

import itertools
import json
from types import SimpleNamespace

import pytest

from harness.judges.registry import decide
from harness.model.claim import Claim
from harness.model.exchange import Exchange
from harness.model.history import History

BASE = "http://platform.test"
HOSTILE = [None, True, 7, -1.5, "", "x", [], [1, "a", None], {}, {"a": {"b": []}}, [[[]]], {"items": 3},
           {"items": [None, 1, "x", [], {}]}, {"items": {}, "has_more": "no"},
           {"code": 1, "message": [], "retryable": 0},
           {"event_id": 1, "type": [], "data": 3, "sequence": "x", "key": {}}, {"status": {}, "amount": "x"},
           {"items": [{"event_id": {}, "type": None, "data": [], "occurred_at": 4}], "next_cursor": 4, "has_more": 1}]
_numbers = itertools.count(1)


def exchange(method="GET", path="/v1/sessions/s-1", status=200, body=None, *, operation="", sent=None, headers=None,
             answer=None, raw=None, failure="", label="", started=0):
    """An API exchange; `headers` are the request's beyond a trace id, `answer` the answer's beyond its echo."""
    number = next(_numbers)
    trace = f"trace-{number}"
    request = {"X-Trace-Id": trace, **(headers or {})}
    response = {"X-Trace-Id": trace, "Content-Type": "application/json", **(answer or {})}
    return Exchange(
        id=f"e{number}", check="c", actor="provider", operation=operation, method=method, url=BASE + path, label=label,
        request_headers=tuple((k, v) for k, v in request.items() if v is not None),
        request_body="" if sent is None else json.dumps(sent), status=None if failure else status,
        response_headers=tuple((k, v) for k, v in response.items() if v is not None),
        response_body=raw if raw is not None else ("" if body is None else json.dumps(body)), failure=failure,
        started_ns=started, ended_ns=started + 1_000_000)


def webhook(body, *, headers=None, facts=None, raw=None, started=0):
    """A delivery as the receiver records it."""
    return Exchange(id=f"h{next(_numbers)}", check="", actor="receiver", channel="webhook", operation="webhook",
                    method="POST", url="http://127.0.0.1:1/hooks/x", status=204,
                    request_headers=tuple((headers or {}).items()),
                    request_body=json.dumps(body) if raw is None else raw,
                    facts={"signature": "valid", "age_seconds": 0.1, "event_id": "ev-1", **(facts or {})},
                    started_ns=started, ended_ns=started + 1)


def verdict(draft, *exchanges, **history):
    """The finding of a draft over a history of these exchanges."""
    claim = Claim(id="c#1", check="c", control="X-01", judge=draft.judge, says=draft.says, over=draft.over,
                  params=json.loads(json.dumps(dict(draft.params))))
    return decide(History(exchanges=exchanges, **history), claim)


def outcome(draft, *exchanges, **history):
    """Only the outcome, as text."""
    return verdict(draft, *exchanges, **history).outcome.value


def error(code="NOT_FOUND", status=404, *, retryable=False, trace=None, **options):
    """An error answer in the error model."""
    made = exchange(status=status, **options)
    body = {"code": code, "message": "no", "retryable": retryable, "trace_id": trace or made.sent_header("X-Trace-Id")}
    return Exchange.from_line({**made.to_line(), "response_body": json.dumps(body)})


@pytest.fixture
def make():
    """Builders: make.exchange, make.webhook, make.error; and make.verdict, make.outcome of a draft over them."""
    return SimpleNamespace(exchange=exchange, webhook=webhook, error=error, verdict=verdict, outcome=outcome)


@pytest.fixture(params=HOSTILE, ids=lambda v: json.dumps(v)[:40])
def hostile(request):
    """A JSON value of a kind that no contract allows there."""
    return request.param
