"""What says that it is settled stays so."""

import json

import pytest

from harness.drift.changes import Verdict
from harness.drift.document import read_document
from harness.drift.stability import stability_changes


def api(call=None, member=None):
    said = {"x-stability-level": member} if member else {}
    body = {"type": "object", "properties": {"a": {"type": "string", **said}}}
    return {"openapi": "3.1.0", "info": {"version": "1.0.0"}, "components": {"schemas": {"A": body}},
            "paths": {"/v1/x": {"get": {"x-stability-level": call} if call else {}}}}


def rules(old, new):
    documents = [read_document(json.dumps(d).encode(), file="c.json") for d in (old, new)]
    found = list(stability_changes(*documents))
    assert all(c.verdict is Verdict.BREAKING and c.policy for c in found)
    return [c.rule for c in found]


@pytest.mark.parametrize(("old", "new", "told"), [
    ({"call": "beta"}, {"call": "alpha"}, ["stability-lowered"]), ({"call": "alpha"}, {"call": "beta"}, []),
    ({}, {"call": "beta"}, ["stability-lowered"]), ({"call": "beta"}, {}, []), ({}, {"call": "stable"}, []),
    ({"call": "beta"}, {"call": "solid"}, ["stability-unknown"]), ({"call": "solid"}, {"call": "solid"}, []),
    ({"member": "stable"}, {"member": "draft"}, ["stability-lowered"]), ({}, {"member": "draft"}, []),
    ({}, {"member": "solid"}, ["stability-unknown"])])
def test_a_level_only_rises(old, new, told):
    assert rules(api(**old), api(**new)) == told


def test_a_new_call_begins_where_it_likes():
    assert rules({"openapi": "3.1.0", "paths": {}}, api(call="draft")) == []
