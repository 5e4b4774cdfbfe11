"""CONT-06: versions are asked for and refused in the open; nobody is served another one silently."""

from dataclasses import replace

import pytest

from harness import Exchange, Lab, answered, refused, unmoved

VENDOR = "application/vnd.platform.api+json"


@pytest.mark.certifies("CONT-06")
def test_an_unknown_version_is_a_clear_refusal(lab: Lab) -> None:
    """Accept with a version that nobody serves, on a read and on a money call: 4xx, no effect."""
    player = lab.player()
    session = lab.session(player)
    lab.must(lab.authorize(lab.bet(session, player)), 200)
    before = lab.balances(player)
    unknown = {"Accept": f"{VENDOR}; version=99.0"}
    lab.claim(refused(lab.call("getSession", path={"session_id": session}, headers=unknown),
                      code="VERSION_UNSUPPORTED", says="a read of an unknown version is refused"))
    lab.claim(refused(lab.authorize(lab.bet(session, player), headers=unknown),
                      says="a money call of an unknown version is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.authorize(lab.bet(session, player)), 200))


@pytest.mark.certifies("CONT-06")
def test_every_served_version_answers(lab: Lab) -> None:
    """Each version that the target names, and a call that names none."""
    session = lab.session(lab.player())
    info = lab.call("getSandboxInfo", by=lab.admin, token=None)
    for accept in [f"{VENDOR}; version={v}" for v in _served(info)] + ["application/json", "*/*", None]:
        answer = lab.call("getSession", path={"session_id": session}, headers={"Accept": accept},
                          label=accept or "no Accept")
        lab.claim(answered(answer, 200, says=f"a call with {accept or 'no Accept'} is served"))


@pytest.mark.certifies("CONT-06")
def test_an_unknown_major_path_does_not_exist(lab: Lab) -> None:
    """/v9 of a path that exists under /v1: 404, and a bet sent there holds nothing."""
    player = lab.player()
    session = lab.session(player)
    read = lab.must(lab.call("getSession", path={"session_id": session}), 200)
    held = lab.must(lab.authorize(lab.bet(session, player)), 200)
    before = lab.balances(player)
    for known in (read, held):
        unknown = replace(known, url=known.url.replace("/v1/", "/v9/", 1), operation="",
                          request_body=known.request_body.replace('"bet_id":"bet-', '"bet_id":"bet-v9-'))
        lab.claim(refused(lab.again(unknown, label="/v9", headers={lab.profile.idempotency_header: lab.fresh("key")}
                                    if known is held else None), 404, says="an unknown major path is 404"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.call("getSession", path={"session_id": session}), 200))


def _served(info: Exchange) -> list[str]:
    """Versions that the target says it serves; its own when it lists none."""
    listed = info.field("versions")
    named = [v for v in listed if isinstance(v, str)] if isinstance(listed, list) else []
    own = info.field("api_version")
    return named or ([own] if isinstance(own, str) else [])
