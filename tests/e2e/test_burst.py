"""The burst, as a user blows it at another platform: told by exit code, and nothing left behind."""

import json

PROMISE = '[target.x.load]\nrounds_per_second = {rate}\nslo = ["p95 < 2s", "errors < 1%"]\n'
MINE = '''"""A short storm of our own."""
from harness import Burst, Mix, Scenario, burst_delivered, money_after_burst, objectives_kept

SHORT = Scenario(name="short storm", says="Three seconds.", workload=Burst(seconds=3, shape="{shape}", players=6),
                 expects=(("LOAD-06", burst_delivered), ("LOAD-01", objectives_kept), ("MONEY-11", money_after_burst)))
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
