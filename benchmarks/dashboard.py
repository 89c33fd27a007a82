"""Measures the dashboard in a real Chromium while processes start and events come: frame times, and the heap."""

import asyncio
import os
import shutil
import sqlite3
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.async_api import Page, async_playwright

from benchmarks import bulk
from benchmarks.lifecycle import graphql
from benchmarks.server import Server
from benchmarks.table import Line
from orchestrator_gql import begin, step
from orchestrator_gql.types import State
from orchestrator_gql.workflow import StepList, workflow

STORED = 10_000
STEPS = 500
SECONDS = 20.0
STARTS = 40.0
"""Processes started a second; each of them makes two events or more."""

FIRST_LOOK, LAST_LOOK = 5.0, SECONDS
"""Seconds after the beginning at which the heap is measured."""

LONGEST_FRAME = 33
LARGEST_GROWTH = 1.1
SWITCHES = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
START = """mutation ($name: String!) { startWorkflow(input: {workflowName: $name}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
FRAMES = """() => { window.frames_of_benchmark = []; let before = performance.now();
  const take = (now) => { window.frames_of_benchmark.push(now - before); before = now; requestAnimationFrame(take); };
  requestAnimationFrame(take); }"""


@step("One of many")
async def tick() -> State:
    """Take as long as 500 such steps in 15 seconds."""
    await asyncio.sleep(SECONDS * 0.75 / STEPS)
    return {}


@step("Say it")
async def blip() -> State:
    """End at once."""
    return {}


@workflow("Five hundred steps")
def five_hundred_steps() -> StepList:
    """A process whose page is long."""
    steps = begin
    for _ in range(STEPS):
        steps = steps >> tick
    return steps


@workflow("One short step")
def short() -> StepList:
    """Two events or more in a moment."""
    return begin >> blip


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of frames, at the 95th percentile and at most; megabytes of the heap; events a second."""

    p95: float
    longest: float
    first_heap: float
    last_heap: float
    events: float

    def lines(self, name: str, idle: float) -> list[Line]:
        """The rows of the table, the frames beside those of the same page at rest."""
        p95 = Line(
            f"{name}: frames, p95, {self.events:.0f} events/s",
            f"{self.p95:.1f} ms",
            f"{idle:.1f} ms",
            self.p95 / idle,
            f"<= {LONGEST_FRAME} ms",
        )
        longest = Line(f"{name}: the longest frame", f"{self.longest:.0f} ms")
        heaps = (f"{self.last_heap:.1f} MB", f"{self.first_heap:.1f} MB")
        growth = self.last_heap / self.first_heap
        return [
            p95,
            longest,
            Line(f"{name}: heap after {LAST_LOOK:.0f} s : {FIRST_LOOK:.0f} s", *heaps, growth, f"<= {LARGEST_GROWTH}"),
        ]


async def dashboard(folder: Path) -> list[Line]:
    """The list of processes and one long process, one after the other, on a server with many stored processes."""
    if not (browser := _browser()):
        return [Line("dashboard: no Chromium was found", "")]
    file = folder / "dashboard.db"
    with Server(file, workflows="benchmarks.dashboard") as server:
        async with _client(server.url) as client:
            await graphql(client, START, {"name": "short"})
    bulk.copy_completed(file, STORED)
    with Server(file, workflows="benchmarks.dashboard") as server:
        async with _client(server.url) as client, _page(browser) as page:
            lines = await _watched(file, page, f"{server.url}/#/processes", "process list", lambda: _start_many(client))
            started = await graphql(client, START, {"name": "five_hundred_steps"})
            address = f"{server.url}/#/processes/{started['startWorkflow']['process']['id']}"
            return lines + await _watched(file, page, address, f"{STEPS} steps", lambda: asyncio.sleep(SECONDS))


def _browser() -> str | None:
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=30, trust_env=False)


@asynccontextmanager
async def _page(browser: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=browser, args=SWITCHES)
        try:
            yield await opened.new_page(viewport={"width": 1280, "height": 900})
        finally:
            await opened.close()


async def _watched(file: Path, page: Page, address: str, name: str, load: Callable[[], Awaitable[None]]) -> list[Line]:
    """Open the page, measure its frames at rest for a moment, then under the load."""
    await page.goto("about:blank")
    await page.goto(address)
    await page.get_by_text("Live", exact=True).wait_for()
    await asyncio.sleep(2)
    await page.evaluate(FRAMES)
    await asyncio.sleep(2)
    idle, _ = await _frames(page)
    events, began = _count_of(file), time.monotonic()
    heaps = asyncio.create_task(_heaps(page))
    await load()
    rate = (_count_of(file) - events) / (time.monotonic() - began)
    first, last = await heaps
    p95, longest = await _frames(page)
    return Measured(p95, longest, first, last, rate).lines(name, idle)


async def _frames(page: Page) -> tuple[float, float]:
    """The 95th percentile and the longest of the frames since the last call."""
    frames: list[float] = await page.evaluate("() => window.frames_of_benchmark.splice(0)")
    return statistics.quantiles(frames, n=20)[-1], max(frames)


async def _heaps(page: Page) -> tuple[float, float]:
    """The heap at both looks, after a garbage collection."""
    session = await page.context.new_cdp_session(page)
    sizes = []
    for wait in (FIRST_LOOK, LAST_LOOK - FIRST_LOOK):
        await asyncio.sleep(wait)
        await session.send("HeapProfiler.collectGarbage")
        sizes.append((await session.send("Runtime.getHeapUsage"))["usedSize"] / 1e6)
    await session.detach()
    return sizes[0], sizes[1]


async def _start_many(client: httpx.AsyncClient) -> None:
    """Start processes at an even rate, whether or not the server answers in time."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(int(SECONDS * STARTS)):
            await asyncio.sleep(max(0.0, began + number / STARTS - time.monotonic()))
            group.create_task(graphql(client, START, {"name": "short"}))


def _count_of(file: Path) -> int:
    """The number of stored events."""
    with closing(sqlite3.connect(file)) as database:
        count: int = database.execute("SELECT count(*) FROM events").fetchone()[0]
        return count
