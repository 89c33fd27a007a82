"""Measures what people and the engine do among very many stored processes, beside the same among a thousand."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy import Connection, delete, make_url

from benchmarks.course import course, opened
from benchmarks.database_server import postgres_site, session_seconds
from benchmarks.growth_requests import DEEP, LIST, TOTAL, requests_of
from benchmarks.growth_rows import fill, served
from benchmarks.lifecycle import graphql
from benchmarks.table import Line, costs, spread_of_ratios
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.storage.tables import processes

FEW = 1_000
ROUNDS, LOOKS = 3, 5
"""Each request is sent once without measuring; then the rounds show how far the medians lie apart."""

MUST, STRETCH = 1.3, 1.1
GROUPS = {LIST: "list pages by filter and order", TOTAL: "list pages with a total", DEEP: "list pages in the middle"}
"""Of these many requests the table has the slowest, and all that miss the target."""


async def growth(folder: Path, *, count: int, database_url: str = "") -> list[Line]:
    """Fill a small and a large site in SQLite, ask them in turns; then in two databases of a PostgreSQL."""
    lines: list[Line] = []
    async with AsyncExitStack() as stack:
        urls = {size: url_of(folder / f"growth-{size}.db") for size in (FEW, count)}
        await _filled("SQLite", urls)
        lines += await measured("SQLite", urls)
        _remove(folder)
        server = "" if database_url else await stack.enter_async_context(postgres_site())
        if isinstance(server, str):
            urls = {size: stack.enter_context(new_database(database_url, str(size))) for size in (FEW, count)}
        else:
            urls = {size: server.database(is_migrated=False) for size in (FEW, count)}
        await _filled("PostgreSQL", urls)
        lines += await measured("PostgreSQL", urls)
    return lines


def _remove(folder: Path) -> None:
    """Give the disk back: a database with a million processes has ten gigabytes."""
    for file in folder.glob("growth-*"):
        file.unlink()


async def _filled(kind: str, urls: Mapping[int, str]) -> None:
    for size, url in urls.items():
        began = time.monotonic()
        events = await fill(url, size)
        print(f"  {kind}: {size:,} processes, {events:,} events: {time.monotonic() - began:.0f} s", flush=True)


async def measured(kind: str, urls: Mapping[int, str]) -> list[Line]:
    """The rows of two filled databases, the small one first."""
    of_sessions = session_seconds(urls[FEW]) if kind == "PostgreSQL" else lambda: 0.0
    stopwatch = Stopwatch(lambda: time.process_time() + of_sessions())
    await _transitions(urls, stopwatch)
    await _starts(urls, stopwatch)
    await _answers(urls, stopwatch)
    return _lines(kind, stopwatch, *urls)


@dataclass(slots=True)
class Stopwatch:
    """Measures how much CPU and time something took, by name and by the size of the site."""

    cpu: Callable[[], float]
    seconds: dict[str, dict[int, list[float]]] = field(default_factory=dict)
    elapsed: dict[str, dict[int, list[float]]] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str, size: int) -> Iterator[None]:
        """Measure the block."""
        cpu, began = self.cpu(), time.perf_counter()
        yield
        ended = time.perf_counter()
        self.seconds.setdefault(name, {}).setdefault(size, []).append(self.cpu() - cpu)
        self.elapsed.setdefault(name, {}).setdefault(size, []).append(ended - began)


async def _transitions(urls: Mapping[int, str], stopwatch: Stopwatch) -> None:
    async with AsyncExitStack() as stack:
        tracks = {size: await stack.enter_async_context(opened(url)) for size, url in urls.items()}
        for _ in range(ROUNDS * LOOKS + 1):
            for size, track in tracks.items():
                begun = await track.begin(10)
                with stopwatch.measure("50 transitions", size):
                    await track.drive(begun, 5)
        for track in tracks.values():
            await track.database.alter(_ended)


async def _starts(urls: Mapping[int, str], stopwatch: Stopwatch) -> None:
    for _ in range(ROUNDS + 1):
        for size, url in urls.items():
            async with AsyncExitStack() as stack:
                with stopwatch.measure("start of a server, until it is ready", size):
                    await stack.enter_async_context(served(url))


async def _answers(urls: Mapping[int, str], stopwatch: Stopwatch) -> None:
    async with AsyncExitStack() as stack:
        clients = {size: await stack.enter_async_context(served(url)) for size, url in urls.items()}
        requests = {size: await requests_of(client, size) for size, client in clients.items()}
        for name in requests[FEW]:
            entries: dict[str, int] = {}
            for _ in range(ROUNDS * LOOKS + 1):
                for size, client in clients.items():
                    with stopwatch.measure(name, size):
                        data = await send(client, *requests[size][name])
                    entries.setdefault(str(_sizes(data)), size)
            if len(entries) > 1:
                raise RuntimeError(f"{name}: the sites return different numbers of rows, {entries}")


async def send(client: httpx.AsyncClient, query: str, variables: dict[str, Any]) -> Any:
    """Send the request; the data of its response, None for the metrics."""
    if query:
        return await graphql(client, query, variables)
    (await client.get("/metrics")).raise_for_status()
    return None


def _lines(kind: str, stopwatch: Stopwatch, small: int, large: int) -> list[Line]:
    lines = {
        name: _line(f"{kind}: {name}", looks[large][1:], looks[small][1:]) for name, looks in stopwatch.seconds.items()
    }
    for group, title in GROUPS.items():
        members = {name: lines.pop(name) for name in list(lines) if name.startswith(group)}
        slow = sorted(members, key=lambda name: members[name].ratio or 0, reverse=True)
        missed = [name for name in slow[1:] if (members[name].ratio or 0) > MUST]
        worst = f"{kind}: {len(members)} {title}; the slowest: {slow[0].removeprefix(group)}"
        lines[group] = replace(members[slow[0]], name=worst)
        lines |= {name: members[name] for name in missed}
    return list(lines.values())


def _line(name: str, measured: Sequence[float], reference: Sequence[float]) -> Line:
    median = statistics.median
    rounds = [slice(at, at + len(measured) // ROUNDS) for at in range(0, len(measured), len(measured) // ROUNDS)]
    spread = spread_of_ratios([median(measured[each]) for each in rounds], [median(reference[each]) for each in rounds])
    return costs(name, median(measured), median(reference), MUST, STRETCH, spread=spread)


def _sizes(value: Any) -> Any:
    """The lengths of all lists in the response, and nothing else of it."""
    if isinstance(value, dict):
        return {key: size for key, each in value.items() if (size := _sizes(each))}
    return [len(value), *filter(None, map(_sizes, value[:1]))] if isinstance(value, list) else None


def _ended(conn: Connection) -> None:
    """Remove the processes that the measurement moved: no server shall go on with them."""
    conn.execute(delete(processes).where(processes.c.workflow_name == course.name))


@contextmanager
def new_database(url: str, title: str) -> Iterator[str]:
    """A database beside the one of the URL, which is dropped at the end."""
    parsed = make_url(url)
    name = f"orchestrator_benchmark_{title}"
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield parsed.set(database=name).render_as_string(hide_password=False)
        finally:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
