"""Connections that may not be silent for ever, and sockets that say goodbye with the right number."""

import asyncio
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

GOING_AWAY = 1001
"""RFC 6455, section 7.4.1: a server going down. Uvicorn says 1012, which clients may take for the end."""


class TimedHttp(H11Protocol):
    """Close a connection whose request line and headers do not arrive in time; uvicorn would hold it for ever.

    The time runs from the connection, or from the first byte of a later request, and is not begun anew by each byte.
    """

    header_seconds: ClassVar[float] = 15.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._keep_deadline()

    def data_received(self, data: bytes) -> None:
        """Take in what came; once the headers are complete nothing is waited for."""
        super().data_received(data)
        self._keep_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._drop_deadline()
        super().connection_lost(exc)

    def _keep_deadline(self) -> None:
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._drop_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.header_seconds, self.transport.close)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class PoliteSocket(WebSocketsSansIOProtocol):
    """Say 1001 when the server stops: the client comes back, to this server or another."""

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
