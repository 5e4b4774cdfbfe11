"""What any REST API must hold that documents it: these checks run where the contract is not the unified API's.

Requests that worked once (made up from the document) are the templates; nothing else is known of the API.
"""

from dataclasses import replace

import pytest

from harness import (
    Lab,
    conforms,
    echoes,
    gives_nothing_away,
    guarded,
    json_writes,
    keyed_writes,
    refused,
    required_keys,
    same_thing,
    traced_calls,
    valid_document,
    withstood,
)

_COPIES = 4


@pytest.mark.certifies("CONT-01", api="foreign")
def test_the_document_is_valid(lab: Lab) -> None:
    """Read from the target's own document; nothing is sent."""
    lab.claim(valid_document())


@pytest.mark.certifies("CONT-02", api="foreign")
def test_every_answer_conforms_to_the_document(lab: Lab) -> None:
    """Judged over everything that any check observed."""
    lab.claim(conforms())


@pytest.mark.certifies("SEC-08", api="foreign")
def test_no_error_gives_internals_away(lab: Lab) -> None:
    """Judged over every error that any check observed."""
    lab.claim(gives_nothing_away())


@pytest.mark.certifies("SEC-01", api="foreign", needs=("credentials",))
def test_nobody_is_served_without_credentials(lab: Lab) -> None:
    """Requests that worked, without credentials and with some that nobody was given."""
    api = guarded(lab)
    for template in api.templates():
        for credentials in ("none", "garbage"):
            answer = api.send(template, f"{credentials} credentials", credentials=credentials)
            lab.claim(refused(answer, 401, 403, 404))


@pytest.mark.certifies("SEC-09", api="foreign", needs=("json_bodies",))
def test_what_is_no_json_is_refused(lab: Lab) -> None:
    """A cut body, bytes that are not UTF-8, a body that is deeper than anybody needs."""
    api = json_writes(lab)
    probes = []
    for template in api.templates():
        body = template.body or b"{}"
        for label, raw in {"a cut body": body[: max(1, len(body) // 2)], "not UTF-8": b"\xff\xfe" + body,
                           "deep lists": b"[" * 50_000 + b"]" * 50_000}.items():
            probes.append(api.send(replace(template, body=raw), label))
    lab.claim(withstood(probes, api.send(api.templates()[0], "an honest call")))


@pytest.mark.certifies("OBS-01", api="foreign", needs=("trace_header",))
def test_a_trace_header_comes_back(lab: Lab) -> None:
    """Of each operation that takes one and promises it back."""
    api, names = traced_calls(lab)
    for template in api.templates():
        name = names[template.operation]
        value = lab.fresh("trace")
        kept = tuple(h for h in template.headers if h[0].lower() != name.lower())
        lab.claim(echoes([api.send(replace(template, headers=(*kept, (name, value))), "traced")], name))


@pytest.mark.certifies("IDEM-02", api="foreign", needs=("required_idempotency_header",))
def test_a_write_without_its_key_is_refused(lab: Lab) -> None:
    """Of each operation whose document requires the key."""
    api = required_keys(lab)
    for template in api.templates():
        lab.claim(refused(api.send(api.keyed(template, None), "no key")))


@pytest.mark.certifies("IDEM-03", api="foreign", needs=("idempotency_header",))
def test_the_same_key_and_body_give_the_first_result(lab: Lab) -> None:
    """A request and its repeat name the same thing."""
    api = keyed_writes(lab)
    for template in api.templates():
        once = api.keyed(template, lab.fresh("key"))
        lab.claim(same_thing(api.send(once, "first"), api.send(once, "again")))


@pytest.mark.certifies("IDEM-04", api="foreign", needs=("idempotency_header",))
def test_the_same_key_with_another_body_is_refused(lab: Lab) -> None:
    """A second request that works by itself, under the key of the first."""
    api = keyed_writes(lab)
    for template in api.templates():
        if other := api.another(template):
            key = lab.fresh("key")
            lab.must(api.send(api.keyed(template, key), "first"))
            lab.claim(refused(api.send(api.keyed(other, key), "another body")))


@pytest.mark.certifies("IDEM-05", api="foreign", needs=("idempotency_header",))
def test_copies_at_once_make_one_thing(lab: Lab) -> None:
    """Copies of one request at the same instant."""
    api = keyed_writes(lab)
    for template in api.templates():
        once = api.keyed(template, lab.fresh("key"))
        answers = lab.together([lambda o=once: api.send(o, "copy") for _ in range(_COPIES)])
        lab.claim(same_thing(*answers, copies=True))
