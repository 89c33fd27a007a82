"""Each read of a SQLite file sees what was committed before it, also after a read that failed in the middle."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import Connection, Result, text
from support.database import new_sqlite_url, sqlite_url

from orchestrator_gql.config.database_url import file_name
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.long_reads import READERS, LongReads
from orchestrator_gql.storage.database.snapshot import SNAPSHOTS
from orchestrator_gql.storage.database.sqlite_file import identity
from orchestrator_gql.storage.database.thread_reads import CONNECTIONS
from orchestrator_gql.utils.forks import open_descriptors

NUMBERS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n, stored")


def stored(conn: Connection) -> int:
    """The stored rows."""
    return int(conn.execute(text("SELECT count(*) FROM stored")).scalar_one())


@pytest.mark.parametrize("is_here", [False, True], ids=["on the loop", "in this thread"])
@pytest.mark.parametrize("way", ["an error", "a result that is left"])
async def test_a_read_that_leaves_rows_does_not_keep_its_snapshot_for_later_reads(
    tmp_path: Path, way: str, is_here: bool
) -> None:
    database = connect(new_sqlite_url(tmp_path))
    left: list[Result[tuple[int]]] = []

    def leave(conn: Connection) -> None:
        left.append(conn.execute(NUMBERS))
        left[0].fetchone()
        if way == "an error":
            raise LookupError("in the middle")

    await database.open()
    try:
        await database.transaction(lambda conn: conn.execute(text("CREATE TABLE stored (id INTEGER)")))
        await database.transaction(lambda conn: conn.execute(text("INSERT INTO stored VALUES (1)")))
        for _ in range(CONNECTIONS if is_here else 0):
            database.read_here(stored)
        try:
            if is_here:
                database.read_here(leave)
            else:
                await database.read(leave)
        except LookupError:
            assert way == "an error"
        await database.transaction(lambda conn: conn.execute(text("INSERT INTO stored VALUES (2)")))
        found = {database.read_here(stored) for _ in range(2 * CONNECTIONS)} | {await database.read(stored)}
    finally:
        await database.close()

    assert found == {2}


async def test_a_long_read_that_leaves_rows_does_not_keep_its_snapshot_for_later_reads(tmp_path: Path) -> None:
    url = new_sqlite_url(tmp_path)
    database = connect(url)
    left: list[Result[tuple[int]]] = []

    def leave(conn: Connection) -> None:
        left.append(conn.execute(NUMBERS))
        left[0].fetchone()

    await database.open()
    await database.transaction(lambda conn: conn.execute(text("CREATE TABLE stored (id INTEGER)")))
    await database.transaction(lambda conn: conn.execute(text("INSERT INTO stored VALUES (1)")))
    long_reads = LongReads(Path(file_name(url)))
    await long_reads.open()
    try:
        await long_reads.read(leave)
        await database.transaction(lambda conn: conn.execute(text("INSERT INTO stored VALUES (2)")))
        async with AsyncExitStack() as stack:
            snapshots = [await stack.enter_async_context(long_reads.snapshot()) for _ in range(SNAPSHOTS)]
            found = [await snapshot.read(stored) for snapshot in snapshots]
            found += [await long_reads.read(stored) for _ in range(READERS)]
    finally:
        await long_reads.close()
        await database.close()

    assert left and set(found) == {2}


async def test_the_start_opens_the_files_of_all_connections_and_seldom_wakes_their_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a call of the thread for each setting of a connection, the start took twice the CPU."""
    awaited = list[Any]()
    real: Any = aiosqlite.Connection._execute

    async def execute(connection: aiosqlite.Connection, work: Any, *args: Any, **options: Any) -> Any:
        awaited.append(work)
        return await real(connection, work, *args, **options)

    url = sqlite_url(tmp_path)
    monkeypatch.setattr(aiosqlite.Connection, "_execute", execute)
    database = connect(url)
    await database.open()
    try:
        opened = identity(f"{file_name(url)}-wal")
        descriptors = [number for number, stat in open_descriptors() if (stat.st_dev, stat.st_ino) == opened]
        count = len(awaited)
    finally:
        await database.close()

    assert len(descriptors) == READERS + 2, "the connection that writes, and the connection for reads on the loop"
    assert count <= 6 * READERS, awaited
