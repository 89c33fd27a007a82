"""`http://ansible-proxy`, played by a real HTTP server on loopback."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple


class Job(NamedTuple):
    """One playbook that was ordered: where, and with what."""

    url: str
    order: dict[str, Any]


class AnsibleProxy(ThreadingHTTPServer):
    """Takes every order; the jobs run nowhere, and their results are for the test to deliver."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.jobs: list[Job] = []

    @property
    def address(self) -> str:
        """The base of its URLs."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def callback(self) -> str:
        """Where the result of the latest job is awaited."""
        return str(self.jobs[-1].order["callback"])


class _Counter(BaseHTTPRequestHandler):
    server: AnsibleProxy

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.jobs.append(Job(self.path, order))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def proxy() -> Iterator[AnsibleProxy]:
    """The server at work."""
    with AnsibleProxy() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
