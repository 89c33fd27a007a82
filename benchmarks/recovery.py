"""What a server that is killed owes to those who wait: how soon it is back, and what it costs to wait."""

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
    """Kill a server with so many waiting callbacks, and start it again."""
    file = folder / "recovery.db"
    with Server(file) as server:
        await _one_waits(server.url)
    bulk.copy_waiting(file, WAITING)
    empty = Server(folder / "empty.db")
    with empty:
        nothing = empty.ready_after
    with Server(file) as server:
        await _one_waits(server.url)  # so that the log of the file has something to recover
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


async def _one_waits(url: str) -> None:
    async with remote_service() as (remote, routes), httpx.AsyncClient(base_url=url, timeout=30) as client:
        answer = await graphql(client, START, {"pages": [{"node": "ams-1", "remote": remote}]})
        process_id = answer["startWorkflow"]["process"]["id"]
        await routes.of(process_id, "route")
        query = "query ($id: ID!) { process(id: $id) { status } }"
        until = time.monotonic() + 30
        while (await graphql(client, query, {"id": process_id}))["process"]["status"] != "AWAITING_CALLBACK":
            assert time.monotonic() < until, "the process did not come to its wait"
            await asyncio.sleep(0.05)
