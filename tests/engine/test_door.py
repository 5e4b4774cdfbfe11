"""The door of a target, tried before a storm: the address that answers, and certificates that nobody can verify."""

import socket
import ssl

import pytest

from harness.engine import door
from harness.engine.trust import trusted
from harness.model.errors import UsageError
from tests.support import Handler
from tests.tls import AUTHORITY, CERTIFICATES, TlsServer, server_context


@pytest.fixture
def secured(monkeypatch):
    """secured(certificate="server", **options) -> port of a TLS server; the tests' authority is believed."""
    monkeypatch.setenv("SSL_CERT_FILE", AUTHORITY)
    servers = []

    def start(certificate="server", **options):
        servers.append(TlsServer(lambda connection: connection.recv(1), context=server_context(certificate), **options))
        return servers[-1].port

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def nobody():
    """A port of the loopback that refuses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_of_a_believed_authority_opens(secured, host):
    port = secured()
    opened = door.found(f"https://{host}:{port}/api")
    assert (opened.address[:2], opened.host) == (("127.0.0.1", port), host)
    assert opened.context.verify_mode == ssl.CERT_REQUIRED
    assert opened.context.check_hostname


@pytest.mark.parametrize(("certificate", "says"), [("expired", "expired"), ("elsewhere", "IP address mismatch")])
def test_a_certificate_that_cannot_be_verified_is_told_in_one_line_with_the_remedy(secured, certificate, says):
    with pytest.raises(ValueError, match=rf"^the certificate of https://.* \(.*{says}") as told:
        door.found(f"https://127.0.0.1:{secured(certificate)}")
    assert "SSL_CERT_FILE" in str(told.value)
    assert "\n" not in str(told.value)


def test_an_authority_that_nobody_named_is_not_believed(secured, monkeypatch):
    port = secured()
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ValueError, match=r"self-signed certificate in|unable to get local issuer"):
        door.found(f"https://localhost:{port}")


def test_authorities_may_be_named_by_file_or_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    many = len(trusted().get_ca_certs())
    assert many > 20, "certifi's"
    monkeypatch.setenv("SSL_CERT_FILE", AUTHORITY)
    (only,) = trusted().get_ca_certs()
    assert only["subject"] == ((("commonName", "tests of certify"),),)
    (tmp_path / "empty.pem").touch()
    for file in ("nowhere.pem", "empty.pem"):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / file))
        with pytest.raises(UsageError, match="no certificates can be read"):
            trusted()
        with pytest.raises(ValueError, match="Name a file of PEM"):
            door.found("https://127.0.0.1:9")
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(CERTIFICATES))
    assert trusted().get_ca_certs() == [], "a folder is read when it is needed"


def test_what_speaks_no_tls_is_told(serve):
    url = serve(Handler)
    with pytest.raises(ValueError, match=r"no TLS can be agreed on with https://.*Is it https"):
        door.found(url.replace("http:", "https:"))


@pytest.mark.parametrize("greet", [lambda raw: raw.close(), lambda raw: raw.recv(65536) and raw.close()])
def test_a_handshake_cut_off_is_for_the_storm_to_tell(secured, greet):
    port = secured(greet=greet)
    assert door.found(f"https://127.0.0.1:{port}", seconds=1).address[1] == port


def test_silence_ends_in_time(secured):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert door.found(f"https://127.0.0.1:{port}", seconds=0.1).address[1] == port


def test_the_first_address_that_answers_is_taken_else_the_first(serve, nobody, monkeypatch):
    port = int(serve(Handler).rpartition(":")[2])
    several = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", nobody, 0, 0)),
               (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", nobody)),
               (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(door._socket, "getaddrinfo", lambda *_: several)
    assert door.found("http://several.example").address == ("127.0.0.1", port)
    monkeypatch.setattr(door._socket, "getaddrinfo", lambda *_: several[:2])
    assert door.found("http://several.example").address[0] == "::1"


def test_an_address_that_keeps_silent_leaves_time_for_the_next(secured, monkeypatch):
    port = secured()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        several = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", of))
                   for of in (silent.getsockname()[1], port)]
        monkeypatch.setattr(door._socket, "getaddrinfo", lambda *_: several)
        assert door.found("https://localhost").address == ("127.0.0.1", port)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://:1", "https://", "nowhere"])
def test_what_is_no_address_is_told(url):
    with pytest.raises(ValueError, match="needs an http or https address"):
        door.found(url)


def test_a_name_that_nobody_has_is_told():
    with pytest.raises(OSError):
        door.found("http://nowhere.invalid")


def test_the_default_ports_are_those_of_the_scheme(monkeypatch):
    asked = []

    def looked_up(host, port, *_):
        asked.append((host, port))
        return []

    monkeypatch.setattr(door._socket, "getaddrinfo", looked_up)
    for url in ("http://a.example", "https://a.example", "https://[::1]:8443/x"):
        list(door._doors(url))
    assert asked == [("a.example", 80), ("a.example", 443), ("::1", 8443)]
