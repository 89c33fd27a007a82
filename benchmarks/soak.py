"""Runs lifecycles at a steady rate beside many subscribers, and prints the memory of the server as time passes.

``python -m benchmarks.soak --minutes 30`` prints the resident memory at the start and at each third of the time.
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from benchmarks.lifecycle import Measured, remote_service, run_lifecycle, watching
from benchmarks.server import Server


async def soak(server: Server, *, seconds: float, subscribers: int, rate: float) -> None:
    """Start ``rate`` lifecycles a second for ``seconds``, with ``subscribers`` subscriptions open beside the own."""
    measured = Measured(0)
    running: set[asyncio.Task[None]] = set()
    failures: list[BaseException] = []

    def ended(task: asyncio.Task[None]) -> None:
        running.discard(task)
        if error := task.exception():
            failures.append(error)

    async with AsyncExitStack() as open_now:
        remote, routes = await open_now.enter_async_context(remote_service())
        client = await open_now.enter_async_context(httpx.AsyncClient(base_url=server.url, timeout=30))
        watch, *_ = [await open_now.enter_async_context(watching(server.url)) for _ in range(subscribers + 1)]
        began = time.monotonic()
        reports = [0.0, *(seconds * third / 3 for third in (1, 2, 3))]
        while (elapsed := time.monotonic() - began) < seconds or reports:
            while reports and elapsed >= reports[0]:
                reports.pop(0)
                _report(server, elapsed, measured, len(failures))
            if elapsed < seconds:
                task = asyncio.create_task(run_lifecycle(client, watch, routes, remote, measured))
                running.add(task)
                task.add_done_callback(ended)
            await asyncio.sleep(1 / rate)
        await asyncio.gather(*running)
    if failures:
        raise failures[0]


def _report(server: Server, elapsed: float, measured: Measured, failed: int) -> None:
    recent = measured.whole[-100:]
    median = f", p50 of the last {len(recent)} {Measured.p50(recent):.0f} ms" if recent else ""
    print(
        f"{elapsed / 60:5.1f} min  RSS {server.rss():6.1f} MB  CPU {server.cpu():6.1f} s  "
        f"{len(measured.whole)} lifecycles{median}, {failed} failed",
        flush=True,
    )


def main() -> None:
    """Run the soak that the arguments describe."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--subscribers", type=int, default=20)
    parser.add_argument("--rate", type=float, default=4.0, help="lifecycles started in a second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="orchestrator-soak-") as folder, Server(Path(folder) / "soak.db") as server:
        asyncio.run(soak(server, seconds=options.minutes * 60, subscribers=options.subscribers, rate=options.rate))


if __name__ == "__main__":
    main()
