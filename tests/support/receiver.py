"""A receiver of webhooks for tests: a real HTTP server with configurable responses."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from orchestrator_gql.utils.json import read


@dataclass(frozen=True, slots=True)
class Received:
    """One request, with its headers and its raw body."""

    target: str
    headers: httpx.Headers
    body: bytes

    @property
    def id(self) -> str:
        """The notification's id."""
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return read(self.body)


@dataclass(slots=True)
class Answer:
    """One response."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Receiver:
    """The requests so far. It sends ``answers`` in order, then always 200; nothing while ``open`` is not set."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def types(self) -> list[str]:
        """The types of the notifications, in order."""
        return [request.json["type"] for request in self.received]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and respond."""
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = httpx.Headers(
                [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
            )
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(first.split(" ")[1], headers, body))
            await self.open.wait()
            response = self.answers.pop(0) if self.answers else Answer()
            response_headers = {"content-length": str(len(response.body)), "connection": "close", **response.headers}
            head = "".join(f"{name}: {value}\r\n" for name, value in response_headers.items())
            writer.write(f"HTTP/1.1 {response.status} Status\r\n{head}\r\n".encode() + response.body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has disconnected
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*answers: Answer) -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver(answers=list(answers))
    receiver.open.set()
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        receiver.open.set()
        server.close()
        await server.wait_closed()
