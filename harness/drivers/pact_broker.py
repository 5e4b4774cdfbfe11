"""A Pact Broker over HTTP: which pacts bind this provider, and what came of them. Bounded, and on one host only.

certify reads the pacts itself and hands files to the verifier: so redirects and links to other hosts are not followed,
credentials reach nobody else, and no broker is told anything unless the profile says so.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from harness.engine.ports import Request, Sent
from harness.model.errors import EnvironmentFault, UsageError
from harness.model.pact_settings import PactSettings, host_of

ALL_SECONDS = 60.0
"""Longest for everything that is asked of one broker."""
_MOST_PACTS = 500
_HAL = "application/hal+json, application/json"
_FOR_VERIFICATION = ("pb:provider-pacts-for-verification", "beta:provider-pacts-for-verification")
_RESULTS = "pb:publish-verification-results"
_REMEDY = "Is a Pact Broker running there, and may these credentials read it?"

Send = Callable[[Request], Sent]
"""Sends one request, bounded in time and size, redirects not followed."""
Found = tuple[Any, str, bool, str]
"""(document, URL, pending, where results are published)."""


class Broker:
    """One broker, or the URL of one pact."""

    def __init__(self, url: str, settings: PactSettings, send: Send) -> None:
        self._url = url
        self._settings = settings
        self._send = send
        self._until = time.monotonic() + ALL_SECONDS
        self._said = _credentials(settings)

    def pacts(self) -> Iterator[Found]:
        """The pacts that bind the profile's providers.

        Raises:
            EnvironmentFault: it does not answer, refuses, or answers what no broker would. UsageError: it knows none
            of the providers.
        """
        index = self._get(self._url)
        if isinstance(index, Mapping) and ("interactions" in index or "messages" in index):
            yield index, self._url, False, ""  # the URL of a pact itself
            return
        link = next((at for name in _FOR_VERIFICATION if (at := _link(index, name))), "")
        if not link:
            raise self._strange(self._url, "no way to ask for the pacts of a provider")
        seen: set[str] = set()
        for provider in self._settings.providers:
            for found in self._of(link.replace("{provider}", quote(provider, safe=""))):
                if found[1] not in seen:
                    seen.add(found[1])
                    yield found

    def _of(self, url: str) -> Iterator[Found]:
        listed = self._ask("POST", url, self._wanted())
        embedded = listed.get("_embedded") if isinstance(listed, Mapping) else None
        pacts = embedded.get("pacts") if isinstance(embedded, Mapping) else None
        if not isinstance(pacts, list) or len(pacts) > _MOST_PACTS:
            raise self._strange(url, f"no list of at most {_MOST_PACTS} pacts")
        for one in pacts:
            where = _link(one, "self")
            if not where:
                raise self._strange(url, "a pact without a link")
            document = self._get(where)
            properties = one.get("verificationProperties")
            pending = isinstance(properties, Mapping) and properties.get("pending") is True
            yield document, urljoin(self._url, where), pending, _link(document, _RESULTS)

    def _wanted(self) -> dict[str, Any]:
        """Which pacts, as the broker knows to ask for them."""
        chosen = self._settings
        wanted: dict[str, Any] = {"includePendingStatus": chosen.pending}
        if chosen.selectors:
            wanted["consumerVersionSelectors"] = [dict(selector) for selector in chosen.selectors]
        if chosen.branch:
            wanted["providerVersionBranch"] = chosen.branch
        if chosen.tags:
            wanted["providerVersionTags"] = list(chosen.tags)
        if chosen.wip_since:
            wanted["includeWipPactsSince"] = chosen.wip_since
        return wanted

    def publish(self, url: str, results: Mapping[str, Any]) -> None:
        """Tell what came of one pact; EnvironmentFault where the broker does not take it."""
        self._ask("POST", url, results)

    def describe_version(self, provider: str) -> None:
        """Tell the broker the branch and tags of the profile's version."""
        base = f"{self._url.rstrip('/')}/pacticipants/{quote(provider, safe='')}"
        version = quote(self._settings.version, safe="")
        if self._settings.branch:
            self._ask("PUT", f"{base}/branches/{quote(self._settings.branch, safe='')}/versions/{version}", {})
        for tag in self._settings.tags:
            self._ask("PUT", f"{base}/versions/{version}/tags/{quote(tag, safe='')}", {})

    def _get(self, url: str) -> Any:
        return self._ask("GET", url, None)

    def _ask(self, method: str, link: str, body: Mapping[str, Any] | None) -> Any:
        url = urljoin(self._url, link)
        if host_of(url) != host_of(self._url) or urlsplit(url).scheme != urlsplit(self._url).scheme:
            raise EnvironmentFault(f"the broker at {host_of(self._url)} links to {host_of(url) or link[:80]!r}",
                                   remedy="Name the broker by the address that it knows itself by")
        if time.monotonic() > self._until:
            raise EnvironmentFault(f"the broker at {host_of(self._url)} took more than {ALL_SECONDS:g} s",
                                   remedy="Ask for less with selectors")
        headers = [("Accept", _HAL), *self._said]
        raw = None
        if body is not None:
            headers.append(("Content-Type", "application/json"))
            raw = json.dumps(body).encode()
        sent = self._send(Request(method=method, url=url, headers=tuple(headers), body=raw))
        return self._answer(method, url, sent)

    def _answer(self, method: str, url: str, sent: Sent) -> Any:
        status, failure = sent.exchange.status, sent.exchange.failure
        path = urlsplit(url).path or "/"
        if status is None or failure:
            raise EnvironmentFault(f"the broker at {host_of(self._url)} does not answer {path} "
                                   f"({failure or 'nothing'})", remedy=_REMEDY)
        if not 200 <= status < 300:
            raise EnvironmentFault(f"the broker at {host_of(self._url)} refused {method} {path}: {status}",
                                   remedy=_REMEDY)
        if not sent.body.strip():
            return {}
        try:
            return json.loads(sent.body)
        except (ValueError, RecursionError) as error:
            raise self._strange(path, "no JSON") from error

    def _strange(self, what: str, answered: str) -> EnvironmentFault:
        return EnvironmentFault(f"the broker at {host_of(self._url)} answered {what} with {answered}",
                                remedy="Is it the root of a Pact Broker, or the URL of a pact?")


def verification(results: Iterable[Mapping[str, Any]], settings: PactSettings, *, success: bool, version: str
                 ) -> dict[str, Any]:
    """What a broker is told of one pact: `version` is certify's own."""
    return {"success": success, "providerApplicationVersion": settings.version,
            "verifiedBy": {"implementation": "certify", "version": version},
            "testResults": [dict(one) for one in results]}


def _link(document: Any, name: str) -> str:
    """The address of a HAL link, or of the first of several; "" where there is none."""
    links = document.get("_links") if isinstance(document, Mapping) else None
    link = links.get(name) if isinstance(links, Mapping) else None
    if isinstance(link, list):
        link = link[0] if link else None
    address = link.get("href") if isinstance(link, Mapping) else None
    return address if isinstance(address, str) else ""


def _credentials(settings: PactSettings) -> tuple[tuple[str, str], ...]:
    if settings.token and settings.username:
        raise UsageError("the broker has a token and a username: one is enough", remedy="Leave out one of them")
    if settings.token:
        return (("Authorization", f"Bearer {settings.token}"),)
    if not settings.username:
        return ()
    pair = base64.b64encode(f"{settings.username}:{settings.password}".encode()).decode()
    return (("Authorization", f"Basic {pair}"),)
