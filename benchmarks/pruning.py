"""Measures commits beside retention, which deletes from 100,000 old processes, and the same commits alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection, bindparam, select, update

from benchmarks.course import LENGTH, Course, opened
from benchmarks.database_server import postgres_site
from benchmarks.growth_rows import fill, silent
from benchmarks.stalled import percentile
from benchmarks.table import Line, spread_of, spread_of_ratios
from orchestrator_gql.audit.entries import BEGINNING, AuditEntry, digest_of
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.config.retention import Retention
from orchestrator_gql.engine.retention import Request, prune
from orchestrator_gql.engine.retention_selection import by_setting
from orchestrator_gql.storage.database import Database, connect
from orchestrator_gql.storage.tables import audit
from orchestrator_gql.utils.clock import WallClock

OLD = 100_000
PAUSE = 0.002
"""Seconds between two commits."""

BATCH = 5_000
"""Entries of the audit log that get their digests at once."""

LONGEST = "<= 50 ms"
"""What a commit may wait for retention."""


async def pruning(
    folder: Path, *, count: int = OLD, rounds: int = 5, seconds: float = 3.0, postgres: bool = True
) -> list[Line]:
    """Commit one transition after the other, alone and beside retention by turns, on both databases."""
    lines = await _measured("SQLite", url_of(folder / "pruning.db"), count, rounds, seconds)
    if postgres:
        async with postgres_site() as site:
            lines += await _measured("PostgreSQL", site.database(is_migrated=False), count, rounds, seconds)
    return lines


async def _measured(kind: str, url: str, count: int, rounds: int, seconds: float) -> list[Line]:
    await fill(url, count)
    async with AsyncExitStack() as stack:
        track = await stack.enter_async_context(opened(url))
        await track.database.alter(_with_digests)
        with silent("orchestrator_gql"):
            alone, beside = [], []
            deleted, deleting = 0, 0.0
            for _ in range(rounds):
                alone.append(await _delays(track, seconds))
                began = time.monotonic()
                async with _pruned(url, track) as numbers:
                    beside.append(await _delays(track, seconds))
                deleted, deleting = deleted + numbers[-1], deleting + time.monotonic() - began
    return _lines(kind, beside, alone, deleted / deleting)


async def _delays(track: Course, seconds: float) -> list[float]:
    """The seconds of each commit of a process that is moved for so long."""
    delays: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or not delays:
        (process,) = await track.begin(1)
        for _ in range(LENGTH - 5):
            began = time.perf_counter()
            process = await track.move(process)
            delays.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)
            if time.monotonic() > until:
                break
    return delays


@asynccontextmanager
async def _pruned(url: str, track: Course) -> AsyncIterator[list[int]]:
    """Delete old processes in the background, in the server itself or, on PostgreSQL, beside it."""
    numbers = [0]
    clock = WallClock()
    wanted = by_setting(Retention({"default": 0.0, "FAILED": 0.0}), clock.now())
    async with AsyncExitStack() as stack:
        database: Database = track.database
        if database.dialect == "postgresql":
            database = connect(url)
            await database.open()
            stack.push_async_callback(database.close)
        request = Request(wanted, None, sweeps=False)
        running = asyncio.create_task(
            prune(database, clock.now, None, request, lambda done: numbers.append(done.number))
        )
        try:
            yield numbers
            if running.done():
                running.result()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _lines(kind: str, beside: list[list[float]], alone: list[list[float]], rate: float) -> list[Line]:
    lines = []
    for name, quantile in (("p50", 50), ("p99", 99)):
        own, other = ([percentile(delays, quantile) for delays in side] for side in (beside, alone))
        ratios = spread_of_ratios(own, other)
        measured, reference = sorted(own)[len(own) // 2], sorted(other)[len(other) // 2]
        figures = f"{measured * 1000:.1f} ms", f"{reference * 1000:.1f} ms", measured / reference
        lines.append(Line(f"{kind}: a commit beside retention, {name} : alone", *figures, spread=ratios))
    own, other = ([1000 * max(delays) for delays in side] for side in (beside, alone))
    longest = f"{max(own):.1f} ms", f"{max(other):.1f} ms"
    lines.append(
        Line(f"{kind}: a commit beside retention, longest", *longest, must=LONGEST, spread=spread_of(own, "ms"))
    )
    return [*lines, Line(f"{kind}: processes deleted beside these commits", f"{rate:,.0f}/s")]


def _with_digests(conn: Connection) -> None:
    """Give the copied entries of the audit log the digests that fit: retention keeps a process with a changed entry."""
    columns = [column.name for column in audit.c]
    chains = select(audit).order_by(audit.c.chain, audit.c.seq)
    changes: list[dict[str, object]] = []
    change = update(audit).where(audit.c.id == bindparam("b_id"))
    change = change.values(previous=bindparam("b_previous"), digest=bindparam("b_digest"))
    for _, entries in groupby(conn.execute(chains).all(), key=lambda row: row.chain):
        previous = BEGINNING
        for row in entries:
            entry = AuditEntry(**{**dict(zip(columns, row, strict=True)), "previous": previous})
            digest = digest_of(entry, None)
            changes.append({"b_id": entry.id, "b_previous": previous, "b_digest": digest})
            previous = digest
    for first in range(0, len(changes), BATCH):
        conn.execute(change, changes[first : first + BATCH])
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("ANALYZE")  # as the server itself does after many writes
