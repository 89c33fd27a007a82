"""Configure uvicorn for a server that remote services call, and run it until a signal."""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Scope

from orchestrator_gql.cli.serving.ending import Ending
from orchestrator_gql.cli.serving.http_protocol import Config, TimedHttp
from orchestrator_gql.cli.serving.open_files import Shortage, places
from orchestrator_gql.cli.serving.request_check import RequestCheck
from orchestrator_gql.cli.serving.websocket_protocol import PoliteSocket
from orchestrator_gql.rest.problems import problem_of
from orchestrator_gql.utils.errors import OrchestratorError, SettingsError
from orchestrator_gql.utils.forks import keep_from_children, sockets_of
from orchestrator_gql.utils.slow_readers import SlowReaders

logger = logging.getLogger(__name__)

HEADER_BYTES = 64 * 1024
FRAME_BYTES = 256 * 1024
CONNECTIONS = 10_000
"""Further connections get 503: each costs memory, and too many of them would stop the engine."""
BACKLOG = 2048
"""Connections that wait in the kernel."""
ACCEPTED = 8
"""Connections that are accepted in one turn of the event loop: requests of others come between them."""
SHUTDOWN_SECONDS = 5
"""The time for open requests at the end; a stream of events would never end by itself."""


class Server(uvicorn.Server):
    """A server that does not handle signals: uvicorn would raise them again at the end, and exit with their number."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve_until_signal`, which handles them before the start and after the end, too."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve the sockets, with a longer queue of the kernel: asyncio has one number for both."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop in good order, and answer the requests whose time is over."""
        await super().shutdown(sockets)
        if unfinished := len(self.server_state.tasks):
            logger.warning("requests did not end in time and were cut off", extra={"requests": unfinished})
        for connection in list(self.server_state.connections):
            if isinstance(connection, TimedHttp):
                await connection.refuse_open_request()


def bind_socket(host: str, port: int) -> socket.socket:
    """A socket that is bound to the address and does not listen yet; raises `SettingsError` if that fails."""
    with contextlib.ExitStack() as undo:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            # asyncio turns Nagle's delay off only if the protocol is given; with the delay a response takes 40 ms more
            listener = undo.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError as error:
            raise _closed(host, port, error) from error
        undo.pop_all()
    return listener


async def serve_until_signal(
    app: Starlette,
    listener: socket.socket,
    *,
    beside: AbstractAsyncContextManager[object],
    on_ready: Callable[[], None],
    ending: Ending,
) -> None:
    """Start the application, listen, call ``on_ready``, serve until a signal, and stop in good order.

    ``beside`` runs longer than the server: steps that finish at the end may still need it. The lifespan is entered here
    and not by uvicorn, so that an error at the start is raised and not logged with a trace.
    """
    config = _config(app, ending.grace)
    server = _server(app, config)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(config.shortage.handle)
    begin_to_stop: Callable[[], None] = getattr(app.state, "begin_to_stop", lambda: None)

    def stop() -> None:
        server.handle_exit(signal.SIGTERM, None)
        begin_to_stop()

    ending.call_at_signal(partial(_call_in, loop, stop))
    with _kept_from_children(listener):
        async with beside, app.router.lifespan_context(app):
            _listen(listener)
            on_ready()
            watch_task = loop.create_task(config.slow_readers.watch())
            try:
                await server.serve([listener])
            finally:
                watch_task.cancel()


@contextlib.contextmanager
def _kept_from_children(listener: socket.socket) -> Iterator[None]:
    """Keep the port and its connections from forked children, also of steps that run before and after the server."""
    release = keep_from_children(partial(sockets_of, listener.getsockname()[:2]))
    try:
        yield
    finally:
        release()


def _call_in(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    """Call the function in the event loop, unless the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function)


def _listen(listener: socket.socket) -> None:
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        raise _closed(host, port, error) from error


PRIVILEGED = 1024
"""Only root, and processes with a right for it, listen on ports below."""


def _closed(host: str, port: int, error: OSError) -> SettingsError:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        advice = "Choose an address of this machine with --host, such as 127.0.0.1 or ::1; 0.0.0.0 and :: are all."
    elif error.errno == errno.EACCES and port < PRIVILEGED:
        advice = (
            f"Ports below {PRIVILEGED} need root or the right CAP_NET_BIND_SERVICE: choose another with --port, and "
            "put a proxy in front."
        )
    else:
        advice = "Choose another with --port; 0 takes any."
    return SettingsError(f"The server cannot listen on {host} port {port}: {error.strerror}. {advice}")


def _server(app: Starlette, config: Config) -> Server:
    server = Server(config)
    config.app = RequestCheck(
        app,
        limit=partial(places, CONNECTIONS),
        count=lambda: len(server.server_state.connections),
        refuse=config.refuse,
    )
    return server


def _refuse(_: Scope, error: OrchestratorError) -> ASGIApp:
    return problem_of(error)


def _config(app: Starlette, grace: float) -> Config:
    config = Config(
        app,
        http=TimedHttp,
        ws=PoliteSocket,
        backlog=ACCEPTED,
        interface="asgi3",  # uvicorn looks for a coroutine function, and `RequestCheck` only returns a coroutine
        lifespan="off",
        log_config=None,
        access_log=False,  # our access log writes routes, not paths: a path may hold a token
        proxy_headers=False,  # the application reads them, from the proxies of the settings only
        server_header=False,
        h11_max_incomplete_event_size=HEADER_BYTES,
        ws_max_size=FRAME_BYTES,
        ws_per_message_deflate=False,  # costs 64 KiB a socket, and a small frame may unpack to a large frame
        timeout_graceful_shutdown=max(1, min(SHUTDOWN_SECONDS, int(grace))),
    )
    config.slow_readers = getattr(app.state, "slow_readers", None) or SlowReaders()
    config.refuse = getattr(app.state, "refuse", _refuse)
    config.shortage = Shortage()
    return config
