"""Subscribers of one server without a network, and what each would get if its operation were executed for it alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import strawberry
from stories import SUSPENDED, Story, telling
from support.until import PATIENCE

from orchestrator_gql.events.feed import Feed
from orchestrator_gql.graphql import shared_subscriptions
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import Execution, Response, SharedResponse
from orchestrator_gql.graphql.http import GraphQLApp
from orchestrator_gql.graphql.schema import build_schema
from orchestrator_gql.graphql.shared_subscriptions import SharedSubscriptions
from orchestrator_gql.graphql.transport import frames, sse
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.graphql.weighing_executor import WeighingExecutor
from orchestrator_gql.security import LOCAL_OPERATOR, Principal
from orchestrator_gql.storage import events
from orchestrator_gql.storage.events import BEGINNING, EventFilter
from orchestrator_gql.types import Event, EventKind, Json
from orchestrator_gql.utils import json

LEAVES = "subscription ($after: String) { processEvents(after: $after) { cursor caughtUp events { __typename id } } }"


def alone_schema() -> strawberry.Schema:
    """The schema of the product, executed by Strawberry and graphql-core alone."""
    schema = build_schema(is_direct=False)
    schema.execution_context_class = WeighingExecutor
    return schema


ALONE = Execution(alone_schema(), is_development=True, timeout=30)


def sent(response: Response) -> tuple[bytes, bytes]:
    """The bytes of a response on a WebSocket, and as a server-sent event."""
    if isinstance(response, SharedResponse):
        return frames.id_part("1") + frames.shared_part(response), sse.event(response)
    return frames.execution_response("1", response).encode(), sse.event(response)


@dataclass(eq=False, repr=False)
class Subscriber:
    """What a client got. It stops to read while ``may_read`` is not set."""

    stage: "Stage"
    request: GraphQLRequest
    principal: Principal = LOCAL_OPERATOR
    locale: str = "en"
    after: str | None = None
    writes_at_once: bool = True
    got: list[tuple[bytes, bytes]] = field(default_factory=list)
    shared: int = 0
    may_read: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False

    def __post_init__(self) -> None:
        self.may_read.set()
        self.task = asyncio.create_task(self._follow())

    def write_now(self, response: SharedResponse) -> bool:
        """Take a shared response while the client reads."""
        if self.may_read.is_set():
            self._note(response)
        return self.may_read.is_set()

    def _note(self, response: Response) -> None:
        self.got.append(sent(response))
        self.shared += isinstance(response, SharedResponse)

    async def _follow(self) -> None:
        write_now = self.write_now if self.writes_at_once else None
        context = self.stage.context(self.principal, self.locale, self.after)
        responses = self.stage.app.responses(self.request, context, kind=Kind.SUBSCRIPTION, write_now=write_now)
        del context
        async with aclosing(responses):
            async for response in responses:
                await self.may_read.wait()
                self._note(response)
        self.is_over = True

    async def leaves(self) -> None:
        """End the subscription."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def data(self) -> list[Any]:
        """The root fields of what came."""
        payloads = [json.read(frame)["payload"] for frame, _ in self.got]
        return [next(iter(payload["data"].values())) for payload in payloads]

    def event_ids(self) -> list[str]:
        """The ids of all events, if the document selects them."""
        return [event["id"] for batch in self.data() for event in batch["events"]]


@dataclass(repr=False)
class Stage:
    """A server with some history, whose log grows by commits of the test."""

    story: Story
    history: Sequence[Event]
    subscribers: list[Subscriber] = field(default_factory=list)

    @property
    def app(self) -> GraphQLApp:
        app: GraphQLApp = self.story.site.app.state.graphql
        return app

    @property
    def shared(self) -> SharedSubscriptions:
        """The groups."""
        assert self.app.shared is not None
        return self.app.shared

    @property
    def feed(self) -> Feed:
        """The only reader of the log."""
        return self.shared._feed

    async def log(self, after: str, wanted: dict[str, Any] | None) -> list[str]:
        """The ids of all events behind the cursor that fit the filter."""
        names = {"processIds": "process_ids", "workflowNames": "workflow_names", "kinds": "kinds"}
        facts = {names[name]: tuple(values) for name, values in (wanted or {}).items()}
        if "process_ids" in facts:
            facts["process_ids"] = tuple(map(UUID, facts["process_ids"]))
        page = await self.story.site.engine.read(lambda conn: events.after(conn, after, EventFilter(**facts), 10_000))
        return [event.cursor for event in page.events]

    def context(self, principal: Principal, locale: str = "en", after: str | None = None) -> Context:
        """The context of one operation."""
        return Context(self.story.site.engine.runtime, principal, None, locale, last_event_id=after)

    def subscribe(
        self, query: str = LEAVES, variables: Json = None, name: str | None = None, **facts: Any
    ) -> Subscriber:
        """A new subscriber."""
        subscriber = Subscriber(self, GraphQLRequest(query, variables or {}, name), **facts)
        self.subscribers.append(subscriber)
        return subscriber

    async def commit(self, *new: Event) -> str:
        """Append the events in one commit; the cursor behind them."""
        database = self.story.site.engine.runtime.database
        await database.transaction(lambda conn: events.append(conn, new))
        return await self.end()

    async def end(self) -> str:
        """The cursor behind the last event."""
        return await self.story.site.engine.read(events.end)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition is true; everything that it waits for happens in this event loop."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0)

    async def settled(self) -> None:
        """Wait until every subscriber that reads has all of the log."""
        end = events.place_of(await self.end())

        def is_settled() -> bool:
            groups = self.shared._groups.values()
            reading = sum(not each.is_over and each.may_read.is_set() for each in self.subscribers)
            members = [member for group in groups for member in group.members if member.is_idle]
            follow = all(group._follower and group._follower.is_idle and group.place >= end for group in groups)
            return len(members) == reading and follow

        await self.until(is_settled)

    async def alone(self, subscriber: Subscriber, after: str, until: str) -> list[tuple[bytes, bytes]]:
        """What the subscriber would get for the events between the cursors, from graphql-core."""
        context = self.context(subscriber.principal, subscriber.locale)
        context.source = shared_subscriptions._Piece(after, until)
        responses = ALONE.responses(subscriber.request, context, kind=Kind.SUBSCRIPTION)
        async with aclosing(responses):
            return [sent(response) async for response in responses]

    async def alone_from(self, subscriber: Subscriber) -> list[tuple[bytes, bytes]]:
        """What the subscriber would get at the beginning, from graphql-core, until it has caught up."""
        context = self.context(subscriber.principal, subscriber.locale, subscriber.after)
        got = []
        responses = ALONE.responses(subscriber.request, context, kind=Kind.SUBSCRIPTION)
        async with aclosing(responses):
            async for response in responses:
                got.append(sent(response))
                if context.caught_up:
                    break
        return got


@asynccontextmanager
async def staged(folder: Path, *, has_history: bool = True, **settings: Any) -> AsyncIterator[Stage]:
    """A server whose log has events of many kinds; its subscribers leave at the end."""
    async with telling(folder, **settings) as story:
        if has_history:
            process_id, token = await story.waits()
            await story.say("reportCallbackProgress", token=token, percent=50)
            await story.say("receiveCallback", token=token, result={"rc": 0})
            await story.site.engine.reaches(process_id, SUSPENDED)
        else:
            await story.notes(1)
        page = await story.site.engine.read(lambda conn: events.after(conn, BEGINNING, EventFilter(), 200))
        stage = Stage(story, page.events)
        try:
            yield stage
        finally:
            for subscriber in stage.subscribers:
                await subscriber.leaves()


def note(stage: Stage, text: str = "x") -> Event:
    """An event of the first process."""
    first = stage.history[0]
    return replace(first, kind=EventKind.PROCESS_NOTE_CHANGED, payload={"note": text})
