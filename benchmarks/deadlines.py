"""Measures how soon processes go on whose deadlines are due at the same time."""

import asyncio
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select, update

from benchmarks.growth import new_database
from benchmarks.growth_rows import APART, KINDS, Copier, served, templates_of
from benchmarks.table import Line
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.storage.tables import callbacks, events, processes, timers
from orchestrator_gql.types import EventKind, ProcessStatus

DUE = 5_000
NOTICE = timedelta(seconds=10)
PATIENCE = 300.0


async def deadlines(folder: Path, *, database_url: str = "") -> list[Line]:
    """Let ``DUE`` callbacks expire at once; with a URL also in a database of that PostgreSQL."""
    lines = await _measured("SQLite", url_of(folder / "deadlines.db"))
    if database_url:
        with ExitStack() as stack:
            lines += await _measured("PostgreSQL", stack.enter_context(new_database(database_url, "deadlines")))
    return lines


async def _measured(kind: str, url: str) -> list[Line]:
    template = (await templates_of(url, "AWAITING_CALLBACK"))["AWAITING_CALLBACK"]
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        copier = Copier(conn, 0, int(datetime.now(UTC).timestamp()) - DUE * len(KINDS) * APART)
        copier.keep(template, "AWAITING_CALLBACK")
        copier.copy("AWAITING_CALLBACK", 0, DUE * len(KINDS))
    due = datetime.now(UTC) + NOTICE
    with engine.begin() as conn:
        conn.execute(update(timers).values(due_at=due))
        conn.execute(update(callbacks).values(expires_at=due))
    async with served(url), asyncio.timeout(PATIENCE):
        while True:
            if _failed(engine) > DUE:
                break
            await asyncio.sleep(0.5)
    with engine.connect() as conn:
        changes = select(events.c.payload, events.c.at).where(
            events.c.kind == EventKind.PROCESS_STATUS_CHANGED, events.c.at >= due
        )
        rows = conn.execute(changes).all()
    engine.dispose()
    after = {
        status: max((row.at - due).total_seconds() for row in rows if row.payload["to"] == status)
        for status in (ProcessStatus.RUNNING, ProcessStatus.FAILED)
    }
    return [
        Line(f"{kind}: {DUE:,} deadlines at once, last woken", f"{after[ProcessStatus.RUNNING]:.2f} s", must="<= 1 s"),
        Line(f"{kind}: {DUE:,} deadlines at once, last ended", f"{after[ProcessStatus.FAILED]:.1f} s", must="<= 10 s"),
    ]


def _failed(engine: Engine) -> int:
    with engine.connect() as conn:
        failed = select(func.count()).select_from(processes).where(processes.c.status == ProcessStatus.FAILED)
        return conn.execute(failed).scalar_one()
