"""A small schema behind the real face, a real server in front of it, and what its clients say."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import strawberry
import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp
from starlette.websockets import WebSocket
from strawberry.scalars import JSON as AnyJson
from strawberry.types import Info

from orchestrator_gql.app import assemble
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.http import GraphQLApp
from orchestrator_gql.graphql.limits import default_extensions
from orchestrator_gql.graphql.masking import QuietSchema
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.testing.engine import own_settings
from orchestrator_gql.utils.clock import SteadyClock
from orchestrator_gql.utils.errors import CursorInvalid, SettingsError, Unauthenticated
from orchestrator_gql.workflows.registry import Registry

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
RUNTIME = assemble(own_settings(), Registry([]), SteadyClock())
"""Of a server without workflows, whose database is never opened."""

SECONDS = 30.0
"""Patience, not an expectation: a slow machine is no failure."""


@dataclass
class World:
    """What the resolvers saw, and what they wait for."""

    contexts: int = 0
    opened: int = 0
    closed: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_locked: bool = False
    credential: str | None = None

    async def make_context(self, connection: Request | WebSocket, params: Mapping[str, Any] | None) -> "ToyContext":
        """Count; refuse a client that asks for a refusal, and every client while the server is locked."""
        given = params if params is not None else {"token": connection.headers.get("authorization")}
        if self.is_locked or given.get("token") == "wrong":
            raise Unauthenticated
        self.contexts += 1
        context = ToyContext(RUNTIME, LOCAL_OPERATOR)
        context.world = self
        return context

    def tell(self) -> None:
        """Wake the tasks that wait in `until_closed`."""
        self.changed.set()
        self.changed.clear()

    async def until_closed(self, count: int) -> None:
        """Wait until so many subscriptions were closed."""
        async with asyncio.timeout(SECONDS):
            while self.closed < count:
                await self.changed.wait()


class ToyContext(Context):
    """The context of an operation, with the world of its resolvers."""

    world: World


@strawberry.type
class Item:
    name: str = "leaf"

    @strawberry.field
    def child(self) -> "Item":
        return Item()

    @strawberry.field
    def items(self, first: int = 1) -> list["Item"]:
        return [Item() for _ in range(min(first, 3))]


@strawberry.type
class Batch:
    cursor: str
    number: int

    @strawberry.field
    def broken(self) -> str:
        raise RuntimeError("the password is swordfish")


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def item(self) -> Item:
        return Item()

    @strawberry.field
    def items(self, first: int = 50, after: str | None = None) -> list[Item]:
        return [Item() for _ in range(min(first, 3))]

    @strawberry.field
    def verify_audit(self, first: int = 10_000) -> int:
        return first

    @strawberry.field
    def echo(self, value: AnyJson) -> AnyJson:
        return value

    @strawberry.field
    def failing(self) -> str | None:
        raise RuntimeError("the password is swordfish")

    @strawberry.field
    def misconfigured(self) -> str | None:
        raise SettingsError("the key file is /etc/secret")

    @strawberry.field
    def refused(self) -> str | None:
        raise CursorInvalid

    @strawberry.field
    def overflowing(self) -> int | None:
        return 3_000_000_000

    @strawberry.field
    async def slow(self) -> str:
        await asyncio.Event().wait()
        return "never"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, name: str) -> str:
        return name

    @strawberry.mutation
    def receive_callback(self, result: AnyJson) -> int:
        return len(str(result))

    @strawberry.mutation
    def report_callback_progress(self, progress: AnyJson) -> int:
        return len(str(progress))

    @strawberry.mutation
    def fail_callback(self, message: str) -> int:
        return len(message)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count_up(
        self, info: Info[ToyContext, None], to: int, after: str | None = None
    ) -> AsyncGenerator[Batch, None]:
        for number in range(int(after or 0) + 1, to + 1):
            info.context.cursor = str(number)
            yield Batch(cursor=str(number), number=number)

    @strawberry.subscription
    async def endless(self, info: Info[ToyContext, None]) -> AsyncGenerator[int, None]:
        world = info.context.world
        world.opened += 1
        try:
            yield world.contexts
            await asyncio.Event().wait()
        finally:
            world.closed += 1
            world.tell()

    @strawberry.subscription
    async def resting(self, info: Info[ToyContext, None], after: str | None = None) -> AsyncGenerator[Batch, None]:
        """Two batches behind the cursor, then silence."""
        begin = int(after or 0) + 1
        for number in (begin, begin + 1):
            yield Batch(cursor=str(number), number=number)
        await asyncio.Event().wait()

    @strawberry.subscription
    async def breaking(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("the password is swordfish")


def toy_schema(*, is_development: bool = True) -> strawberry.Schema:
    """The schema above, with the extensions that the product's schema has."""
    return QuietSchema(Query, Mutation, Subscription, extensions=default_extensions(is_development=is_development))


_SCHEMAS = {is_development: toy_schema(is_development=is_development) for is_development in (True, False)}


def toy_face(world: World | None = None, *, is_development: bool = True, **options: Any) -> GraphQLApp:
    """The face over the toy schema."""
    return GraphQLApp(
        _SCHEMAS[is_development],
        make_context=(world or World()).make_context,
        is_development=is_development,
        allowed_origins=options.pop("allowed_origins", ["https://dashboard.example"]),
        **options,
    )


def client(face: ASGIApp) -> httpx.AsyncClient:
    """A client that speaks to the face without a network."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(face), base_url="http://testserver")


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """A real server on a loopback port; yields ``host:port``."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=2)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await server.shutdown(sockets=[listener])


async def post(
    content: bytes | str, *, accept: str | None = GRAPHQL, face: Any = None, **headers: str
) -> httpx.Response:
    """Send a body as it stands."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"content-type": JSON} | ({"accept": accept} if accept else {"accept": ""}) | named
    async with client(face or toy_face()) as http:
        return await http.post("/", content=content, headers=sent)


async def ask(query: str, *, accept: str = GRAPHQL, face: Any = None, **parameters: Any) -> httpx.Response:
    """Send an operation."""
    return await post(json.dumps({"query": query, **parameters}), accept=accept, face=face)


def codes(response: httpx.Response) -> list[str]:
    """The code of every error."""
    return [error["extensions"]["code"] for error in response.json()["errors"]]
