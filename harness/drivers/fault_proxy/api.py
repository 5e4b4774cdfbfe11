"""The HTTP API of Toxiproxy 2: proxies, toxics, populate, reset, version."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from harness.drivers.fault_proxy.proxies import ApiError, Collection, Proxy
from harness.drivers.fault_proxy.stage import Toxic
from harness.drivers.fault_proxy.toxics import KINDS

VERSION = "2.12.0"
"""The version of Toxiproxy whose API this is."""
_LARGEST = 1 << 63
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(collection: Collection) -> web.Application:
    """The API over a collection of proxies."""
    app = web.Application(middlewares=[_errors], client_max_size=1 << 20)
    api = _Api(collection)
    app.add_routes([
        web.get("/version", api.version), web.post("/reset", api.reset), web.post("/populate", api.populate),
        web.get("/proxies", api.index), web.post("/proxies", api.create),
        web.get("/proxies/{proxy}", api.show), web.post("/proxies/{proxy}", api.update),
        web.patch("/proxies/{proxy}", api.update), web.delete("/proxies/{proxy}", api.delete),
        web.get("/proxies/{proxy}/toxics", api.toxics), web.post("/proxies/{proxy}/toxics", api.add_toxic),
        web.get("/proxies/{proxy}/toxics/{toxic}", api.show_toxic),
        web.post("/proxies/{proxy}/toxics/{toxic}", api.update_toxic),
        web.patch("/proxies/{proxy}/toxics/{toxic}", api.update_toxic),
        web.delete("/proxies/{proxy}/toxics/{toxic}", api.delete_toxic)])
    return app


def collection(seed: int | None = None) -> Collection:
    """An empty collection; `seed` makes toxicity, jitter and slices repeatable."""
    return Collection(random.Random(seed))  # noqa: S311 - reproducible by seed


class _Api:
    def __init__(self, collection: Collection) -> None:
        self._all = collection

    async def version(self, _: web.Request) -> web.Response:
        return web.json_response({"version": VERSION})

    async def reset(self, _: web.Request) -> web.Response:
        await self._all.reset()
        return web.Response(status=204)

    async def index(self, _: web.Request) -> web.Response:
        return web.json_response(self._all.to_dict())

    async def create(self, request: web.Request) -> web.Response:
        given = _Given(await _json(request), {})
        name, upstream = given.text("name"), given.text("upstream")
        _required(name=name, upstream=upstream)
        proxy = await self._all.add(name, given.text("listen"), upstream, enabled=given.flag("enabled", default=True))
        return web.json_response(proxy.to_dict(), status=201)

    async def populate(self, request: web.Request) -> web.Response:
        """Those before a wrong one are made all the same, and told beside the error."""
        made: list[Proxy] = []
        entries = await _json(request)
        if not isinstance(entries, list):
            raise ApiError(400, "bad request body: an array of proxies is expected")
        trouble: dict[str, Any] = {}
        status = 201
        given = [_Given(entry, {}) for entry in entries]
        try:
            for n, one in enumerate(given, start=1):
                for member in ("name", "upstream"):
                    if not one.text(member):
                        raise ApiError(400, f"missing required field: {member} at proxy {n}")
            for one in given:
                made.append(await self._all.put(one.text("name"), one.text("listen"), one.text("upstream"),
                                                enabled=one.flag("enabled", default=True)))
        except ApiError as error:
            status, trouble = error.status, {"error": str(error), "status": error.status}
        return web.json_response({**trouble, "proxies": [p.to_dict() for p in made]}, status=status)

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(self._proxy(request).to_dict())

    async def update(self, request: web.Request) -> web.Response:
        proxy = self._proxy(request)
        given = _Given(await _json(request), proxy.to_dict())
        await proxy.change(given.text("listen"), given.text("upstream"), enabled=given.flag("enabled"))
        return web.json_response(proxy.to_dict())

    async def delete(self, request: web.Request) -> web.Response:
        await self._all.remove(request.match_info["proxy"])
        return web.Response(status=204)

    async def toxics(self, request: web.Request) -> web.Response:
        return web.json_response(self._proxy(request).to_dict()["toxics"])

    async def add_toxic(self, request: web.Request) -> web.Response:
        proxy = self._proxy(request)
        given = _Given(await _json(request), {"stream": "downstream"})
        kind, stream = given.text("type"), given.text("stream").lower()
        toxic = Toxic(name=given.text("name") or f"{kind}_{stream}", type=kind, stream=stream,
                      toxicity=given.share("toxicity", 1.0), attributes={})
        if kind in KINDS:
            toxic.attributes = given.attributes(dict.fromkeys(KINDS[kind].attributes, 0))
        proxy.add(toxic)
        return web.json_response(toxic.to_dict())

    async def show_toxic(self, request: web.Request) -> web.Response:
        return web.json_response(self._toxic(request).to_dict())

    async def update_toxic(self, request: web.Request) -> web.Response:
        toxic = self._toxic(request)
        given = _Given(await _json(request), {})
        attributes, toxicity = given.attributes(toxic.attributes), given.share("toxicity", toxic.toxicity)
        toxic.attributes, toxic.toxicity = attributes, toxicity
        self._proxy(request).change_toxic(toxic)
        return web.json_response(toxic.to_dict())

    async def delete_toxic(self, request: web.Request) -> web.Response:
        self._proxy(request).remove(self._toxic(request))
        return web.Response(status=204)

    def _proxy(self, request: web.Request) -> Proxy:
        return self._all.get(request.match_info["proxy"])

    def _toxic(self, request: web.Request) -> Toxic:
        return self._proxy(request).toxic(request.match_info["toxic"])


class _Given:
    """Members of a request's JSON object over what is known; a wrong type is ApiError 400."""

    def __init__(self, body: Any, known: Mapping[str, Any]) -> None:
        if body is not None and not isinstance(body, dict):
            raise ApiError(400, "bad request body: an object is expected")
        self._body = {**known, **{k: v for k, v in (body or {}).items() if v is not None}}

    def text(self, name: str) -> str:
        value = self._body.get(name, "")
        if not isinstance(value, str):
            raise ApiError(400, f"bad request body: {name} must be a string")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._body.get(name, default)
        if not isinstance(value, bool):
            raise ApiError(400, f"bad request body: {name} must be true or false")
        return value

    def share(self, name: str, default: float) -> float:
        value = self._body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ApiError(400, f"bad request body: {name} must be a number")
        return value

    def attributes(self, known: Mapping[str, int]) -> dict[str, int]:
        """The known attributes, those that are given changed; others are ignored."""
        given = self._body.get("attributes") or {}
        if not isinstance(given, dict):
            raise ApiError(400, "bad request body: attributes must be an object")
        chosen = {name: given[name] for name in known if given.get(name) is not None}
        for name, value in chosen.items():
            if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _LARGEST:
                raise ApiError(400, f"bad request body: {name} must be an integer")
        return {**known, **chosen}


def _required(**members: str) -> None:
    for name, value in members.items():
        if not value:
            raise ApiError(400, f"missing required field: {name}")


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"bad request body: {error}") from error


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as Toxiproxy says them: JSON under `text/plain`. Browsers are turned away: a page must not drive it."""
    if request.headers.get("User-Agent", "").startswith("Mozilla/"):
        return web.Response(status=403, text="User agent not allowed")
    try:
        return await handler(request)
    except ApiError as error:
        return web.Response(status=error.status, text=json.dumps({"error": str(error), "status": error.status}))
