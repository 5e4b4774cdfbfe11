"""Where something was seen, in words that a reader of a finding can look for."""

from __future__ import annotations

import re

from harness.model.exchange import Exchange

_FEED = re.compile(r"/v\d+/events$")


def is_feed_page(exchange: Exchange) -> bool:
    """True for a read of the events feed, whatever came of it."""
    return (exchange.channel == "api" and exchange.method == "GET"
            and bool(_FEED.search(exchange.url.partition("?")[0])))


def whence(exchange: Exchange) -> str:
    """`a webhook delivery`, `the events feed`, or `the answer to getBet`."""
    if exchange.channel == "webhook":
        return "a webhook delivery"
    if is_feed_page(exchange):
        return "the events feed"
    asked = exchange.operation or f"{exchange.method} {exchange.url.partition('?')[0]}"
    return f"the answer to {asked}"
