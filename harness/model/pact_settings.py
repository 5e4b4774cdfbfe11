"""`[target.NAME.pact]`: where a target's consumer pacts are, and how its provider states are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class PactSettings:
    """What a target profile says of pacts; empty means the default."""

    sources: tuple[str, ...] = ()
    """Files, folders, and URLs of Pact Brokers or of single pacts."""
    providers: tuple[str, ...] = ()
    """Names that pacts call the target by; empty: whatever name the sources' pacts have."""
    states: str = ""
    """A URL that takes `{state, params, action}` for states that certify does not know."""
    states_command: str = ""
    """A command that takes the same on its standard input, instead."""
    selectors: tuple[Mapping[str, Any], ...] = ()
    """Consumer version selectors, as the broker knows them."""
    pending: bool = False
    """Pacts that no release of the target has verified yet do not fail it."""
    wip_since: str = ""
    """Also pacts of consumers' branches that came after that date; "": none."""
    version: str = ""
    """The target's own version, for the broker."""
    branch: str = ""
    tags: tuple[str, ...] = ()
    publish: bool = False
    """Tell the broker what came of it."""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def secrets(self) -> list[str]:
        """What must not be recorded."""
        return [secret for secret in (self.password, self.token) if secret]

    @property
    def without_secrets(self) -> PactSettings:
        """For those who never ask a broker."""
        return replace(self, username="", password="", token="")

    @property
    def brokers(self) -> tuple[str, ...]:
        """The sources that are URLs."""
        return tuple(source for source in self.sources if is_url(source))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PactSettings:
        """Inverse of `dataclasses.asdict`, also after JSON."""
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value
                                  for name, value in data.items()}
        return cls(**values)


def is_url(source: str) -> bool:
    """Is the source at some host, rather than a file or a folder?"""
    return source.lower().startswith(("http://", "https://"))


def host_of(url: str) -> str:
    """`host:port` of a URL, as it stands there; "" where it has none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    return parts.netloc.rpartition("@")[2]
