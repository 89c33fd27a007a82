"""A live stream holds no memory of what it delivered: for an event, for an operation, or for a socket."""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import strawberry
from graphql import Executor
from stories import COMPLETED, Story, telling
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from test_subscription import PROTOCOL
from toy_face import RUNTIME

from orchestrator_gql.events import stream
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.schema import build_schema
from orchestrator_gql.graphql.subscriptions import EventExecutor
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import events
from orchestrator_gql.storage.events import BEGINNING
from orchestrator_gql.types import Event, EventKind, Json
from orchestrator_gql.utils import json
from orchestrator_gql.utils.tokens import new_id

pytestmark = pytest.mark.usefixtures("little_to_look_through")

SUBSCRIBERS = 10
DELIVERIES = 60
"""To each of them."""

WARM = 20
REPEATED = 100
ROUNDS = 4

FOLLOW = """subscription ($after: String) { processEvents(after: $after) {
  cursor caughtUp events { __typename id cursor processId process { status workflowName } } } }"""
NUMBERS = "subscription { numbers { value } }"


@strawberry.type
class Number:
    value: int


@strawberry.type
class Query:
    one: int = 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def numbers(self) -> AsyncGenerator[Number, None]:
        for value in range(10):
            yield Number(value=value)


async def memos(executor: type[Executor[Any]]) -> list[dict[Any, Any]]:
    """The dict that graphql-core hands to each of ten events."""
    found = []

    class Watched(executor):  # type: ignore[misc, valid-type]
        def build_per_event_executor(self, payload: Any) -> Executor[Any]:
            built: Executor[Any] = super().build_per_event_executor(payload)
            found.append(built._relevant_sub_fields)
            return built

    schema = strawberry.Schema(Query, subscription=Subscription, execution_context_class=Watched)
    async for result in await schema.subscribe(NUMBERS, context_value=Context(RUNTIME, LOCAL_OPERATOR)):
        assert result.errors is None
    return found


async def test_graphql_core_still_needs_the_event_executor() -> None:
    found = await memos(StrawberryGraphQLCoreExecutionContext)

    needed = len({id(one) for one in found}) == 1 and len(found[0]) == len(found)
    assert needed, (
        f"graphql-core {version('graphql-core')} no longer remembers every event of a subscription: delete "
        "EventExecutor in orchestrator_gql/graphql/subscriptions.py, its use in schema.py, and this test."
    )


async def test_each_event_has_a_memory_of_its_own_with_the_event_executor() -> None:
    found = await memos(EventExecutor)

    assert len({id(one) for one in found}) == len(found) == 10
    assert {len(one) for one in found} == {1}


class Unshared(StrawberryGraphQLCoreExecutionContext):
    """A version of graphql-core that mended it."""

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        """Give the event a dict of its own."""
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor


class Otherwise(StrawberryGraphQLCoreExecutionContext):
    """A version that shares something else under the same name."""

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        """Let all events share it."""
        executor = super().build_per_event_executor(payload)
        if type(self._relevant_sub_fields) is dict:
            self._relevant_sub_fields = SomethingElse()
        executor._relevant_sub_fields = self._relevant_sub_fields
        return executor


class SomethingElse(dict[Any, Any]):
    """No dict of graphql-core 3.3.2."""


@pytest.mark.parametrize("version_of_core", [Unshared, Otherwise])
async def test_an_unknown_version_is_left_as_it_is(version_of_core: type[Executor[Any]]) -> None:
    mended = type("Mended", (EventExecutor, version_of_core), {})

    with_the_mend, without = await memos(mended), await memos(version_of_core)

    assert [type(one) for one in with_the_mend] == [type(one) for one in without]
    assert len({id(one) for one in with_the_mend}) == len({id(one) for one in without})


def test_the_schema_of_the_server_uses_the_event_executor() -> None:
    assert build_schema().execution_context_class is EventExecutor


class Client:
    """A WebSocket without a network: what the application is sent, and how many results it gave."""

    def __init__(self, story: Story) -> None:
        self.results = 0
        self._app = story.site.app
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._wanted = 0
        self._enough = asyncio.Event()

    def say(self, message: Json) -> None:
        """Send a message to the application."""
        self._sent.put_nowait({"type": "websocket.receive", "text": json.encode(message)})

    async def _hear(self, message: Any) -> None:
        self.results += '"type":"next"' in message.get("text", "")
        if self.results >= self._wanted:
            self._enough.set()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Open the socket, subscribe to the whole log, and leave as a client whose network breaks."""
        headers = [(b"host", b"testserver")]
        scope = {"type": "websocket", "path": "/graphql", "headers": headers, "subprotocols": [PROTOCOL], "state": {}}
        self._sent.put_nowait({"type": "websocket.connect"})
        serving = asyncio.create_task(self._app(scope, self._sent.get, self._hear))
        self.say({"type": "connection_init"})
        self.say({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW, "variables": {"after": BEGINNING}}})
        try:
            yield
        finally:
            self._sent.put_nowait({"type": "websocket.disconnect", "code": 1006})
            await serving

    async def has(self, count: int) -> None:
        """Wait until so many results came."""
        if self.results < count:
            self._wanted = count
            self._enough.clear()
            async with asyncio.timeout(60):
                await self._enough.wait()


async def grow(story: Story, process_id: UUID, count: int) -> None:
    """Let the event log grow by so many events."""
    now = story.site.engine.runtime.clock.now()
    note = Event(EventKind.PROCESS_NOTE_CHANGED, now, process_id, LOCAL_OPERATOR.id, {"note": "All interfaces are up."})
    await story.site.engine.runtime.database.transaction(lambda conn: events.append(conn, [note] * count))


def blocks() -> int:
    """How many blocks of memory Python's objects take."""
    gc.collect()
    return sys.getallocatedblocks()


async def test_memory_over_600_deliveries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """graphql-core alone keeps 57 blocks of each delivery here: 34,000 in all; with the mend it is less than 100."""
    monkeypatch.setattr(stream, "BATCH", 1)  # one event a message, as while the engine is not in a hurry
    async with telling(tmp_path) as story, AsyncExitStack() as stack:
        process_id = await story.site.engine.start(story.note)
        await story.site.engine.reaches(process_id, COMPLETED)
        clients = [Client(story) for _ in range(SUBSCRIBERS)]
        for client in clients:
            await stack.enter_async_context(client.connected())
        await grow(story, process_id, WARM)
        for client in clients:
            await client.has(WARM)
        before, delivered = blocks(), sum(client.results for client in clients)

        await grow(story, process_id, DELIVERIES)
        for client in clients:
            await client.has(WARM + DELIVERIES)
        grown, delivered = blocks() - before, sum(client.results for client in clients) - delivered

    assert delivered >= SUBSCRIBERS * (DELIVERIES - WARM)
    assert grown < delivered


async def one_socket(story: Story) -> None:
    client = Client(story)
    async with client.connected():
        await client.has(1)


async def one_stream(story: Story) -> None:
    """Over server-sent events; the client leaves after the first."""
    left, body = asyncio.Event(), json.encode({"query": FOLLOW, "variables": {"after": BEGINNING}}).encode()
    requests = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        if (request := next(requests, None)) is not None:
            return request
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message.get("body"):
            left.set()

    headers = [(b"host", b"testserver"), (b"accept", b"text/event-stream"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await story.site.app(scope, receive, send)


async def one_query(story: Story) -> None:
    await story.site.ask("{ processes(first: 5) { nodes { id status steps { name } } } }")


async def one_refusal(story: Story) -> None:
    await story.site.answer("{ nonsense }")


async def one_wrong_callback(story: Story) -> None:
    path = f"/api/processes/{new_id()}/callback/{new_id()}"
    await story.site.http.post(path, json={}, headers={"host": "testserver"})


@pytest.fixture
def silence() -> Iterator[None]:
    """No log: pytest keeps every line of it."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("once", [one_socket, one_stream, one_query, one_refusal, one_wrong_callback])
async def test_what_is_over_leaves_nothing_behind(once: Callable[[Story], Awaitable[None]], tmp_path: Path) -> None:
    """A leak shows in every round, and a cache that fills only in the first ones."""
    async with telling(tmp_path, misses_per_minute=10_000) as story:
        await story.notes(5)
        kept = []
        for _ in range(ROUNDS):
            before = blocks()
            for _ in range(REPEATED):
                await once(story)
                await asyncio.sleep(0)  # the loop itself lets go of timers that were cancelled
            kept.append(blocks() - before)

    assert min(kept) < 2 * REPEATED, kept
