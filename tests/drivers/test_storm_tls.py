"""The pump through TLS: it tells of secured connections what it tells of plain ones, and of handshakes that fail."""

import socket
import ssl
import struct
import threading
import time
from collections import Counter

import pytest

from harness.drivers.locust_engine.calls import Call
from harness.drivers.locust_engine.links import IN, OUT, Place
from harness.drivers.locust_engine.pump import Pump
from harness.drivers.locust_engine.tls import TlsSocket, Trust
from harness.model.arrivals import constant
from tests.drivers.test_storm_pump import REQUEST, Same, answer
from tests.tls import AUTHORITY, TlsServer, server_context


def trust(host="localhost"):
    return Trust(ssl.create_default_context(cafile=AUTHORITY), host)


@pytest.fixture
def platform():
    """platform(answering) -> place; `answering(connection)` is asked for each whole request; "close" ends it."""
    servers = []

    def start(answering, *, believes=None, request=REQUEST, **options):
        size = len(request)

        def serve(connection):
            data = b""
            while came := connection.recv(65536):
                data += came
                while len(data) >= size:
                    data = data[size:]
                    if answering(connection) == "close":
                        return

        servers.append(TlsServer(serve, **options))
        address = options.get("address", "127.0.0.1")
        return Place(host=address, port=servers[-1].port, link=(believes or trust()).link,
                     family=socket.AF_INET6 if ":" in address else socket.AF_INET)

    start.servers = servers
    yield start
    for server in servers:
        server.close()


def blown(place, *, rate=100, seconds=0.5, work=None, **options):
    """(tally, how the calls ended) of an even storm."""
    work = work or Same()
    pump = Pump(place, work, **options)
    pump.run(constant(rate, seconds, spacing="even").times())
    return pump.take(), Counter(ended for _, ended in work.ended)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_calls_are_answered_on_connections_that_are_kept(platform, newest):
    tally, ended = blown(platform(lambda c: c.sendall(answer()), context=server_context(newest=newest)), seconds=1)
    assert ended == {200: 100}
    assert tally.connections < 60
    assert tally.resent == 0


def test_ipv6_is_a_place_like_any_other(platform):
    assert blown(platform(lambda c: c.sendall(answer()), address="::1", believes=trust("::1")))[1] == {200: 50}


@pytest.mark.parametrize(("name", "host"), [("expired", "localhost"), ("elsewhere", "localhost"),
                                            ("server", "other.example")])
def test_a_certificate_that_is_not_believed_is_no_connection(platform, name, host):
    place = platform(lambda c: c.sendall(answer()), context=server_context(name), believes=trust(host))
    tally, ended = blown(place)
    assert ended == {"tls": 50}
    assert tally.resent == 0


def test_an_authority_that_nobody_knows_is_not_believed(platform):
    stranger = Trust(ssl.create_default_context(), "localhost")
    assert blown(platform(lambda c: c.sendall(answer()), believes=stranger))[1] == {"tls": 50}


def reset(raw):
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


@pytest.mark.parametrize("greet", [
    lambda raw: (raw.recv(9), reset(raw))[1],
    lambda raw: (raw.recv(65536), raw.sendall(b"\x16\x03\x03\x00\x7a\x02\x00"), reset(raw))[2],
    lambda raw: (raw.recv(65536), raw.sendall(b"\x16\x03\x03\x00\x7a\x02\x00"), raw.close())[2],
    lambda raw: (raw.recv(65536), raw.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), raw.close())[2]],
    ids=["within-the-hello", "half-way", "closed-half-way", "no-tls"])
def test_a_handshake_that_fails_has_its_own_name(platform, greet):
    assert blown(platform(lambda _: None, greet=greet))[1] == {"tls": 50}


def test_nobody_there_is_still_a_failure_to_connect():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = Place(host="127.0.0.1", port=taken.getsockname()[1], link=trust().link)
        assert blown(place)[1] == {"connect": 50}


def test_a_slow_handshake_counts_as_time_and_an_endless_one_ends_with_the_patience(platform):
    context, released = server_context(), threading.Event()

    def slow(raw):
        time.sleep(0.4)
        return context.wrap_socket(raw, server_side=True)

    def endless(raw):
        released.wait(20)
        raw.close()

    tally, ended = blown(platform(lambda c: c.sendall(answer()), greet=slow), rate=50, seconds=0.2)
    assert ended == {200: 10}
    assert tally.latency_of_all().quantile(0.01) > 350_000
    spent = time.process_time()
    assert blown(platform(lambda _: None, greet=endless), rate=20, timeout=1.5)[1] == {"timeout": 10}
    assert time.process_time() - spent < 1.0, "it waits, and does not ask again and again"
    released.set()


def test_an_answer_over_many_records_is_one_answer(platform):
    body = b"x" * 300_000
    tally, ended = blown(platform(lambda c: c.sendall(answer(body=body))), rate=40)
    assert (ended, tally.connections < 20) == ({200: 20}, True)

    def dripping(connection):
        for byte in answer(body=b"drip"):
            connection.send(bytes([byte]))

    assert blown(platform(dripping), rate=40)[1] == {200: 20}


def test_a_request_that_the_kernel_does_not_take_at_once_goes_out_piece_by_piece(platform):
    request = b"POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n" + b"y" * 3_000_000

    class Big(Same):
        def opens(self, number):
            return (Call("authorizeBet", request, tag=number),)

    place = platform(lambda c: c.sendall(answer()), request=request)
    assert blown(place, rate=10, work=Big())[1] == {200: 5}


def test_connections_that_the_platform_closes_in_between_are_nobodys_failure(platform):
    def once(connection):
        connection.sendall(answer())
        return "close"

    def goodbye(connection):
        """close_notify, and the connection itself stays open."""
        connection.sendall(answer())
        with pytest.raises((OSError, ssl.SSLError)):
            connection.settimeout(0.5)
            connection.unwrap()
            time.sleep(0.5)
            raise OSError

    for closing in (once, goodbye, lambda c: c.sendall(answer(extra=b"Connection: close\r\n"))):
        tally, ended = blown(platform(closing), rate=40)
        assert ended == {200: 20}
        assert tally.connections >= 20
        assert tally.resent < 10, "most were seen to close before the next call was sent on them"


def test_a_body_that_ends_with_the_connection_ends_with_its_goodbye(platform):
    def serve(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it")
        return "close"

    assert blown(platform(serve), rate=40)[1] == {200: 20}


@pytest.mark.parametrize(("odd", "failure"), [
    (lambda _: "close", "reset"),
    (lambda c: (c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "close")[1], "half"),
    (lambda c: c.sendall(b"220 smtp.example ESMTP\r\n"), "protocol"),
    (lambda _: None, "timeout")], ids=["closed", "halved", "another-protocol", "silent"])
def test_after_the_handshake_failures_have_their_usual_names(platform, odd, failure):
    assert blown(platform(odd), rate=50, seconds=0.2, timeout=0.3)[1] == {failure: 10}


def test_sessions_are_resumed(platform):
    assert blown(platform(lambda c: (c.sendall(answer()), "close")[1]), rate=20)[1] == {200: 10}
    (server,) = platform.servers
    assert server.resumed[0] is False
    assert server.resumed.count(True) >= 3


def test_talk_of_tls_itself_on_an_idle_connection_is_no_answer_and_is_answered(platform):
    """A request for a certificate, after the handshake: the one such talk that a server of Python's can begin."""
    context, believes = server_context(newest=ssl.TLSVersion.TLSv1_3), trust()
    context.load_verify_locations(AUTHORITY)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.post_handshake_auth = believes.context.post_handshake_auth = True
    talked = []

    def asking(connection):
        connection.sendall(answer())
        if not talked:
            talked.append(connection)
            connection.verify_client_post_handshake()
            connection.do_handshake()

    tally, ended = blown(platform(asking, context=context, believes=believes), rate=20)
    assert (ended, len(talked)) == ({200: 10}, 1)
    assert (tally.connections < 5, tally.resent) == (True, 0)


@pytest.fixture
def pair():
    """(our end, secured; the other end, a server's): joined by sockets, the handshake not begun."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(10)
    yield TlsSocket(ours._sock if hasattr(ours, "_sock") else ours, trust()), theirs
    theirs.close()
    ours.close()


def shaken(ours, theirs):
    """The server's connection; its tickets are held back until `send` of the second value is called."""
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context(newest=ssl.TLSVersion.TLSv1_3).wrap_bio(came, goes, server_side=True)
    for step in (lambda: ours.send(REQUEST), lambda: ours.recv(65536)):
        with pytest.raises(BlockingIOError):
            step()
        came.write(theirs.recv(65536)) if not came.pending and not ours.shaken else None
        try:
            server.do_handshake()
        except ssl.SSLWantReadError:
            theirs.sendall(goes.read())
    assert ours.send(REQUEST) == len(REQUEST)
    came.write(theirs.recv(65536))
    server.do_handshake()
    return server, lambda: theirs.sendall(goes.read())


def test_tickets_are_no_data(pair):
    ours, theirs = pair
    server, send = shaken(ours, theirs)
    assert server.read(len(REQUEST)) == REQUEST
    send()
    with pytest.raises(BlockingIOError):
        ours.recv(65536)
    server.write(b"the answer")
    send()
    assert ours.recv(65536) == b"the answer"
    assert ours._trust.session.has_ticket


def test_while_hands_are_shaken_only_what_comes_is_waited_for():
    place = trust().link
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        link = place(ours)
        link.connecting = False
        with pytest.raises(BlockingIOError):
            link.socket.send(REQUEST)
        assert (link.wants, link.trouble) == (IN, "tls")
        link.socket.left = b"not yet taken"
        assert link.wants == IN | OUT
