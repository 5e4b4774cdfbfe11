"""How a foreign API wants its callers to say who they are: the security schemes of its OpenAPI document."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin

from harness.model.operations import Operation, resolve
from harness.model.profile import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One security scheme: `kind` is bearer, basic, key or oauth2; `place` and `name` say where a key goes."""

    kind: str
    place: str = "header"
    name: str = "Authorization"
    token_url: str = ""


def scheme_of(contract: Mapping[str, Any], operation: Operation, base_url: str) -> Scheme | None:
    """The first scheme of an operation that a machine can follow; None: it asks for no credentials, or for odd ones."""
    required = operation.document.get("security", contract.get("security"))
    known = contract.get("components", {}).get("securitySchemes", {})
    for requirement in required if isinstance(required, list) else ():
        for name in requirement if isinstance(requirement, Mapping) else ():
            found = _read(resolve(contract, known.get(name)), base_url)
            if found is not None:
                return found
    return None


def _read(scheme: Any, base_url: str) -> Scheme | None:
    if not isinstance(scheme, Mapping):
        return None
    kind, way = scheme.get("type"), str(scheme.get("scheme", "")).lower()
    if kind == "http" and way in ("bearer", "basic"):
        return Scheme(kind=way)
    if kind == "apiKey" and scheme.get("in") in ("header", "query", "cookie") and isinstance(scheme.get("name"), str):
        return Scheme(kind="key", place=str(scheme["in"]), name=str(scheme["name"]))
    flows = scheme.get("flows") if kind == "oauth2" else None
    flow = flows.get("clientCredentials") if isinstance(flows, Mapping) else None
    url = flow.get("tokenUrl") if isinstance(flow, Mapping) else None
    if kind == "oauth2" and isinstance(url, str):
        return Scheme(kind="oauth2", token_url=urljoin(base_url.rstrip("/") + "/", url))
    return Scheme(kind="bearer") if kind in ("oauth2", "openIdConnect") else None


def basic(credential: Credential) -> str:
    """The client's credentials as an Authorization header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{credential.client_id}:{credential.secret}".encode()).decode()


def presented(scheme: Scheme | None, secret: str, url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """(URL, headers) with the secret where the scheme wants it; `secret` is a token, a key or a Basic header."""
    if scheme is None or not secret:
        return url, ()
    if scheme.kind != "key":
        return url, (("Authorization", secret if secret.startswith("Basic ") else f"Bearer {secret}"),)
    if scheme.place == "query":
        mark = "&" if "?" in url else "?"
        return f"{url}{mark}{quote(scheme.name)}={quote(secret, safe='')}", ()
    return url, ((scheme.name, secret) if scheme.place == "header" else ("Cookie", f"{scheme.name}={secret}"),)
