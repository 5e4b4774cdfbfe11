"""A sender that records samples only, and a journal that gives them back apart from what was recorded whole."""

import json

from harness.engine.ports import Request, Sent
from harness.engine.records import load_history
from harness.engine.redaction import Redactor
from harness.engine.samples import Sampled
from harness.model.exchange import Exchange
from harness.model.profile import ContractProfile


class Lines(list):
    def append(self, kind, line):
        super().append((kind, line))


class Answering:
    def __init__(self, status=200, body=b"{}", failure=""):
        self.status, self.body, self.failure, self.count = status, body, failure, 0

    def send(self, request):
        self.count += 1
        return Sent(Exchange(id=f"q-{self.count}", check="", actor="", method=request.method, url=request.url,
                             status=self.status, failure=self.failure), self.body)


def asked(operation="listEvents"):
    return Request(method="GET", url="http://x.test/v1/events", operation=operation, check="c", actor="observer",
                   headers=(("Authorization", "Bearer canary-token-1"),))


def test_the_first_of_each_kind_and_then_some_are_recorded_redacted():
    lines = Lines()
    sender = Sampled(Answering(body=b'{"secret": "canary-secret-22"}'), lines, Redactor())
    for _ in range(500):
        assert sender.send(asked()).body == b'{"secret": "canary-secret-22"}'
    sender.send(asked("getBet"))
    assert [kind for kind, _ in lines] == ["sample"] * (3 + 10 + 1)
    assert "canary" not in json.dumps([line for _, line in lines])
    for _ in range(10_000):
        sender.send(asked())
    assert len(lines) == 3 + 40 + 1


def test_what_has_no_answer_or_is_too_long_is_no_sample():
    lines = Lines()
    for inner in (Answering(status=None, failure="timeout"), Answering(body=b"x" * 300_000)):
        Sampled(inner, lines, Redactor()).send(asked())
    assert not lines


def test_samples_are_read_back_apart(tmp_path):
    line = Exchange(id="s~1", check="c", actor="storm", method="GET", url="http://x.test/", status=200).to_line()
    (tmp_path / "journal.jsonl").write_text("".join(json.dumps({"k": kind, "t": 1, **line}) + "\n"
                                                    for kind in ("sample", "exchange")), encoding="utf-8")
    (tmp_path / "contract.json").write_text("{}", encoding="utf-8")
    history, _ = load_history(tmp_path, ContractProfile())
    assert [len(history.samples), len(history.exchanges)] == [1, 1]
    assert history["s~1"].actor == "storm"
