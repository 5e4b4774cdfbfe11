"""A foreign REST API with nothing but its OpenAPI document and a token: what applies is tried, the rest says why."""

import json
import re

import pytest

from tests.e2e.orders_api import TOKEN, Orders
from tests.support import Handler

APPLIES = {"CONT-01", "CONT-02", "CONT-03", "SEC-01", "SEC-08", "SEC-09", "OBS-01", "IDEM-02", "IDEM-03", "IDEM-04",
           "IDEM-05"}
DEFECTS = {"open door": "SEC-01", "key optional": "IDEM-02", "forgets keys": "IDEM-03", "key not bound": "IDEM-04",
           "falls over": "SEC-09", "lax": "CONT-03", "odd answer": "CONT-03", "no echo": "OBS-01"}


@pytest.fixture
def orders(serve):
    """Start the API with these defects; returns its base URL."""
    def start(*defects):
        api = Orders(*defects)

        class Answering(Handler):
            def do_GET(self):
                self.answer(self.command)

            def do_POST(self):
                self.answer(self.command)

            do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_POST

            def do_HEAD(self):
                self.send_response(405)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def answer(self, method):
                length = int(self.headers.get("Content-Length") or 0)
                status, body = api.answer(method, self.path.partition("?")[0], self.headers, self.rfile.read(length))
                raw = json.dumps(body).encode()
                self.send_response(status)
                given = self.headers.get("X-Request-Id", "")
                echo = given if re.fullmatch("[A-Za-z0-9-]{1,64}", given) else "made-here"
                self.send_header("X-Request-Id", "fixed" if "no echo" in api.defects else echo)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        return serve(Answering)

    return start


def config(url, extra=""):
    return "\n".join(["[target.orders]", f'base_url = "{url}"', "sandbox = true", 'level = "built"',
                      'contract = "target:/openapi.json"', extra, "[target.orders.credentials.provider]",
                      'token = "env:ORDERS_TOKEN"'])


@pytest.fixture
def run(certify, orders):
    """(exit code, rows by control id) of a run against the API with these defects."""
    def go(*defects, only=()):
        chosen = ["--only", ",".join(only)] if only else []
        done = certify("--target", "orders", "--json", "--seed", "5", *chosen, text=config(orders(*defects)),
                       environment={"ORDERS_TOKEN": TOKEN})
        assert done.stdout, done.stderr
        return done.returncode, {r["control"]["id"]: r for r in json.loads(done.stdout)["rows"]}

    return go


def test_what_applies_is_decided_and_the_rest_says_why_not(run, certify):
    code, rows = run()
    applies = {i for i, row in rows.items() if row["counted"] and row["finding"]["outcome"] != "not_applicable"}
    assert applies == APPLIES
    assert rows["CONT-07"]["finding"]["outcome"] == "not_applicable"  # nothing says what was released before
    assert "no released baseline" in rows["CONT-07"]["finding"]["message"]
    assert rows["PACT-01"]["finding"]["message"] == "the target profile names no consumer pacts"
    assert {i: rows[i]["finding"]["message"] for i in APPLIES if rows[i]["finding"]["outcome"] != "pass"} == {}
    assert code == 0
    assert rows["MONEY-06"]["finding"]["outcome"] == "not_applicable"
    assert "unified provider API" in rows["MONEY-06"]["finding"]["message"]
    (folder,) = certify.folder.glob("certify-runs/*")
    for path in (p for p in folder.rglob("*") if p.is_file()):
        assert TOKEN not in path.read_text(errors="replace"), path


@pytest.mark.parametrize(("defect", "control"), sorted(DEFECTS.items()))
def test_what_it_does_wrong_is_found(run, defect, control):
    code, rows = run(defect, only=(control,))
    assert (code, rows[control]["finding"]["outcome"]) == (1, "fail"), rows[control]["finding"]["message"]


def test_plan_and_doctor_know_a_foreign_api(certify, orders):
    environment = {"ORDERS_TOKEN": TOKEN}
    url = orders()
    plan = certify("plan", "--target", "orders", text=config(url), environment=environment)
    assert plan.returncode == 0
    assert "11 controls would be decided" in plan.stdout
    assert "needs the unified provider API" in plan.stdout
    doctor = certify("doctor", "--target", "orders", environment=environment)
    assert doctor.returncode == 0, doctor.stdout


def test_a_foreign_api_must_be_called_a_sandbox_by_its_profile(certify, orders):
    text = config(orders()).replace("sandbox = true", "sandbox = false")
    done = certify("--target", "orders", text=text, environment={"ORDERS_TOKEN": TOKEN})
    assert done.returncode == 2
    assert "sandbox = true" in done.stderr
