"""What `[target.NAME.load]` may say of lag, recovery and queues; every mistake is one line with the remedy."""

import pytest

from harness.content.load_promise import load_promise
from harness.content.targets import target_from_dict, target_to_dict
from harness.model.errors import UsageError
from harness.model.profile import LoadPromise, Target

RATE = {"rounds_per_second": 50}
METRICS = {"metrics": "http://127.0.0.1:9090/metrics", "queues": ["owed", "owed", "app:outbox_size"]}
HOSTS = ("127.0.0.1:8080", "127.0.0.1:9090")


def promise(**table):
    return load_promise({**RATE, **table}, "certify.toml: target.x.load", HOSTS)


def test_all_of_it_may_be_declared_or_nothing():
    assert promise() == LoadPromise(rounds_per_second=50.0)
    full = promise(event_lag_seconds=5, settles_within_seconds=2.5, **METRICS)
    assert (full.event_lag_seconds, full.settles_within_seconds) == (5.0, 2.5)
    assert (full.metrics, full.queues) == (METRICS["metrics"], ("owed", "app:outbox_size"))


def test_it_goes_to_the_workers_as_it_is():
    target = Target(name="x", base_url="http://127.0.0.1:8080", load=promise(event_lag_seconds=5, slo=["p95 < 1s"],
                                                                             **METRICS))
    assert target_from_dict(target_to_dict(target)) == target


@pytest.mark.parametrize(("table", "says"), [
    ({"event_lag_seconds": 0}, "event_lag_seconds must be seconds"), ({"event_lag_seconds": True}, "event_lag_seconds"),
    ({"event_lag_seconds": "5"}, "event_lag_seconds"), ({"event_lag_seconds": float("nan")}, "event_lag_seconds"),
    ({"settles_within_seconds": 601}, "up to 600"), ({"settles_within_seconds": float("inf")}, "up to 600"),
    ({**METRICS, "metrics": "ftp://127.0.0.1:9090/"}, "not an http(s) URL"),
    ({**METRICS, "metrics": 5}, "not an http(s) URL"),
    ({**METRICS, "metrics": "http://127.0.0.1:99999/"}, "is not a URL"),
    ({**METRICS, "metrics": "http://127.0.0.1:9090/a\nb"}, "not an http(s) URL"),
    ({**METRICS, "metrics": "http://elsewhere/metrics"}, "not a host that may be contacted"),
    ({**METRICS, "queues": []}, "1 to 20 names"), ({**METRICS, "queues": ["a b"]}, "1 to 20 names"),
    ({**METRICS, "queues": "owed"}, "1 to 20 names"), ({**METRICS, "queues": [1]}, "1 to 20 names"),
    ({**METRICS, "queues": [f"q{n}" for n in range(21)]}, "1 to 20 names"),
    ({"queues": ["owed"]}, "belong together"), ({"metrics": METRICS["metrics"]}, "belong together"),
    ({"event_lag": 5}, "target.x.load.event_lag is unknown")])
def test_a_mistake_is_one_line_with_the_remedy(table, says):
    with pytest.raises(UsageError) as error:
        promise(**table)
    assert says in error.value.message
    assert "\n" not in error.value.message.replace("\\n", "")
    assert error.value.remedy
