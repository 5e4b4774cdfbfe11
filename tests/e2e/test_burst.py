"""The burst, as a user blows it at another platform: told by exit code, and nothing left behind."""

import json

from tests.tls import AUTHORITY, TlsServer, forward

PROMISE = '[target.x.load]\nrounds_per_second = {rate}\nslo = ["p95 < 2s", "errors < 1%"]\n'
MINE = '''"""A short storm of our own."""
from harness import (Burst, Mix, Scenario, burst_delivered, events_after_burst, ledger_after_burst, money_after_burst,
                     objectives_kept)

SHORT = Scenario(name="short storm", says="Three seconds.", workload=Burst(seconds=3, shape="{shape}", players=6),
                 expects=(("LOAD-06", burst_delivered), ("LOAD-01", objectives_kept), ("MONEY-11", money_after_burst),
                          ("MONEY-11", ledger_after_burst), ("MONEY-11", events_after_burst)))
'''


def test_a_storm_of_ones_own_is_blown_at_the_declared_rate_and_followed_to_the_last_cent(certify, config_text,
                                                                                         external_sandbox, verdicts):
    (certify.folder / "mine").mkdir()
    (certify.folder / "mine" / "storm.py").write_text(MINE.format(shape="ramp"))
    text = config_text(external_sandbox(), extra=PROMISE.format(rate=100), load=True)
    done = certify("--target", "x", "--scenarios", "mine", "--only", "mine/storm.py", "--only", "MONEY-01", "--json",
                   text=text)
    assert (done.returncode, verdicts(done)) == (0, {}), done.stderr
    rows = {r["control"]["id"]: r["finding"] for r in json.loads(done.stdout)["rows"]}
    assert rows["MONEY-11"]["measured"]["acknowledged"] > 100
    assert rows["LOAD-06"]["measured"]["rounds"] > 50
    (storm,) = json.loads(done.stdout)["storms"]
    assert storm["begun"] == storm["planned"] == rows["LOAD-06"]["measured"]["rounds"]
    assert storm["outcomes"] == {"LOAD-06": "pass", "LOAD-01": "pass", "MONEY-11": "pass"}
    assert 0 < storm["naive"]["percentiles"]["p50"]["ms"] <= storm["latency"]["percentiles"]["p50"]["ms"]
    assert 1 <= storm["most_in_flight"] <= storm["connections"] + storm["queued"]


def test_without_a_promise_or_above_the_cap_no_storm_is_blown(certify, config_text, external_sandbox, verdicts):
    url = external_sandbox()
    done = certify("--target", "x", "--only", "LOAD-01", "--json", text=config_text(url, load=True))
    assert done.returncode == 3
    assert "says nothing of the load" in verdicts(done)["LOAD-01"]["message"]
    (certify.folder / "mine").mkdir()
    (certify.folder / "mine" / "storm.py").write_text(MINE.format(shape="spike"))
    capped = PROMISE.format(rate=30) + "most_rounds_per_second = 40\n"
    done = certify("--target", "x", "--scenarios", "mine", "--only", "mine/storm.py", "--json",
                   text=config_text(url, extra=capped, load=True))
    assert done.returncode == 3
    assert "above the cap of 40" in verdicts(done)["LOAD-01"]["message"]


def test_a_storm_over_tls_believes_the_authority_that_the_environment_names(certify, config_text, external_sandbox,
                                                                            verdicts):
    front = TlsServer(forward(external_sandbox().removeprefix("http://")))
    (certify.folder / "mine").mkdir()
    (certify.folder / "mine" / "storm.py").write_text(MINE.format(shape="constant"))
    text = config_text(f"https://localhost:{front.port}", extra=PROMISE.format(rate=40), load=True)
    command = ("--target", "x", "--scenarios", "mine", "--only", "mine/storm.py", "--json")
    try:
        believed = certify(*command, text=text, environment={"SSL_CERT_FILE": AUTHORITY})
        stranger = certify(*command, text=text, environment={"SSL_CERT_FILE": ""})
    finally:
        front.close()
    assert (believed.returncode, verdicts(believed)) == (0, {}), believed.stderr
    assert stranger.returncode == 4
    assert "cannot be verified" in stranger.stderr
    assert "SSL_CERT_FILE" in stranger.stderr
