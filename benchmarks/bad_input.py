"""Measures what working clients feel beside clients that misbehave: a mutation, a list query and a callback's POST."""

import asyncio
import socket
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx

from benchmarks import load
from benchmarks.clients import Clients
from benchmarks.lifecycle import graphql
from benchmarks.server import Server
from benchmarks.stalled import percentile
from benchmarks.table import Line, spread_of_ratios
from benchmarks.throughput import NOTE, RESULT, Waiting, prepared
from orchestrator_gql.storage.events import BEGINNING

ROUNDS = 2
SECONDS = 4.0
PAUSE = 0.005
"""Seconds between two requests of the working client."""

LEAST = 3
"""Requests of each kind that are made at least, however slow they are."""

STORED = 2_000
SILENT = 300
STRANGERS = 100
DOCUMENTS = 4_000

LIST = "{ processes(first: 20) { nodes { id status workflowName steps { name status } } } }"
EVERYTHING = """subscription Everything { processEvents(after: "%s") { cursor caughtUp events { __typename id occurredAt
  actor { name } process { id status workflowName state steps { name status startedAt completedAt }
  openInputRequest { id title } callbacks { id status } } } } }"""

Durations = dict[str, list[float]]
Abuse = Callable[[Server], AbstractContextManager[object]]


async def bad_input(
    folder: Path,
    *,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    stored: int = STORED,
    silent: int = SILENT,
    strangers: int = STRANGERS,
) -> list[Line]:
    """Each kind of bad client by turns with none; the ratios are those of the 95th percentiles."""
    file = folder / "bad-input.db"
    waiting = await prepared(file, stored)
    lines = []
    with Server(file) as server:
        await _worked(server.url, waiting, 0.5)  # warm
        for title, abuse in _abuses(silent, strangers).items():
            alone, beside = [], []
            for _ in range(rounds):
                alone.append(await _worked(server.url, waiting, seconds))
                with await asyncio.to_thread(_entered, abuse(server)):
                    beside.append(await _worked(server.url, waiting, seconds))
                await asyncio.sleep(0.5)
            lines += [_line(title, name, beside, alone) for name in alone[0]]
    return lines


def _line(title: str, name: str, beside: list[Durations], alone: list[Durations]) -> Line:
    both = [[round[name] for round in side] for side in (beside, alone)]
    measured, reference = ([percentile(each, 95) for each in side] for side in both)
    own, others = (_text([value for each in side for value in each]) for side in both)
    ratio = statistics.median(measured) / statistics.median(reference)
    return Line(f"{title}: {name}, p50/p95", own, others, ratio, spread=spread_of_ratios(measured, reference))


def _text(durations: list[float]) -> str:
    return f"{percentile(durations, 50) * 1000:.1f}/{percentile(durations, 95) * 1000:.1f} ms"


async def _worked(url: str, waiting: list[Waiting], seconds: float) -> Durations:
    """The durations of the requests of a client that makes one after the other."""
    durations: Durations = {"mutation": [], "list": [], "callback": []}
    until = time.monotonic() + seconds
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        await graphql(client, "{ __typename }", {})
        while waiting and (time.monotonic() < until or len(durations["list"]) < LEAST):
            each = waiting.pop()
            requests: dict[str, Callable[[], Awaitable[object]]] = {
                "mutation": partial(graphql, client, NOTE, {"id": each.process_id, "note": "seen"}),
                "list": partial(graphql, client, LIST, {}),
                "callback": partial(client.post, each.path, json=RESULT),
            }
            for name, request in requests.items():
                began = time.perf_counter()
                await request()
                durations[name].append(time.perf_counter() - began)
                await asyncio.sleep(PAUSE)
    return durations


@contextmanager
def _subscribed(server: Server, *, is_stalled: bool = False) -> Iterator[None]:
    """A subscriber to everything, from the beginning of the log."""
    with Clients(server.port, 1, query=EVERYTHING % BEGINNING, has_small_buffers=is_stalled) as clients:
        if is_stalled:
            clients.ask("stall", count=1)
        yield


@contextmanager
def _silent(server: Server, count: int) -> Iterator[None]:
    """Sockets that say nothing, or only half of a request."""
    with ExitStack() as stack:
        for number in range(count):
            opened = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            if number % 2:
                opened.sendall(b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{")
        yield


@contextmanager
def _strangers(server: Server, count: int) -> Iterator[None]:
    """Clients whose documents the server has never seen."""
    new = time.monotonic_ns()
    documents = (
        f"{{ a{new}x{number}: processes(first: 5) {{ nodes {{ id status workflowName steps {{ name status }} }} }} }}"
        for number in range(DOCUMENTS)
    )
    requests = [("POST", "/graphql", {"query": document}) for document in documents]
    with load.loading(server.port, requests, count, again=True):
        time.sleep(0.5)
        yield


def _abuses(silent: int, strangers: int) -> dict[str, Abuse]:
    return {
        "a subscriber to everything": _subscribed,
        "one that stops reading": partial(_subscribed, is_stalled=True),
        f"{silent} silent sockets": partial(_silent, count=silent),
        f"{strangers} clients, new documents": partial(_strangers, count=strangers),
    }


@contextmanager
def _left(manager: AbstractContextManager[object]) -> Iterator[None]:
    try:
        yield
    finally:
        manager.__exit__(None, None, None)


def _entered(manager: AbstractContextManager[object]) -> AbstractContextManager[None]:
    """Enter the block now, in this thread, and leave it at the end of the returned block."""
    manager.__enter__()
    return _left(manager)
