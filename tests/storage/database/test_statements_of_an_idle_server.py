"""A server on PostgreSQL that has nothing to do asks its database little."""

import asyncio
from pathlib import Path

from support.database import PostgresServer
from support.engine import engine_of
from support.statements import by_kind, counted

SECONDS = 3

MOST = 10 * SECONDS
"""There are 6 in a second: two looks for timers, a look for unsealed audit entries, a poll of the queue, and every few
seconds the heartbeats, the look for lost wake-ups and the clock. A test of a busy machine counts no more, but less."""


async def test_an_idle_server_sends_few_statements(postgres: PostgresServer, tmp_path: Path) -> None:
    with postgres.database() as url, counted(tmp_path) as statements:
        async with engine_of(url, dispatcher="distributed", heartbeat=5.0) as engine:
            await engine.until(lambda: _is_polled(statements.taken()), awaited="the queue to be polled")
            statements.taken()
            await asyncio.sleep(SECONDS)  # in real time: the loops of a server do not follow the test's clock
            sent = by_kind(statements.taken())

    assert sent["queue"] > 0
    assert sent["COMMIT"] <= 1 + SECONDS // 5 + 1
    assert sent.total() <= MOST, sent


async def _is_polled(statements: list[str]) -> bool:
    return any("SKIP LOCKED" in statement and "procrastinate_jobs" in statement for statement in statements)
