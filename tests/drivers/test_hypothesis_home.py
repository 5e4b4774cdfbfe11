"""What is used of Hypothesis's insides is still there, and says what Hypothesis would find out itself."""

import gzip
import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import Phase, configuration, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal import charmap
from hypothesis.internal.conjecture import providers
from hypothesis.internal.conjecture.engine import ConjectureRunner

from harness.drivers.hypothesis_home import borrowed_home, utf_8


def test_the_table_is_what_utf_8_can_write():
    whole, lossy = utf_8()
    writable = []
    for code in range(sys.maxunicode + 1):
        try:
            assert chr(code).encode().decode() == chr(code)
        except UnicodeEncodeError:
            continue
        if writable and writable[-1][1] == code - 1:
            writable[-1][1] = code
        else:
            writable.append([code, code])
    assert whole == writable
    assert lossy == []


def test_hypothesis_takes_the_table_from_the_borrowed_home():
    charmap.intervals_from_codec.cache_clear()
    with borrowed_home():
        table = charmap.charmap_file("codec-v2-utf-8")
        assert json.loads(gzip.decompress(table.read_bytes())) == utf_8()
        table.write_bytes(gzip.compress(json.dumps([[[65, 70]], []]).encode()))
        encodable, _ = charmap.intervals_from_codec("utf-8")
    charmap.intervals_from_codec.cache_clear()
    assert [list(pair) for pair in encodable.intervals] == [[65, 70]], "it works the table out itself"


def test_no_constants_of_local_code_while_at_home_and_all_as_before_after_it():
    before = providers._get_local_constants
    with borrowed_home():
        assert len(providers._get_local_constants()) == 0
        assert "<lambda>" in repr(st.integers().filter(lambda n: n > 3)), "it reads our source"
        home = Path(configuration.storage_directory().path)
        assert home.is_dir()
    assert providers._get_local_constants is before
    assert "n > 3" in repr(st.integers().filter(lambda n: n > 3))
    assert not home.exists()


@pytest.mark.parametrize("variations", [True, False])
def test_each_example_may_be_drawn_anew(variations):
    examples = []

    @settings(max_examples=60, database=None, deadline=None, phases=[Phase.generate])
    @seed(3)
    @given(st.lists(st.integers(0, 10**9), min_size=6, max_size=6))
    def look(numbers):
        examples.append(frozenset(n for n in numbers if n))

    before = ConjectureRunner.generate_mutations_from
    with borrowed_home(variations=variations):
        look()
    assert ConjectureRunner.generate_mutations_from is before
    alike = sum(len(one & other) >= 3 for one, other in pairwise(examples))
    assert alike > 10 if variations else alike <= 3, "numbers of the example before, come again"
