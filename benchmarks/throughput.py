"""Measures the requests that a server answers durably, beside the smallest application of the same framework."""

import asyncio
import json
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from benchmarks import bulk, load
from benchmarks.lifecycle import START, graphql, remote_service
from benchmarks.load import Sent
from benchmarks.raw import commit_cost
from benchmarks.reference_servers import Reference
from benchmarks.server import Server
from benchmarks.table import Line, rates, spread_of_ratios
from orchestrator_gql.utils.tokens import digest, new_token

ROUNDS = 4
REQUESTS = 500
CONNECTIONS = 64
RECEIPTS = 50
RESULT = {"return_code": 0, "output": ["ok"] * 20}

PAUSE = """mutation { setEngineState(input: {paused: true, reason: "a benchmark"}) { __typename } }"""
STATUS = "query ($id: ID!) { process(id: $id) { status } }"
NOTE = """mutation Note($id: ID!, $note: String) { updateProcessNote(input: {processId: $id, note: $note}) {
  __typename } }"""
RECEIVED = """subscription { processEvents(filter: {kinds: [CALLBACK_RECEIVED]}) { events { processId } } }"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A process that waits for a callback, and the path of its callback."""

    process_id: str
    path: str


async def throughput(
    folder: Path, *, rounds: int = ROUNDS, count: int = REQUESTS, receipts: int = RECEIPTS
) -> list[Line]:
    """Callbacks over REST, mutations, and a callback on its way to a subscriber, with the engine at rest."""
    file = folder / "throughput.db"
    waiting = await prepared(file, rounds * count + receipts)
    commit = commit_cost(folder / "raw.db")
    with ExitStack() as stack:
        server = stack.enter_context(Server(file))
        hello = stack.enter_context(Reference("hello"))
        await pause(server.url)
        ends = await _receipts(server.url, [waiting.pop() for _ in range(receipts)])
        trip = await _round_trip(hello.url, receipts)
        callbacks, mutations, reference = [], [], []
        for number in range(rounds):
            some = waiting[number * count : (number + 1) * count]
            callbacks.append(await _rate(server, [("POST", each.path, RESULT) for each in some]))
            reference.append(await _rate(hello, [("POST", "/hello", RESULT)] * (4 * count)))
            mutations.append(await _rate(server, [_note(each, number) for each in some]))
    middle = statistics.median(ends)
    texts = (f"{middle * 1000:.2f} ms", f"{(trip + commit) * 1000:.2f} ms")
    return [
        Line("callback POST -> a subscriber : loopback + commit", *texts, middle / (trip + commit), "<= 4", "<= 2"),
        _line("durable REST callbacks : Starlette hello world", callbacks, reference, 0.25, 0.4),
        _line("durable GraphQL mutations : Starlette hello world", mutations, reference, 0.08, 0.15),
    ]


def _line(name: str, measured: list[float], reference: list[float], must: float, stretch: float) -> Line:
    spread = spread_of_ratios(measured, reference)
    return rates(name, max(measured), max(reference), must, stretch, spread=spread)


def _note(waiting: Waiting, number: int) -> Sent:
    variables = {"id": waiting.process_id, "note": f"note {number}"}
    return "POST", "/graphql", {"query": NOTE, "variables": variables}


async def _rate(server: Server | Reference, requests: list[Sent]) -> float:
    return await asyncio.to_thread(load.rate, server.port, requests, CONNECTIONS)


async def pause(url: str) -> None:
    """Pause the engine: callbacks are accepted and kept, and no step runs."""
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
        await graphql(client, PAUSE, {})


async def prepared(file: Path, count: int) -> list[Waiting]:
    """Store so many processes that wait for a callback whose URL is known."""
    with Server(file) as server:
        await _start_waiting(server.url)
    tokens = [new_token() for _ in range(count)]
    ids = bulk.copy_waiting(file, count, digests=[digest(token) for token in tokens])
    return [
        Waiting(str(UUID(id)), f"/api/processes/{UUID(id)}/callback/{token}")
        for id, token in zip(ids, tokens, strict=True)
    ]


async def _start_waiting(url: str) -> None:
    async with remote_service() as (remote, routes), httpx.AsyncClient(base_url=url, timeout=30) as client:
        data = await graphql(client, START, {"pages": [{"node": "ams-1", "remote": remote}]})
        process_id = data["startWorkflow"]["process"]["id"]
        await routes.of(process_id, "route")
        async with asyncio.timeout(60):
            while (await graphql(client, STATUS, {"id": process_id}))["process"]["status"] != "AWAITING_CALLBACK":  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def _receipts(url: str, waiting: list[Waiting]) -> list[float]:
    """The seconds from each POST until the subscriber has its event."""
    address = f"{url.replace('http', 'ws', 1)}/graphql"
    protocols = [Subprotocol("graphql-transport-ws")]
    durations = []
    async with (
        connect(address, subprotocols=protocols, proxy=None) as socket,
        httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client,
    ):
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": RECEIVED}}))
        await socket.recv()
        await client.get("/health/live")
        for each in waiting:
            began = time.perf_counter()
            posting = asyncio.create_task(client.post(each.path, json=RESULT))
            while each.process_id not in str(await socket.recv()):
                pass
            durations.append(time.perf_counter() - began)
            (await posting).raise_for_status()
    return durations


async def _round_trip(url: str, count: int) -> float:
    """The median seconds of a request that does nothing."""
    durations = []
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
        for _ in range(count):
            began = time.perf_counter()
            await client.post("/hello", json=RESULT)
            durations.append(time.perf_counter() - began)
    return statistics.median(durations)
