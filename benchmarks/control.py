"""Lets a benchmark ask a server in another process for something, with one JSON object a line each way."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

Handle = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

PATIENCE = 120.0
"""Seconds that an answer may take."""


@asynccontextmanager
async def controlled(port: int, handle: Handle) -> AsyncIterator[None]:
    """Answer requests at this port of loopback while the block runs."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await handle(json.loads(line))).encode() + b"\n")
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=16 * 1024 * 1024)
    try:
        yield
    finally:
        server.close()


class Control:
    """The side that asks."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._socket.makefile("rb")

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send the request and wait for the answer."""
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._lines.readline())
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._socket.close()
