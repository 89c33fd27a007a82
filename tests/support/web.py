"""The whole server for tests: HTTP without a network, and the engine behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator_gql.app import create_app
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.types import Json
from orchestrator_gql.workflow.model import Workflow
from support.clock import TurnableClock
from support.engine import Engine

GRAPHQL = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class Site:
    """A running server, an HTTP client for it, and its engine."""

    app: Starlette
    http: httpx.AsyncClient
    engine: Engine

    async def answer(self, query: str, **variables: Json) -> Any:
        """The whole response to an operation."""
        body = {"query": query, "variables": variables}
        return (await self.http.post("/graphql", json=body, headers={"accept": GRAPHQL})).json()

    async def ask(self, query: str, **variables: Json) -> Any:
        """The data of an operation; fails if there are errors."""
        response = await self.answer(query, **variables)
        assert "errors" not in response, response
        return response["data"]


def as_served(app: ASGIApp) -> ASGIApp:
    """The application as our own server calls it: with a `receive` that may begin before a task waits for it."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, PlainReceive(receive).receive, send)

    return served


@dataclass(frozen=True, slots=True)
class PlainReceive:
    """The `receive` of a test, which holds nothing of its task."""

    wrapped: Receive
    is_receive_plain: ClassVar = True

    async def receive(self) -> Message:
        """The next message."""
        return await self.wrapped()


@asynccontextmanager
async def site_of(database_url: str, *workflows: Workflow, **settings: Any) -> AsyncIterator[Site]:
    """The server with these workflows, which runs until the block ends."""
    clock = TurnableClock()
    # Steps of tests wait for events of the test's own loop.
    settings = {"grace": 5.0, "heartbeat": 0.5, "authors_loop": "server", **settings}
    all_settings = read_settings(database_url=database_url, **settings)
    app = create_app(all_settings, workflows, clock=clock)
    transport = httpx.ASGITransport(as_served(app), client=("192.0.2.7", 4711))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as http,
    ):
        yield Site(app, http, Engine(app.state.runtime, clock))
