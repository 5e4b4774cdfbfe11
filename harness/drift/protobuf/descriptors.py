"""Protobuf sources as descriptors: protoc of grpcio-tools in a process of its own, bounded, on a temporary folder.

The one place in this room that touches the disk: protoc reads files only.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from harness.model.errors import EnvironmentFault, UsageError

SECONDS = 20.0
"""Longest that one version may take to compile."""
MOST_BYTES = 8_000_000
_MOST_FILES = 2_000
_CHATTER = re.compile(r"^[WI]\d{4} |warning:", re.IGNORECASE)


def compiled(files: Mapping[str, str], what: str) -> tuple[Any, ...]:
    """The FileDescriptorProto of every file given and of what it imports, by import path; `what` names the version.

    Raises:
        UsageError: a file does not compile, has a strange name, or all are too much.
        EnvironmentFault: grpcio-tools is not installed.
    """
    if importlib.util.find_spec("grpc_tools") is None or importlib.util.find_spec("google.protobuf") is None:
        raise EnvironmentFault("comparing Protobuf needs grpcio-tools", remedy="pip install 'certify[protobuf]'")
    from google.protobuf import descriptor_pb2
    from google.protobuf.message import DecodeError

    if len(files) > _MOST_FILES or sum(len(text) for text in files.values()) > MOST_BYTES:
        raise UsageError(f"{what}: more than {_MOST_FILES} files or {MOST_BYTES // 1_000_000} MB of Protobuf",
                         remedy="Name a smaller folder")
    if not files:
        return ()
    with tempfile.TemporaryDirectory(prefix="certify-proto-") as folder:
        sources = Path(folder) / "sources"
        for name, text in files.items():
            _write(sources, name, text, what)
        written = Path(folder) / "descriptors.pb"
        _protoc(sources, sorted(files), written, what)
        try:
            found = descriptor_pb2.FileDescriptorSet.FromString(written.read_bytes())
        except (OSError, DecodeError) as error:
            raise UsageError(f"{what}: protoc gave no descriptors", remedy="Try protoc on the files") from error
    return tuple(found.file)


def _write(sources: Path, name: str, text: str, what: str) -> None:
    path = PurePosixPath(name)
    strange = path.is_absolute() or ".." in path.parts or "\\" in name or name.startswith("-") or not name.isprintable()
    if strange or path.suffix != ".proto":
        raise UsageError(f"{what}: {name!r} cannot be the name of a Protobuf file", remedy="Use relative .proto paths")
    try:
        (sources / path).parent.mkdir(parents=True, exist_ok=True)
        (sources / path).write_text(text, encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"{what}: {name!r} cannot be written down for protoc: {error.strerror}",
                         remedy="Rename the file") from error


def _protoc(sources: Path, names: list[str], written: Path, what: str) -> None:
    command = [sys.executable, "-P", "-c", _PROGRAM, f"-I{sources}", "--include_imports", "--include_source_info",
               f"--descriptor_set_out={written}", *names]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL,  # noqa: S603
                              check=False)
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{what}: protoc took more than {SECONDS:g} s", remedy="Look for endless imports or options") \
            from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").replace(f"{sources}/", "").strip().splitlines()
        lines = [line for line in said if not _CHATTER.search(line)]
        raise UsageError(f"{what}: does not compile: {(lines or ['protoc gave no reason'])[0][:300]}",
                         remedy="Correct the file; imports must be in the folder or google/protobuf's own")


_PROGRAM = """
import sys, pathlib, grpc_tools
from grpc_tools import protoc
known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
sys.exit(protoc.main(["protoc", *sys.argv[1:2], f"-I{known}", *sys.argv[2:]]))
"""
