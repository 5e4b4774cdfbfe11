"""SEC-09: malformed requests must be refused at once; what may be cut or carried out is said by the claim."""

import pytest

from harness.judges.malformed import withstood


@pytest.mark.parametrize(("options", "wanted", "cut", "odd"), [
    ({"status": 400}, "pass", "pass", "pass"), ({"status": 413}, "pass", "pass", "pass"),
    ({"status": 200}, "fail", "fail", "pass"), ({"status": 302}, "fail", "fail", "fail"),
    ({"status": 500}, "fail", "fail", "fail"), ({"status": 502}, "fail", "fail", "fail"),
    ({"status": 501}, "fail", "pass", "fail"), ({"failure": "closed"}, "fail", "pass", "fail"),
    ({"failure": "protocol"}, "fail", "pass", "fail"), ({"failure": "timeout"}, "fail", "fail", "fail"),
    ({"status": 503}, "inconclusive", "inconclusive", "inconclusive"),
    ({"status": 429}, "inconclusive", "inconclusive", "inconclusive")])
def test_a_probe_is_refused_cut_or_taken_as_it_may_be(make, options, wanted, cut, odd):
    witness, probe = make.exchange(), make.exchange("POST", label="a probe", **options)
    for draft, outcome in ((withstood([probe], witness), wanted), (withstood([probe], witness, may_cut=True), cut),
                           (withstood([probe], witness, may_accept=True), odd)):
        assert make.outcome(draft, witness, probe) == outcome


def test_a_probe_that_met_a_busy_platform_keeps_the_others_from_being_green(make):
    witness, good, busy = make.exchange(), make.exchange(status=400), make.exchange(status=429)
    assert make.outcome(withstood([good, busy], witness), witness, good, busy) == "inconclusive"
    bad = make.exchange(status=500)
    assert make.outcome(withstood([bad, busy], witness), witness, bad, busy) == "fail"


def test_one_wrong_answer_among_many_is_named(make):
    witness, good = make.exchange(), make.exchange(status=400)
    bad = make.exchange(status=500, operation="authorizeBet", label="a cut body")
    finding = make.verdict(withstood([good, bad], witness), witness, good, bad)
    assert "authorizeBet with a cut body" in finding.message
    assert finding.exchanges == (bad.id,)


@pytest.mark.parametrize("witness", [{"failure": "connect"}, {"status": 500}, {"status": 503}])
def test_a_dead_platform_is_not_accused_of_hanging(make, witness):
    after, probe = make.exchange(**witness), make.exchange(failure="timeout")
    assert make.outcome(withstood([probe], after), after, probe) == "inconclusive"


def test_nothing_sent_is_not_green(make):
    witness = make.exchange()
    assert make.outcome(withstood([], witness), witness) == "inconclusive"
    assert make.outcome(withstood([make.exchange()], witness), witness) == "inconclusive", "not in this history"
