"""Measures how soon a killed server is ready again, and how much CPU waiting processes cost."""

import asyncio
import time
from pathlib import Path

import httpx

from benchmarks import bulk
from benchmarks.lifecycle import START, graphql, remote_service
from benchmarks.server import Server
from benchmarks.table import Line

WAITING = 10_000


async def recovery(folder: Path) -> list[Line]:
    """Kill a server with ``WAITING`` waiting callbacks, and start it again."""
    file = folder / "recovery.db"
    with Server(file) as server:
        await _start_waiting(server.url)
    bulk.copy_waiting(file, WAITING)
    empty = Server(folder / "empty.db")
    with empty:
        nothing = empty.ready_after
    with Server(file) as server:
        await _start_waiting(server.url)  # so that SQLite has a write-ahead log to recover
        server.kill()
        server.start()
        ready = server.ready_after
        before = server.cpu()
        await asyncio.sleep(5)
        idle = (server.cpu() - before) / 5
    seconds = (f"{ready:.2f} s", f"{nothing:.2f} s")
    return [
        Line(f"ready after kill -9, {WAITING:,} waiting : none", *seconds, ready / nothing, "<= 2 s"),
        Line(f"idle CPU with {WAITING:,} waiting", f"{idle * 100:.1f} %", "", None, "~ 0 %"),
    ]


async def _start_waiting(url: str) -> None:
    async with remote_service() as (remote, routes), httpx.AsyncClient(base_url=url, timeout=30) as client:
        data = await graphql(client, START, {"pages": [{"node": "ams-1", "remote": remote}]})
        process_id = data["startWorkflow"]["process"]["id"]
        await routes.of(process_id, "route")
        query = "query ($id: ID!) { process(id: $id) { status } }"
        until = time.monotonic() + 30
        while (await graphql(client, query, {"id": process_id}))["process"]["status"] != "AWAITING_CALLBACK":
            assert time.monotonic() < until, "the process did not reach its wait"
            await asyncio.sleep(0.05)
