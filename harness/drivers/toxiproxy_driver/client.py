"""One Toxiproxy server, real or built-in, through toxiproxy-python, with what that library lacks.

It keeps one address for the whole process, waits for ever, obeys the environment's HTTP proxies, cannot change a
toxic, and takes an error 500 for a proxy. Here each server has its own address, every call ends in time, and whatever
goes wrong is one `EnvironmentFault`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import requests
import toxiproxy
import toxiproxy.exceptions
import toxiproxy.proxy
import toxiproxy.server

from harness.model.errors import EnvironmentFault, UsageError
from harness.model.scenario import Toxic

_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}")
"""The library puts names into paths as they are."""
_SECONDS = 5.0
_MAX_ANSWER = 1 << 20
_REMEDY = "Is a Toxiproxy server running there? TOXIPROXY_URL names it; without it certify starts its own"


class _Server:
    """Stands in for the library's class-wide API consumer: one server's, bounded in time and size."""

    def __init__(self, url: str, seconds: float) -> None:
        self.base_url = url.rstrip("/")
        self.host, self.port = urlsplit(url).hostname or "", urlsplit(url).port or 80
        self._seconds = seconds
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, url: str, **options: Any) -> requests.Response:
        return self.call("GET", url, **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.call("POST", url, **options)

    def delete(self, url: str, **options: Any) -> requests.Response:
        return self.call("DELETE", url, **options)

    def call(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            with self._session.request(method, self.base_url + url, timeout=self._seconds, allow_redirects=False,
                                       stream=True, **options) as answer:
                body = answer.raw.read(_MAX_ANSWER + 1, decode_content=True)
        except (requests.RequestException, OSError, ValueError) as error:
            raise EnvironmentFault(f"the fault proxy at {self.base_url} does not answer ({type(error).__name__})",
                                   remedy=_REMEDY) from error
        answer._content = body
        if answer.status_code >= 300 or len(body) > _MAX_ANSWER:
            raise EnvironmentFault(f"the fault proxy at {self.base_url} refused {method} {url}: "
                                   f"{answer.status_code} {_words(answer)}", remedy=_REMEDY)
        return answer

    def close(self) -> None:
        self._session.close()


def _words(answer: requests.Response) -> str:
    try:
        said = answer.json()["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = answer.text[:200]
    return " ".join(str(said).split())[:200]


_REFUSALS = (toxiproxy.exceptions.ProxyExists, toxiproxy.exceptions.NotFound, toxiproxy.exceptions.InvalidToxic)
_chosen: ContextVar[_Server] = ContextVar("toxiproxy server")


class _Chosen:
    """What the library's modules call their consumer: that of the server which is spoken to right now."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_chosen.get(), name)


toxiproxy.server.APIConsumer = toxiproxy.proxy.APIConsumer = _Chosen()


class ToxiproxyServer:
    """A running server."""

    def __init__(self, url: str, seconds: float = _SECONDS) -> None:
        self.url = url.rstrip("/")
        self._server = _Server(url, seconds)
        self._library = toxiproxy.Toxiproxy()

    def __enter__(self) -> ToxiproxyServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the connections to it; what it does goes on."""
        self._server.close()

    def version(self) -> str:
        """As the server tells it; raises EnvironmentFault when there is none that answers."""
        return str(_member(self._server.get("/version"), "version"))

    def proxies(self) -> dict[str, FaultProxy]:
        """Every proxy that it has, by name."""
        with self._speaking():
            return {name: FaultProxy(self, found) for name, found in self._library.proxies().items()}

    def create(self, name: str, upstream: str, listen: str = "127.0.0.1:0") -> FaultProxy:
        """A new proxy; raises EnvironmentFault when the name or the address is taken, UsageError for an odd name."""
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no name for a proxy", remedy="Use letters, digits, '.', '_' and '-'")
        with self._speaking():
            return FaultProxy(self, self._library.create(upstream=upstream, name=name, listen=listen))

    def populate(self, proxies: list[Mapping[str, Any]]) -> dict[str, FaultProxy]:
        """These proxies in one call; those that are there as asked for stay as they are, toxics and all."""
        told = _member(self._server.post("/populate", json=[dict(p) for p in proxies]), "proxies")
        names = {str(p.get("name")) for p in told if isinstance(p, Mapping)} if isinstance(told, list) else set()
        return {name: proxy for name, proxy in self.proxies().items() if name in names}

    def reset(self) -> None:
        """Every proxy on, no toxic anywhere."""
        with self._speaking():
            self._library.reset()

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        token = _chosen.set(self._server)
        try:
            yield
        except _REFUSALS as error:
            raise EnvironmentFault(f"the fault proxy at {self.url} refused: {error}", remedy=_REMEDY) from error
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise EnvironmentFault(f"the fault proxy at {self.url} answers what Toxiproxy would not ({error!r})",
                                   remedy=_REMEDY) from error
        finally:
            _chosen.reset(token)


class FaultProxy:
    """One proxy of a server: where it listens, and the faults on it."""

    def __init__(self, server: ToxiproxyServer, library: toxiproxy.Proxy) -> None:
        self._server, self._library = server, library
        self.name: str = library.name
        self.upstream: str = library.upstream
        self.listen: str = library.listen

    @property
    def enabled(self) -> bool:
        """Is it on right now?"""
        return bool(_member(self._call("GET", ""), "enabled"))

    def toxics(self) -> dict[str, Toxic]:
        """The faults on it, by name."""
        with self._server._speaking():
            return {name: Toxic(type=t.type, stream=t.stream, toxicity=t.toxicity, attributes=dict(t.attributes),
                                name=name) for name, t in self._library.toxics().items()}

    def add(self, toxic: Toxic) -> Toxic:
        """Let a fault act; gives it back under the name that it has."""
        with self._server._speaking():
            self._library.add_toxic(type=toxic.type, stream=toxic.stream, name=toxic.label, toxicity=toxic.toxicity,
                                    attributes=dict(toxic.attributes))
        return Toxic(type=toxic.type, stream=toxic.stream, toxicity=toxic.toxicity, attributes=toxic.attributes,
                     name=toxic.label)

    def change(self, toxic: Toxic) -> None:
        """Another toxicity or other attributes, also on live connections."""
        self._call("POST", f"/toxics/{toxic.label}", json={"toxicity": toxic.toxicity,
                                                           "attributes": dict(toxic.attributes)})

    def remove(self, toxic: Toxic) -> None:
        """Let it act no longer."""
        with self._server._speaking():
            self._library.destroy_toxic(toxic.label)

    def down(self) -> None:
        """Close every connection, and take none."""
        with self._server._speaking():
            self._library.disable()

    def up(self) -> None:
        """Take connections again."""
        with self._server._speaking():
            self._library.enable()

    def point_to(self, upstream: str) -> None:
        """Another upstream (host:port), for new connections; those that are open end."""
        self._call("POST", "", json={"listen": self.listen, "upstream": upstream, "enabled": True})
        self.upstream = upstream

    def delete(self) -> None:
        """Close every connection, and be gone."""
        with self._server._speaking():
            self._library.destroy()

    def _call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._server._server.call(method, f"/proxies/{self.name}{path}", **options)


def _member(answer: requests.Response, name: str) -> Any:
    try:
        return answer.json()[name]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EnvironmentFault(f"{answer.url} answers what Toxiproxy would not", remedy=_REMEDY) from error
