"""A closed connection is freed at once: the garbage of many would stop the server for a tenth of a second."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from support.circles import only_circles
from support.until import becomes
from test_shared_sockets import commit, heard, opened, site, subscribe, until_shared

from orchestrator_gql.graphql.http import GraphQLApp

STATS = "subscription { stats { byStatus { status count } } }"
TIMES = 3


async def request(address: str) -> None:
    """A request with a connection of its own."""
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(f"http://{address}/graphql", json={"query": "{ __typename }"})).status_code == 200


async def health_check(address: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"http://{address}/health/live")).status_code == 200


async def cut_connection(address: str) -> None:
    """A client that leaves in the middle of its request."""
    _, writer = await asyncio.open_connection(*address.split(":"))
    writer.write(b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.transport.abort()


def sends(*pieces: bytes) -> Callable[[str], Awaitable[None]]:
    """A client that reads until the server closes the connection, or waits for nothing more."""

    async def connection(address: str) -> None:
        reader, writer = await asyncio.open_connection(*address.split(":"))
        for piece in pieces:
            writer.write(piece)
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(0.05):
                    while await reader.read(1 << 16):
                        pass
        writer.close()

    return connection


LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
SENT = {
    "malformed": [b"GET / HTTP/1.1\r\n\r\n"],
    "malformed line": [b"GET\r\n\r\n"],
    "malformed behind a request": [LIVE + b"GET / HTTP/1.1\r\n\r\n"],
    "malformed chunk": [LIVE.replace(b"GET", b"POST")[:-2] + b"Transfer-Encoding: chunked\r\n\r\nxx\r\n"],
    "too large": [LIVE[:-2] + b"x: y\r\n" * 20_000 + b"\r\n"],
    "ambiguous": [LIVE[:-2] + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
    "pipelined": [LIVE * 3],
    "HTTP/1.0": [LIVE.replace(b"HTTP/1.1", b"HTTP/1.0")],
    "part of the headers": [LIVE[:-3]],
    "bytes behind the last": [LIVE[:-2] + b"Connection: close\r\n\r\n", b"\r\n"],
}


async def idle_socket(address: str) -> None:
    async with opened(address):
        pass


async def followed_numbers(address: str) -> None:
    async with opened(address) as client:
        await subscribe(client, "1", STATS)
        await heard(client)


CONNECTIONS: list[Callable[[str], Awaitable[None]]] = [
    request,
    health_check,
    cut_connection,
    idle_socket,
    followed_numbers,
]


CONNECTIONS += [sends(*pieces) for pieces in SENT.values()]


async def until_open(server: GraphQLApp, count: int) -> None:
    """Wait until the server has closed its side of all other sockets."""
    await becomes(lambda: server.open_sockets == count)


@pytest.mark.parametrize("connection", CONNECTIONS, ids=[*(each.__name__ for each in CONNECTIONS[:5]), *SENT])
async def test_a_closed_connection_leaves_no_circle_of_objects(
    connection: Callable[[str], Awaitable[None]], tmp_path: Path
) -> None:
    async with site(tmp_path) as (found, address):
        server = found.app.state.graphql
        await connection(address)  # what is kept for later connections is made now
        with only_circles() as circles:
            for _ in range(TIMES):
                await connection(address)
            await asyncio.sleep(0.1)  # the server closes its side, whatever kind the connection has
            await until_open(server, 0)

    assert circles == []


async def test_a_closed_subscription_to_events_leaves_no_circle_of_objects(tmp_path: Path) -> None:
    async with site(tmp_path) as (found, address), opened(address) as stays:
        server = found.app.state.graphql
        await subscribe(stays, "1")  # its group lives on
        await heard(stays)
        with only_circles() as circles:
            for _ in range(TIMES):
                async with opened(address) as client:
                    await subscribe(client, "1")
                    await heard(client)
                    await until_shared(found, 2)
                    await commit(found)
                    await heard(client)
                await until_shared(found, 1)
            await asyncio.sleep(0.1)
            await until_open(server, 1)

    assert circles == []


FOLLOW = {"query": "subscription { processEvents { cursor events { __typename } } }"}
EVENTS = {"accept": "text/event-stream"}


@asynccontextmanager
async def streamed(address: str) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a subscription to events over server-sent events, behind its first message."""
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30) as http,
        http.stream("POST", f"http://{address}/graphql", json=FOLLOW, headers=EVENTS) as response,
    ):
        lines = response.aiter_lines()
        await heard_line(lines)
        yield lines


async def heard_line(lines: AsyncIterator[str]) -> None:
    """Wait for the data of a message."""
    async for line in lines:
        if line.startswith("data: {"):
            return


@pytest.mark.parametrize("stays", [True, False], ids=["its group lives on", "its group ends"])
async def test_a_closed_stream_of_events_leaves_no_circle_of_objects(stays: bool, tmp_path: Path) -> None:
    async with site(tmp_path) as (found, address), AsyncExitStack() as stack:
        if stays:
            await stack.enter_async_context(streamed(address))
        async with streamed(address):
            await until_shared(found, 1 + stays)  # what is kept for later streams is made now
        await until_shared(found, int(stays))
        with only_circles() as circles:
            for _ in range(TIMES):
                async with streamed(address) as lines:
                    await until_shared(found, 1 + stays)
                    await commit(found)
                    await heard_line(lines)
                await until_shared(found, int(stays))
            await asyncio.sleep(0.1)

    assert circles == []
