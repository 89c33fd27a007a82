"""A client that does not read costs bounded memory and is disconnected, on every transport."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from orchestrator_gql.cli.serving.ending import Ending
from orchestrator_gql.cli.serving.server import bind_socket, serve_until_signal
from orchestrator_gql.graphql.execution import ExecutionResponse
from orchestrator_gql.graphql.transport.sse import EventStream
from orchestrator_gql.utils.slow_readers import MIB, WRITE_TEXT, Limits, Reason, SlowReaders

SECONDS = 30
BIG = 16 * MIB
"""More bytes than the kernel holds for both ends of a connection."""

NEVER = 3600.0
SOON = 0.5


@dataclass(slots=True)
class Site:
    """A small server, its unread bytes and its running responses."""

    port: int
    readers: SlowReaders
    open: list[str] = field(default_factory=list)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition is true."""
        async with asyncio.timeout(SECONDS):
            while not condition():  # noqa: ASYNC110 - a transport changes the condition
                await asyncio.sleep(0.01)

    async def until_disconnected(self, **reasons: int) -> None:
        """Wait until these numbers of clients were disconnected, by reason, and nothing waits or runs for them."""
        expected = {Reason[name.upper()]: count for name, count in reasons.items()}
        await self.until(lambda: dict(self.readers.disconnected) == expected)
        await self.until(lambda: not self.open and self.readers.bytes_waiting == 0)

    @contextmanager
    def serving(self, what: str) -> Iterator[None]:
        """Note that ``what`` runs for a client."""
        self.open.append(what)
        try:
            yield
        finally:
            self.open.remove(what)


@asynccontextmanager
async def serving(**limits: float) -> AsyncIterator[Site]:
    """Serve as the command does, during the block."""
    readers = SlowReaders(Limits(int(limits.get("total", 1024 * MIB)), limits.get("seconds", NEVER)))
    ready = asyncio.Event()
    with bind_socket("127.0.0.1", 0) as listener, Ending(NEVER) as ending:
        site = Site(listener.getsockname()[1], readers)
        app = Starlette(routes=_routes(site))
        app.state.slow_readers = readers
        serving = serve_until_signal(app, listener, beside=nullcontext(), on_ready=ready.set, ending=ending)
        server = asyncio.create_task(serving)
        async with asyncio.timeout(2 * SECONDS):
            await ready.wait()
            yield site
            os.kill(os.getpid(), signal.SIGTERM)
            await server


def _routes(site: Site) -> list[Route | WebSocketRoute]:
    async def big(request: Request) -> Response:
        return Response(b"x" * int(request.query_params["size"]))

    async def lines(_: Request) -> Response:
        async def produce() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * MIB

        return StreamingResponse(produce())

    async def events(request: Request) -> None:
        async def responses() -> AsyncGenerator[ExecutionResponse, None]:
            with site.serving("events"):
                while True:
                    yield ExecutionResponse({"data": {"x": "x" * MIB}})

        await EventStream(responses(), 0.05)(request.scope, request.receive, request._send)

    async def frames(socket: WebSocket) -> None:
        """Send messages without end: the client chooses how many tasks send, and the size of a message."""
        await socket.accept()
        many, size = map(int, (await socket.receive_text()).split())

        async def send() -> None:
            with site.serving("frames"):
                while True:
                    await socket.send_text("x" * size)

        tasks = [asyncio.create_task(send()) for _ in range(many)]
        try:
            await socket.receive_text()
        except WebSocketDisconnect:
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def cut(socket: WebSocket) -> None:
        """Cut the connection, and send before the server notes the cut."""
        await socket.accept()
        await socket.receive_text()
        socket.scope["extensions"][WRITE_TEXT].__self__.transport.abort()
        try:
            await socket.send_text("x")
            site.open.append("sent")
        except WebSocketDisconnect:
            site.open.append("refused")

    async def goodbye(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        with site.serving("goodbye"):
            await socket.send_text("x" * BIG)
            await socket.close()

    class Events:
        async def __call__(self, scope: object, receive: object, send: object) -> None:
            await events(Request(scope, receive, send))  # type: ignore[arg-type]

    return [
        Route("/big", big),
        Route("/lines", lines),
        Route("/events", Events()),
        WebSocketRoute("/frames", frames),
        WebSocketRoute("/cut", cut),
        WebSocketRoute("/goodbye", goodbye),
    ]


class Http:
    """A client that sent a request and reads only when a test calls a method."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def body(self) -> bytes:
        """Read the headers and the body."""
        headers = await self.reader.readuntil(b"\r\n\r\n")
        length = int(headers.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return await self.reader.readexactly(length)

    async def is_cut_off(self) -> None:
        """Read the rest of the kernel's buffer, until the connection is broken."""
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await self.reader.readexactly(BIG * 8)


@asynccontextmanager
async def requesting(site: Site, path: str, *, times: int = 1) -> AsyncIterator[Http]:
    """A client that requested the path, ``times`` times at once."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * times)
    try:
        yield Http(reader, writer)
    finally:
        writer.transport.abort()
        writer.close()


@asynccontextmanager
async def socket_of(site: Site, path: str, message: str) -> AsyncIterator[ClientConnection]:
    """A WebSocket that sent the message, and reads nothing until its transport resumes reading."""
    address = f"ws://127.0.0.1:{site.port}{path}"
    async with connect(address, proxy=None, max_size=None, max_queue=1, ping_interval=None) as socket:
        socket.transport.pause_reading()
        await socket.send(message)
        try:
            yield socket
        finally:
            socket.transport.abort()


BIG_PATH = f"/big?size={BIG}"


@pytest.mark.parametrize("path", [BIG_PATH, "/lines", "/events"])
async def test_an_http_client_that_takes_nothing_is_disconnected(path: str) -> None:
    async with serving(seconds=SOON) as site, requesting(site, path) as client:
        await site.until_disconnected(stalled=1)

        await client.is_cut_off()


@pytest.mark.parametrize("path", ["/frames", "/goodbye"])
async def test_a_socket_that_takes_nothing_is_disconnected(path: str) -> None:
    async with serving(seconds=SOON) as site, socket_of(site, path, f"3 {MIB}") as client:
        await site.until_disconnected(stalled=1)

        client.transport.resume_reading()
        with pytest.raises(ConnectionClosed):
            while True:
                await client.recv()


async def test_a_client_that_reads_byte_by_byte_is_disconnected() -> None:
    async with serving(seconds=SOON) as site, requesting(site, BIG_PATH) as client:

        async def drip() -> None:
            while await client.reader.read(1):  # noqa: ASYNC110 - the test is about the pace
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        await site.until(lambda: site.readers.disconnected.total() == 1)

        dripping.cancel()


async def test_a_client_that_reads_slowly_but_reads_gets_everything() -> None:
    async with serving(seconds=SOON) as site, requesting(site, BIG_PATH) as client:
        headers = await client.reader.readuntil(b"\r\n\r\n")
        received = 0
        while received < BIG:
            received += len(chunk := await client.reader.read(64 * 1024))
            assert chunk
            if received < 2 * MIB:  # the kernel accepts more data only after about a megabyte was read
                await asyncio.sleep(0.1)

    assert headers.startswith(b"HTTP/1.1 200") and received == BIG
    assert not site.readers.disconnected


async def test_the_bytes_for_one_client_are_bounded_though_many_operations_send_at_once() -> None:
    async with serving(total=16 * MIB) as site, socket_of(site, "/frames", f"100 {MIB}"):
        await site.until_disconnected(too_much=1)


async def test_a_single_message_may_be_larger_than_the_bounds() -> None:
    async with serving(total=MIB) as site, requesting(site, BIG_PATH) as client:
        assert len(await client.body()) == BIG


async def test_a_response_that_waits_after_another_response_counts() -> None:
    async with serving(total=2 * BIG - MIB) as site, requesting(site, BIG_PATH, times=2):
        await site.until_disconnected(too_much=1)


async def test_the_bytes_for_all_clients_are_bounded_and_a_good_reader_gets_everything() -> None:
    most = 0
    async with serving(total=40 * MIB) as site, AsyncExitStack() as stack:
        for _ in range(12):
            await stack.enter_async_context(requesting(site, BIG_PATH))
            async with requesting(site, BIG_PATH) as good:
                assert len(await good.body()) == BIG
            most = max(most, site.readers.bytes_waiting)

        assert most <= 40 * MIB
        assert site.readers.disconnected.keys() == {Reason.CROWDED}
        assert site.readers.disconnected[Reason.CROWDED] >= 8


async def test_messages_of_a_reader_that_keeps_up_come_in_their_order_and_whole() -> None:
    async with serving() as site, socket_of(site, "/frames", f"20 {MIB}") as client:
        client.transport.resume_reading()
        for _ in range(40):
            assert await client.recv() == "x" * MIB

    assert not site.readers.disconnected


async def test_a_message_to_a_lost_connection_is_refused_before_its_end_is_noted() -> None:
    """Else a task that sends without end would hold the event loop for ever."""
    async with serving() as site, socket_of(site, "/cut", "go"):
        await site.until(lambda: bool(site.open))

        assert site.open == ["refused"]


async def test_a_client_that_pings_and_reads_no_pongs_costs_nothing() -> None:
    async with serving() as site, socket_of(site, "/frames", "0 0") as client:
        ping = b"\x89\xfd\x00\x00\x00\x00" + b"x" * 125
        sent = 0
        while sent < BIG:
            client.transport.write(ping * 1000)
            sent += 1000 * 125
            await site.until(lambda: client.transport.get_write_buffer_size() < MIB)
            await asyncio.sleep(0)
        await site.until(lambda: client.transport.get_write_buffer_size() == 0)

        assert site.readers.bytes_waiting < MIB


async def test_the_server_stops_in_time_though_clients_do_not_read() -> None:
    async with serving() as site, AsyncExitStack() as stack:
        for path in (BIG_PATH, "/lines", "/events"):
            await stack.enter_async_context(requesting(site, path))
        await stack.enter_async_context(socket_of(site, "/frames", f"3 {MIB}"))
        await site.until(lambda: site.readers.bytes_waiting > BIG)
