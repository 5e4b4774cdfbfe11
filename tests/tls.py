"""TLS for tests: an authority that only they believe, what it signed, and servers that speak TLS by hand.

`certificates/make.sh` makes the files anew.
"""

import select
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

CERTIFICATES = Path(__file__).parent / "certificates"
AUTHORITY = str(CERTIFICATES / "authority.pem")


def server_context(name="server", *, newest=None):
    """A server's context with that certificate: server, expired or elsewhere (another name)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    if newest is not None:
        context.maximum_version = newest
    return context


def forward(upstream):
    """What a TLS server serves that hands everything on to `host:port`, and back."""
    host, _, port = upstream.rpartition(":")

    def serve(secured):
        with socket.create_connection((host, int(port))) as plain:
            while True:
                ready = [secured] if secured.pending() else select.select([secured, plain], [], [], 20)[0]
                for one in ready:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    (plain if one is secured else secured).sendall(data)

    return serve


class TlsServer:
    """Accepts on the loopback; each connection is given raw to `greet(raw) -> secured or None`, then to `serve`."""

    def __init__(self, serve, *, greet=None, context=None, address="127.0.0.1"):
        self._serve = serve
        self._context = context or server_context()
        self._greet = greet or (lambda raw: self._context.wrap_socket(raw, server_side=True))
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family, backlog=256)
        self.port = self._listener.getsockname()[1]
        self.resumed = []
        """Of each connection: was its session resumed?"""
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(raw,), daemon=True).start()

    def _one(self, raw):
        raw.settimeout(20)
        with suppress(OSError):
            secured = self._greet(raw)
            if secured is None:
                return
            with secured:
                self.resumed.append(secured.session_reused)
                self._serve(secured)
        raw.close()
