"""The driver of Toxiproxy, against our server and the real one: addresses, time limits, changes and errors."""

import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness.drivers.toxiproxy_driver.client import ToxiproxyServer
from harness.model.errors import EnvironmentFault, UsageError
from harness.model.scenario import Toxic


@pytest.fixture
def server(toxiproxy_url):
    with ToxiproxyServer(toxiproxy_url) as server:
        yield server
        for proxy in server.proxies().values():
            proxy.delete()


def ask(proxy, data=b"hello"):
    host, _, port = proxy.listen.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection, suppress(ConnectionResetError):
        connection.sendall(data)
        return connection.recv(len(data))


def test_a_proxy_is_made_found_switched_and_deleted(server, echo):
    proxy = server.create("p", echo)
    assert ask(proxy) == b"hello"
    found = server.proxies()["p"]
    assert (found.listen, found.upstream, found.enabled) == (proxy.listen, echo, True)
    proxy.down()
    assert not found.enabled
    with pytest.raises(OSError, match="refused"):
        ask(proxy)
    proxy.up()
    assert ask(proxy) == b"hello"
    proxy.delete()
    assert server.proxies() == {}


def test_a_toxic_is_added_changed_and_removed(server, echo):
    proxy = server.create("p", echo)
    toxic = proxy.add(Toxic(type="limit_data", attributes={"bytes": 2}))
    assert proxy.toxics() == {"limit_data_downstream": toxic}
    assert ask(proxy) == b"he"
    proxy.change(Toxic(type="limit_data", attributes={"bytes": 4}, toxicity=1.0))
    assert proxy.toxics()["limit_data_downstream"].attributes == {"bytes": 4}
    assert ask(proxy) == b"hell"
    proxy.remove(toxic)
    assert proxy.toxics() == {}
    assert ask(proxy) == b"hello"


def test_populate_and_reset(server, echo):
    made = server.populate([{"name": n, "listen": "127.0.0.1:0", "upstream": echo} for n in ("p", "q")])
    assert set(made) == {"p", "q"}
    made["p"].add(Toxic(type="timeout", stream="upstream"))
    made["q"].down()
    server.reset()
    assert [p.enabled for p in server.proxies().values()] == [True, True]
    assert made["p"].toxics() == {}


def test_the_version_is_a_text(server):
    assert server.version()
    assert server.version().isprintable()


def test_two_servers_at_once_are_kept_apart(server, echo):
    proxy = server.create("p", echo)
    with ToxiproxyServer("http://127.0.0.1:9") as other:
        with pytest.raises(EnvironmentFault, match="does not answer"):
            other.proxies()
        assert set(server.proxies()) == {"p"}
        with pytest.raises(EnvironmentFault):
            other.reset()
    assert proxy.enabled


@pytest.mark.parametrize(("act", "argument", "words"), [
    ("add", Toxic(type="rain"), "400 invalid toxic type"),
    ("add", Toxic(type="latency", stream="sideways"), "400 stream was invalid"),
    ("remove", Toxic(type="latency"), "404 toxic not found"),
    ("change", Toxic(type="latency"), "404 toxic not found")])
def test_what_the_server_refuses_is_told_in_its_words(server, echo, act, argument, words):
    proxy = server.create("p", echo)
    with pytest.raises(EnvironmentFault, match=words) as raised:
        getattr(proxy, act)(argument)
    assert "\n" not in raised.value.line()


def test_names_and_ports_are_taken_once(server, echo):
    proxy = server.create("p", echo)
    with pytest.raises(EnvironmentFault, match=r"(?i)proxy already exists"):
        server.create("p", echo)
    with pytest.raises(EnvironmentFault, match=r"500 .*already in use"):
        server.create("q", echo, proxy.listen)
    assert set(server.proxies()) == {"p"}


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ä", "x" * 121])
def test_a_name_that_does_not_fit_into_a_path_is_refused(server, echo, name):
    with pytest.raises(UsageError, match="no name for a proxy"):
        server.create(name, echo)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}x", b'{"p": {}}', b'{"p": 5}', b"[" * 100_000,
                                  b'"' + b"x" * (1 << 21)])
def test_a_server_that_is_no_toxiproxy_is_one_line(body):
    class Odd(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Odd) as odd:
        thread = threading.Thread(target=odd.serve_forever, daemon=True)
        thread.start()
        with ToxiproxyServer(f"http://127.0.0.1:{odd.server_port}") as server:
            for ask_it in (server.proxies, server.version):
                with pytest.raises(EnvironmentFault) as raised:
                    ask_it()
                assert len(raised.value.line()) < 400
        odd.shutdown()
        thread.join()


def test_a_server_that_keeps_silent_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = ToxiproxyServer(f"http://127.0.0.1:{silent.getsockname()[1]}", seconds=0.2)
        with server, pytest.raises(EnvironmentFault, match="does not answer"):
            server.version()


def test_the_environment_s_proxies_are_not_used(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert json.dumps(server.version())
