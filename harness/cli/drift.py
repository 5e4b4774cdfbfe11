"""`certify drift OLD NEW`: what changed between two versions of a contract, whom it breaks, which version it needs."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.content.contract_sources import MAX_BYTES, Source, read_source, with_imports
from harness.drift.changes import Comparison, Verdict
from harness.drift.compare import CATEGORIES, FORMATS, NOTICE_DAYS, Options, compare
from harness.drift.judged import ALLOWED, Judged, judged
from harness.drift.levels import Level
from harness.drift.versions import path_major
from harness.drift.waivers import read_waivers, waived
from harness.model.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from harness.drift.document import Document

REPORTS = ("text", "json", "sarif", "markdown")
_FETCH_SECONDS = 10.0
_MOST_BARE = 1 << 20
_COLLECTED = (100_000, 20, 20)
"""As for `gc.set_threshold`: large documents are many values and hardly any circle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the command line, as they were written."""

    format: str | None = None
    report: str = "text"
    out: Path | None = None
    waivers: Path | None = None
    level: str = "full"
    strict: bool = False
    as_of: str | None = None
    allow: str = Verdict.ADDITIVE.value
    notice_days: int = NOTICE_DAYS
    config: Path = Path("certify.toml")


@contextmanager
def _rarely_collected() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(*_COLLECTED)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@_rarely_collected()
def drift_command(old: str, new: str, asked: Asked) -> int:
    """Print or write the report; 0 when nothing fails, 1 when a change or the version number does.

    Raises:
        UsageError: options, files, references or waivers that cannot be read; formats that differ.
        EnvironmentFault: a URL or git that does not answer.
    """
    report = _one_of("--report", asked.report, REPORTS)
    levels = [level.value for level in Level]
    level = _one_of("--level", asked.level.lower().replace("-", "_"), (*levels, *map(str.lower, CATEGORIES)))
    allow = Verdict(_one_of("--allow", asked.allow, [verdict.value for verdict in ALLOWED]))
    chosen = _one_of("--format", asked.format, FORMATS) if asked.format is not None else None
    today = _day(asked.as_of)
    if old == new == "-":
        raise UsageError("standard input holds one document", remedy="Name a file for the other")
    waivers = read_waivers(_read(asked.waivers), file=str(asked.waivers)) if asked.waivers else ()
    hosts = _hosts(asked.config) if any("://" in one for one in (old, new)) else ()
    before, after = (_document(read_source(one, fetch=fetched, hosts=hosts), chosen) for one in (old, new))
    options = Options(today=today, strict=asked.strict, notice_days=asked.notice_days,
                      level=level if level in levels else Level.FULL.value,
                      category=CATEGORIES[0] if level in levels else level.upper())
    found = waived(_compared(before, after, options, chosen), waivers, today=today)
    whole = judged(found, old=old, new=new, allow=allow, path_majors=(path_major(before.value),
                                                                       path_major(after.value)))
    _write(_render(whole, report, asked.out), asked.out)
    return 0 if whole.ok else 1


def _compared(old: Document, new: Document, options: Options, chosen: str | None) -> Comparison:
    from harness.drift.unreadable import Unreadable

    try:
        return compare(old, new, options=options, format=chosen)
    except Unreadable as error:
        raise UsageError(str(error)) from error


def _document(source: Source, chosen: str | None) -> Document:
    """The source as a document; Protobuf is no YAML, so its texts are the value, by import path."""
    from harness.drift.document import Document, read_document
    from harness.drift.unreadable import Unreadable

    if chosen == "protobuf" or (chosen is None and source.name.lower().endswith(".proto")):
        return Document(file=source.name, value=with_imports(source), lines={})
    try:
        return read_document(source.text, file=source.name, others=source.others)
    except Unreadable as error:
        if (bare := _bare(source.text)) is not None:
            return Document(file=source.name, value=bare, lines={})
        raise UsageError(str(error)) from error


def _bare(text: bytes) -> list[Any] | bool | None:
    """A schema that is no mapping: an Avro union, or JSON Schema's true and false; None: something else."""
    if text.lstrip()[:1] not in (b"[", b"t", b"f") or len(text) > _MOST_BARE:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list | bool) else None


def _render(whole: Judged, report: str, out: Path | None) -> str:
    if report == "text":
        from harness.drawing.drift_text import drift_text

        return drift_text(whole, colour=out is None and sys.stdout.isatty())
    if report == "markdown":
        from harness.drawing.drift_markdown import drift_markdown

        return drift_markdown(whole)
    if report == "sarif":
        from harness.drawing.drift_sarif import drift_sarif

        return json.dumps(drift_sarif(whole), indent=1) + "\n"
    from harness.drawing.drift_json import drift_json

    return json.dumps(drift_json(whole), indent=1, default=str) + "\n"


def _write(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode())
        return
    try:
        out.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}", remedy="Name a file in a folder that exists") from error


def fetched(url: str, host: str) -> bytes:
    """What is published there; the recording client bounds it and follows nothing."""
    from harness.drivers.recording_client import RecordingClient
    from harness.engine.ports import Request
    from harness.engine.redaction import Redactor

    client = RecordingClient(None, Redactor(), hosts=(host,), prefix="drift", timeout=_FETCH_SECONDS,
                             max_body=MAX_BYTES)
    try:
        sent = client.send(Request(method="GET", url=url))
    finally:
        client.close()
    status, failure = sent.exchange.status, sent.exchange.failure
    if failure or status != 200:
        said = {"too_large": f"more than {MAX_BYTES >> 20} MiB", "timeout": f"not had within {_FETCH_SECONDS:g} s",
                "connect": "nothing answers there"}.get(failure, failure) or f"answered {status}"
        moved = " (redirects are not followed)" if status is not None and 300 <= status < 400 else ""
        raise EnvironmentFault(f"{url}: {said}{moved}", remedy="Does the target publish it there? Or name a file")
    return sent.body


def _hosts(config: Path) -> tuple[str, ...]:
    """The hosts of every target of the configuration, secrets unread; none where there is no such file."""
    if not config.exists():
        return ()
    from harness.content.targets import load_config

    found: list[str] = []
    for table in load_config(config).get("target", {}).values():
        if isinstance(table, dict):
            named = table.get("hosts", [])
            found += [urlsplit(str(table.get("base_url", ""))).netloc, *(named if isinstance(named, list) else ())]
    return tuple(host for host in found if isinstance(host, str) and host)


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text[:60]!r} is no date", remedy="Like 2027-01-31") from None


def _one_of(option: str, value: str, known: Iterable[str]) -> str:
    if value not in (every := tuple(known)):
        raise UsageError(f"{option} {value[:60]!r} is not known", remedy=f"One of: {', '.join(every)}")
    return value


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read((1 << 20) + 1)
    except OSError as error:
        raise UsageError(f"--waivers {path}: {error.strerror}", remedy="Name a TOML or YAML file") from error
    if len(text) > 1 << 20:
        raise UsageError(f"--waivers {path}: more than 1 MiB", remedy="Take out what is over")
    return text
