"""The flood: bounded, fast only at first, bets among it once it is limited, neighbours beside it."""

import time

import pytest

from harness.counterparts.flooding import come_back, flood, neighbours_of
from harness.counterparts.lab import Lab
from harness.model.errors import NoHook
from harness.model.profile import RateLimit

LIMIT = RateLimit(party="provider", per_second=50.0, burst=60)
SERVED = (200, {"balances": []}, {})
LIMITED = (429, {"code": "RATE_LIMITED"}, {"Retry-After": "0"})


class Bucket:
    """Serves the provider's first calls; everybody else always."""

    def __init__(self, served):
        self.left = served

    def __call__(self, request):
        if request.headers["X-Provider-Id"] != "provider":
            return SERVED
        self.left -= 1
        return SERVED if self.left >= 0 else LIMITED


@pytest.fixture
def scene(lab, subject):
    """scene(served) -> what was seen of a flood of a subject that serves so many calls of the provider."""
    subject.answers["POST /sandbox/players"] = (201, {}, {})
    subject.answers["POST /v1/sessions"] = (201, {"session_id": "s-1"}, {})

    def play(served):
        flooder, neighbour = lab.player(), lab.player(by=lab.other)
        bets = [lab.bet(lab.session(flooder), flooder) for _ in range(20)]
        subject.default = subject.answers["POST /v1/bets/authorize"] = Bucket(served)
        return flood(lab, LIMIT, flooder, bets, [neighbour])

    return play


def test_it_ends_when_it_was_limited_for_a_while_and_bets_were_turned_away(scene):
    began = time.monotonic()
    seen = scene(30)
    assert 1.9 < time.monotonic() - began < 8
    assert [answer.status for _, _, answer in seen.bets] == [429] * 3
    assert len({key for _, key, _ in seen.bets}) == 3
    statuses = [e.status for e in seen.reads]
    assert set(statuses) == {200, 429}
    assert len(seen.reads) < 4 * 50 * 8 + 60, "the speed is bounded"
    assert {e.status for e in seen.calm["other"]} == {e.status for e in seen.meanwhile["other"]} == {200}
    assert len(seen.meanwhile["other"]) >= 5
    assert {e.label for e in seen.reads} == {"flood"}


def test_it_ends_without_a_limit_once_clearly_more_was_served(scene):
    seen = scene(100_000)
    assert seen.bets == []
    assert {e.status for e in seen.reads} == {200}


def test_coming_back_waits_as_long_as_asked_and_gives_up_after_a_few_times(make_answer):
    refused = make_answer(429, "0")
    tries = come_back(refused, lambda: make_answer(429, "0"))
    assert len(tries) == 3
    assert len(come_back(refused, lambda: make_answer(200))) == 1
    assert come_back(make_answer(429, None), lambda: make_answer(200)) == []
    assert come_back(make_answer(429, "3600"), lambda: make_answer(200)) == []
    began = time.monotonic()
    assert come_back(make_answer(429, "1"), lambda: make_answer(200))[0].status == 200
    assert time.monotonic() - began >= 1


@pytest.fixture
def make_answer():
    """make_answer(status, retry_after) -> an exchange that has just ended."""
    from harness.model.exchange import Exchange

    def make(status, wait=None):
        return Exchange(id="e", check="", actor="p", method="GET", url="http://x/", status=status,
                        ended_ns=time.monotonic_ns(), response_headers=(("Retry-After", wait),) if wait else ())

    return make


def test_neighbours_are_those_whom_the_limit_is_not_about(lab, workshop_of, target, changed, client):
    assert [p.actor for p in neighbours_of(lab, LIMIT)] == ["other"]
    sibling = changed(target.credentials["provider"], brand_id="brand-2")
    more = Lab(workshop_of(changed(target, credentials={**target.credentials, "sibling": sibling})), "c", ("X-01",))
    assert [p.actor for p in neighbours_of(more, LIMIT)] == ["sibling", "other"]
    shared = RateLimit(party="sibling", per_second=5.0, burst=5, per="provider")
    assert [p.actor for p in neighbours_of(more, shared)] == ["other"]
    alone = Lab(workshop_of(changed(target, credentials={"provider": client("provider")})), "c", ("X-01",))
    with pytest.raises(NoHook, match="nobody to look after"):
        neighbours_of(alone, LIMIT)


def test_a_limit_is_what_the_profile_declares(lab, workshop_of, target, changed):
    with pytest.raises(NoHook, match="declares no rate limit") as error:
        _ = lab.limit
    assert "[target.x.limits]" in error.value.line()
    assert Lab(workshop_of(changed(target, limits=LIMIT)), "c", ("X-01",)).limit == LIMIT
