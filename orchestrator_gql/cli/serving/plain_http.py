"""A connection whose plain requests are served without h11, and all others with it."""

import asyncio
from contextvars import copy_context
from typing import Any
from urllib.parse import unquote

import h11
from uvicorn._types import HTTPScope
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

from orchestrator_gql.cli.serving.metered import MeteredTransport
from orchestrator_gql.cli.serving.plain_requests import PlainCycle, PlainRequest, plain_request


class Flow(FlowControl):
    """Reads no more while the client is far ahead: while much waits behind the open request.

    uvicorn reads on as soon as the application asks for the body. So each of many requests in a row would let the
    client send 256 KiB more, and what waits would grow without end.
    """

    is_far_ahead = False

    def resume_reading(self) -> None:
        """Read on, unless the client is far ahead."""
        if not self.is_far_ahead:
            super().resume_reading()


class PlainHttp(H11Protocol):
    """Serves plain requests itself, and all others with h11. Between two requests of a connection it may change.

    Each request begins with the context variables of the connection. asyncio would give it those of the request before:
    a reader that is resumed keeps the context of the task that resumed it.
    """

    transport: MeteredTransport
    flow: Flow

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._context = copy_context()
        self._asgi_version = self.config.asgi_version
        self._plain: PlainCycle | None = None
        self._later = b""
        """What the client sent behind the body of the plain request."""
        self._is_with_h11 = False
        self._idle_until: float | None = None
        self._idle_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Limit what the client sends ahead."""
        super().connection_made(transport)
        self.flow = Flow(transport)

    def data_received(self, data: bytes) -> None:
        """Process the data; h11 gets what is not plain."""
        if self._plain is not None:
            self._take_body(self._plain, data)
        elif self._is_between_requests() and (request := plain_request(data)) is not None:
            self._begin(request, data)
        elif self.conn.their_state is not h11.MUST_CLOSE:  # else it is behind the last request: it changes no response
            self._is_with_h11 = True
            self._context.copy().run(super().data_received, data)

    def handle_events(self) -> None:
        """Process what h11 has, and note if it keeps much for later."""
        super().handle_events()
        is_later = self.conn.their_state not in (h11.IDLE, h11.SEND_BODY)
        self.flow.is_far_ahead = is_later and len(self.conn.trailing_data[0]) > HIGH_WATER_LIMIT

    def _is_between_requests(self) -> bool:
        """True if h11 waits for the first byte of a request."""
        if self._is_with_h11:
            has_read = self.conn.our_state is h11.IDLE and self.conn.their_state is h11.IDLE
            self._is_with_h11 = not has_read or bool(self.conn.trailing_data[0])
        return not self._is_with_h11

    def _begin(self, request: PlainRequest, data: bytes) -> None:
        self._unset_keepalive_if_required()
        cycle = self._plain = PlainCycle(
            request.length,
            scope=self._scope_of(request),
            conn=self.conn,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            on_response=self.on_response_complete,
        )
        self.cycle = cycle
        if len(data) > request.size:
            self._take_body(cycle, data[request.size :])
        if not cycle.more_body:
            cycle.message_event.set()
        task = self.loop.create_task(cycle.run_asgi(self.app), context=self._context.copy())
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _scope_of(self, request: PlainRequest) -> HTTPScope:
        raw_path, _, query = request.target.partition(b"?")
        path = raw_path.decode("ascii")
        return {
            "type": "http",
            "asgi": {"version": self._asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "method": request.method,
            "root_path": self.root_path,
            "path": self.root_path + (unquote(path) if "%" in path else path),
            "raw_path": self.root_path.encode("ascii") + raw_path,
            "query_string": query,
            "headers": request.headers,
            "state": self.app_state.copy(),
        }

    def _take_body(self, cycle: PlainCycle, data: bytes) -> None:
        """Give the data to the open request; what comes behind its body waits until its response is complete."""
        if cycle.body_left:
            part = data[: cycle.body_left]
            data = data[len(part) :]
            cycle.body_left -= len(part)
            cycle.more_body = cycle.body_left > 0
            if cycle.response_complete:
                if not cycle.body_left:
                    self._end(data)
                return
            cycle.body += part
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()
        if data:
            self._later += data
            self.flow.is_far_ahead = len(self._later) > HIGH_WATER_LIMIT
            self.flow.pause_reading()

    def on_response_complete(self) -> None:
        """Begin the next request, or wait for it."""
        self.flow.is_far_ahead = False
        if self._plain is None:
            self._context.copy().run(super().on_response_complete)
            return
        self.server_state.total_requests += 1
        if not self._plain.body_left:
            later, self._later = self._later, b""
            self._end(later)
        elif not self.transport.is_closing():
            self.flow.resume_reading()

    def _end(self, later: bytes) -> None:
        """The request and its response are complete: begin the next request, or wait for it."""
        self._plain = None
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if later:
            self.data_received(later)
        else:
            self._wait()

    def _wait(self) -> None:
        """Close the connection if it stays idle. One timer serves many requests: it looks again when it fires."""
        self._idle_until = self.loop.time() + self.timeout_keep_alive
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_at(self._idle_until, self._check_idle, context=self._context)

    def _check_idle(self) -> None:
        self._idle_timer = None
        if self._idle_until is None:
            return
        if self.loop.time() < self._idle_until:
            self._idle_timer = self.loop.call_at(self._idle_until, self._check_idle, context=self._context)
        else:
            self.timeout_keep_alive_handler()

    def _unset_keepalive_if_required(self) -> None:
        """The connection is not idle any more."""
        self._idle_until = None
        super()._unset_keepalive_if_required()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers; uvicorn leaves its own if the client reset the connection."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
