"""Measures whole lifecycles over GraphQL and REST: start form, step, callback, validation, confirmation, two steps."""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from benchmarks.raw import commit_cost
from benchmarks.server import Server
from benchmarks.table import Line, spread_of

ROUNDS = 3

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
    """The events of the subscription, by process."""

    def __init__(self) -> None:
        self._events: dict[tuple[str, str], asyncio.Future[Any]] = {}

    def of(self, process_id: str, name: str) -> "asyncio.Future[Any]":
        """A future that resolves when the event comes."""
        return self._events.setdefault((process_id, name), asyncio.get_running_loop().create_future())

    def resolve(self, process_id: str, name: str, value: Any) -> None:
        """Resolve the future of the event."""
        future = self.of(process_id, name)
        if not future.done():
            future.set_result(value)


async def lifecycle(
    folder: Path,
    *,
    rounds: int = ROUNDS,
    single: int = 40,
    in_flight: Sequence[tuple[int, int]] = ((16, 100), (64, 128)),
) -> list[Line]:
    """One lifecycle at a time, then many at once; durations are multiples of one durable commit of raw SQLite."""
    commit = commit_cost(folder / "raw.db") * 1000
    alone: list[tuple[Measured, float]] = []
    many: dict[int, list[tuple[Measured, float]]] = {at_once: [] for at_once, _ in in_flight}
    with Server(folder / "lifecycle.db") as server:
        idle = server.rss()
        await run_lifecycles(server.url, count=10, at_once=2)  # warm
        for _ in range(rounds):
            alone.append(await with_cpu(server, count=single, at_once=1))
            for at_once, count in in_flight:
                many[at_once].append(await with_cpu(server, count=count, at_once=at_once))
        rss, count = server.rss(), rounds * (single + sum(count for _, count in in_flight))
    times = [
        ("whole lifecycle, one at a time, p50 : one commit", [each.p50(each.whole) for each, _ in alone], "<= 15 ms"),
        ("callback POST answered, p50 : one commit", [each.p50(each.posted) for each, _ in alone], "<= 3 ms"),
        ("callback -> form, pushed, p50 : one commit", [each.p50(each.form) for each, _ in alone], "<= 8 ms"),
    ]
    lines = [_time(name, values, commit, must) for name, values, must in times]
    for at_once, runs in many.items():
        found = [measured.rate for measured, _ in runs]
        rate, spread = statistics.median(found), spread_of(found, "/s", 0)
        lines.append(Line(f"lifecycles, {at_once} in flight", f"{rate:.0f}/s", must=">= 150/s", spread=spread))
    lines.append(_cpu("server CPU a lifecycle, one at a time", alone))
    lines += [_cpu(f"server CPU a lifecycle, {at_once} in flight", runs) for at_once, runs in many.items()]
    return [
        *lines,
        Line("RSS idle", f"{idle:.0f} MB", must="<= 90 MB"),
        Line(f"RSS after {count} lifecycles", f"{rss:.0f} MB", must="<= 110 MB"),
    ]


def _time(name: str, values: list[float], commit: float, must: str) -> Line:
    middle = statistics.median(values)
    spread = spread_of([value / commit for value in values])
    return Line(name, f"{middle:.1f} ms", f"{commit:.2f} ms", middle / commit, must, spread=spread)


def _cpu(name: str, runs: list[tuple[Measured, float]]) -> Line:
    values = [cpu * 1000 for _, cpu in runs]
    return Line(name, f"{statistics.median(values):.1f} ms", must="<= 6 ms", spread=spread_of(values, "ms"))


async def with_cpu(server: Server, *, count: int, at_once: int) -> tuple[Measured, float]:
    """Run lifecycles; also the seconds of CPU that each took at the server."""
    before = server.cpu()
    measured = await run_lifecycles(server.url, count=count, at_once=at_once)
    return measured, (server.cpu() - before) / count


async def run_lifecycles(url: str, *, count: int, at_once: int) -> Measured:
    """Run ``count`` lifecycles, ``at_once`` of them at the same time."""
    measured = Measured(count)
    limit = asyncio.Semaphore(at_once)
    async with (
        remote_service() as (remote, routes),
        httpx.AsyncClient(base_url=url, timeout=30) as client,
        watching(url) as watch,
    ):

        async def run_one() -> None:
            async with limit:
                await run_lifecycle(client, watch, routes, remote, measured)

        began = time.perf_counter()
        await asyncio.gather(*(run_one() for _ in range(count)))
        measured.seconds = time.perf_counter() - began
    return measured


async def run_lifecycle(
    client: httpx.AsyncClient, watch: Watch, routes: Watch, remote: str, measured: Measured
) -> None:
    """Start a process, deliver its callback, submit its form, and wait until it is completed."""
    began = time.perf_counter()
    data = await graphql(client, START, {"pages": [{"node": "ams-1", "remote": remote}]})
    process_id = data["startWorkflow"]["process"]["id"]
    route = await routes.of(process_id, "route")
    await watch.of(process_id, "AWAITING_CALLBACK")
    posting = time.perf_counter()
    (await client.post(route, json={"return_code": 0, "output": ["ok"] * 20})).raise_for_status()
    measured.posted.append((time.perf_counter() - posting) * 1000)
    request_id = await asyncio.wait_for(watch.of(process_id, "form"), 30)
    measured.form.append((time.perf_counter() - posting) * 1000)
    data = await graphql(client, SUBMIT, {"id": request_id})
    assert data["submitForm"]["__typename"] == "SubmitFormSuccess", data
    await asyncio.wait_for(watch.of(process_id, "COMPLETED"), 30)
    measured.whole.append((time.perf_counter() - began) * 1000)


class Overloaded(RuntimeError):
    """The server asks the client to try again in a moment."""


async def graphql(client: httpx.AsyncClient, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    body: dict[str, Any] = response.json()
    if errors := body.get("errors"):
        is_overload = all(error.get("extensions", {}).get("code") == "STORAGE_UNAVAILABLE" for error in errors)
        raise Overloaded(errors) if is_overload else RuntimeError(errors)
    data: dict[str, Any] = body["data"]
    return data


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[Watch]:
    """A subscription to the events of all processes."""
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
                        watch.resolve(event["processId"], event["toProcessStatus"], None)
                    elif event["__typename"] == "InputRequestedEvent":
                        watch.resolve(event["processId"], "form", event["inputRequestId"])

        reading = asyncio.create_task(read())
        try:
            yield watch
        finally:
            reading.cancel()


@asynccontextmanager
async def remote_service() -> AsyncIterator[tuple[str, Watch]]:
    """A remote service that accepts each order at once; the benchmark itself sends the result."""
    routes = Watch()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            route: str = json.loads(await reader.readexactly(length))["callback"]
            routes.resolve(route.split("/")[3], "route", route)
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
