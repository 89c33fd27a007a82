"""Sends HTTP requests over many connections from a process of its own, as fast as they are answered.

``python -m benchmarks.load --port … --connections … FILE``: the file has a request a line, a list of method, path and
body. Each connection sends the next request of the file as soon as its last one is answered.
"""

import argparse
import json
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Sent = tuple[str, str, object]
"""Method, path and body of a request."""

PATIENCE = 300


@dataclass(slots=True, eq=False)
class Connection:
    """One connection that is kept alive, and what came of the answer so far."""

    socket: socket.socket
    received: bytes = b""

    def status(self) -> int | None:
        """The status of the answer if it is whole."""
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        return int(lines[0].split()[1]) if len(body) >= length else None


def run(port: int, connections: int, requests: Iterator[bytes], until: float) -> dict[str, Any]:
    """Send the requests until there are none, or until the time; the count, the seconds, and how often each status."""
    poll, opened, statuses = select.epoll(), {}, Counter[int]()
    for _ in range(connections):
        connection = Connection(socket.create_connection(("127.0.0.1", port), timeout=60))
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened[connection.socket.fileno()] = connection
        poll.register(connection.socket.fileno(), select.EPOLLIN)
    began, under_way = time.perf_counter(), 0
    for connection in opened.values():
        if request := next(requests, None):
            connection.socket.sendall(request)
            under_way += 1
    while under_way:
        for number, _ in poll.poll(PATIENCE):
            connection = opened[number]
            if not (data := connection.socket.recv(65536)):
                raise ConnectionError("the server closed a connection")
            connection.received += data
            if (status := connection.status()) is None:
                continue
            statuses[status] += 1
            connection.received = b""
            under_way -= 1
            if time.perf_counter() < until and (request := next(requests, None)):
                connection.socket.sendall(request)
                under_way += 1
    return {"count": statuses.total(), "seconds": time.perf_counter() - began, "statuses": statuses}


def encoded(port: int, request: Sent) -> bytes:
    """The bytes of the request."""
    method, path, body = request
    content = json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


@contextmanager
def loading(
    port: int, requests: Iterable[Sent], connections: int, *, seconds: float = PATIENCE, again: bool = False
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that sends these requests while the block runs; ``again`` begins anew after the last of them."""
    with TemporaryDirectory(prefix="orchestrator-load-") as folder:
        file = Path(folder) / "requests"
        file.write_text("".join(json.dumps(request) + "\n" for request in requests))
        arguments = ("--port", str(port), "--connections", str(connections), "--seconds", str(seconds))
        command = [sys.executable, "-m", "benchmarks.load", *arguments, *(["--again"] if again else []), str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.kill()


def rate(port: int, requests: Iterable[Sent], connections: int) -> float:
    """Requests a second until all are answered; all of them must succeed."""
    with loading(port, requests, connections) as process:
        output, _ = process.communicate(timeout=PATIENCE)
    report = json.loads(output)
    assert set(report["statuses"]) <= {"200", "201"}, report
    return float(report["count"] / report["seconds"])


def main() -> None:
    """Send, and print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=PATIENCE)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    requests = [encoded(options.port, json.loads(line)) for line in options.file.read_text().splitlines()]
    sent = cycle(requests) if options.again else iter(requests)
    print(json.dumps(run(options.port, options.connections, sent, time.perf_counter() + options.seconds)))


if __name__ == "__main__":
    main()
