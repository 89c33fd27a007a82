"""Measures how fast processes advance beside subscribed operators, and the memory after very many deliveries."""

import asyncio
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path

import httpx

from benchmarks.clients import DASHBOARD, WATCH, Clients
from benchmarks.control import Control
from benchmarks.course import LENGTH
from benchmarks.fanout import EventServer
from benchmarks.lifecycle import graphql
from benchmarks.server import Server
from benchmarks.table import Line, rates, spread_of_ratios

ROUNDS = 3
PROCESSES = 20
"""Processes of a hundred steps each that start at once."""

SUBSCRIBERS = 20
DELIVERIES = 100_000
WARM = 10_000
"""Deliveries before the first look at the memory, so that caches and pools have their final size."""

START = """mutation { startWorkflow(input: {workflowName: "course"}) {
  __typename ... on UserError { message } } }"""


async def streams(
    folder: Path, *, rounds: int = ROUNDS, processes: int = PROCESSES, crowds: tuple[int, ...] = (1, 200)
) -> list[Line]:
    """The rate of transitions of a whole server, alone, with one dashboard, and with two hundred."""
    alone: list[float] = []
    beside: dict[int, list[float]] = {count: [] for count in crowds}
    file = folder / "streams.db"
    with Server(file, workflows="benchmarks.course") as server:
        for _ in range(rounds):
            alone.append(await _rate(server, file, processes))
            for count in crowds:
                with Clients(server.port, count, query=DASHBOARD):
                    # Many dashboards need few processes: what they cost is paid for each transition.
                    beside[count].append(await _rate(server, file, max(processes if count == 1 else processes // 5, 1)))
    lines = []
    for count, measured in beside.items():
        name = (
            "transitions, one subscribed operator : none" if count == 1 else f"transitions, {count} dashboards : none"
        )
        line = rates(name, max(measured), max(alone), 0.3, 0.8, spread=spread_of_ratios(measured, alone))
        lines.append(line if count == 1 else Line(name, line.measured, line.reference, line.ratio, spread=line.spread))
    return lines


async def _rate(server: Server, file: Path, processes: int) -> float:
    """Transitions a second of processes that start at the same time, until the last is completed."""
    before = _completed(file)
    async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as client:
        began = time.perf_counter()
        await asyncio.gather(*(graphql(client, START, {}) for _ in range(processes)))
        while _completed(file) < before + processes:  # noqa: ASYNC110 - another process completes them
            await asyncio.sleep(0.02)
        return processes * LENGTH / (time.perf_counter() - began)


def _completed(file: Path) -> int:
    """The number of completed processes, read past the server, so that it has no work by the question."""
    with closing(sqlite3.connect(file)) as database:
        count: int = database.execute("SELECT count(*) FROM processes WHERE status = 'COMPLETED'").fetchone()[0]
        return count


async def deliveries(folder: Path, *, count: int = DELIVERIES, warm: int = WARM) -> list[Line]:
    """The memory of the server before and after so many deliveries to twenty subscribers."""
    return await asyncio.to_thread(_deliveries, folder / "deliveries.db", count, warm)


def _deliveries(file: Path, count: int, warm: int) -> list[Line]:
    with ExitStack() as stack:
        server = stack.enter_context(EventServer(file))
        control = stack.enter_context(Control(server.control_port))
        process = server.start_process()
        clients = stack.enter_context(Clients(server.port, SUBSCRIBERS, query=WATCH))
        looks = []
        mark = 0
        for wanted in (warm, count):
            for _ in range(wanted // SUBSCRIBERS):
                mark += 1
                control.ask(process=process, notes=[f"mark-{mark:06d}-"])
                clients.received(mark)
            looks.append(server.rss())
    before, after = looks
    name = f"memory over {count:,} deliveries to {SUBSCRIBERS}"
    return [Line(name, f"{after - before:+.1f} MB", f"{before:.0f} MB", must="<= 4 MB", stretch="flat")]
