"""`make chaos`, its last part: the server's memory before and after 100,000 deliveries to live streams."""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from support.streams import Count, followed

from benchmarks.lifecycle import run_lifecycles
from benchmarks.server import Server

SUBSCRIBERS = 20
DELIVERIES = 100_000
WARM = 10_000
"""Deliveries before the first measurement, so that caches and pools have their final size."""

BOUND = 8.0
"""Megabytes by which the server may grow; without the event executor it grows by 70 and more."""


def main() -> int:
    """Deliver and print; exit with 1 if the memory of the server grew."""
    parser = argparse.ArgumentParser(prog="python -m chaos.deliveries", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=DELIVERIES)
    parser.add_argument("--rate", type=float, help="lifecycles a second; default: as many as two at once reach")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="orchestrator-deliveries-") as folder, Server(Path(folder) / "log.db") as server:
        return asyncio.run(_deliver(server, options.deliveries, options.rate))


async def _deliver(server: Server, wanted: int, rate: float | None) -> int:
    async with AsyncExitStack() as stack:
        counts = [await stack.enter_async_context(followed(server.url)) for _ in range(SUBSCRIBERS)]
        pauses = await stack.enter_async_context(_watched(server.url))
        await _until(server.url, counts, WARM, rate)
        before, begun, began = server.rss(), sum(count.results for count in counts), time.monotonic()
        pauses.clear()
        await _until(server.url, counts, begun + wanted, rate)
        after, delivered = server.rss(), sum(count.results for count in counts) - begun
    seconds = time.monotonic() - began
    print(f"{delivered} deliveries to {SUBSCRIBERS} subscribers in {seconds:.0f} s")
    print(f"RSS before {before:.1f} MB, after {after:.1f} MB, grown by {after - before:+.1f} MB (bound {BOUND:.0f})")
    print(f"longest time that liveness was not answered: {max(pauses, default=0) * 1000:.0f} ms", flush=True)
    return 0 if after - before <= BOUND else 1


async def _until(url: str, counts: list[Count], wanted: int, rate: float | None) -> None:
    while sum(count.results for count in counts) < wanted:
        began = time.monotonic()
        await run_lifecycles(url, count=10, at_once=2)
        if rate:
            await asyncio.sleep(max(0.0, 10 / rate - (time.monotonic() - began)))


@asynccontextmanager
async def _watched(url: str) -> AsyncIterator[list[float]]:
    """The durations of many liveness requests while the block runs, in seconds."""
    durations: list[float] = []

    async def watch(client: httpx.AsyncClient) -> None:
        while True:
            began = time.monotonic()
            await client.get("/health/live")
            durations.append(time.monotonic() - began)
            await asyncio.sleep(0.02)

    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        task = asyncio.create_task(watch(client))
        try:
            yield durations
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


if __name__ == "__main__":
    sys.exit(main())
