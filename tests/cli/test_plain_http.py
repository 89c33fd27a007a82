"""Connections with plain requests: how long they stay open, what they buffer, and what follows a request."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing, suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send
from test_plain_requests import GET, HOST, app
from test_server import NEVER, SECONDS, drip, serving, serving_in_process

from orchestrator_gql.cli.serving.http_protocol import TimedHttp


def stopping_soon(monkeypatch: pytest.MonkeyPatch, seconds: float = 0.2) -> None:
    """Close idle connections after this time."""
    monkeypatch.setattr(TimedHttp, "timeout_keep_alive", property(lambda _: seconds, lambda *_: None), raising=False)


async def is_closed(port: int, sent: bytes) -> None:
    """Wait until the server closes a connection on which this was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(SECONDS):
        await reader.read()
    writer.close()


async def test_an_idle_connection_is_closed_and_a_busy_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping_soon(monkeypatch)
    may_end = asyncio.Event()

    async def waits(_: Request) -> Response:
        await may_end.wait()
        return PlainTextResponse("late")

    routes = [Route("/waits", waits), Mount("/", PlainTextResponse("ok"))]
    async with serving_in_process(Starlette(routes=routes)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET + b"\r\n")
        await reader.readuntil(b"ok")
        writer.write(b"GET /waits HTTP/1.1\r\n" + HOST + b"\r\n")
        await is_closed(port, GET + b"\r\n")
        may_end.set()
        late = await reader.readuntil(b"late")
        async with asyncio.timeout(SECONDS):
            rest_of_it = await reader.read()
        writer.close()

    assert late.startswith(b"HTTP/1.1 200")
    assert rest_of_it == b""


async def test_a_websocket_after_a_plain_request_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping_soon(monkeypatch)
    handshake = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    handshake += b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        await reader.readuntil(b"\r\n\r\n0")
        writer.write(b"GET / HTTP/1.1\r\n" + HOST + handshake + b"\r\n")
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        await is_closed(port, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        writer.write(b"\x81\x82\x00\x00\x00\x00hi")
        async with asyncio.timeout(SECONDS):
            echoed = await reader.readexactly(3)
        writer.close()

    assert echoed == b"\x81\x012"


@pytest.mark.parametrize("framing", [b"Content-Length: 100000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"])
async def test_a_body_that_nobody_reads_does_not_keep_the_connection(
    monkeypatch: pytest.MonkeyPatch, framing: bytes
) -> None:
    """uvicorn stops its timer at each byte that arrives, and starts it again after the next response only."""
    monkeypatch.setattr(TimedHttp, "header_seconds", 0.3)
    async with serving_in_process(app([])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /unread/ HTTP/1.1\r\n" + HOST + framing)
        await reader.readuntil(b"1 0")
        dripping = asyncio.create_task(drip(writer))
        async with asyncio.timeout(SECONDS):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        dripping.cancel()
        writer.close()


@pytest.mark.parametrize("size", [5, 200_000])
async def test_the_connection_goes_on_behind_a_body_that_nobody_read(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(TimedHttp, "header_seconds", 0.3)
    head = b"POST /unread/ HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % size
    async with serving_in_process(app([])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        await reader.readuntil(b"1 0")
        writer.write(b"x" * size + head)
        await reader.readuntil(b"2 0")
        writer.write(b"x" * size)
        silent, other = await asyncio.open_connection("127.0.0.1", port)
        await silent.read()  # now the time for the body is over, but the body is complete
        writer.write(GET + b"Connection: close\r\n\r\n")
        async with asyncio.timeout(SECONDS):
            received = await reader.read()
        writer.close()
        other.close()

    assert received.endswith(b"3 0")


@pytest.mark.parametrize("fields", [b"", b"X-Not-Plain:  a\r\n"])
async def test_the_last_response_of_a_server_that_stops_says_so(fields: bytes) -> None:
    may_end, has_begun = asyncio.Event(), asyncio.Event()

    async def waits(_: Request) -> Response:
        has_begun.set()
        await may_end.wait()
        return PlainTextResponse("late")

    async with serving_in_process(Starlette(routes=[Route("/", waits)])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n" + HOST + fields + b"\r\n")
        await has_begun.wait()
        releasing = asyncio.create_task(call_when_closed(port, may_end.set))
    await releasing
    received = await reader.read()
    writer.close()

    assert received.endswith(b"late")
    assert b"connection: close" in received.lower()


async def call_when_closed(port: int, function: Callable[[], None]) -> None:
    """Call the function as soon as the server accepts no connection."""
    with suppress(ConnectionError):
        while True:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
    function()


@pytest.fixture
def protocols(monkeypatch: pytest.MonkeyPatch) -> list[TimedHttp]:
    """The server's side of each connection."""
    found: list[TimedHttp] = []
    connection_made = TimedHttp.connection_made

    def noted(protocol: TimedHttp, transport: asyncio.Transport) -> None:
        found.append(protocol)
        connection_made(protocol, transport)

    monkeypatch.setattr(TimedHttp, "connection_made", noted)
    return found


async def test_the_timer_closes_only_a_connection_that_is_idle_for_the_whole_time(
    monkeypatch: pytest.MonkeyPatch, protocols: list[TimedHttp]
) -> None:
    """It was set after an earlier request."""
    stopping_soon(monkeypatch, NEVER)
    async with serving_in_process(app([])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(2):
            writer.write(GET + b"\r\n")
            await reader.readuntil(b"%d 0" % (number + 1))
        (protocol,) = protocols
        protocol._check_idle()
        writer.write(GET + b"\r\n")
        await reader.readuntil(b"3 0")
        protocol._idle_until = 0.0
        protocol._check_idle()
        async with asyncio.timeout(SECONDS):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n",
        GET + b"\r\n",
    ],
    ids=["plain", "with h11", "behind a plain request"],
)
async def test_what_a_client_sends_ahead_is_read_as_the_application_reads_it(
    protocols: list[TimedHttp], sent: bytes
) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def waits(scope: Scope, receive: Receive, _: Send) -> None:
        has_begun.set()
        if scope["method"] == "GET":
            await receive()
        await may_end.wait()

    async with serving_in_process(Starlette(routes=[Mount("/", waits)])) as port:
        with closing(socket.create_connection(("127.0.0.1", port))) as client:
            client.setblocking(False)
            client.send(sent)
            await has_begun.wait()
            rounds = 0
            while rounds < 50:
                await asyncio.sleep(0)
                rounds += 1
                with suppress(BlockingIOError):
                    client.send(b"GET / HTTP/1.1\r\n" * 4096)
                    rounds = 0
            (protocol,) = protocols
            assert len(protocol.cycle.body) + len(protocol._later) < 1 << 20
            may_end.set()
