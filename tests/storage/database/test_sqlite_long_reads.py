"""Long reads are interrupted on the loop, run in a thread, and do not harm later reads (SQLite)."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from support.database import sqlite_url

from orchestrator_gql.storage.database import connect, sqlite
from orchestrator_gql.storage.database.schema import prepare


def _long(conn: Connection) -> int:
    query = text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000) SELECT sum(x) FROM n")
    total: int = conn.execute(query).scalar_one()
    return total


async def test_a_read_that_is_interrupted_at_its_end_does_not_harm_later_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "OPERATIONS", 1)  # so that even the ROLLBACK would be interrupted
    database = connect(sqlite_url(tmp_path))
    await database.open()
    try:
        await prepare(database)
        sums = [await database.read(_long) for _ in range(3)]
        short = await database.read(lambda conn: conn.execute(text("SELECT 1")).scalar_one())
    finally:
        await database.close()

    assert (sums, short) == ([500500] * 3, 1)
