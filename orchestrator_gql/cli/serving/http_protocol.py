"""The server's side of an HTTP connection: header timeouts, slow clients, errors and closing."""

import asyncio
import sys
from http import HTTPStatus
from typing import Any, ClassVar

import h11
import uvicorn
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import CLOSE_HEADER

from orchestrator_gql.cli.serving.metered import MeteredTransport
from orchestrator_gql.cli.serving.open_files import OWN, Shortage, limit
from orchestrator_gql.cli.serving.plain_http import PlainHttp
from orchestrator_gql.cli.serving.plain_requests import CHUNKED, CONTENT_LENGTH, PlainCycle, is_small, size_of
from orchestrator_gql.rest.problems import http_problem, problem_of
from orchestrator_gql.rest.request_target import Refuse
from orchestrator_gql.utils.request_errors import HostInvalid, ServerBusy
from orchestrator_gql.utils.slow_readers import SlowReaders


class Config(uvicorn.Config):
    """Uvicorn's settings, the `SlowReaders` to which the connections report unread data, the function that refuses a
    request, and the log of those for which too few files may be opened."""

    slow_readers: SlowReaders
    refuse: Refuse
    shortage: Shortage


TOO_LARGE = 431
NOT_IMPLEMENTED = 501


class TimedHttp(PlainHttp):
    """Close a connection if its request line and headers do not arrive in time; uvicorn would keep it open for ever.

    The time starts with the connection, or with the first byte of a later request; further bytes do not extend it.
    The written data is counted, so that a client that does not read is disconnected.
    """

    config: Config
    transport: MeteredTransport

    header_seconds: ClassVar[float] = 15.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._request: tuple[Scope, Receive, Send] | None = None
        self._app, self.app = self.app, self._serve

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline for the headers."""
        super().connection_made(MeteredTransport(transport, self.config.slow_readers))
        if len(self.connections) > limit() - OWN:
            self.config.shortage.note()
            transport.abort()
        self._keep_deadline()

    def data_received(self, data: bytes) -> None:
        """Process the data; complete headers end the deadline."""
        super().data_received(data)
        self._keep_deadline()

    def on_response_complete(self) -> None:
        """Give the client time for the rest of a body that the application did not read."""
        super().on_response_complete()
        if self._is_body_left:
            self._keep_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadline and forget the unread data."""
        self._drop_deadline()
        self.config.slow_readers.forget(self.transport.backlog)
        super().connection_lost(exc)
        self.app = self._app  # not a method of this connection, so that it needs no garbage collector

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over to the socket, and let go of what holds this object, as in `connection_lost`."""
        super().handle_websocket_upgrade(event)
        self.app = self._app

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; each message that has to wait is counted."""
        if isinstance(self.cycle, PlainCycle):  # it counts them itself
            await self._run(scope, receive, send, send)
            return

        async def counted(message: Message) -> None:
            if self.flow.write_paused:
                with self.transport.holding(size_of(message)):
                    await self.flow.drain()
            if self.transport.is_closing():
                # Nothing is written any more. A producer that never waits must learn that its client has left.
                await asyncio.sleep(0)
            if message["type"] == "http.response.start":
                if not self.cycle.keep_alive:  # the server stops
                    message = {**message, "headers": [*message.get("headers", ()), CLOSE_HEADER]}
                if is_small(message):
                    self.transport.hold()
                    self.loop.call_soon(self.transport.release)  # a body that comes later does not delay the headers
            try:
                await send(message)
            finally:
                if message["type"] != "http.response.start":
                    self.transport.release()

        if _is_ambiguous(scope):
            await http_problem("malformed-request", headers={"Connection": "close"})(scope, receive, counted)
        else:
            await self._run(scope, receive, send, counted)

    async def _run(self, scope: Scope, receive: Receive, send: Send, counted: Send) -> None:
        self._request = (scope, receive, send)
        try:
            await self._app(scope, receive, counted)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or not task.cancelling():
                raise
            self._cut_off()  # only uvicorn cancels a request: the server stops, and the client may have left before

    async def refuse_open_request(self) -> None:
        """Answer a request that has no response yet, such as a form that hangs: the time of the server is over."""
        cycle = self.cycle
        request = self._request
        if request is None or cycle is None or request[0] is not cycle.scope:
            return
        if not cycle.response_started and not cycle.disconnected:
            error = ServerBusy("The server is stopping. Send this again: to another server, or in a moment.")
            scope, receive, send = request
            await self.config.refuse(scope, error)(scope, receive, send)

    def _cut_off(self) -> None:
        """Close a connection whose response is not complete; uvicorn would log an error."""
        if not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.transport.close()

    def _should_upgrade(self) -> bool:
        """Whether the request is a WebSocket handshake; uvicorn would take a POST for it and not answer."""
        names = {name for name, _ in self.headers}
        is_handshake = (
            self.scope["method"] == "GET" and b"sec-websocket-key" in names and not names & {CONTENT_LENGTH, CHUNKED}
        )
        return is_handshake and super()._should_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP with a problem document; uvicorn would answer with plain text."""
        error = sys.exception()
        problem = self._problem(error)
        if error is not None:
            error.__traceback__ = None  # a frame of h11 holds the error, and another frame this connection
        status = problem.status_code
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # else a response has begun, and can only be cut off
            headers = [*problem.raw_headers, (b"connection", b"close")]
            events = (
                h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode()),
                h11.Data(data=bytes(problem.body)),
                h11.EndOfMessage(),
            )
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        if self.cycle is not None:  # otherwise the running request would send its response after this response
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _problem(self, error: BaseException | None) -> Response:
        """The problem that h11 found; its message is not sent to the client, because it quotes the request."""
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        if hint == TOO_LARGE:
            unread, _ = self.conn.trailing_data
            return http_problem("headers-too-large" if b"\n" in unread else "uri-too-long")
        if hint == NOT_IMPLEMENTED:
            return http_problem("unsupported-transfer-coding")
        return problem_of(HostInvalid()) if "Host: header" in str(error) else http_problem("malformed-request")

    @property
    def _is_body_left(self) -> bool:
        """True if the response is complete and the request is not."""
        if self._plain is not None:
            return self._plain.response_complete
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _keep_deadline(self) -> None:
        is_new = self._plain is None and self._idle_until is None and self.conn.their_state is h11.IDLE
        is_due = is_new or self._is_body_left
        if not is_due or self.transport.is_closing():
            self._drop_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.header_seconds, self.transport.close)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _is_ambiguous(scope: Scope) -> bool:
    """True if a proxy may see the end of the body at another place (RFC 9112, section 6.1); h11 accepts that."""
    names = {name for name, _ in scope["headers"]}
    return CHUNKED in names and (CONTENT_LENGTH in names or scope["http_version"] < "1.1")
