"""Is a database URL one that the platform can work with? Asked before anything is started."""

from __future__ import annotations

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from harness.sandbox.store import engine_of

BACKENDS = ("sqlite", "postgresql")


def check(url: str) -> None:
    """Connect once, and tell in one line what is wrong; the URL may hold a password, so it is not repeated.

    Raises:
        ValueError: no URL of a database that the platform can use. OSError: it cannot be reached or opened.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError("not a database URL") from error
    backend = parsed.drivername.partition("+")[0]
    if backend not in BACKENDS:
        raise ValueError(f"{backend} is none of {', '.join(BACKENDS)}")
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("SQLite in memory would be another database for each connection; name a file")
    try:
        engine = engine_of(url)
    except NoSuchModuleError as error:
        raise ValueError(f"no driver {parsed.drivername}") from error
    except ModuleNotFoundError as error:
        raise ValueError(f"its driver {error.name} is not installed: pip install 'certify[postgres]'") from error
    try:
        with engine.connect():
            return
    except DBAPIError as error:
        reason = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
        raise OSError(reason) from error
    finally:
        engine.dispose()
