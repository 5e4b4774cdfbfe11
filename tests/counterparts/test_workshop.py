"""The workshop: parties by name, identifiers apart, one webhook endpoint that is undone, restarts waited for."""

import json
import threading
from urllib.request import Request, urlopen

import pytest

from harness.counterparts import workshop as workshop_module
from harness.model.errors import NoHook, Prerequisite

ENDPOINTS, RESTART, INFO = "POST /v1/webhooks/endpoints", "POST /sandbox/restart", "GET /sandbox/info"
CREATED = (201, {"endpoint_id": "ep-1", "secret": "whsec-canary-1"}, {})


def test_parties_are_made_once_and_an_unknown_one_names_its_remedy(workshop):
    assert workshop.party("provider") is workshop.party("provider")
    assert workshop.party("provider") is not workshop.party("other")
    with pytest.raises(NoHook, match="no credentials for 'sibling'") as error:
        workshop.party("sibling")
    assert "[target.x.credentials.sibling]" in error.value.line()
    assert error.value.reason == "no_hook"


def test_identifiers_never_repeat_within_a_run_or_across_workers(workshop_of, target):
    one, two = workshop_of(target), workshop_of(target)
    two.worker = "w2"
    made = [shop.fresh(kind) for shop in (one, two) for kind in ("bet", "key", "trace") * 20]
    assert len(set(made)) == len(made) == 120
    assert all(1 <= len(i) <= 64 for i in made)


def test_the_endpoint_is_registered_once_and_deleted_at_the_end(workshop, subject):
    subject.answers[ENDPOINTS] = CREATED
    subject.answers["DELETE /v1/webhooks/endpoints/ep-1"] = (204, b"", {})
    receivers = []
    threads = [threading.Thread(target=lambda: receivers.append(workshop.receiver())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, receivers))) == 1
    (asked,) = subject.sent(ENDPOINTS)
    assert json.loads(asked.body)["event_types"] == ["*"]
    assert workshop.close() == []
    assert len(subject.sent("DELETE /v1/webhooks/endpoints/ep-1")) == 1
    assert workshop.close() == [], "closing twice is harmless"


def test_what_could_not_be_undone_is_said_and_the_port_is_free_all_the_same(workshop, subject):
    subject.answers[ENDPOINTS] = CREATED
    receiver = workshop.receiver()
    subject.answers["DELETE /v1/webhooks/endpoints/ep-1"] = (500, {}, {})
    assert workshop.close() == ["webhook endpoint ep-1 not deleted: 500"]
    with pytest.raises(OSError, match="refused"):
        urlopen(Request(receiver.path(), data=b"{}", method="POST"), timeout=5)


def test_a_token_that_is_refused_while_undoing_is_said_not_raised(workshop, subject):
    subject.answers[ENDPOINTS] = CREATED
    workshop.receiver()
    workshop.party("provider").forget_tokens()
    subject.answers["POST /v1/oauth/token"] = (503, {}, {})
    (left,) = workshop.close()
    assert left.startswith("webhook endpoint ep-1 not deleted: no access token")


@pytest.mark.parametrize("answer", [(404, {}, {}), (500, {}, {}), (201, {}, {}), (201, {"endpoint_id": "e"}, {}),
                                    (201, {"secret": "whsec-canary-1"}, {}), (200, CREATED[1], {}),
                                    (201, {"endpoint_id": 7, "secret": "whsec-canary-1"}, {}), b"nonsense"], ids=repr)
def test_a_subject_that_gives_no_endpoint_stops_the_check_and_leaves_no_port(workshop, subject, answer):
    subject.answers[ENDPOINTS] = answer
    before = threading.active_count()
    for _ in range(2):
        with pytest.raises(Prerequisite, match="createWebhookEndpoint answered") as error:
            workshop.receiver()
        assert error.value.exchanges
    assert not [t for t in threading.enumerate() if t.name == "webhook-receiver"], before
    assert workshop.close() == []


@pytest.mark.parametrize("address", ["192.0.2.1", "::1", "not an address"])
def test_an_address_that_is_not_ours_is_the_profiles_to_mend(workshop_of, target, changed, address):
    with pytest.raises(NoHook, match="webhook_listen") as error:
        workshop_of(changed(target, webhook_listen=address)).receiver()
    assert address in error.value.line()
    assert "address of this machine" in error.value.line()


# -- restarts -----------------------------------------------------------------------------------------
def test_a_hook_of_the_profile_kills_before_the_administration_does(workshop_of, target, subject):
    done = []
    workshop_of(target, hooks={"restart": lambda: done.append(1)}).kill("c")
    assert done == [1]
    assert subject.requests == []


@pytest.mark.parametrize("status", [200, 202, 204])
def test_the_administration_is_asked_to_kill(workshop, subject, status):
    subject.answers[RESTART] = (status, b"" if status == 204 else {}, {})
    workshop.kill("c")
    assert json.loads(subject.sent(RESTART)[0].body) == {"mode": "kill"}


def test_a_platform_that_dies_instead_of_answering_was_killed(workshop, subject):
    subject.answers[RESTART] = b""
    workshop.kill("c")


@pytest.mark.parametrize(("status", "kind"), [(404, NoHook), (405, NoHook), (501, NoHook), (403, Prerequisite),
                                              (500, Prerequisite)])
def test_a_restart_that_is_not_offered_or_refused(workshop, subject, status, kind):
    subject.answers[RESTART] = (status, {}, {})
    with pytest.raises(kind) as error:
        workshop.kill("c")
    assert error.value.exchanges
    assert ("hooks" in error.value.remedy) is (kind is NoHook)


def test_a_new_start_is_waited_for_and_the_old_tokens_forgotten(workshop, subject):
    old = subject.answers[INFO]
    workshop.party("provider").token()
    before = workshop.start_mark("c")
    after = iter([old, (503, {}, {}), b"", (200, {"sandbox": True, "started_at": "two"}, {})])
    subject.answers[INFO] = lambda _: next(after)
    workshop.wait_restarted(before, "c")
    assert next(after, None) is None
    workshop.party("provider").token()
    assert len(subject.sent("POST /v1/oauth/token")) == 2


def test_a_platform_that_does_not_come_back_stops_the_check(workshop, monkeypatch):
    monkeypatch.setattr(workshop_module, "_RESTART_SECONDS", 0.2)
    before = workshop.start_mark("c")
    with pytest.raises(Prerequisite, match="did not come back") as error:
        workshop.wait_restarted(before, "c")
    assert "started_at" in error.value.remedy
