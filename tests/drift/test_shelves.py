"""What bundlers share: each reads what it would read alone, whatever others cut."""

import json

import pytest

from harness.drift.bundles import Unfollowed
from harness.drift.bundling import LARGEST, Bundler
from harness.drift.counterexamples import Acceptance
from harness.drift.gleaning import OnceEach
from harness.drift.pool import pool_of
from harness.drift.shelves import Shelf

ROOT = {"$defs": {
    "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "maxLength": 8},
                                                                  "next": {"$ref": "#/$defs/Base"}}},
    "Bet": {"allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"stake": {"type": "integer", "minimum": 1}}}]}}}
BET = ROOT["$defs"]["Bet"]
NEXT = ROOT["$defs"]["Base"]["properties"]["next"]


@pytest.mark.parametrize("closed", [False, True])
def test_a_shared_shelf_changes_nothing_that_is_read(closed):
    shelf = Shelf()
    for cuts in ({}, {id(NEXT): {}}, {id(NEXT): {"const": 1}}, {id(NEXT): False}, {}):
        alone = Bundler(ROOT, closed=closed, cuts=cuts).bundle(BET)
        for _ in range(2):
            shared = Bundler(ROOT, closed=closed, cuts=cuts, shelf=shelf).bundle(BET)
            assert (shared.schema, shared.defs, shared.key) == (alone.schema, alone.defs, alone.key)


def test_what_is_cut_elsewhere_is_read_once():
    shelf = Shelf()
    first, second = (Bundler(ROOT, cuts=cuts, shelf=shelf).bundle(BET) for cuts in ({}, {id(NEXT): {}}))
    assert first.schema is second.schema  # nothing is cut in it
    assert first.defs["#/$defs/Base"] is not second.defs["#/$defs/Base"]
    assert Acceptance(second).valid({"id": "a", "next": 7})
    assert Acceptance(first).invalid({"id": "a", "next": 7})


def test_what_lies_on_the_shelf_counts_for_what_one_bundle_may_hold():
    wide = {"$defs": {str(n): {"properties": {str(k): {"type": "string"} for k in range(LARGEST // 3)}}
                      for n in range(4)}}
    everything = {"allOf": [{"$ref": f"#/$defs/{n}"} for n in range(4)]}
    shelf = Shelf()
    for n in range(4):
        Bundler(wide, shelf=shelf).bundle({"$ref": f"#/$defs/{n}"})
    with pytest.raises(Unfollowed, match="too large"):
        Bundler(wide, shelf=shelf).bundle(everything)


def test_a_pool_names_what_two_schemas_mention_and_what_tells_them_apart():
    other = json.loads(json.dumps(ROOT))
    other["$defs"]["Bet"]["allOf"][1]["properties"]["stake"]["minimum"] = 5
    pool = pool_of(Bundler(ROOT).bundle(BET), Bundler(other).bundle(other["$defs"]["Bet"]), {"enum": ["x"]})
    assert pool.telling == {"stake"}
    assert pool.names[0] == "stake"
    assert (pool.numbers, pool.sizes, pool.values) == ((1, 5), (8,), ("x",))


def test_what_is_made_of_a_value_is_made_once():
    made = []
    once = OnceEach(lambda one: made.append(one) or len(one))
    value = [1, 2]
    assert (once(value), once(value), once([1, 2])) == (2, 2, 2)
    assert made == [[1, 2], [1, 2]]
