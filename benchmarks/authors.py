"""Measures what it costs that authors' functions have threads and event loops of their own, and what it gives."""

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from benchmarks.lifecycle import START, Watch, graphql, remote_service, with_cpu
from benchmarks.server import Server
from benchmarks.table import Line
from orchestrator_gql.cli.serve import SWITCH_INTERVAL
from orchestrator_gql.utils.author_places import Authors

ROUNDS = 60
CALLS = 200
"""The best of many short rounds counts: other work of the machine only slows them."""

LIFECYCLES = 60
POSTS = 40

BLOCK = """mutation { startWorkflow(input: {workflowName: "blocks"}) { __typename ... on UserError { message } } }"""


async def authors(folder: Path) -> list[Line]:
    """The hop of a step, the CPU of a lifecycle, and the worst callback POST beside a step that blocks its loop."""
    return [*await _hops(), await _cpu_of_lifecycle(folder), await _worst_post(folder)]


async def _hops() -> list[Line]:
    """The time from a call of a trivial function until its result is back, without and with a hop."""
    sys.setswitchinterval(SWITCH_INTERVAL)  # as our command does
    own, server = Authors.of(step_threads=32, loop="own"), Authors.of(step_threads=32, loop="server")
    try:
        lines = []
        for at_once in (1, 16, 100):
            hop = await _best(lambda: own.steps.call_async(_trivial), at_once)
            reference = await _best(lambda: server.steps.call_async(_trivial), at_once)
            must = "<= + 40 us, or <= + floor" if at_once == 1 else ""
            lines.append(_line(f"hop of an async step, {at_once} at once : no hop", hop, reference, must))
        floor, reference = await _floor(server)
        lines.append(_line("two loops in two threads that wake each other : no hop", floor, reference, ""))
        thread = await _best(lambda: own.steps.call(_nothing), 1)
        reference = await _best(lambda: asyncio.to_thread(_nothing), 1)
        lines.append(_line("hop of a sync step : asyncio.to_thread", thread, reference, ""))
        return lines
    finally:
        own.close()
        server.close()


async def _floor(server: Authors) -> tuple[float, float]:
    """The least that any hop between two event loops of asyncio takes: each wakes the other once. And no hop."""
    home, other = asyncio.get_running_loop(), asyncio.new_event_loop()
    thread = threading.Thread(target=other.run_forever, daemon=True)
    thread.start()

    async def wake() -> None:
        woken = home.create_future()
        other.call_soon_threadsafe(home.call_soon_threadsafe, woken.set_result, None)
        await woken

    try:
        return await _best(wake, 1), await _best(lambda: server.steps.call_async(_trivial), 1)
    finally:
        other.call_soon_threadsafe(other.stop)
        thread.join()
        other.close()


async def _best(call: Callable[[], Awaitable[None]], at_once: int) -> float:
    async def many(count: int) -> None:
        for _ in range(count):
            await call()

    best = float("inf")
    each = max(CALLS // at_once, 10)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await asyncio.gather(*(many(each) for _ in range(at_once)))
        best = min(best, (time.perf_counter() - began) / (each * at_once))
    return best


def _line(name: str, measured: float, reference: float, must: str) -> Line:
    return Line(name, f"{measured * 1e6:.1f} us", f"{reference * 1e6:.1f} us", measured / reference, must)


async def _trivial() -> None:
    return None


def _nothing() -> None:
    return None


async def _cpu_of_lifecycle(folder: Path) -> Line:
    """The CPU of a lifecycle with loops of the authors' own; the reference has one loop for all."""
    with (
        Server(folder / "own.db", ORCHESTRATOR_AUTHORS_LOOP="own") as own,
        Server(folder / "server.db", ORCHESTRATOR_AUTHORS_LOOP="server") as server,
    ):
        measured, reference = float("inf"), float("inf")
        for _ in range(2):
            measured = min(measured, (await with_cpu(own, count=LIFECYCLES, at_once=4))[1])
            reference = min(reference, (await with_cpu(server, count=LIFECYCLES, at_once=4))[1])
    name = "CPU a lifecycle : on the server's loop"
    texts = (f"{measured * 1000:.2f} ms", f"{reference * 1000:.2f} ms")
    return Line(name, *texts, measured / reference, "<= + 1 ms")


async def _worst_post(folder: Path) -> Line:
    """The slowest of many callback POSTs while an async step sleeps in `time.sleep`, in the best round."""
    worst = {}
    for place, rounds in (("own", 5), ("server", 1)):
        with Server(folder / f"blocked-{place}.db", ORCHESTRATOR_AUTHORS_LOOP=place) as server:
            worst[place] = min([await _slowest(server.url) for _ in range(rounds)])
    name = "worst callback POST, blocked 0.3 s : server's loop"
    texts = (f"{worst['own'] * 1000:.1f} ms", f"{worst['server'] * 1000:.1f} ms")
    return Line(name, *texts, worst["own"] / worst["server"], "<= 20 ms")


async def _slowest(url: str) -> float:
    async with remote_service() as (remote, routes), httpx.AsyncClient(base_url=url, timeout=30) as client:
        waiting = [await _route(client, routes, remote) for _ in range(POSTS)]
        await asyncio.sleep(0.2)
        blocking = asyncio.create_task(graphql(client, BLOCK, {}))
        await asyncio.sleep(0.05)
        slowest = 0.0
        began = time.perf_counter()
        for route in waiting:
            posted = time.perf_counter()
            (await client.post(route, json={"return_code": 0})).raise_for_status()
            slowest = max(slowest, time.perf_counter() - posted)
            if time.perf_counter() - began > 0.25:
                break
        await blocking
        await asyncio.sleep(0.4)
    return slowest


async def _route(client: httpx.AsyncClient, routes: Watch, remote: str) -> str:
    data = await graphql(client, START, {"pages": [{"node": "ams-1", "remote": remote}]})
    route: str = await routes.of(data["startWorkflow"]["process"]["id"], "route")
    return route
