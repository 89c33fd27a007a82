"""Measures subscribers that stop reading, what they cost the others, and many subscribers that come back at once."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.clients import Clients
from benchmarks.control import Control
from benchmarks.fanout import EventServer
from benchmarks.reference_servers import Reference
from benchmarks.table import Line, spread_of_ratios

PING_PERIOD = 20.0
"""Seconds between two pings of the server."""

PACE = 0.05
"""Seconds between two commits of ten events."""

EVENTS = 10
LIST = "{ processes(first: 20) { nodes { id status workflowName } } }"


@dataclass(slots=True)
class Source:
    """A server that commits ten events whenever it is asked."""

    server: EventServer
    control: Control
    process: str
    mark: int = 0

    def commit(self) -> tuple[int, float]:
        """Commit the events; the mark of the last, and the time at which the commit began."""
        self.mark += 1
        notes = [f"note-{self.mark:06d}-{'x' * 100}"] * (EVENTS - 1) + [f"mark-{self.mark:06d}-{'x' * 100}"]
        return self.mark, self.control.ask(process=self.process, notes=notes)["began"]

    def seconds(self, clients: Clients) -> float:
        """The seconds from the commit until the last client that reads has the last event."""
        mark, began = self.commit()
        return clients.received(mark) - began


async def stalled(
    folder: Path,
    *,
    seconds: float = 3 * PING_PERIOD,
    rounds: int = 3,
    looks: int = 40,
    stopped: int = 50,
    returning: int = 300,
) -> list[Line]:
    """Five of ten stop, for so many seconds at most; fifty beside ten that read; three hundred come back."""

    def measured() -> list[Line]:
        with _source(folder / "stalled.db") as source:
            lines = _let_go(source, seconds)
            lines += _beside(source, rounds, looks, stopped)
            return lines + _return(source, rounds, returning)

    return await asyncio.to_thread(measured)


def _let_go(source: Source, patience: float) -> list[Line]:
    """Five of ten subscribers stop reading, and events go on until the server lets go of them."""
    with Clients(source.server.port, 10, has_small_buffers=True) as clients:
        for _ in range(20):
            source.seconds(clients)
        connected, before = source.server.sockets(), source.server.rss()
        clients.ask("stall", count=5)
        first, began = source.mark + 1, time.monotonic()
        largest, gone = before, None
        while (now := time.monotonic()) < began + patience:
            source.seconds(clients)
            largest = max(largest, source.server.rss())
            if source.server.sockets() <= connected - 5:
                gone = now - began
                break
            time.sleep(PACE)
        report = clients.ask("tell")
        sent = source.mark - first + 1
    lost = report["gaps"] + report["ended"] + source.mark - report["lowest"]
    text = f"{gone:.0f} s" if gone is not None else f"> {patience:.0f} s"
    return [
        Line("5 of 10 stop reading: they are let go after", text, must=f"<= {2 * PING_PERIOD:.0f} s"),
        Line("  the other 5 received", f"{100 if not lost else 0} % of {sent * EVENTS:,}", must="100 %"),
        Line("  memory of the server meanwhile", f"{largest - before:+.1f} MB", f"{before:.0f} MB", must="flat"),
    ]


def _beside(source: Source, rounds: int, looks: int, count: int) -> list[Line]:
    """The time of a commit until ten subscribers have it, beside fifty that stopped reading, and without them."""
    alone, beside = [], []
    with Clients(source.server.port, 10) as good:
        before = source.server.rss()
        for _ in range(rounds):
            alone.append([source.seconds(good) for _ in range(looks)])
            with Clients(source.server.port, count, has_small_buffers=True) as bad:
                bad.ask("stall", count=count)
                for _ in range(looks):  # until their buffers are full
                    source.commit()
                good.received(source.mark)
                beside.append([source.seconds(good) for _ in range(looks)])
        grown = source.server.rss() - before
    lines = [
        _latency(f"10 subscribers beside {count} that stopped, {name} : alone", beside, alone, quantile)
        for name, quantile in (("p50", 50), ("p95", 95))
    ]
    return [*lines, Line("  memory of the server meanwhile", f"{grown:+.1f} MB", f"{before:.0f} MB", must="flat")]


def _latency(name: str, beside: list[list[float]], alone: list[list[float]], quantile: int) -> Line:
    measured, reference = ([percentile(seconds, quantile) for seconds in side] for side in (beside, alone))
    middle, other = statistics.median(measured), statistics.median(reference)
    texts = (f"{middle * 1000:.1f} ms", f"{other * 1000:.1f} ms")
    return Line(name, *texts, middle / other, spread=spread_of_ratios(measured, reference))


def _return(source: Source, rounds: int, count: int) -> list[Line]:
    """All subscribers lose their sockets and come back at once, behind two hundred events that they missed."""
    ours, raw, slowest = [], [], []
    with (
        Reference("raw") as reference,
        Clients(source.server.port, count) as clients,
        Clients(reference.port, count, query=None) as others,
    ):
        for _ in range(rounds):
            source.seconds(clients)
            cursor = clients.ask("tell")["cursor"]
            for _ in range(20):
                source.seconds(clients)
            with _asking(source.server.url) as durations:
                report = clients.ask("return", after=cursor)
            assert report["missed"] == source.mark, report
            ours.append(report["at"] - report["began"])
            slowest.append(max(durations))
            report = others.ask("return", after=None)
            raw.append(report["at"] - report["began"])
    measured, other = statistics.median(ours), statistics.median(raw)
    texts = (f"{measured * 1000:.0f} ms", f"{other * 1000:.0f} ms")
    worst = f"{statistics.median(slowest) * 1000:.0f} ms"
    return [
        Line(
            f"{count} come back with 200 missed events : raw",
            *texts,
            measured / other,
            spread=spread_of_ratios(ours, raw),
        ),
        Line("  the slowest list query meanwhile", worst, spread=f"{min(slowest):.2f}-{max(slowest):.2f} s"),
    ]


@contextmanager
def _asking(url: str) -> Iterator[list[float]]:
    """The seconds of many list queries, one after the other, while the block runs."""
    durations: list[float] = []
    ended = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            while not ended.is_set():
                began = time.perf_counter()
                client.post("/graphql", json={"query": LIST}).raise_for_status()
                durations.append(time.perf_counter() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    while not durations:
        time.sleep(0.01)
    durations.clear()  # the first query is parsed
    try:
        yield durations
    finally:
        ended.set()
        thread.join()


@contextmanager
def _source(file: Path) -> Iterator[Source]:
    with EventServer(file) as server, Control(server.control_port) as control:
        yield Source(server, control, server.start_process())


def percentile(values: list[float], percent: int) -> float:
    """The value below which so many percent of the values are."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]
