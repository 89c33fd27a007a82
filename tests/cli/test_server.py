"""The server's connections: their timeouts, their limits, and their end."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from orchestrator_gql.cli.serving.ending import Ending
from orchestrator_gql.cli.serving.http_protocol import TimedHttp
from orchestrator_gql.cli.serving.server import ACCEPTED, FRAME_BYTES, HEADER_BYTES, bind_socket, serve_until_signal
from orchestrator_gql.utils.errors import SettingsError

SECONDS = 30
NEVER = 3600.0
"""A grace that does not end: its end would end the process, which is that of the tests."""


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(str(len(text)))


async def answer(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


def serving() -> AbstractAsyncContextManager[int]:
    """A running server with a small application."""
    routes = [Route("/", answer, methods=["GET", "POST"]), WebSocketRoute("/", echo)]
    return serving_in_process(Starlette(routes=routes))


@asynccontextmanager
async def serving_in_process(app: Starlette) -> AsyncIterator[int]:
    """Serve the application as our command does; yield the port, and stop the server with SIGTERM."""
    ready = asyncio.Event()
    with bind_socket("127.0.0.1", 0) as listener, Ending(NEVER) as ending:
        port = listener.getsockname()[1]
        server = asyncio.create_task(
            serve_until_signal(app, listener, beside=nullcontext(), on_ready=ready.set, ending=ending)
        )
        async with asyncio.timeout(SECONDS):
            await ready.wait()
            yield port
            os.kill(os.getpid(), signal.SIGTERM)
            await server


async def exchanged(port: int, sent: bytes) -> bytes:
    """All bytes that the server sends until it closes the connection, within `SECONDS`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        async with asyncio.timeout(SECONDS):
            return await reader.read()
    finally:
        writer.close()


async def test_headers_that_arrive_byte_by_byte_do_not_extend_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(TimedHttp, "header_seconds", 0.3)
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n")
        dripping = asyncio.create_task(drip(writer))
        received = b""

        with suppress(ConnectionResetError):  # if a line had arrived that the server had not read when it closed
            received = await reader.read()

        dripping.cancel()
        writer.close()
    assert received == b""


async def drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x: y\r\n")
        await asyncio.sleep(0.02)


async def test_a_silent_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimedHttp, "header_seconds", 0.1)
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        received = await reader.read()

        writer.close()
    assert received == b""


async def test_a_second_request_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        first = await reader.readuntil(b"\r\n\r\n0")
        monkeypatch.setattr(TimedHttp, "header_seconds", 0.3)
        writer.write(b"GET / HT")

        rest = await reader.read()

        writer.close()
    assert b"200 OK" in first
    assert rest == b""


async def test_a_body_may_take_longer_than_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimedHttp, "header_seconds", 1.0)
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1")
        silent, other = await asyncio.open_connection("127.0.0.1", port)
        await silent.read()  # now the time for headers is over: this connection was closed

        writer.write(b"2")
        received = await reader.readuntil(b"\r\n\r\n2")

        writer.close()
        other.close()
    assert b"200 OK" in received


async def test_headers_over_the_limit_are_refused() -> None:
    async with serving() as port:
        received = await exchanged(port, b"GET / HTTP/1.1\r\nx: ".ljust(HEADER_BYTES + 1, b"y"))

    assert b"431 Request Header Fields Too Large" in received


async def test_a_frame_over_the_limit_closes_the_socket_with_1009() -> None:
    async with serving() as port, connect(f"ws://127.0.0.1:{port}/", proxy=None) as client:
        await client.send("x" * FRAME_BYTES)
        largest = await client.recv()
        await client.send("x" * (FRAME_BYTES + 1))

        with pytest.raises(ConnectionClosed):
            await client.recv()

        assert largest == str(FRAME_BYTES)
        assert client.close_code == 1009


async def test_a_signal_closes_open_sockets_with_1001() -> None:
    async with serving() as port:
        client = await connect(f"ws://127.0.0.1:{port}/", proxy=None)
        await client.send("hello")
        await client.recv()

    with pytest.raises(ConnectionClosed):
        await client.recv()
    assert client.close_code == 1001


async def test_an_error_at_the_start_of_the_application_is_raised() -> None:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        bind_socket("no-such-host.invalid", 8000)
        yield

    app = Starlette(lifespan=lifespan)
    with (
        bind_socket("127.0.0.1", 0) as listener,
        Ending(NEVER) as ending,
        pytest.raises(SettingsError, match="no-such-host"),
    ):
        await serve_until_signal(app, listener, beside=nullcontext(), on_ready=lambda: None, ending=ending)


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on no-such-host\.invalid port 8000"):
        bind_socket("no-such-host.invalid", 8000)


async def test_two_servers_on_the_same_port_cannot_both_listen() -> None:
    app = Starlette()
    with bind_socket("127.0.0.1", 0) as listener, socket.socket() as other, Ending(NEVER) as ending:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(listener.getsockname())
        other.listen()

        with pytest.raises(SettingsError, match="Address already in use"):
            await serve_until_signal(app, listener, beside=nullcontext(), on_ready=lambda: None, ending=ending)


def test_no_response_is_delayed_by_nagles_algorithm() -> None:
    with bind_socket("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # if it is set, asyncio turns Nagle's delay off


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_the_headers_of_a_response_go_with_its_body(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One packet: two would wake the client twice."""
    transport = asyncio.selector_events._SelectorSocketTransport  # type: ignore[attr-defined]
    packets, write = list[bytes](), transport.write

    def noting(self: object, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1") or packets:
            packets.append(bytes(data))
        write(self, data)

    monkeypatch.setattr(transport, "write", noting)
    async with serving() as port:
        sent = f"{method} / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
        received = await exchanged(port, sent)

    assert packets == [received]
    assert received.endswith(b"\r\n\r\n" if method == "HEAD" else b"\r\n\r\n0")


async def test_the_headers_of_a_stream_do_not_wait_for_its_body() -> None:
    are_read = asyncio.Event()

    async def events() -> AsyncIterator[str]:
        await are_read.wait()
        yield "event"

    async def stream(_: Request) -> Response:
        return StreamingResponse(events())

    async with serving_in_process(Starlette(routes=[Route("/", stream)])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        headers = await reader.readuntil(b"\r\n\r\n")
        are_read.set()
        body = await reader.read()
        writer.close()

    assert headers.startswith(b"HTTP/1.1 200")
    assert b"event" in body


async def test_headers_without_their_body_are_sent_before_the_connection_is_closed() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        raise RuntimeError("between the headers and the body")

    async with serving_in_process(Starlette(routes=[Mount("/", fails)])) as port:
        received = await exchanged(port, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"\r\n\r\n")


async def test_many_connections_wait_in_the_kernel_and_few_are_accepted_in_a_turn_of_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = list[TimedHttp]()
    connection_made = TimedHttp.connection_made

    def counted(connection: TimedHttp, transport: asyncio.Transport) -> None:
        made.append(connection)
        connection_made(connection, transport)

    monkeypatch.setattr(TimedHttp, "connection_made", counted)
    async with serving() as port:
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.get(f"http://127.0.0.1:{port}/")  # now it serves
        made.clear()
        # The loop stands still meanwhile. If the queue of the kernel is full, a connection takes a second or more.
        clients = [socket.create_connection(("127.0.0.1", port), timeout=0.9) for _ in range(5 * ACCEPTED)]
        turns = []
        while len(made) < len(clients):
            before = len(made)
            await asyncio.sleep(0)
            turns.append(len(made) - before)
        for client in clients:
            client.close()

    assert max(turns) <= ACCEPTED
