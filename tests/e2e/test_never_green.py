"""Never green on nothing: each dead or hostile target ends with the right code and one clear line."""

import socket

import pytest


def one_line(done):
    lines = done.stderr.strip().splitlines()
    assert "Traceback" not in done.stderr
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("certify: ")
    return lines[0]


def test_target_down(certify, config_text):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = certify("--target", "x", text=config_text(f"http://127.0.0.1:{port}"))
    assert done.returncode == 4
    assert "no connection" in one_line(done)


@pytest.mark.parametrize("status", [401, 404, 429, 503, 500, 200, 302])
def test_target_that_answers_everything_alike(certify, config_text, platform_stub, status):
    url = platform_stub(status, b'{"code": "AUTH_FAILED"}', headers=[("Retry-After", "1"), ("Location", "/")])
    done = certify("--target", "x", text=config_text(url))
    assert done.returncode == 4
    assert "sandbox" in one_line(done)
    assert list(certify.folder.glob("certify-runs/*/journal.jsonl"))


@pytest.mark.parametrize("status", [401, 404, 429, 503])
def test_a_sandbox_whose_api_answers_everything_alike(certify, config_text, platform_stub, status):
    done = certify("--target", "x", text=config_text(platform_stub(status, info_works=True)))
    assert done.returncode == 4
    assert str(status) in one_line(done)


@pytest.mark.parametrize(("control", "code"), [("IDEM-03", 3), ("IDEM-10", 3), ("IDEM-12", 1), ("TIME-09", 3),
                                               ("ROLL-05", 3)])
def test_a_sandbox_whose_calls_all_answer_an_empty_200_is_not_green(certify, config_text, platform_stub, control,
                                                                     code):
    url = platform_stub(200, b"{}", info_works=True, token_works=True)
    done = certify("--target", "x", "--only", control, text=config_text(url))
    assert done.returncode == code, done.stdout + done.stderr


def test_an_empty_contract(certify, config_text):
    (certify.folder / "api.yaml").write_text("openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {}\n")
    done = certify("--target", "x", text=config_text("http://127.0.0.1:9", extra='contract = "api.yaml"'))
    assert done.returncode == 2
    assert "no operations" in one_line(done)


@pytest.mark.parametrize(("document", "says"), [
    ("openapi: 3.1.0\n  bad: [", "api.yaml:2: not YAML"), ("a: &a [1]\nb: *c", "not YAML"), ("[]", "not an OpenAPI 3"),
    ("swagger: '2.0'", "not an OpenAPI 3"), ("openapi: 3.1.0\npaths: 3", "no operations"),
    ("a: &a {b: *a}\nopenapi: 3.1.0", "cyclic"), ("[" * 500, "nested deeper")])
def test_a_malformed_contract(certify, config_text, document, says):
    (certify.folder / "api.yaml").write_text(document)
    done = certify("--target", "x", text=config_text("http://127.0.0.1:9", extra='contract = "api.yaml"'))
    assert done.returncode == 2
    assert says in one_line(done)


@pytest.mark.parametrize(("arguments", "says"), [
    (["--only", "IDEM-99"], "no such control"), (["--only", "OBS-09"], "nothing to run"),
    (["--phase", "5"], "no such phase"), (["--level", "gold"], "no such level"),
    (["--report", "pdf"], "no such report"),
    (["--target", "nowhere"], "certify.toml"), (["--fault", "no-such"], "no such fault"), (["--seed", "-1"], "seed"),
    (["--suites", "nowhere"], "no such folder"), (["explain", "IDEM-9"], "IDEM-0"), (["judge", "nowhere"], "nowhere"),
    (["replay", "IDEM-03"], "no run"), (["plan", "--only", "X"], "no such control"),
    (["sandbox", "--fault", "x"], "no such fault"), (["sandbox", "--profile", "x"], "KEY=VALUE"),
    (["sandbox", "--profile", "mismatch_status=400"], "409, 422"), (["selftest", "--fault", "x"], "no such fault"),
    (["doctor", "--target", "nowhere"], "certify.toml"), (["list", "--suites", "nowhere"], "no such folder"),
    (["init", "/nonexistent/x.toml"], "cannot write")], ids=lambda v: "-".join(v) if isinstance(v, list) else "")
def test_bad_input_is_one_line_and_exit_2(certify, arguments, says):
    done = certify(*arguments)
    assert done.returncode == 2
    assert says in one_line(done)


def test_an_unset_secret_is_named(certify, config_text):
    done = certify("--target", "x", text=config_text("http://127.0.0.1:9"), environment={"CERTIFY_OTHER_SECRET": ""})
    assert done.returncode == 2
    assert "CERTIFY_OTHER_SECRET" in one_line(done)


def test_a_target_not_declared_a_sandbox_is_left_alone(certify, config_text, platform_stub):
    text = config_text(platform_stub(200, info_works=True)).replace("sandbox = true", "sandbox = false")
    done = certify("--target", "x", text=text)
    assert done.returncode == 2
    assert "sandbox = true" in one_line(done)
