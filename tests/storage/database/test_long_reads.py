"""Long reads of a SQLite file: aiosqlite runs them, the loop stays free, and nothing of them remains (SQLite)."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from support.database import sqlite_url
from support.until import PATIENCE, becomes

from orchestrator_gql.storage.database import connect, sqlite
from orchestrator_gql.storage.database.backup import Backup
from orchestrator_gql.storage.database.long_reads import READERS, ROWS
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.utils.errors import StorageUnavailable, StorageUnreadable

T = TypeVar("T")

NUMBERS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {})"
ENDLESS = text(NUMBERS.format(10**12) + " SELECT sum(x) FROM n")


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[SqliteDatabase]:
    """A database in the folder."""
    database = connect(sqlite_url(folder))
    assert isinstance(database, SqliteDatabase)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def total(count: int) -> Callable[[Connection], int]:
    """A unit that takes long if ``count`` is large."""

    def unit(conn: Connection) -> int:
        result: int = conn.execute(text(NUMBERS.format(count) + " SELECT sum(x) FROM n")).scalar_one()
        return result

    return unit


def driver(conn: Connection) -> type:
    """The class of the connection's driver, after a statement that takes too long for the loop."""
    total(100_000)(conn)
    return type(conn.connection.driver_connection)


def threads_of_aiosqlite() -> list[threading.Thread]:
    """The threads of aiosqlite's connections that run."""
    return [thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name]


async def begun(reads: SqliteDatabase, count: int) -> None:
    """Wait until as many reads run in SQLite."""
    long = reads._long_reads
    assert long is not None
    await becomes(lambda: sum(session.is_reading for session in long._sessions) == count)


async def test_a_read_that_is_interrupted_at_its_end_does_not_harm_later_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "OPERATIONS", 1)  # so that even the ROLLBACK would be interrupted
    async with opened(tmp_path) as database:
        sums = [await database.read(total(1_000)) for _ in range(3)]
        short = await database.read(lambda conn: conn.execute(text("SELECT 1")).scalar_one())

    assert (sums, short) == ([500500] * 3, 1)


async def test_long_reads_and_snapshots_run_on_aiosqlite_and_short_reads_on_the_loop(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        long = await database.read(driver)
        async with database.snapshot() as snapshot:
            walked = await snapshot.read(driver)
        short = await database.read(lambda conn: type(conn.connection.driver_connection))

    assert long is walked is aiosqlite.Connection
    assert short is not aiosqlite.Connection


async def test_without_aiosqlite_neither_a_server_starts_nor_a_backup_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("aiosqlite is broken")

    async with opened(tmp_path):
        pass
    monkeypatch.setattr(aiosqlite, "connect", broken)
    with pytest.raises(RuntimeError, match="aiosqlite is broken"):
        await connect(sqlite_url(tmp_path)).open()
    with pytest.raises(RuntimeError, match="aiosqlite is broken"):
        await asyncio.to_thread(Backup(sqlite_url(tmp_path), tmp_path / "copy.db").make)
    monkeypatch.undo()

    assert not (tmp_path / "copy.db").exists()
    async with opened(tmp_path):  # the lock was released
        pass


async def test_the_loop_runs_while_a_long_read_runs(tmp_path: Path) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with opened(tmp_path) as database:
        turning = asyncio.create_task(turn())
        result = await database.read(total(1_000_000))
        turning.cancel()

    assert result == 500000500000
    assert turns > 50


async def test_the_loop_runs_between_the_rows_of_a_long_read_and_few_rows_wait_in_memory(tmp_path: Path) -> None:
    fetched: list[int] = []
    turns: list[int] = []

    def unit(conn: Connection) -> int:
        raw: Any = conn.connection.dbapi_connection
        raw.create_function("note", 1, fetched.append)
        ahead = 0
        for used, _ in enumerate(conn.execute(text(NUMBERS.format(5_000) + " SELECT note(x) FROM n")), start=1):
            ahead = max(ahead, len(fetched) - used)
        return ahead

    async def turn() -> None:
        while True:
            await asyncio.sleep(0)
            turns.append(len(fetched))

    async with opened(tmp_path) as database:
        assert database._long_reads is not None
        turning = asyncio.create_task(turn())
        ahead = await database._long_reads.read(unit)
        turning.cancel()

    assert len(fetched) == 5_000
    assert ahead <= ROWS
    assert len(set(turns)) > 5_000 / ROWS / 2


async def test_a_long_read_changes_nothing(tmp_path: Path) -> None:
    def write(conn: Connection) -> None:
        total(100_000)(conn)
        conn.execute(text("DELETE FROM alembic_version"))

    async with opened(tmp_path) as database:
        with pytest.raises((DBAPIError, StorageUnavailable)):
            await database.read(write)
        version = await database.read(
            lambda conn: conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
        )

    assert version is not None


async def test_an_error_of_a_unit_is_raised_and_its_connection_is_used_again(tmp_path: Path) -> None:
    class Odd(BaseException):
        pass

    def fail(conn: Connection) -> None:
        total(100_000)(conn)
        raise Odd

    async with opened(tmp_path) as database:
        threads = set(threads_of_aiosqlite())
        for _ in range(2 * READERS):
            with pytest.raises(Odd):
                await database.read(fail)
        assert await database.read(total(100_000)) == 5000050000
        assert set(threads_of_aiosqlite()) == threads


async def test_a_cancelled_read_is_interrupted_and_its_connection_is_free_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        threads = set(threads_of_aiosqlite())
        for _ in range(2):
            running = [
                asyncio.create_task(database.read(lambda conn: conn.execute(ENDLESS).scalar())) for _ in range(READERS)
            ]
            await begun(database, READERS)
            waiting = asyncio.create_task(database.read(lambda conn: conn.execute(ENDLESS).scalar()))
            await asyncio.sleep(0)
            for task in (waiting, *running):
                task.cancel()
            ended = await asyncio.gather(waiting, *running, return_exceptions=True)
            async with asyncio.timeout(PATIENCE):
                sums = await asyncio.gather(*(database.read(total(100_000)) for _ in range(2 * READERS)))

            assert all(isinstance(error, asyncio.CancelledError) for error in ended)
            assert sums == [5000050000] * (2 * READERS)
        assert set(threads_of_aiosqlite()) == threads


async def test_a_unit_whose_reader_left_before_it_began_does_not_run(tmp_path: Path) -> None:
    ran: list[int] = []
    async with opened(tmp_path) as database:
        assert database._long_reads is not None
        for turns in range(5):
            reading = asyncio.create_task(database._long_reads.read(lambda _: ran.append(1)))
            for _ in range(turns):
                await asyncio.sleep(0)
            reading.cancel()
        await asyncio.gather(*(database._long_reads.read(total(10)) for _ in range(2 * READERS)))

    assert ran == []


async def test_closing_breaks_off_all_reads_and_leaves_no_thread(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threads_of_aiosqlite())
    async with opened(tmp_path) as database:
        reads = [asyncio.create_task(database.read(lambda conn: conn.execute(ENDLESS).scalar())) for _ in range(2)]
        snapshot = database.snapshot()
        walk = await snapshot.__aenter__()
        await walk.read(total(10))
        await begun(database, 2)
        async with asyncio.timeout(PATIENCE):
            await database.close()
        ended = await asyncio.gather(*reads, return_exceptions=True)
        with pytest.raises(StorageUnavailable):
            await walk.read(total(10))
        await snapshot.__aexit__(None, None, None)

    assert [type(error) for error in ended] == [StorageUnreadable] * 2
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    await becomes(lambda: set(threads_of_aiosqlite()) == before)


STUCK = """
import asyncio, sys, threading
from orchestrator_gql.storage.database import connect, long_reads
from sqlalchemy import text

long_reads.CLOSE_SECONDS = 0.2
for_ever = threading.Event()
is_stuck = threading.Event()

def wait():
    is_stuck.set()
    for_ever.wait()

def unit(conn):
    conn.connection.dbapi_connection.create_function("stuck", 0, wait)
    conn.execute(text("SELECT stuck()")).scalar()

async def main():
    database = connect(sys.argv[1])
    await database.open()
    read = asyncio.create_task(database._long_reads.read(unit))
    await asyncio.to_thread(is_stuck.wait)
    await database.close()
    print("closed", type((await asyncio.gather(read, return_exceptions=True))[0]).__name__)

asyncio.run(main())
print("ended")
"""


def test_a_disk_that_does_not_answer_does_not_keep_the_process_alive(tmp_path: Path) -> None:
    (tmp_path / "stuck.py").write_text(STUCK)

    ended = subprocess.run(
        [sys.executable, "stuck.py", sqlite_url(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (0, "closed SnapshotEnded\nended\n"), ended.stderr
    assert "a read of the database does not end" in ended.stderr
