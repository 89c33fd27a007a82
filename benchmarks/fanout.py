"""Measures the fan-out of events to many subscribers, beside a raw broadcast of the same bytes and stock Strawberry."""

import asyncio
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import httpx

from benchmarks.clients import MARK, Clients
from benchmarks.control import Control
from benchmarks.lifecycle import graphql
from benchmarks.reference_servers import STOCK, Reference
from benchmarks.server import Program, Server, free_port
from benchmarks.table import Line, spread_of_ratios

SUBSCRIBERS = 1_000
ROUNDS = 5
BATCHES = 10
"""Commits of a round, one after the other: the next begins when the last client has the last byte."""

START = """mutation { startWorkflow(input: {workflowName: "question"}) {
  ... on StartWorkflowSuccess { process { id } } } }"""


class EventServer(Server):
    """The product in a process of its own, which commits events when a benchmark asks for them."""

    def __init__(self, database: Path | str, **environment: str) -> None:
        self.control_port = free_port()
        command = ("--control-port", str(self.control_port))
        super().__init__(database, command=command, module="benchmarks.event_server", **environment)

    def start_process(self) -> str:
        """Start a process to which the events belong; its id."""

        async def start() -> str:
            async with httpx.AsyncClient(base_url=self.url, timeout=30, trust_env=False) as client:
                id: str = (await graphql(client, START, {}))["startWorkflow"]["process"]["id"]
                await asyncio.sleep(0.5)  # until it waits for its form, so that only our events come
                return id

        return asyncio.run(start())


@dataclass(slots=True)
class Side:
    """A server, its clients, and what was measured: seconds of each batch, and seconds of CPU of each round."""

    server: Program
    clients: Clients
    send: Callable[[int, int], float]
    """Send the event of this mark with so many events before it; returns when it began."""
    seconds: dict[int, list[list[float]]] = field(default_factory=dict)
    cpu: dict[int, list[float]] = field(default_factory=dict)

    def round(self, marks: Iterator[int], size: int, batches: int) -> None:
        """Measure so many batches of this size, one after the other."""
        before, seconds = self.server.cpu(), []
        for _ in range(batches):
            mark = next(marks)
            began = self.send(mark, size)
            seconds.append(self.clients.received(mark) - began)
        self.seconds.setdefault(size, []).append(seconds)
        self.cpu.setdefault(size, []).append((self.server.cpu() - before) / batches)

    def median(self, size: int) -> float:
        """The median seconds of a batch."""
        return statistics.median(chain.from_iterable(self.seconds[size]))

    def medians(self, size: int) -> list[float]:
        """The median of each round."""
        return [statistics.median(seconds) for seconds in self.seconds[size]]


async def fanout(folder: Path, *, count: int = SUBSCRIBERS, rounds: int = ROUNDS, batches: int = BATCHES) -> list[Line]:
    """One event at a time and ten in one commit, from three servers that take turns."""
    return await asyncio.to_thread(_fanout, folder, count, rounds, batches)


def _fanout(folder: Path, count: int, rounds: int, batches: int) -> list[Line]:
    with ExitStack() as stack:
        ours, own_memory = stack.enter_context(product(folder / "fanout.db", count))
        raw, raw_memory = stack.enter_context(raw_broadcast(count, _sample(ours)))
        stock = stack.enter_context(stock_strawberry(count))
        marks = {id(side): iter(range(1, 1_000_000)) for side in (ours, raw, stock)}
        for _ in range(rounds):
            for size in (1, 10):
                for side, often in ((ours, batches), (raw, batches), (stock, max(batches // 5, 1))):
                    side.round(marks[id(side)], size, often)
    return [
        _row(f"fan-out to {count:,}, one event : raw broadcast", ours, raw, 1, (0.6, 1.0), count),
        _row(f"fan-out to {count:,}, 10 events a commit : raw", ours, raw, 10, (3, 8), count),
        _row("the same : stock Strawberry", ours, stock, 10, (15, 25), count),
        _cpu_row("server CPU of one event : raw broadcast", ours, raw, 1),
        _cpu_row("server CPU of 10 events in a commit : raw", ours, raw, 10),
        Line(
            f"memory for each of {count:,} subscribers : raw socket",
            f"{own_memory * 1000:.1f} kB",
            f"{raw_memory * 1000:.1f} kB",
            own_memory / raw_memory if raw_memory > 0 else None,
        ),
    ]


def _row(name: str, ours: Side, other: Side, size: int, targets: tuple[float, float], count: int) -> Line:
    """The rates of deliveries; the larger their ratio the better."""
    measured, reference = ours.median(size), other.median(size)
    texts = (f"{measured * 1000:.1f} ms", f"{reference * 1000:.1f} ms")
    must, stretch = targets
    spread = spread_of_ratios(other.medians(size), ours.medians(size))
    return Line(name, *texts, reference / measured, f">= {must}", f">= {stretch}", spread)


def _cpu_row(name: str, ours: Side, other: Side, size: int) -> Line:
    measured, reference = statistics.median(ours.cpu[size]), statistics.median(other.cpu[size])
    ratio = measured / reference if reference else None
    spread = f"{min(ours.cpu[size]) * 1000:.1f}-{max(ours.cpu[size]) * 1000:.1f} ms"
    return Line(name, f"{measured * 1000:.1f} ms", f"{reference * 1000:.1f} ms", ratio, spread=spread)


@contextmanager
def product(file: Path, count: int) -> Iterator[tuple[Side, float]]:
    """The product with subscribers, and the megabytes that each takes."""
    with EventServer(file) as server, Control(server.control_port) as control:
        process = server.start_process()

        def send(mark: int, size: int) -> float:
            notes = [f"note-{mark:06d}-" for _ in range(size - 1)] + [f"mark-{mark:06d}-"]
            began: float = control.ask(process=process, notes=notes)["began"]
            return began

        with Clients(server.port, 1) as first:  # what the first subscriber costs is paid once
            first.ask("tell")
        before = server.rss()
        with Clients(server.port, count) as clients:
            yield Side(server, clients, send), (server.rss() - before) / count


@contextmanager
def raw_broadcast(count: int, sample: str) -> Iterator[tuple[Side, float]]:
    """`websockets.broadcast` of the same bytes: each event is a message of its own."""
    with Reference("raw") as server, Control(server.control_port) as control:

        def send(mark: int, size: int) -> float:
            text = MARK.sub(f"mark-{mark:06d}-".encode(), sample.encode()).decode()
            other = text.replace("mark-", "note-")
            began: float = control.ask(messages=[other] * (size - 1) + [text])["began"]
            return began

        before = server.rss()
        with Clients(server.port, count, query=None) as clients:
            yield Side(server, clients, send), (server.rss() - before) / count


@contextmanager
def stock_strawberry(count: int) -> Iterator[Side]:
    """Strawberry's own subscriptions, with the same fields."""
    with Reference("stock") as server, Control(server.control_port) as control:

        def send(mark: int, size: int) -> float:
            notes = [f"note-{mark:06d}-" for _ in range(size - 1)] + [f"mark-{mark:06d}-"]
            began: float = control.ask(process="0" * 36, notes=notes)["began"]
            return began

        with Clients(server.port, count, query=STOCK) as clients:
            yield Side(server, clients, send)


def _sample(side: Side) -> str:
    """The message of one event, as the product sends it."""
    began = side.send(0, 1)
    assert side.clients.received(0) >= began
    sample: str = side.clients.ask("tell")["sample"]
    return sample
