"""Shared subscriptions over real connections to our HTTP server: WebSockets and server-sent events."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send
from support.database import sqlite_url
from support.until import PATIENCE, becomes
from support.web import Site, site_of
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from orchestrator_gql import begin, step
from orchestrator_gql.cli.serving import server as serving
from orchestrator_gql.storage import events
from orchestrator_gql.types import Event, EventKind
from orchestrator_gql.utils.slow_readers import WRITE_TEXT
from orchestrator_gql.workflow import workflow

PROTOCOL = Subprotocol("graphql-transport-ws")
QUERY = "subscription ($after: String) { processEvents(after: $after) { cursor caughtUp events { id __typename } } }"
SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 200_000)


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Our server on a loopback port."""
    listener = serving.bind_socket("127.0.0.1", 0)
    server = serving._server(app, serving._config(app, 5))
    serving._listen(listener)
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield "{}:{}".format(*listener.getsockname())
    finally:
        server.should_exit = True
        await running


def only(app: ASGIApp) -> Starlette:
    """An application that is nothing else."""
    return Starlette(routes=[Mount("/", app)])


@step("Nothing")
def nothing() -> None:
    """Nothing."""


@workflow("Nothing")
def quiet() -> Any:
    return begin >> nothing


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[tuple[Site, str]]:
    """The whole server, and its address."""
    async with site_on(sqlite_url(folder)) as found:
        yield found


@asynccontextmanager
async def site_on(url: str) -> AsyncIterator[tuple[Site, str]]:
    async with site_of(url, quiet) as found, served(found.app) as address:
        yield found, address


async def commit(found: Site, count: int = 1, reason: str = "ÄÖÜ") -> str:
    """Let the log grow; its end."""
    now = found.engine.runtime.clock.now()
    event = Event(EventKind.ENGINE_STATE_CHANGED, now, None, "ada", {"state": "RUNNING", "reason": reason})
    await found.engine.runtime.database.transaction(lambda conn: events.append(conn, [event] * count))
    return await found.engine.read(events.end)


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[ClientConnection]:
    """A socket that the server has acknowledged."""
    async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL], ping_interval=None) as client:
        await client.send('{"type": "connection_init"}')
        await client.recv()
        yield client


async def subscribe(client: ClientConnection, id: str, query: str = QUERY, **variables: Any) -> None:
    """Subscribe, and take the first batch."""
    payload = {"query": query, "variables": variables}
    await client.send(json.dumps({"id": id, "type": "subscribe", "payload": payload}))


async def heard(client: ClientConnection) -> str:
    """The next message."""
    async with asyncio.timeout(PATIENCE):
        message = await client.recv()
    assert isinstance(message, str)
    return message


async def until_shared(found: Site, members: int) -> None:
    """Wait until so many subscribers are in a group that waits for events."""
    shared = found.app.state.graphql.shared

    def is_shared() -> bool:
        followers = [group._follower for group in shared._groups.values()]
        return shared.members == members and all(follower and follower.is_idle for follower in followers)

    await becomes(is_shared, every=0.001)


@pytest.mark.parametrize("character", ["x", "ü"])
async def test_a_text_written_at_once_has_the_same_frame_as_a_text_that_is_sent(character: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        for size in SIZES:
            text = character * size
            await send({"type": "websocket.send", "text": text})
            half = len(text) // 2
            while not scope["extensions"][WRITE_TEXT](text[:half].encode(), text[half:].encode()):  # noqa: ASYNC110
                await asyncio.sleep(0.001)  # the client has not read the large one before
        await receive()

    received = [bytes(frame) for frame in await raw_frames(app, 2 * len(SIZES))]

    assert received[::2] == received[1::2]


async def raw_frames(app: ASGIApp, count: int) -> list[bytes]:
    """The frames that the server writes, as they are on the wire."""
    async with served(only(app)) as address:
        host, _, port = address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
        writer.write(
            f"GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        found = []
        for _ in range(count):
            head = await reader.readexactly(2)
            extra = await reader.readexactly({126: 2, 127: 8}.get(head[1], 0))
            length = int.from_bytes(extra) if extra else head[1]
            found.append(head + extra + await reader.readexactly(length))
        writer.close()
        return found


async def test_nothing_is_written_at_once_after_the_close_frame() -> None:
    results = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        write_text = scope["extensions"][WRITE_TEXT]
        results.append(write_text(b"before"))
        await send({"type": "websocket.close", "code": 1000})
        results.append(write_text(b"after"))

    async with served(only(app)) as address, connect(f"ws://{address}/") as client:
        first = await client.recv()
        with pytest.raises(ConnectionClosed):
            await client.recv()

    assert (first, results) == ("before", [True, False])


IDS = ("1", 'a "quoted" one', "ünï", "back\\slash", "x" * 300, "1\u2028")


async def test_each_socket_gets_its_own_id_around_the_same_bytes(tmp_path: Path) -> None:
    async with site(tmp_path) as (found, address), AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(opened(address)) for _ in IDS]
        for client, id in zip(clients, IDS, strict=True):
            await subscribe(client, id)
            await heard(client)
        await until_shared(found, len(IDS))
        end = await commit(found, 10)
        frames = [await heard(client) for client in clients]

    messages = [json.loads(frame) for frame in frames]
    assert [message["id"] for message in messages] == list(IDS)
    assert {json.dumps(message["payload"]) for message in messages} == {json.dumps(messages[0]["payload"])}
    assert (messages[0]["payload"]["data"]["processEvents"]["cursor"], len(messages[0]["payload"])) == (end, 1)
    assert len(messages[0]["payload"]["data"]["processEvents"]["events"]) == 10  # one message for the whole commit


@pytest.mark.one_dispatcher
async def test_two_servers_on_one_database_give_their_sockets_the_same_events(storage: str) -> None:
    """On PostgreSQL the second server hears of the commits of the first; a file of SQLite has one server."""
    count = 1 if storage.startswith("sqlite") else 2
    async with AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(site_on(storage)) for _ in range(count)]
        clients = [await stack.enter_async_context(opened(address)) for _, address in sites for _ in range(2)]
        for client in clients:
            await subscribe(client, "1")
            await heard(client)
        for found, _ in sites:
            await until_shared(found, 2)
        for size in (1, 30, 2):
            await asyncio.gather(*(commit(found, size) for found, _ in sites))
        wanted = count * 33
        received = [await ids_until(client, wanted) for client in clients]
        page = await sites[0][0].engine.events()
        assert [found.app.state.graphql.shared.groups for found, _ in sites] == [1] * count

    assert received == [[event.cursor for event in page[-wanted:]]] * len(clients)


async def ids_until(client: ClientConnection, count: int) -> list[str]:
    """The ids of the next events."""
    received: list[str] = []
    while len(received) < count:
        received += ids_of(await heard(client))
    return received


async def test_a_completed_id_gets_nothing_more_and_may_be_used_again(tmp_path: Path) -> None:
    async with site(tmp_path) as (found, address), opened(address) as client:
        await subscribe(client, "1")
        await heard(client)
        await until_shared(found, 1)
        await client.send('{"id": "1", "type": "complete"}')
        await subscribe(client, "1", QUERY.replace("caughtUp", "reset"))
        assert '"reset":false' in await heard(client)
        await until_shared(found, 1)
        await commit(found)
        message = await heard(client)

    assert '"reset":false' in message and "caughtUp" not in message


async def test_operations_of_one_socket_are_shared_each(tmp_path: Path) -> None:
    async with site(tmp_path) as (found, address), opened(address) as client:
        for id in ("a", "b", "c"):
            await subscribe(client, id)
            await heard(client)
        await until_shared(found, 3)
        await commit(found)
        messages = [json.loads(await heard(client)) for _ in range(3)]
        graphql = found.app.state.graphql
        assert (graphql.shared.groups, graphql.open_subscriptions) == (1, 3)

    assert {message["id"] for message in messages} == {"a", "b", "c"}


async def test_a_client_that_vanishes_leaves_its_group(tmp_path: Path) -> None:
    async with site(tmp_path) as (found, address), AsyncExitStack() as stack:
        good, gone = [await stack.enter_async_context(opened(address)) for _ in range(2)]
        for client in (good, gone):
            await subscribe(client, "1")
            await heard(client)
        await until_shared(found, 2)
        gone.transport.abort()
        await commit(found)
        await heard(good)
        await until_shared(found, 1)
        await good.close()
        await until_shared(found, 0)
        graphql = found.app.state.graphql
        await becomes(lambda: not graphql.open_subscriptions)

        assert (graphql.shared.groups, graphql.shared._feed.followers) == (0, 0)


async def test_a_client_that_stops_to_read_gets_everything_once_it_reads_again(tmp_path: Path) -> None:
    """The buffers of the kernel hold a megabyte or so; then the socket leaves its group, and reads the log later."""
    query = "subscription { processEvents { events { id ... on EngineStateChangedEvent { reason } } } }"
    async with site(tmp_path) as (found, address), AsyncExitStack() as stack:
        good, stalled = [await stack.enter_async_context(opened(address)) for _ in range(2)]
        for client in (good, stalled):
            await subscribe(client, "1", query)
            await heard(client)
        await until_shared(found, 2)
        stalled.transport.pause_reading()
        wanted: list[str] = []
        shared = found.app.state.graphql.shared
        while shared.members == 2:
            await commit(found, 200, 1_000 * "x")
            wanted += ids_of(await heard(good))
        await commit(found, 3)
        wanted += ids_of(await heard(good))
        stalled.transport.resume_reading()
        received: list[str] = []
        while len(received) < len(wanted):
            received += ids_of(await heard(stalled))
        await until_shared(found, 2)

    assert received == wanted


def ids_of(message: str) -> list[str]:
    """The ids of the events in a message."""
    return [event["id"] for event in json.loads(message)["payload"]["data"]["processEvents"]["events"]]


async def test_server_sent_events_share_the_group_and_resume_behind_their_ids(tmp_path: Path) -> None:
    async with site(tmp_path) as (found, address), opened(address) as client, AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        await subscribe(client, "1")
        await heard(client)
        async with aclosing(streamed(http, address)) as stream:
            await anext(stream)
            await until_shared(found, 2)
            assert found.app.state.graphql.shared.groups == 1
            ends = [await commit(found, 2)]
            id, data = await anext(stream)
            message = await heard(client)
        ends.append(await commit(found))
        await heard(client)
        async with aclosing(streamed(http, address, id)) as stream:
            resumed = [await anext(stream)]
            await until_shared(found, 2)
            ends.append(await commit(found))
            resumed.append(await anext(stream))

    assert id == ends[0]
    assert message == f'{{"id":"1","type":"next","payload":{data}}}'
    assert [each for each, _ in resumed] == ends[1:]


async def streamed(
    http: httpx.AsyncClient, address: str, last_event_id: str = ""
) -> AsyncGenerator[tuple[str, str], None]:
    """The id and the data of each event."""
    headers = {"accept": "text/event-stream", "last-event-id": last_event_id}
    async with http.stream("POST", f"http://{address}/graphql", json={"query": QUERY}, headers=headers) as stream:
        fields: dict[str, str] = {}
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            fields[name] = value
            if name == "data":
                yield fields["id"], value
