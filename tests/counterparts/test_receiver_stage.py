"""What the stage of webhook receivers reads: every page of the platform's lists, within bounds."""

from urllib.parse import parse_qs

import pytest

from harness.counterparts.stages.receiver import every_page

DEAD = "GET /v1/webhooks/dead-letters"


@pytest.mark.parametrize(("pages", "read"), [(1, 1), (3, 3), (10, 10), (99, 10)])
def test_every_page_is_read_within_bounds(lab, subject, pages, read):
    def page(request):
        at = int(parse_qs(request.query).get("cursor", ["0"])[0])
        more = at + 1 < pages
        return 200, {"items": [{"event_id": f"ev-{at}"}], "has_more": more, "next_cursor": str(at + 1) if more else None
                     }, {}

    subject.answers[DEAD] = page
    seen = every_page(lab, "listDeadLetters")
    assert [e.field("items") for e in seen] == [[{"event_id": f"ev-{n}"}] for n in range(read)]
    assert bool(seen[-1].field("has_more")) is (pages > read)


@pytest.mark.parametrize("answer", [
    (503, {"code": "X"}, {}), (200, [], {}), (200, {"items": [], "has_more": True}, {}),
    (200, {"items": [], "has_more": True, "next_cursor": 4}, {})])
def test_a_list_that_leads_nowhere_is_asked_once(lab, subject, answer):
    subject.answers[DEAD] = answer
    assert len(every_page(lab, "listDeadLetters", endpoint_id="we-1")) == 1
    assert "endpoint_id=we-1" in subject.sent(DEAD)[0].query
