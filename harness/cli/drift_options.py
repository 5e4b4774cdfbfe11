"""How `certify drift` is asked, option by option; light, for `certify --help` reads it."""

from pathlib import Path
from typing import Annotated

import typer

Old = Annotated[str, typer.Argument(metavar="OLD", help="The released contract: a file, `-`, a URL of a target, or a "
                                                        "commit's file like main:openapi.yaml.")]
New = Annotated[str, typer.Argument(metavar="NEW", help="The contract that shall replace it; named alike.")]
Format = Annotated[str | None, typer.Option("--format", help="openapi, asyncapi, jsonschema, avro or protobuf "
                                                             "(default: by content).")]
Report = Annotated[str, typer.Option("--report", help="text, json, sarif or markdown.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the report there.")]
Waivers = Annotated[Path | None, typer.Option("--waivers", help="TOML or YAML file of accepted changes.")]
Level = Annotated[str, typer.Option("--level", help="Event schemas: backward, forward, full or none; Protobuf also "
                                                    "wire_json, wire, package or file.")]
Strict = Annotated[bool, typer.Option("--strict", help="Read open objects as registries do: their writer may send "
                                                       "anything.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="The day to judge by (default: today).")]
Allow = Annotated[str, typer.Option("--allow", help="The worst that passes: editorial, additive, unsure or breaking "
                                                    "(then only the version number and promises decide).")]
NoticeDays = Annotated[int, typer.Option("--notice-days", min=0, max=36_500, help="Least days from a deprecation to "
                                                                                  "its sunset.")]
