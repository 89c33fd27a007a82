"""Connections that may neither be silent for ever nor leave unread what they asked for, and how sockets are closed."""

import asyncio
from typing import Any, ClassVar

import h11
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from orchestrator_gql.cli.serving.metered import MeteredTransport
from orchestrator_gql.utils.slow_readers import SlowReaders

GOING_AWAY = 1001
"""RFC 6455, section 7.4.1: a server going down. Uvicorn says 1012, which clients may take for the end."""

PONG_BYTES = 64 * 1024
"""With so much unread, no pong is added: RFC 6455, section 5.5.3, lets a server answer the latest ping alone."""


class Config(uvicorn.Config):
    """Uvicorn's, and whom its connections tell what waits for their clients."""

    slow_readers: SlowReaders


class TimedHttp(H11Protocol):
    """Close a connection whose request line and headers do not arrive in time; uvicorn would hold it for ever.

    The time runs from the connection, or from the first byte of a later request, and is not begun anew by each byte.
    What is written to it is metered, so that a client which does not read is disconnected.
    """

    config: Config
    transport: MeteredTransport

    header_seconds: ClassVar[float] = 15.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._app, self.app = self.app, self._serve

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(MeteredTransport(transport, self.config.slow_readers))
        self._keep_deadline()

    def data_received(self, data: bytes) -> None:
        """Take in what came; once the headers are complete nothing is waited for."""
        super().data_received(data)
        self._keep_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._drop_deadline()
        self.config.slow_readers.forget(self.transport.backlog)
        super().connection_lost(exc)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; what it sends is counted while it has to wait."""

        async def counted(message: Message) -> None:
            if self.flow.write_paused:
                with self.config.slow_readers.holding(self.transport.backlog, _size(message)):
                    await self.flow.drain()
            if self.transport.is_closing():
                # Nothing is written any more. A producer that never waits must hear that its client has left.
                await asyncio.sleep(0)
            await send(message)

        await self._app(scope, receive, counted)

    def _keep_deadline(self) -> None:
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._drop_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.header_seconds, self.transport.close)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _size(message: Message) -> int:
    """How much waits with the message: behind its headers the whole body does, if they tell its length."""
    for name, value in message.get("headers", ()):
        if name.lower() == b"content-length":
            return int(value)
    return len(message.get("body", b""))


class PoliteSocket(WebSocketsSansIOProtocol):
    """Say 1001 when the server stops: the client comes back, to this server or another.

    Messages are written in turn: uvicorn would let all that wait write at once as soon as the client reads a little.
    """

    config: Config
    transport: MeteredTransport

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turn = asyncio.Lock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count no more what waited."""
        self.config.slow_readers.forget(self.transport.backlog)
        super().connection_lost(exc)

    async def send(self, message: ASGISendEvent) -> None:
        """Send, now if the client keeps up, else when it is this message's turn."""
        if self.writable.is_set() and not self._turn.locked():
            await super().send(message)
            return
        data = message.get("text") or message.get("bytes")
        size = len(data) if isinstance(data, str | bytes) else 0
        with self.config.slow_readers.holding(self.transport.backlog, size):
            await self._turn.acquire()
            try:
                await self.writable.wait()
            except BaseException:
                self._turn.release()
                raise
        try:
            await super().send(message)
        finally:
            self._turn.release()

    def handle_ping(self) -> None:
        """Answer, unless the client sends pings and reads no pongs."""
        if self.transport.get_write_buffer_size() > PONG_BYTES:
            self.conn.data_to_send()
        else:
            super().handle_ping()

    def shutdown(self) -> None:
        """Close now; a handshake that is under way is refused."""
        if self.close_sent or not self.handshake_complete:
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY})
        self.conn.send_close(GOING_AWAY)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()
