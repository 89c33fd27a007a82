"""Measures durable transitions against the driver alone, and with a busy loop, a subscriber, and many rows."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks import bulk, raw
from benchmarks.course import LENGTH, Course, course, opened, sqlite_url
from benchmarks.table import Line, costs, rates, spread_of_ratios
from orchestrator_gql.app import assemble
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.engine.steps import execution
from orchestrator_gql.events.stream import follow
from orchestrator_gql.process import decide
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.utils.clock import WallClock
from orchestrator_gql.workflow.model import ActionStep
from orchestrator_gql.workflows.registry import Registry

ROUNDS = 6
"""Measurement and reference take turns, and the best of each counts: other work of the machine only slows them."""

IN_FLIGHT = 100


async def transitions(folder: Path) -> list[Line]:
    """Many processes at once, then one, each against raw `sqlite3` on the same file."""
    many, many_raw, single, single_raw = [], [], [], []
    path = folder / "transitions.db"
    async with opened(sqlite_url(folder, "transitions")) as track:
        for _ in range(ROUNDS):
            many.append(await track.drive(await track.begin(IN_FLIGHT), 10))
            many_raw.append(raw.rate(path, await track.begin(IN_FLIGHT), 10, group=1000))
            single.append(await track.drive(await track.begin(1), LENGTH - 5))
            single_raw.append(raw.rate(path, await track.begin(1), LENGTH - 5, group=1))
    return [
        _rates("SQLite transitions, 100 in flight : 1,000 raw", many, many_raw, 0.25, 0.45),
        _rates("SQLite transitions, 1 in flight : 1 raw", single, single_raw, 0.45, 0.65),
    ]


async def busy(folder: Path) -> list[Line]:
    """The event loop is never idle: another task is always ready to run."""
    return [await _beside(folder, "busy", "transitions, loop never idle : idle", _spinning, 0.3, 0.6)]


async def subscriber(folder: Path) -> list[Line]:
    """One subscriber follows the event log."""
    return [await _beside(folder, "subscriber", "transitions, one subscriber : none", _following, 0.3, 0.8)]


async def step(folder: Path) -> list[Line]:
    """The CPU time that the engine adds to an async step that gives way once; nothing is stored.

    The step runs on the server's loop: the row `authors` has the hop to the loop of authors.
    """
    settings = read_settings(database_url=sqlite_url(folder, "step"), authors_loop="server")
    runtime = assemble(settings, Registry([course]), WallClock())
    async with opened(settings.database_url) as track:
        process = (await track.begin(1))[0]
    action = course.steps[0]
    assert isinstance(action, ActionStep)

    async def engine() -> None:
        outcome = await execution.run(runtime, process, action, {})
        decide(process, course.steps, outcome, runtime.clock.now())

    async def bare() -> None:
        await action.function(n=1)

    measured, reference = [], []
    for _ in range(ROUNDS):
        measured.append(await _cpu(engine))
        reference.append(await _cpu(bare))
    spread = spread_of_ratios(measured, reference)
    return [costs("CPU of an async step : a bare await of it", min(measured), min(reference), 10, 5, spread=spread)]


async def stored(folder: Path, count: int) -> list[Line]:
    """One transition at a time among ``count`` stored processes, and among 1,000; the two take turns."""
    small, large = sqlite_url(folder, "small"), sqlite_url(folder, "large")
    for url, size in ((small, 1_000), (large, count)):
        async with opened(url) as track:
            await track.begin(1)
        bulk.copy_completed(Path(url.partition("///")[2]), size)
    few, many = [], []
    async with opened(small) as little, opened(large) as much:
        for _ in range(ROUNDS):
            few.append(await _seconds_each(little))
            many.append(await _seconds_each(much))
    name = f"transition at {count:,} stored : at 1,000"
    spread = spread_of_ratios(many, few)
    return [costs(name, statistics.median(many), statistics.median(few), 1.3, 1.1, spread=spread)]


def _rates(name: str, measured: list[float], reference: list[float], must: float, stretch: float) -> Line:
    """The best of each side, and how far the rounds lie apart."""
    spread = spread_of_ratios(measured, reference)
    return rates(name, max(measured), max(reference), must, stretch, spread=spread)


async def _beside(
    folder: Path,
    name: str,
    title: str,
    beside: Callable[[Course], Coroutine[Any, Any, None]],
    must: float,
    stretch: float,
) -> Line:
    alone, accompanied = [], []
    async with opened(sqlite_url(folder, name)) as track:
        for _ in range(ROUNDS):
            alone.append(await track.drive(await track.begin(IN_FLIGHT), 8))
            processes = await track.begin(IN_FLIGHT)
            async with _task(beside, track):
                accompanied.append(await track.drive(processes, 8))
    return _rates(title, accompanied, alone, must, stretch)


@asynccontextmanager
async def _task(beside: Callable[[Course], Coroutine[Any, Any, None]], track: Course) -> AsyncIterator[None]:
    running = asyncio.create_task(beside(track))
    await asyncio.sleep(0)
    try:
        yield
        assert not running.done(), running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _spinning(_: Course) -> None:
    while True:
        sum(range(300))
        await asyncio.sleep(0)


async def _following(track: Course) -> None:
    async for _ in follow(track.database, track.hooks.notifier, after=None, wanted=EventFilter()):
        pass


async def _cpu(run: Callable[[], Coroutine[Any, Any, None]], times: int = 3_000) -> float:
    began = time.process_time()
    for _ in range(times):
        await run()
    return (time.process_time() - began) / times


async def _seconds_each(track: Course) -> float:
    return 1 / await track.drive(await track.begin(10), 30)
