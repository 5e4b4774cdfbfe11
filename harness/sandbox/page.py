"""The documents that the platform serves: its contract, and a plain API page made from it."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from typing import Any

from harness.contracts import packs
from harness.sandbox import faults, planted_documents
from harness.sandbox.context import Answer, Context
from harness.sandbox.routing import OPEN, Operation

_STYLE = ("body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2430}"
          "h2{margin-top:2.2rem}details{border:1px solid #e2dfd8;border-radius:6px;margin:.35rem 0;padding:.5rem .8rem}"
          "summary{cursor:pointer}code{font:13px ui-monospace,monospace}b{display:inline-block;min-width:4.2rem}"
          "pre{background:#f3f1ec;padding:.7rem;border-radius:5px;overflow:auto;font:12.5px ui-monospace,monospace}"
          ".m{color:#66707f}@media(prefers-color-scheme:dark){body{background:#14171c;color:#e6e8eb}"
          "pre{background:#22272f}details{border-color:#2b3038}}")


async def openapi_json(ctx: Context) -> Answer:
    """GET /openapi.json."""
    del ctx
    if not faults.some():
        return Answer(200, (packs.pack_path("1.7") / "openapi.json").read_bytes())
    return Answer(200, planted_documents.openapi(packs.openapi("1.7")))


async def openapi_yaml(ctx: Context) -> Answer:
    """GET /openapi.yaml."""
    del ctx
    return Answer(200, (packs.pack_path("1.7") / "openapi.yaml").read_bytes(), media_type="application/yaml")


async def asyncapi_yaml(ctx: Context) -> Answer:
    """GET /asyncapi.yaml."""
    del ctx
    return Answer(200, (packs.pack_path("1.7") / "asyncapi.yaml").read_bytes(), media_type="application/yaml")


async def asyncapi_json(ctx: Context) -> Answer:
    """GET /asyncapi.json: as the YAML, with the event schemas in it."""
    del ctx
    document = packs.asyncapi("1.7")
    return Answer(200, planted_documents.asyncapi(document) if faults.some() else dict(document))


async def docs(ctx: Context) -> Answer:
    """GET /docs: every operation with scope, headers, example and answers; no script, no network."""
    del ctx
    return Answer(200, _page().encode(), media_type="text/html; charset=utf-8")


@cache
def _page() -> str:
    document = packs.openapi("1.7")
    info = document["info"]
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>Unified provider API</title>"
             f"<style>{_STYLE}</style><h1>{escape(info['title'])} {escape(info['version'])}</h1>"
             f"<p>{escape(info['description'])}</p><p><a href=/openapi.yaml>OpenAPI</a> · "
             "<a href=/asyncapi.yaml>AsyncAPI</a> · <a href=/metrics>metrics</a></p>"]
    for tag in document["tags"]:
        parts.append(f"<h2>{escape(tag['name'])} <span class=m>{escape(tag.get('description', ''))}</span></h2>")
        for path, item in document["paths"].items():
            parts += [_operation(method.upper(), path, op) for method, op in item.items()
                      if isinstance(op, dict) and tag["name"] in op.get("tags", ())]
    return "".join(parts) + "</html>"


def _operation(method: str, path: str, op: dict[str, Any]) -> str:
    scopes = [s for entry in op.get("security", ()) for s in entry.get("oauth2", ())]
    lines = [f"<details><summary><b>{method}</b> <code>{escape(path)}</code> <span class=m>{escape(op['summary'])}"
             f"{' · deprecated' if op.get('deprecated') else ''}</span></summary>"]
    if op.get("description"):
        lines.append(f"<p>{escape(op['description'])}</p>")
    lines.append(f"<p class=m>{escape(op['operationId'])} · scope {escape(', '.join(scopes) or 'none')} · answers "
                 f"{escape(', '.join(op['responses']))}</p>")
    for media in op.get("requestBody", {}).get("content", {}).values():
        for example in media.get("examples", {}).values():
            lines.append(f"<pre>{escape(json.dumps(example['value'], indent=2, ensure_ascii=False))}</pre>")
    return "".join(lines) + "</details>"


routes = [
    Operation("GET", "/docs", "getDocs", None, docs, OPEN),
    Operation("GET", "/openapi.json", "getOpenapiJson", None, openapi_json, OPEN),
    Operation("GET", "/openapi.yaml", "getOpenapiYaml", None, openapi_yaml, OPEN),
    Operation("GET", "/asyncapi.json", "getAsyncapiJson", None, asyncapi_json, OPEN),
    Operation("GET", "/asyncapi.yaml", "getAsyncapiYaml", None, asyncapi_yaml, OPEN),
]
