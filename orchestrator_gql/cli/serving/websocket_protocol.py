"""The server's side of a WebSocket: messages in turn, limits of its frames, and closing."""

import asyncio
import struct
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from orchestrator_gql.cli.serving.http_protocol import Config
from orchestrator_gql.cli.serving.message_queue import MessageQueue
from orchestrator_gql.cli.serving.metered import MeteredTransport
from orchestrator_gql.utils.slow_readers import WRITE_TEXT

GOING_AWAY = 1001
"""RFC 6455, section 7.4.1: the server goes down. Uvicorn sends 1012, after which clients may not come back."""

NO_TEXT, TOO_LARGE = 1007, 1009
"""RFC 6455, section 7.4.1: a text message that is not UTF-8, and a message that is too large."""

PONG_BYTES = 64 * 1024
"""If so many bytes are unread, no pong is sent: RFC 6455, section 5.5.3, lets a server answer only the latest ping."""

MOST_FRAGMENTS = 1_000
"""Frames of one message. A frame may be empty, so the limit of the bytes does not bound them."""

FINAL_TEXT = 0x81
SHORT, MIDDLE = 125, 0xFFFF


def _text_header(length: int) -> bytes:
    """The header of an unmasked text frame (RFC 6455, section 5.2)."""
    if length <= SHORT:
        return bytes((FINAL_TEXT, length))
    return (
        struct.pack("!BBH", FINAL_TEXT, 126, length)
        if length <= MIDDLE
        else struct.pack("!BBQ", FINAL_TEXT, 127, length)
    )


class PoliteSocket(WebSocketsSansIOProtocol):
    """Close with 1001 when the server stops: the client connects again, to this server or another server.

    Messages are written one after another: uvicorn would write all waiting messages as soon as the client reads a
    little.
    """

    config: Config
    transport: MeteredTransport

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.queue = MessageQueue()  # type: ignore[assignment]
        self._turn = asyncio.Lock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the unread data, and let go of what holds this connection, so that it needs no garbage collector."""
        self.config.slow_readers.forget(self.transport.backlog)
        super().connection_lost(exc)
        if self.handshake_initiated:
            self.scope["extensions"].pop(WRITE_TEXT, None)

    def handle_connect(self, event: Request) -> None:
        """Offer the application to write without waiting; see `write_text`."""
        super().handle_connect(event)
        if not self.conn.extensions and self.handshake_initiated and not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[WRITE_TEXT] = self.write_text

    def write_text(self, *parts: bytes) -> bool:
        """Write the parts, in UTF-8, as one message; false if the client has to take other messages before.

        The bytes are the same as those of `send`, which costs four times as much: here nothing is parsed or decoded.
        """
        if not self.writable.is_set() or self._turn.locked():
            return False
        if self.conn.state is not State.OPEN or not self.handshake_complete or self.transport.is_closing():
            return False
        self.transport.write(b"".join((_text_header(sum(map(len, parts))), *parts)))
        return True

    async def send(self, message: ASGISendEvent) -> None:
        """Send the message at once if the client keeps up, else after the messages before it."""
        if self.writable.is_set() and not self._turn.locked():
            await self._write(message)
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
            await self._write(message)
        finally:
            self._turn.release()

    async def _write(self, message: ASGISendEvent) -> None:
        """Write, and mark a refused handshake as complete: uvicorn logs an error if the refusal has a body.

        uvicorn raises `ClientDisconnected` only after `connection_lost`. A task that sends all the time would never let
        the event loop call that: a write to a connection that is going does nothing, and waits for nothing.
        """
        if message["type"] == "websocket.send" and self.transport.is_closing():
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.accept":
            vars(self).pop("response", None)  # its headers are a kilobyte, for as long as the socket is open
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def handle_cont(self, event: Frame) -> None:
        """Add a fragment to the message, unless it has too many."""
        if len(self.frames) >= MOST_FRAGMENTS:
            self._refuse(TOO_LARGE, f"A message has at most {MOST_FRAGMENTS} fragments.")
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand over a message. A text that is not UTF-8 is the fault of the client; uvicorn would log an error."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._refuse(NO_TEXT, "A text message is UTF-8.")
                return
        super().send_receive_event_to_app()

    def _refuse(self, code: int, reason: str) -> None:
        """Close because of an invalid message; what comes after it is not read."""
        self.frames = []
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.handle_parser_exception()

    def handle_ping(self) -> None:
        """Send a pong, unless the client sends pings and reads no pongs."""
        if self.transport.get_write_buffer_size() > PONG_BYTES:
            self.conn.data_to_send()
        else:
            super().handle_ping()

    def shutdown(self) -> None:
        """Close now; refuse an open handshake."""
        if self.close_sent or not self.handshake_complete:
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY})
        self.conn.send_close(GOING_AWAY)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()
