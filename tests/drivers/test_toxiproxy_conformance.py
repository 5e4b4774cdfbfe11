"""One suite for the built-in fault proxy and the real Toxiproxy server: nobody can tell them apart by these."""

import os
import socket
import threading
import time
from contextlib import closing, suppress

import httpx
import pytest

WAIT = 20.0


@pytest.fixture(scope="module")
def api(toxiproxy_url):
    """An HTTP client of a running server."""
    with httpx.Client(base_url=toxiproxy_url, trust_env=False, timeout=WAIT,
                      headers={"User-Agent": "conformance"}) as client:
        yield client


@pytest.fixture(autouse=True)
def _clean(api):
    """Fresh names would do; this also shows that deleting leaves nothing."""
    for name in api.get("/proxies").json():
        assert api.delete(f"/proxies/{name}").status_code == 204
    yield
    for name in api.get("/proxies").json():
        api.delete(f"/proxies/{name}")


@pytest.fixture
def proxy(api, echo):
    """A proxy in front of the echo server, as the API tells it."""
    answer = api.post("/proxies", json={"name": "p", "listen": "127.0.0.1:0", "upstream": echo})
    assert answer.status_code == 201
    return answer.json()


def dial(proxy):
    host, _, port = proxy["listen"].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=WAIT)


def add(api, kind, stream="downstream", **attributes):
    answer = api.post("/proxies/p/toxics", json={"type": kind, "stream": stream, "attributes": attributes})
    assert answer.status_code == 200, answer.text
    return answer.json()


def read(connection, size):
    """Up to `size` bytes, until the peer closes."""
    data = b""
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return data


def round_trip(connection, data=b"hello"):
    """(what came back, seconds)."""
    began = time.monotonic()
    connection.sendall(data)
    return read(connection, len(data)), time.monotonic() - began


# -- the API: proxies -----------------------------------------------------------------------------
def test_the_version_is_told(api):
    assert set(api.get("/version").json()) == {"version"}


def test_a_browser_is_turned_away(api):
    assert api.get("/proxies", headers={"User-Agent": "Mozilla/5.0"}).status_code == 403


def test_a_proxy_is_created_shown_listed_and_deleted(api, proxy, echo):
    shown = {k: v for k, v in proxy.items() if k not in ("listen", "Logger")}
    assert shown == {"name": "p", "upstream": echo, "enabled": True, "toxics": []}
    assert not proxy["listen"].endswith(":0"), "the real port is told"
    assert api.get("/proxies/p").json() == proxy
    assert api.get("/proxies").json() == {"p": proxy}
    assert api.delete("/proxies/p").status_code == 204
    assert api.get("/proxies").json() == {}
    with pytest.raises(OSError, match="refused"):
        dial(proxy)


@pytest.mark.parametrize(("method", "path", "status", "error"), [
    ("GET", "/proxies/x", 404, "proxy not found"), ("DELETE", "/proxies/x", 404, "proxy not found"),
    ("POST", "/proxies/x", 404, "proxy not found"), ("GET", "/proxies/x/toxics", 404, "proxy not found"),
    ("POST", "/proxies/x/toxics", 404, "proxy not found"), ("GET", "/proxies/p/toxics/x", 404, "toxic not found"),
    ("DELETE", "/proxies/p/toxics/x", 404, "toxic not found"), ("POST", "/proxies/p/toxics/x", 404, "toxic not found"),
    ("PATCH", "/proxies/p/toxics/x", 404, "toxic not found")])
def test_what_is_not_there_is_404(api, proxy, method, path, status, error):
    answer = api.request(method, path, json={"type": "latency"} if method in ("POST", "PATCH") else None)
    assert (answer.status_code, answer.json()) == (status, {"error": error, "status": status})


@pytest.mark.parametrize(("body", "error"), [
    ({"upstream": "127.0.0.1:1"}, "missing required field: name"), ({"name": "q"}, "missing required field: upstream"),
    ("not json", "bad request body"), ({"name": 5, "upstream": "x"}, "bad request body"), ([], "bad request body"),
    ({"name": "q", "upstream": "x:1", "enabled": "yes"}, "bad request body")])
def test_a_wrong_proxy_is_400(api, body, error):
    answer = api.post("/proxies", content=body) if isinstance(body, str) else api.post("/proxies", json=body)
    assert answer.status_code == answer.json()["status"] == 400
    assert answer.json()["error"].startswith(error)
    assert api.get("/proxies").json() == {}


def test_a_name_is_taken_once(api, proxy):
    answer = api.post("/proxies", json={"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"})
    assert (answer.status_code, answer.json()) == (409, {"error": "proxy already exists", "status": 409})


def test_a_port_in_use_is_500_and_makes_no_proxy(api, proxy):
    answer = api.post("/proxies", json={"name": "q", "listen": proxy["listen"], "upstream": "127.0.0.1:1"})
    assert answer.status_code == answer.json()["status"] == 500
    assert "address already in use" in answer.json()["error"]
    assert list(api.get("/proxies").json()) == ["p"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_proxy_is_switched_off_and_on(api, proxy, method):
    with dial(proxy) as connection:
        assert round_trip(connection)[0] == b"hello"
        off = api.request(method, "/proxies/p", json={"enabled": False})
        assert (off.status_code, off.json()["enabled"]) == (200, False)
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b"", "live connections are closed"
    with pytest.raises(OSError, match="refused"):
        dial(proxy)
    on = api.request(method, "/proxies/p", json={"enabled": True}).json()
    assert (on["enabled"], on["listen"]) == (True, proxy["listen"])
    with dial(on) as connection:
        assert round_trip(connection)[0] == b"hello"


def test_a_proxy_may_begin_switched_off(api, echo):
    made = api.post("/proxies", json={"name": "q", "listen": "127.0.0.1:0", "upstream": echo, "enabled": False})
    assert (made.status_code, made.json()["enabled"]) == (201, False)
    on = api.post("/proxies/q", json={"enabled": True}).json()
    with dial(on) as connection:
        assert round_trip(connection)[0] == b"hello"


def test_another_upstream_is_used_from_then_on(api, proxy):
    changed = api.post("/proxies/p", json={"upstream": "127.0.0.1:1"})
    assert (changed.status_code, changed.json()["upstream"]) == (200, "127.0.0.1:1")


def test_an_upstream_that_is_not_there_closes_the_client(api):
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        address = "{}:{}".format(*gone.getsockname())
    made = api.post("/proxies", json={"name": "q", "listen": "127.0.0.1:0", "upstream": address}).json()
    with dial(made) as connection, suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_populate_makes_keeps_and_replaces(api, proxy, echo):
    kept = {"name": "p", "listen": proxy["listen"], "upstream": echo}
    add(api, "latency", latency=1)
    answer = api.post("/populate", json=[kept, {"name": "q", "listen": "127.0.0.1:0", "upstream": echo}])
    assert answer.status_code == 201
    assert [(p["name"], len(p["toxics"])) for p in answer.json()["proxies"]] == [("p", 1), ("q", 0)]
    again = api.post("/populate", json=[{**kept, "upstream": "127.0.0.1:1"}]).json()["proxies"]
    assert [(p["upstream"], len(p["toxics"])) for p in again] == [("127.0.0.1:1", 0)]
    assert set(api.get("/proxies").json()) == {"p", "q"}


def test_populate_with_a_wrong_entry_makes_none(api, echo):
    answer = api.post("/populate", json=[{"name": "q", "upstream": echo}, {"upstream": echo}])
    assert answer.status_code == 400
    assert answer.json()["error"] == "missing required field: name at proxy 2"
    assert api.get("/proxies").json() == {}


def test_reset_switches_on_and_takes_every_toxic_away(api, proxy):
    add(api, "latency", latency=1)
    add(api, "limit_data", "upstream", bytes=1)
    api.post("/proxies/p", json={"enabled": False})
    assert api.post("/reset").status_code == 204
    assert api.get("/proxies/p").json() == proxy


# -- the API: toxics ------------------------------------------------------------------------------
def test_a_toxic_has_defaults(api, proxy):
    made = api.post("/proxies/p/toxics", json={"type": "latency"})
    assert (made.status_code, made.json()) == (200, {
        "name": "latency_downstream", "type": "latency", "stream": "downstream", "toxicity": 1,
        "attributes": {"latency": 0, "jitter": 0}})


def test_a_toxic_is_shown_listed_changed_and_deleted(api, proxy):
    made = add(api, "latency", "upstream", latency=5)
    assert made["name"] == "latency_upstream"
    assert api.get("/proxies/p/toxics").json() == [made]
    assert api.get("/proxies/p").json()["toxics"] == [made]
    changed = api.post("/proxies/p/toxics/latency_upstream", json={"attributes": {"jitter": 2}, "toxicity": 0.5})
    wanted = {**made, "attributes": {"latency": 5, "jitter": 2}, "toxicity": 0.5}
    assert (changed.status_code, changed.json()) == (200, wanted)
    changed = api.patch("/proxies/p/toxics/latency_upstream", json={"attributes": {"latency": 6}})
    assert changed.json()["attributes"] == {"latency": 6, "jitter": 2}
    assert api.delete("/proxies/p/toxics/latency_upstream").status_code == 204
    assert api.get("/proxies/p/toxics").json() == []


def test_upstream_toxics_are_listed_first_and_each_stream_in_order(api, proxy):
    for name, stream in (("a", "downstream"), ("b", "upstream"), ("c", "downstream")):
        api.post("/proxies/p/toxics", json={"name": name, "type": "latency", "stream": stream})
    assert [t["name"] for t in api.get("/proxies/p/toxics").json()] == ["b", "a", "c"]


@pytest.mark.parametrize(("body", "status", "error"), [
    ({"type": "latency", "stream": "sideways"}, 400, "stream was invalid, can be either upstream or downstream"),
    ({"type": "rain"}, 400, "invalid toxic type"), ({}, 400, "invalid toxic type"),
    ({"name": "known", "type": "latency", "stream": "upstream"}, 409, "toxic already exists"),
    ("nonsense", 400, "bad request body"), ({"type": "latency", "attributes": {"latency": "1s"}}, 400,
                                            "bad request body"),
    ({"type": "latency", "attributes": {"latency": 1.5}}, 400, "bad request body"),
    ({"type": "latency", "toxicity": "all"}, 400, "bad request body")])
def test_a_wrong_toxic_is_refused(api, proxy, body, status, error):
    api.post("/proxies/p/toxics", json={"name": "known", "type": "latency"})
    path = "/proxies/p/toxics"
    answer = api.post(path, content=body) if isinstance(body, str) else api.post(path, json=body)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.json()["error"].startswith(error)
    assert len(api.get(path).json()) == 1


def test_a_wrong_change_of_a_toxic_changes_nothing(api, proxy):
    made = add(api, "latency", latency=5)
    answer = api.post("/proxies/p/toxics/latency_downstream", json={"attributes": {"latency": "1s"}})
    assert answer.status_code == 400
    assert api.get("/proxies/p/toxics/latency_downstream").json()["name"] == made["name"]


# -- what toxics do -------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 5, 100_000, 3_000_000])
def test_bytes_pass_unchanged(proxy, size):
    data = os.urandom(size)
    with dial(proxy) as connection:
        threading.Thread(target=connection.sendall, args=(data,), daemon=True).start()
        assert read(connection, size) == data


def test_the_end_passes_in_both_directions(proxy):
    with dial(proxy) as connection:
        assert round_trip(connection)[0] == b"hello"
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_latency_delays_each_chunk_and_acts_on_live_connections(api, proxy, stream):
    with dial(proxy) as connection:
        assert round_trip(connection)[1] < 0.15
        add(api, "latency", stream, latency=250)
        for _ in range(2):
            data, seconds = round_trip(connection)
            assert data == b"hello"
            assert 0.24 <= seconds < 2
        api.post(f"/proxies/p/toxics/latency_{stream}", json={"attributes": {"latency": 500}})
        assert round_trip(connection)[1] >= 0.49
        api.delete(f"/proxies/p/toxics/latency_{stream}")
        assert round_trip(connection)[1] < 0.24


def test_latencies_add_up(api, proxy):
    add(api, "latency", "upstream", latency=150)
    add(api, "latency", "downstream", latency=150)
    api.post("/proxies/p/toxics", json={"name": "more", "type": "latency", "attributes": {"latency": 150}})
    with dial(proxy) as connection:
        assert round_trip(connection)[1] >= 0.44


def test_jitter_spreads(api, proxy):
    add(api, "latency", latency=60, jitter=50)
    with dial(proxy) as connection:
        times = [round_trip(connection)[1] for _ in range(12)]
    assert min(times) >= 0.009
    assert max(times) - min(times) > 0.01


def test_latency_does_not_throttle(api, proxy):
    add(api, "latency", latency=200)
    data = os.urandom(2_000_000)
    with dial(proxy) as connection:
        began = time.monotonic()
        threading.Thread(target=connection.sendall, args=(data,), daemon=True).start()
        assert read(connection, len(data)) == data
        assert 0.19 <= time.monotonic() - began < 2


def test_what_a_latency_holds_is_not_lost_when_it_goes(api, proxy):
    add(api, "latency", latency=60_000)
    with dial(proxy) as connection:
        connection.sendall(b"one")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(3)
        connection.settimeout(WAIT)
        api.delete("/proxies/p/toxics/latency_downstream")
        assert read(connection, 3) == b"one"


def test_toxicity_zero_leaves_connections_alone(api, proxy):
    api.post("/proxies/p/toxics", json={"type": "latency", "toxicity": 0, "attributes": {"latency": 60_000}})
    with dial(proxy) as connection:
        assert round_trip(connection)[0] == b"hello"


def test_toxicity_is_drawn_for_each_connection(api, proxy):
    api.post("/proxies/p/toxics", json={"type": "limit_data", "toxicity": 0.5, "attributes": {"bytes": 0}})
    passed = 0
    for _ in range(40):
        with dial(proxy) as connection, suppress(ConnectionResetError):
            passed += round_trip(connection)[0] == b"hello"
    assert 5 <= passed <= 35


def test_bandwidth_lets_so_many_bytes_a_millisecond_through(api, proxy):
    add(api, "bandwidth", rate=100)
    data = os.urandom(60_000)
    with dial(proxy) as connection:
        threading.Thread(target=connection.sendall, args=(data,), daemon=True).start()
        began = time.monotonic()
        assert read(connection, len(data)) == data
        assert 0.45 <= time.monotonic() - began < 3


def test_bandwidth_zero_lets_nothing_through(api, proxy):
    add(api, "bandwidth", rate=0)
    with dial(proxy) as connection:
        connection.sendall(b"hello")
        connection.settimeout(0.4)
        with pytest.raises(TimeoutError):
            connection.recv(1)


@pytest.mark.parametrize("limit", [0, 1, 3, 5])
def test_data_is_limited(api, proxy, limit):
    add(api, "limit_data", bytes=limit)
    with dial(proxy) as connection, suppress(ConnectionResetError):
        connection.sendall(b"hello")
        assert read(connection, 6) == b"hello"[:limit]


def test_a_limit_counts_on_when_it_is_changed(api, proxy):
    add(api, "limit_data", bytes=7)
    with dial(proxy) as connection, suppress(ConnectionResetError):
        assert round_trip(connection)[0] == b"hello"
        api.post("/proxies/p/toxics/limit_data_downstream", json={"attributes": {"bytes": 8}})
        connection.sendall(b"hello")
        assert read(connection, 6) == b"hel"


def test_a_timeout_swallows_and_then_closes(api, proxy):
    add(api, "timeout", timeout=300)
    with dial(proxy) as connection:
        began = time.monotonic()
        connection.sendall(b"hello")
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        assert 0.29 <= time.monotonic() - began < 3


def test_a_timeout_of_zero_holds_until_it_is_removed(api, proxy):
    add(api, "timeout", timeout=0)
    with dial(proxy) as connection:
        connection.sendall(b"hello")
        connection.settimeout(0.4)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(WAIT)
        api.delete("/proxies/p/toxics/timeout_downstream")
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_a_peer_is_reset(api, proxy, stream):
    add(api, "reset_peer", stream, timeout=100)
    with dial(proxy) as connection:
        connection.sendall(b"hello")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_close_is_slow(api, proxy):
    add(api, "slow_close", "downstream", delay=400)
    with dial(proxy) as connection:
        assert round_trip(connection)[0] == b"hello"
        began = time.monotonic()
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        assert time.monotonic() - began >= 0.39


def test_chunks_are_sliced_and_nothing_is_lost(api, proxy):
    add(api, "slicer", average_size=10, size_variation=4, delay=2_000)
    with dial(proxy) as connection:
        data, seconds = round_trip(connection, bytes(range(200)))
        assert data == bytes(range(200))
        assert seconds >= 0.02


def test_toxics_act_in_order_and_together(api, proxy):
    add(api, "latency", latency=200)
    add(api, "limit_data", bytes=4)
    with dial(proxy) as connection:
        began = time.monotonic()
        connection.sendall(b"hello")
        assert read(connection, 6) == b"hell"
        assert time.monotonic() - began >= 0.19
