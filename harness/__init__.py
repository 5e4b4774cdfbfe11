"""The façade for authors of suites, scenarios and reports: `from harness import Lab`; nobody inside imports from it.

Its names live in `harness.authors`, which is loaded when the first of them is asked for: `certify --help` needs none.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.authors import *  # noqa: F403


def __getattr__(name: str) -> Any:
    if name.startswith("_") or find_spec(f"{__name__}.{name}"):  # a room is found by the import that asks for it
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.authors"), name)
