"""Connections with plain requests: how long they stay open, what they buffer, and what follows a request."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import closing, suppress
from contextvars import ContextVar

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send
from support.until import becomes
from test_plain_requests import GET, HOST, app
from test_server import NEVER, SECONDS, drip, serving, serving_in_process

from orchestrator_gql.cli.serving.http_protocol import TimedHttp

PARTS = 100
"""Parts of a response that are sent at most: an application that never learns of it would send for ever."""


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
@pytest.mark.parametrize("drips", [True, False])
async def test_a_body_that_nobody_reads_does_not_keep_the_connection(
    monkeypatch: pytest.MonkeyPatch, framing: bytes, drips: bool
) -> None:
    """uvicorn stops its timer at each byte that arrives, and starts it again after the next response only."""
    monkeypatch.setattr(TimedHttp, "header_seconds", 0.3)
    async with serving_in_process(app([])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /unread/ HTTP/1.1\r\n" + HOST + framing)
        await reader.readuntil(b"1 0")
        sending = asyncio.create_task(drip(writer) if drips else asyncio.sleep(0))
        async with asyncio.timeout(SECONDS):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        sending.cancel()
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


NOT_PLAIN = b"X-Not-Plain:  a\r\n"
MIB = 1 << 20


@pytest.mark.parametrize("fields", [b"", NOT_PLAIN], ids=["plain", "with h11"])
async def test_a_client_that_is_far_ahead_is_read_no_further(protocols: list[TimedHttp], fields: bytes) -> None:
    """Each application asks for the body of its request, and then takes some time."""
    answered = 0

    async def works(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal answered
        body = await Request(scope, receive).body()
        for _ in range(3):
            await asyncio.sleep(0)
        answered += 1
        await PlainTextResponse(body)(scope, receive, send)

    many = (b"POST / HTTP/1.1\r\n" + HOST + fields + b"Content-Length: 2\r\n\r\nxy") * 4096
    most = 0
    async with asyncio.timeout(SECONDS), serving_in_process(Starlette(routes=[Mount("/", works)])) as port:
        with closing(socket.create_connection(("127.0.0.1", port))) as client:
            client.setblocking(False)
            begun = 0
            while answered < 60:
                with suppress(BlockingIOError):
                    begun = (begun + client.send(many[begun:])) % len(many)
                await asyncio.sleep(0)
                waiting = [len(each._later) + len(each.conn.trailing_data[0]) for each in protocols]
                most = max(most, *waiting, 0)

    assert most < MIB


@pytest.mark.parametrize("fields", [b"", NOT_PLAIN], ids=["plain", "with h11"])
@pytest.mark.parametrize("size", [0, 300_000])
async def test_a_request_knows_nothing_of_the_requests_before_it(fields: bytes, size: int) -> None:
    """A large body stops the reader, and the task of its request lets it read on."""
    path, seen = ContextVar("path", default=""), []

    async def notes(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(path.get())
        path.set(scope["path"])
        await Request(scope, receive).body()
        await PlainTextResponse(scope["path"])(scope, receive, send)

    def request(name: bytes) -> bytes:
        head = b"POST /%b HTTP/1.1\r\n" % name + HOST + fields
        return head + b"Content-Length: %d\r\n\r\n" % size + b"x" * size

    async with asyncio.timeout(SECONDS), serving_in_process(Starlette(routes=[Mount("/", notes)])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for names in ([b"a"], [b"b"], [b"c", b"d"]):
            writer.write(b"".join(map(request, names)))
            for name in names:
                await reader.readuntil(b"\r\n\r\n/" + name)
        writer.close()

    assert seen == [""] * 4


LAST = {
    "close": b"POST / HTTP/1.1\r\n" + HOST + b"Connection: close\r\nContent-Length: 2\r\n\r\nxy",
    "chunks": b"POST / HTTP/1.1\r\n" + HOST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("last", LAST)
@pytest.mark.parametrize("behind", [b"\r\n", GET + b"\r\n", b"\x00", b"x" * MIB], ids=["CRLF", "GET", "NUL", "much"])
async def test_what_comes_behind_the_last_request_changes_nothing_and_is_no_request(last: str, behind: bytes) -> None:
    """Its response would be a 400, although the application did what it asked for (RFC 9112, section 9.6)."""
    has_begun, may_end, begun = asyncio.Event(), asyncio.Event(), 0

    async def works(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal begun
        begun += 1
        await Request(scope, receive).body()
        has_begun.set()
        await may_end.wait()
        await PlainTextResponse("done")(scope, receive, send)

    async with asyncio.timeout(SECONDS), serving_in_process(Starlette(routes=[Mount("/", works)])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(LAST[last])
        await has_begun.wait()
        writer.write(behind)
        await writer.drain()
        for _ in range(20):
            await asyncio.sleep(0)
        may_end.set()
        received = await reader.readuntil(b"done")
        writer.close()

    assert received.startswith(b"HTTP/1.1 200 ")
    assert begun == 1


@pytest.mark.parametrize("fields", [b"", NOT_PLAIN], ids=["plain", "with h11"])
async def test_a_reset_leaves_no_timer(protocols: list[TimedHttp], fields: bytes) -> None:
    async with asyncio.timeout(SECONDS), serving_in_process(app([])) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in (b"1", b"2"):
            writer.write(GET + fields + b"\r\n")
            await reader.readuntil(number + b" 0")
        client: socket.socket = writer.get_extra_info("socket")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        (protocol,) = protocols
        await becomes(lambda: protocol not in protocol.connections)

    timers = (protocol.timeout_keep_alive_task, protocol._idle_timer, protocol._deadline)
    assert not any(timer is not None and not timer.cancelled() for timer in timers)


@pytest.mark.parametrize("fields", [b"", NOT_PLAIN], ids=["plain", "with h11"])
async def test_an_application_that_never_waits_learns_that_its_client_has_left(fields: bytes) -> None:
    """Once the client is gone, nothing that the application sends fills a buffer, so it never waits for room."""
    clients = list[socket.socket]()
    noticed = list[bool]()

    async def endless(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        leaving = asyncio.ensure_future(receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0)
        clients.pop().close()
        parts = 0
        while not leaving.done() and parts < PARTS:
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
            parts += 1
        noticed.append(leaving.done())
        leaving.cancel()

    async with asyncio.timeout(SECONDS), serving_in_process(Starlette(routes=[Mount("/", endless)])) as port:
        client = socket.create_connection(("127.0.0.1", port))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a close resets the connection
        client.sendall(GET + fields + b"\r\n")
        clients.append(client)
        await becomes(lambda: noticed)

    assert noticed == [True]
