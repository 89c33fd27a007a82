"""Many WebSocket clients in one process of their own, which read as fast as the kernel hands over the bytes.

``python -m benchmarks.clients`` opens the sockets and says so on its output. From then on it prints a line when the
last client has received a mark (a note ``mark-17-``), with the time of it: the monotonic clock is the same in all
processes of a machine. Python's own WebSocket clients would need more CPU than the server that they measure.
"""

import argparse
import base64
import json
import os
import queue
import re
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Self

MARK = re.compile(rb"mark-(\d+)-")
CURSOR = re.compile(rb'"cursor":"([^"]+)"')
TOGETHER = 50
"""Handshakes that are under way at once, unless all clients are asked to come back at once."""

WATCH = """subscription Watch($after: String) { processEvents(after: $after) { cursor caughtUp events {
  __typename id processId occurredAt ... on ProcessNoteChangedEvent { note } } } }"""
"""What the clients subscribe to: a selection of plain fields."""

DASHBOARD = """subscription ProcessEvents($after: String) { processEvents(after: $after) {
  cursor caughtUp reset events { __typename processId ... on CallbackEvent { callbackId }
  ... on ProductSubscriptionChangedEvent { productSubscriptionId } } } }"""
"""The subscription of the dashboard."""

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def frame(opcode: int, payload: bytes) -> bytes:
    """A frame of a client, masked with zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


@dataclass(slots=True, eq=False)
class Client:
    """One socket, and what came on it."""

    socket: socket.socket
    rest: bytes = b""
    results: int = 0
    last_mark: int = -1
    gaps: int = 0
    cursor: str = ""
    sample: bytes = b""

    def take(self, data: bytes) -> Iterator[int]:
        """Read the frames; the marks in them."""
        data = self.rest + data
        position, size = 0, len(data)
        while size - position >= 2:
            length, start = data[position + 1], position + 2
            if length == 126:
                length, start = int.from_bytes(data[start : start + 2]), start + 2
            elif length == 127:
                length, start = int.from_bytes(data[start : start + 8]), start + 8
            if start + length > size:
                break
            payload = data[start : start + length]
            match data[position] & 15:
                case 1:
                    yield from self._read(payload)
                case 9:
                    self.socket.sendall(frame(PONG, payload))
            position = start + length
        self.rest = data[position:]

    def _read(self, payload: bytes) -> Iterator[int]:
        self.results += payload.startswith(b'{"type":"next"') or b'"type":"next"' in payload
        for found in MARK.finditer(payload):
            mark = int(found[1])
            if self.last_mark >= 0 and mark != self.last_mark + 1:
                self.gaps += 1
            self.last_mark, self.sample = mark, payload
            yield mark


@dataclass(slots=True)
class Crowd:
    """All clients of this process."""

    port: int
    query: str | None
    is_small: bool = False
    """Whether new sockets have the smallest buffer, so that a client that stalls is noticed soon."""
    clients: dict[int, Client] = field(default_factory=dict)
    stalled: list[Client] = field(default_factory=list)
    marks: Counter[int] = field(default_factory=Counter)
    ended: int = 0
    poll: Any = field(default_factory=select.epoll)

    def join(self, count: int, *, after: str | None = None) -> None:
        """Open ``count`` sockets, subscribe on each, and wait for the first result of each."""
        opened = [self._open() for _ in range(count)]
        for client in opened:
            while b"\r\n\r\n" not in client.rest:
                client.rest += self._received(client)
            client.rest = client.rest.partition(b"\r\n\r\n")[2]
            if self.query is not None:
                payload = {"query": self.query, "variables": {"after": after}}
                subscribe = json.dumps({"type": "subscribe", "id": "1", "payload": payload})
                client.socket.sendall(frame(TEXT, b'{"type":"connection_init"}') + frame(TEXT, subscribe.encode()))
        for client in opened:
            while self.query is not None and client.results == 0:
                self._count(client, self._received(client))
            client.socket.setblocking(False)
            self.clients[client.socket.fileno()] = client
            self.poll.register(client.socket.fileno(), select.EPOLLIN)

    def _open(self) -> Client:
        opened = socket.socket()
        if self.is_small:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened.settimeout(60)
        opened.connect(("127.0.0.1", self.port))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        words = f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        opened.sendall(f"{head}{words}Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode())
        return Client(opened)

    @staticmethod
    def _received(client: Client) -> bytes:
        if not (data := client.socket.recv(65536)):
            raise ConnectionError("the server closed a socket")
        return data

    def _count(self, client: Client, data: bytes) -> None:
        for mark in client.take(data):
            self.marks[mark] += 1
            if self.marks[mark] == len(self.clients):
                say(mark=mark, at=time.monotonic())

    def serve(self, commands: IO[bytes]) -> None:
        """Read what comes for the clients, and obey commands, until there are no more commands."""
        self.poll.register(commands.fileno(), select.EPOLLIN)
        while True:
            for number, event in self.poll.poll():
                if number == commands.fileno():
                    if not (line := commands.readline()):
                        return
                    self.obey(json.loads(line))
                elif (client := self.clients.get(number)) is not None:
                    self._read(client)
                elif event & (select.EPOLLHUP | select.EPOLLERR):
                    self.poll.unregister(number)

    def _read(self, client: Client) -> None:
        try:
            data = client.socket.recv(262144)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if data:
            self._count(client, data)
        else:
            self._forget(client)
            self.ended += 1

    def _forget(self, client: Client) -> None:
        self.poll.unregister(client.socket.fileno())
        del self.clients[client.socket.fileno()]
        client.socket.close()

    def obey(self, command: dict[str, Any]) -> None:
        """Do what the benchmark asks for, and say when it is done."""
        match command:
            case {"do": "stall", "count": count}:
                for client in list(self.clients.values())[:count]:
                    self.poll.unregister(client.socket.fileno())
                    del self.clients[client.socket.fileno()]
                    self.stalled.append(client)
                say(done="stall")
            case {"do": "return", "after": after}:
                count = len(self.clients)
                for client in list(self.clients.values()):
                    self._forget(client)
                self.marks.clear()
                began = time.monotonic()
                self.join(count, after=after)
                say(done="return", began=began, at=time.monotonic(), missed=self._missed())
            case {"do": "tell"}:
                one = next(iter(self.clients.values()))
                cursor = CURSOR.search(one.sample)
                say(
                    done="tell",
                    sample=one.sample.decode(),
                    cursor=cursor[1].decode() if cursor else None,
                    results=sum(client.results for client in self.clients.values()),
                    gaps=sum(client.gaps for client in self.clients.values()),
                    ended=self.ended,
                    lowest=min(client.last_mark for client in self.clients.values()),
                )

    def _missed(self) -> int:
        """The newest mark that every client has."""
        return min(client.last_mark for client in self.clients.values())


def say(**words: Any) -> None:
    """Print a line for the benchmark."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


class Clients:
    """The side of the benchmark: starts the process of the clients, and reads what it says."""

    def __init__(self, port: int, count: int, *, query: str | None = WATCH, has_small_buffers: bool = False) -> None:
        self._command = [
            *(sys.executable, "-m", "benchmarks.clients", "--port", str(port), "--count", str(count)),
            *([] if query is None else ["--query", query]),
            *(["--small-buffers"] if has_small_buffers else []),
        ]
        self._lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            self._await("ready", patience=300)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait(timeout=60)
        self._listener.join()
        self._process.stdin.close()
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put({"gone": True})

    def _await(self, word: str, value: Any = None, *, patience: float = 60) -> dict[str, Any]:
        until = time.monotonic() + patience
        while True:
            line = self._lines.get(timeout=max(until - time.monotonic(), 0.001))
            if "gone" in line:
                raise RuntimeError("the process of the clients has ended")
            if word in line and value in (None, line[word]):
                return line

    def received(self, mark: int) -> float:
        """The time at which the last of the clients that read had received the mark."""
        at: float = self._await("mark", mark)["at"]
        return at

    def ask(self, do: str, **words: Any) -> dict[str, Any]:
        """Give a command, and wait until it is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **words}).encode() + b"\n")
        return self._await("done", do)


def main() -> None:
    """Open the sockets, and serve until the benchmark ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--query")
    parser.add_argument("--small-buffers", action="store_true")
    options = parser.parse_args()
    crowd = Crowd(options.port, options.query, is_small=options.small_buffers)
    for begun in range(0, options.count, TOGETHER):
        crowd.join(min(TOGETHER, options.count - begun))
    say(ready=True)
    crowd.serve(sys.stdin.buffer)


if __name__ == "__main__":
    main()
