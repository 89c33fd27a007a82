"""Reads that hold the loop for too long are broken off and done elsewhere, and harm no later one (SQLite)."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from support.database import sqlite_url

from orchestrator_gql.storage.database import connect, sqlite
from orchestrator_gql.storage.database.schema import prepare


def _long(conn: Connection) -> int:
    counted = text(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000) SELECT sum(x) FROM n"
    )
    total: int = conn.execute(counted).scalar_one()
    return total


async def test_a_read_that_is_broken_off_in_its_last_moment_harms_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "OPERATIONS", 1)  # so that the ROLLBACK itself would be broken off
    database = connect(sqlite_url(tmp_path))
    await database.open()
    try:
        await prepare(database)
        found = [await database.read(_long) for _ in range(3)]
        short = await database.read(lambda conn: conn.execute(text("SELECT 1")).scalar_one())
    finally:
        await database.close()

    assert (found, short) == ([500500] * 3, 1)
