"""The stage of a burst: what forbids a storm is told before anybody sits down."""

import pytest

from harness.counterparts.lab import Lab
from harness.counterparts.stages import burst
from harness.model.errors import NoHook
from harness.model.profile import LoadPromise
from harness.model.scenario import Burst, Scenario
from tests.support import Handler
from tests.tls import AUTHORITY, server_context

STORM = Scenario(name="storm", says="One second.", workload=Burst(seconds=1), expects=())


@pytest.fixture
def played(workshop_of, target, changed):
    """played(base_url) -> the one line in which the stage refuses."""
    def play(base_url):
        host = base_url.partition("://")[2]
        promised = changed(target, base_url=base_url, hosts=(host,), load=LoadPromise(rounds_per_second=10))
        with pytest.raises(NoHook) as told:
            burst.play(Lab(workshop_of(promised), "a/test_a.py::test_x", ()), STORM)
        return told.value.line()

    return play


@pytest.mark.parametrize(("certificate", "believed", "says"), [
    ("server", "", "cannot be verified"), ("expired", AUTHORITY, "certificate has expired"),
    ("elsewhere", AUTHORITY, "IP address mismatch")])
def test_a_certificate_that_cannot_be_verified(played, lines, serve, monkeypatch, certificate, believed, says):
    monkeypatch.setenv("SSL_CERT_FILE", believed)
    line = played(serve(Handler, context=server_context(certificate)))
    assert says in line
    assert "SSL_CERT_FILE" in line
    assert lines == []


def test_a_name_that_nobody_has(played, lines):
    assert "http://nowhere.invalid" in played("http://nowhere.invalid")
    assert lines == []
