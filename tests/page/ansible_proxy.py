"""A real HTTP server on loopback that plays `http://ansible-proxy`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple


class Job(NamedTuple):
    """An ordered playbook: the URL and the body of the request."""

    url: str
    order: dict[str, Any]


class AnsibleProxy(ThreadingHTTPServer):
    """Accepts every order; the jobs do not run, and the test delivers their results."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.jobs: list[Job] = []

    @property
    def address(self) -> str:
        """The base URL of the server."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def callback(self) -> str:
        """The callback URL of the latest job."""
        return str(self.jobs[-1].order["callback"])


class _Handler(BaseHTTPRequestHandler):
    server: AnsibleProxy

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.jobs.append(Job(self.path, order))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print no log line."""


@contextmanager
def proxy() -> Iterator[AnsibleProxy]:
    """Run the server during the block."""
    with AnsibleProxy() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
