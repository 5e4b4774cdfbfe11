"""SEC-09: what is malformed is refused, never answered 5xx, never carried out, and takes no time."""

import json

import pytest

from harness import Bet, Exchange, Lab, answered, exact_or_refused, unmoved, withstood

STAKE = 1_000
HUGE = 16 << 20
DEEP = 100_000
JSON: dict[str, str] = {"Content-Type": "application/json"}


def _body(lab: Lab, bet: Bet) -> str:
    return json.dumps({"session_id": bet.session_id, "bet_id": bet.bet_id, "round_id": bet.round_id,
                       "amount": lab.money(STAKE)})


def _bodies(text: str) -> dict[str, bytes]:
    """Bodies that are no JSON, or no JSON with one reading; each around an otherwise valid authorize."""
    start, end = text[:-1], text[-1]
    amount = '"amount": {'
    whole = {
        "a cut body": text[: len(text) // 2], "a second value after the body": text + "{}", "a comment": text + "// x",
        "a trailing comma": f"{start},{end}", "single quotes": text.replace('"', "'"), "NaN": f'{start}, "x": NaN{end}',
        "Infinity": f'{start}, "x": -Infinity{end}', "a leading zero": f'{start}, "x": 007{end}',
        "a hexadecimal number": f'{start}, "x": 0x1F{end}', "a bare control character": f'{start}, "x": "\x01"{end}',
        "no body": "", "null": "null", "a list": f"[{text}]", "a string": json.dumps(text), "a number": "1000",
        "a repeated name": text.replace(amount, f'"amount": {{"amount": 1, "currency": "EUR"}}, {amount}'),
        "a repeated name in an object": text.replace(amount, f'{amount}"amount": 1, '),
        "deep lists": f'{start}, "x": {"[" * DEEP}{"]" * DEEP}{end}',
        "deep objects": f'{start}, "x": ' + '{"x": ' * DEEP + "1" + "}" * (DEEP + 1),
        "a number of 5,000 digits": text.replace(amount, f'{amount}"x": {"9" * 5_000}, '),
        "an amount of 5,000 digits": text.replace(f": {STAKE}", f": {'9' * 5_000}").replace('"10.00"', "9" * 5_000),
        "an exponent beyond all bounds": text.replace(f": {STAKE}", ": 1e99999").replace(': "10.00"', ": 1e99999"),
    }
    return {**{name: body.encode() for name, body in whole.items()},
            "bytes that are not UTF-8": text.encode().replace(b"bet-", b"bet\xff\xfe-"),
            "an overlong UTF-8 form": text.encode().replace(b"bet-", b"bet\xc0\xaf-"),
            "UTF-16": text.encode("utf-16"), "UTF-32": text.encode("utf-32")}


def _forms(text: str) -> dict[str, tuple[bytes, dict[str, str | None]]]:
    """Valid bodies under a name that they do not bear."""
    body = text.encode()
    types = ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/octet-stream",
             "multipart/form-data; boundary=x", "nonsense")
    return {t: (body, {"Content-Type": t}) for t in types}


_DOUBTFUL: dict[str, str | None] = {"no media type": None, "charset=utf-16": "application/json; charset=utf-16"}
"""A receiver may guess where no media type is named (RFC 9110 8.3), and JSON has no charset (RFC 8259 11)."""


@pytest.mark.certifies("SEC-09")
def test_a_body_that_is_no_json_is_refused_without_effect(lab: Lab) -> None:
    """Broken JSON, repeated names, depth, numbers and bytes that no JSON has, media types that are not JSON."""
    player = lab.player()
    session = lab.session(player)
    before = lab.balances(player)
    probes = []
    for name in _bodies("{}"):
        body = _bodies(_body(lab, lab.bet(session, player, amount=STAKE)))[name]
        probes.append(lab.call("authorizeBet", raw=body, headers=dict(JSON), label=name))
    for name in _forms("{}"):
        body, headers = _forms(_body(lab, lab.bet(session, player, amount=STAKE)))[name]
        probes.append(lab.call("authorizeBet", raw=body, headers=headers, label=name))
    lab.claim(withstood(probes, _witness(lab)))
    lab.claim(unmoved(before, lab.balances(player), "a malformed body has no effect"))
    lab.baseline(answered(lab.authorize(lab.bet(session, player, amount=STAKE)), 200))


@pytest.mark.certifies("SEC-09")
def test_a_body_of_a_doubtful_media_type_is_carried_out_as_written_or_refused(lab: Lab) -> None:
    """Valid JSON in UTF-8 that names no media type, or a charset that JSON does not have."""
    answers = []
    for name, media_type in _DOUBTFUL.items():
        player = lab.player()
        bet = lab.bet(lab.session(player), player, amount=STAKE)
        before = lab.balances(player)
        answers.append(lab.call("authorizeBet", raw=_body(lab, bet).encode(), headers={"Content-Type": media_type},
                                label=name))
        lab.claim(exact_or_refused(before, answers[-1], lab.balances(player), STAKE, "EUR",
                                   f"an authorize with {name}"))
    lab.claim(withstood(answers, _witness(lab), may_accept=True))


@pytest.mark.certifies("SEC-09")
def test_every_write_refuses_what_is_no_json(lab: Lab, calls) -> None:
    """Each write of the contract: a cut body, a number, and a body that calls itself plain text."""
    player = lab.player()
    about = calls(player_id=player.player_id, session_id=lab.session(player))
    probes = []
    for name in about.names():
        operation = lab.provider.operation(name)
        if operation.write and "requestBody" in operation.document:
            probes += [about.send(name, raw=b'{"bet_id": "', extra=JSON, label="a cut body"),
                       about.send(name, raw=b"7", extra=JSON, label="a number"),
                       about.send(name, raw=b"{}", extra={"Content-Type": "text/plain"}, label="text/plain")]
    lab.claim(withstood(probes, _witness(lab)))


@pytest.mark.certifies("SEC-09")
def test_a_body_beyond_all_bounds_is_refused(lab: Lab) -> None:
    """A valid authorize, padded with 16 MiB of blanks, and one with an identifier of 1 MiB."""
    player = lab.player()
    session = lab.session(player)
    before = lab.balances(player)
    padded = _body(lab, lab.bet(session, player, amount=STAKE)).encode() + b" " * HUGE
    bet = lab.bet(session, player, amount=STAKE)
    long = _body(lab, bet).replace(bet.round_id, "r" * (1 << 20)).encode()
    probes = [lab.call("authorizeBet", raw=padded, headers=dict(JSON), label="16 MiB of blanks"),
              lab.call("authorizeBet", raw=long, headers=dict(JSON), label="an identifier of 1 MiB")]
    lab.claim(withstood(probes, _witness(lab), may_cut=True))
    lab.claim(unmoved(before, lab.balances(player), "a body beyond all bounds has no effect"))


@pytest.mark.certifies("SEC-09")
def test_broken_frames_are_refused_or_cut(lab: Lab) -> None:
    """Frames that RFC 9112 has a server refuse: two lengths, no length at all, chunks without a size."""
    player = lab.player()
    session = lab.session(player)
    before = lab.balances(player)
    frames = {"two different lengths": (b"Content-Length: SIZE", b"Content-Length: 5"),
              "chunks without a size": (b"Transfer-Encoding: chunked",),
              "a negative length": (b"Content-Length: -1",), "a length that is no number": (b"Content-Length: five",)}
    end = {"chunks without a size": b"\r\n0\r\n\r\n"}  # without the end of its line a server may wait for the size
    probes = [_frame(lab, lab.bet(session, player, amount=STAKE), name, frame, end=end.get(name, b""))
              for name, frame in frames.items()]
    lab.claim(withstood(probes, _witness(lab), may_cut=True))
    lab.claim(unmoved(before, lab.balances(player), "a broken frame has no effect"))


def _frame(lab: Lab, bet: Bet, label: str, frame: tuple[bytes, ...], *, chunked: bool = False,
           end: bytes = b"") -> Exchange:
    body = _body(lab, bet).encode()
    size = str(len(body)).encode()
    payload = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body + end
    lines = [line.replace(b"SIZE", size) for line in frame]
    return lab.send_frame("authorizeBet", body, lines, payload, label=label)


@pytest.mark.certifies("SEC-09")
def test_odd_frames_are_carried_out_once_or_refused(lab: Lab) -> None:
    """Frames that a server may take or refuse, but over which it must not fall: many and long headers, both lengths."""
    length = b"Content-Length: SIZE"
    frames = {"length and chunks": (length, b"Transfer-Encoding: chunked"), "chunks": (b"Transfer-Encoding: chunked",),
              "a header without a colon": (length, b"no colon here"), "a header with NUL": (length, b"X-Odd: a\x00b"),
              "a header of 256 KiB": (length, b"X-Long: " + b"a" * (1 << 18)),
              "2,000 headers": (length, *(b"X-%d: a" % n for n in range(2_000))),
              "a folded header": (length, b"X-Odd: a\r\n b")}
    answers = []
    for name, frame in frames.items():
        player = lab.player()
        bet = lab.bet(lab.session(player), player, amount=STAKE)
        before = lab.balances(player)
        answers.append(_frame(lab, bet, name, frame, chunked="chunks" in name))
        after = lab.balances(player)
        lab.claim(exact_or_refused(before, answers[-1], after, STAKE, "EUR", f"an authorize with {name}")
                  if answers[-1].answered else unmoved(before, after, f"an authorize with {name} was cut off"))
    lab.claim(withstood(answers, _witness(lab), may_cut=True, may_accept=True))


@pytest.mark.certifies("SEC-09")
def test_odd_but_readable_bodies_have_one_reading(lab: Lab) -> None:
    """A byte order mark, blanks, escapes, an encoding that is none: refused, or carried out exactly as written."""
    def bodies(text: str) -> dict[str, bytes]:
        return {"a byte order mark": b"\xef\xbb\xbf" + text.encode(), "blanks": b" \r\n\t" + text.encode() + b"\n" * 50,
                "escapes": text.replace('"amount"', '"\\u0061mount"').encode(),
                "an unknown member": (text[:-1] + ', "x_unknown": [1, {"y": null}]}').encode(),
                "gzip": text.encode(), "x-unknown": text.encode()}  # encodings that the body does not have

    answers = []
    for name in bodies("{}"):
        player = lab.player()
        bet = lab.bet(lab.session(player), player, amount=STAKE)
        before = lab.balances(player)
        encoding = {"Content-Encoding": name} if name in ("gzip", "x-unknown") else {}
        answers.append(lab.call("authorizeBet", raw=bodies(_body(lab, bet))[name], headers=JSON | encoding, label=name))
        after = lab.balances(player)
        lab.claim(exact_or_refused(before, answers[-1], after, STAKE, "EUR", f"an authorize with {name}"))
    lab.claim(withstood(answers, _witness(lab), may_accept=True))


def _witness(lab: Lab) -> Exchange:
    """An honest call: is anybody there still?"""
    return lab.call("getSandboxInfo", token=None)
