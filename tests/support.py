"""What tests of several rooms share: a recorder in memory, and HTTP servers that end with the test."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Lines(list):
    """A recorder that keeps records in memory."""

    def append(self, kind, line):
        super().append((kind, line))

    def of(self, kind):
        """The lines of that kind, in order."""
        return [line for one, line in self if one == kind]


class Handler(BaseHTTPRequestHandler):
    """Answers nothing by itself, and prints nothing."""

    def sent(self):
        """The request's body."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def log_message(self, *_):
        """Silence."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        """Callers of hostile and strange servers hang up as they like."""


@contextmanager
def serving():
    """`start(handler class, context=None) -> base URL` of a server on a free port of the loopback, with TLS where a
    context is given; all end with the block."""
    servers = []

    def start(handler, *, context=None):
        servers.append(_Server(("127.0.0.1", 0), handler))
        if context is not None:
            servers[-1].socket = context.wrap_socket(servers[-1].socket, server_side=True,
                                                     do_handshake_on_connect=False)
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"{'https' if context else 'http'}://127.0.0.1:{servers[-1].server_address[1]}"

    try:
        yield start
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
