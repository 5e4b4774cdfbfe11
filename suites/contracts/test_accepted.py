"""CONT-15: what is accepted for later says where its end is told, and it ends."""

from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import pytest

from harness import Exchange, Lab, accepted, answered, reaches_end


@pytest.mark.certifies("CONT-15", needs=("payments",))
def test_an_accepted_payment_reaches_its_end_where_location_says(lab: Lab) -> None:
    """A deposit and a withdrawal: 202, Location, and there a final state within the profile's wait."""
    player = lab.player()
    for direction in ("deposit", "withdrawal"):
        body = {"payment_id": lab.fresh("pay"), "player_id": player.player_id, "direction": direction,
                "amount": lab.money(1_500)}
        payment = lab.call("createPayment", body, label=direction)
        lab.claim(accepted(payment, says=f"a {direction} is accepted with 202 and Location"))
        operation = payment.field("operation_id")
        first = lab.must(lab.call("getOperationStatus", path={"operation_id": str(operation)}), 200)
        readings = [first]

        def read(template: Exchange = first, place: str = _place(payment, first),
                 kept: list[Exchange] = readings) -> Exchange:
            kept.append(lab.again(replace(template, url=place)))
            return kept[-1]

        lab.until(read, lambda reading: reading.field("status") in ("succeeded", "failed"))
        lab.claim(reaches_end(readings[1:], says=f"a {direction} reaches a final state at its Location"))
    lab.baseline(answered(lab.balances(player), 200))


def _place(payment: Exchange, known: Exchange) -> str:
    """The URL that Location names, on the host that we speak to (a public name behind a proxy may differ)."""
    location = payment.header("Location") or known.url
    try:
        named = urlsplit(urljoin(payment.url, location))
    except ValueError:
        return known.url
    ours = urlsplit(known.url)
    return named._replace(scheme=ours.scheme, netloc=ours.netloc, fragment="").geturl()
