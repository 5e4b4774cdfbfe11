"""A loopback server that gives Pact's verifier the messages that were produced, each at a path of its own.

The library's own server for them takes half a second to end, for each message.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Messages:
    """Serves `/KEY` for the jobs that have one; `close` ends it."""

    def __init__(self, jobs: Mapping[str, Mapping[str, Any]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            timeout = 30

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                job = jobs.get(self.path.removeprefix("/"))
                body = base64.b64decode(job["contents"]) if job else b""
                self.send_response(200 if job else 404)
                if job:
                    metadata = {"contentType": job["content_type"], **job["metadata"]}
                    self.send_header("Content-Type", job["content_type"])
                    self.send_header("Pact-Message-Metadata", base64.b64encode(json.dumps(metadata).encode()).decode())
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """No more messages."""
        self._server.shutdown()
        self._server.server_close()
