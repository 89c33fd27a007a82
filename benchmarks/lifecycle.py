"""start (form) → step → callback → validated → confirmed → two steps → completed, through GraphQL and REST."""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import connect

START = """mutation($pages: [JSON!]!) { startWorkflow(input: {workflowName: "lifecycle", pages: $pages}) {
  __typename ... on StartWorkflowSuccess { process { id } } ... on UserError { message } } }"""
SUBMIT = """mutation($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) {
  __typename ... on UserError { message } } }"""
FOLLOW = """subscription { processEvents { events { __typename processId
  ... on ProcessStatusChangedEvent { toProcessStatus } ... on InputRequestedEvent { inputRequestId inputRequest { form {
  __typename ... on FormPage { digest } } } } } } }"""


@dataclass(slots=True)
class Measured:
    """Milliseconds of each lifecycle, of its callback POST, and from that POST to the pushed form."""

    count: int
    whole: list[float] = field(default_factory=list)
    posted: list[float] = field(default_factory=list)
    form: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Lifecycles a second."""
        return self.count / self.seconds

    @staticmethod
    def p50(values: Sequence[float]) -> float:
        """The median."""
        return statistics.median(values)


class Watch:
    """What the subscription told, by process."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], asyncio.Future[Any]] = {}

    def of(self, process_id: str, what: str) -> "asyncio.Future[Any]":
        """Resolved when it is told."""
        return self._told.setdefault((process_id, what), asyncio.get_running_loop().create_future())

    def tell(self, process_id: str, what: str, value: Any) -> None:
        """It is told."""
        future = self.of(process_id, what)
        if not future.done():
            future.set_result(value)


async def run_lifecycles(url: str, *, count: int, at_once: int) -> Measured:
    """Run so many lifecycles, so many in flight."""
    measured = Measured(count)
    limit = asyncio.Semaphore(at_once)
    async with (
        _remote() as (remote, routes),
        httpx.AsyncClient(base_url=url, timeout=30) as client,
        _watch(url) as watch,
    ):

        async def one() -> None:
            async with limit:
                await _lifecycle(client, watch, routes, remote, measured)

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(count)))
        measured.seconds = time.perf_counter() - began
    return measured


async def _lifecycle(client: httpx.AsyncClient, watch: Watch, routes: Watch, remote: str, measured: Measured) -> None:
    began = time.perf_counter()
    answer = await _graphql(client, START, {"pages": [{"node": "ams-1", "remote": remote}]})
    process_id = answer["startWorkflow"]["process"]["id"]
    route = await routes.of(process_id, "route")
    await watch.of(process_id, "AWAITING_CALLBACK")
    posting = time.perf_counter()
    (await client.post(route, json={"return_code": 0, "output": ["ok"] * 20})).raise_for_status()
    measured.posted.append((time.perf_counter() - posting) * 1000)
    request_id = await asyncio.wait_for(watch.of(process_id, "form"), 30)
    measured.form.append((time.perf_counter() - posting) * 1000)
    answer = await _graphql(client, SUBMIT, {"id": request_id})
    assert answer["submitForm"]["__typename"] == "SubmitFormSuccess", answer
    await asyncio.wait_for(watch.of(process_id, "COMPLETED"), 30)
    measured.whole.append((time.perf_counter() - began) * 1000)


async def _graphql(client: httpx.AsyncClient, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    body: dict[str, Any] = response.json()
    if body.get("errors"):
        raise RuntimeError(body["errors"])
    data: dict[str, Any] = body["data"]
    return data


@asynccontextmanager
async def _watch(url: str) -> AsyncIterator[Watch]:
    watch = Watch()
    async with connect(f"{url.replace('http', 'ws', 1)}/graphql", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW}}))
        await socket.recv()

        async def read() -> None:
            async for message in socket:
                for event in json.loads(message)["payload"]["data"]["processEvents"]["events"]:
                    if event["__typename"] == "ProcessStatusChangedEvent":
                        watch.tell(event["processId"], event["toProcessStatus"], None)
                    elif event["__typename"] == "InputRequestedEvent":
                        watch.tell(event["processId"], "form", event["inputRequestId"])

        reading = asyncio.create_task(read())
        try:
            yield watch
        finally:
            reading.cancel()


@asynccontextmanager
async def _remote() -> AsyncIterator[tuple[str, Watch]]:
    """A remote service that takes orders at once; the benchmark itself calls back."""
    routes = Watch()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            route: str = json.loads(await reader.readexactly(length))["callback"]
            routes.tell(route.split("/")[3], "route", route)
            writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}")

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/", routes
