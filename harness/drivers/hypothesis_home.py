"""Hypothesis as a guest: it keeps nothing, reads no code of ours, and does not work out anew what is known.

`charmap` and `providers` are internals: tests/drivers/test_hypothesis_home.py is the contract of what is used here.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import configuration
from hypothesis.internal import charmap
from hypothesis.internal.conjecture import providers
from hypothesis.internal.conjecture.engine import ConjectureRunner
from hypothesis.internal.constants_ast import Constants
from hypothesis.strategies._internal import lazy

_LAST_BEFORE_SURROGATES, _FIRST_AFTER = 0xD7FF, 0xE000


@contextmanager
def borrowed_home(*, variations: bool = True) -> Iterator[None]:
    """A home folder for one exploration: nothing in the user's folder, nothing left.

    With Hypothesis's own way each process tries all 1,114,112 characters for what UTF-8 can write (over a second of
    processor time), and takes numbers and texts out of the source files of whoever imported it: the same seed would
    make other requests after an edit of any of our files.
    """
    with tempfile.TemporaryDirectory(prefix="certify-hypothesis-") as folder:
        configuration.set_hypothesis_home_dir(folder)
        table = charmap.charmap_file("codec-v2-utf-8")
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_bytes(gzip.compress(json.dumps(utf_8()).encode()))
        collect, providers._get_local_constants = providers._get_local_constants, Constants
        strategies: Any = lazy
        describe, strategies.get_pretty_function_description = strategies.get_pretty_function_description, _name
        runner: Any = ConjectureRunner
        mutate, runner.generate_mutations_from = runner.generate_mutations_from, \
            runner.generate_mutations_from if variations else _nothing
        try:
            yield
        finally:
            providers._get_local_constants = collect
            strategies.get_pretty_function_description = describe
            runner.generate_mutations_from = mutate
            configuration.set_hypothesis_home_dir(None)


def _nothing(*_: object) -> None:
    pass


def _name(function: object) -> str:
    return str(getattr(function, "__name__", "a function"))


def utf_8() -> list[list[list[int]]]:
    """What UTF-8 can write, and what of it would not come back: all but the surrogates, and nothing."""
    return [[[0, _LAST_BEFORE_SURROGATES], [_FIRST_AFTER, sys.maxunicode]], []]
