"""The servers that the product is compared with: a raw broadcast, stock Strawberry, and Starlette's hello world.

``python -m benchmarks.reference_servers KIND --port … --control-port …``.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from typing import Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.asyncio.server import serve as serve_sockets
from websockets.typing import Subprotocol

from benchmarks.control import controlled
from benchmarks.server import Program, free_port


class Reference(Program):
    """One of these servers in a process of its own."""

    def __init__(self, kind: str) -> None:
        self.control_port = free_port()
        port = free_port()
        ports = ("--port", str(port), "--control-port", str(self.control_port))
        command = [sys.executable, "-m", "benchmarks.reference_servers", kind, *ports]
        super().__init__(command, port, ready="/health/ready")


async def _raw(port: int, control_port: int) -> None:
    """`websockets.broadcast` to every socket, of messages that the benchmark hands over."""
    opened: set[ServerConnection] = set()

    async def keep(connection: ServerConnection) -> None:
        opened.add(connection)
        await connection.wait_closed()
        opened.discard(connection)

    def answer_ready(connection: ServerConnection, request: Any) -> Any:
        return connection.respond(200, "ready\n") if request.path == "/health/ready" else None

    async def send(request: dict[str, Any]) -> dict[str, Any]:
        began = time.monotonic()
        for message in request["messages"]:
            broadcast(opened, message)
        return {"began": began}

    protocols = [Subprotocol(GRAPHQL_TRANSPORT_WS_PROTOCOL)]
    serving = serve_sockets(
        keep, "127.0.0.1", port, subprotocols=protocols, compression=None, process_request=answer_ready
    )
    async with serving, controlled(control_port, send):
        await asyncio.Event().wait()


@strawberry.type
class ProcessNoteChangedEvent:
    """The same fields as the product's."""

    id: strawberry.ID
    process_id: strawberry.ID
    occurred_at: str
    note: str | None


@strawberry.type
class OtherEvent:
    """A second member, so that the union is one."""

    id: strawberry.ID


@strawberry.type
class EventBatch:
    """The same fields as the product's."""

    cursor: str
    caught_up: bool
    events: list[ProcessNoteChangedEvent | OtherEvent]


STOCK = """subscription Watch($after: String) { processEvents(after: $after) { cursor caughtUp events { __typename
  ... on ProcessNoteChangedEvent { id processId occurredAt note } } } }"""

_queues: set["asyncio.Queue[EventBatch]"] = set()


@strawberry.type
class _Query:
    hello: str = "world"


@strawberry.type
class _Subscription:
    @strawberry.subscription
    async def process_events(self, after: str | None = None) -> AsyncGenerator[EventBatch, None]:
        own: asyncio.Queue[EventBatch] = asyncio.Queue()
        _queues.add(own)
        try:
            yield EventBatch(cursor=after or "", caught_up=True, events=[])
            while True:
                yield await own.get()
        finally:
            _queues.discard(own)


async def _stock(port: int, control_port: int) -> None:
    """A queue for each subscriber, and Strawberry as it is: each subscriber's operation is executed for each event."""

    async def publish(request: dict[str, Any]) -> dict[str, Any]:
        began = time.monotonic()
        for number, note in enumerate(request["notes"]):
            id = strawberry.ID(f"event-{number}")
            event = ProcessNoteChangedEvent(
                id=id,
                process_id=strawberry.ID(request["process"]),
                occurred_at="2026-01-01T00:00:00.000000Z",
                note=note,
            )
            for each in _queues:
                each.put_nowait(EventBatch(cursor="cursor", caught_up=True, events=[event]))
        return {"began": began}

    schema = strawberry.Schema(_Query, subscription=_Subscription)
    app = GraphQL[Any, Any](schema, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL])
    async with controlled(control_port, publish):
        await _serve(_with_ready([Route("/graphql", app)], app), port)


async def _hello(port: int, _: int) -> None:
    """The smallest application: it reads a body of JSON and answers with a small one."""

    async def hello(request: Request) -> JSONResponse:
        await request.body()
        return JSONResponse({"hello": "world"})

    await _serve(_with_ready([Route("/hello", hello, methods=["GET", "POST"])]), port)


def _with_ready(routes: list[Route], sockets: ASGIApp | None = None) -> ASGIApp:
    async def ready(_: Request) -> JSONResponse:
        return JSONResponse({})

    app = Starlette(routes=[*routes, Route("/health/ready", ready)])

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await (sockets if sockets is not None and scope["type"] == "websocket" else app)(scope, receive, send)

    return serve


async def _serve(app: ASGIApp, port: int) -> None:
    config = uvicorn.Config(
        app,
        port=port,
        log_level="error",
        access_log=False,
        http="httptools",
        ws_per_message_deflate=False,
        backlog=2048,
    )
    await uvicorn.Server(config).serve()


KINDS = {"raw": _raw, "stock": _stock, "hello": _hello}


def main() -> None:
    """Serve until the benchmark ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reference_servers", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    options = parser.parse_args()
    asyncio.run(KINDS[options.kind](options.port, options.control_port))


if __name__ == "__main__":
    main()
