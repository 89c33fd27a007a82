"""The SQLite writer: many units, one commit; each stands or falls alone, and nothing holds up the loop."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from support.database import sqlite_url

from orchestrator_gql.storage.database.group_commit import PATIENCE
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.utils.errors import StorageUnavailable


class Wrong(Exception):
    """What a unit of a test raises."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An open database with the tables of a release."""
    database = SqliteDatabase(sqlite_url(tmp_path))
    await database.open()
    await migrate(database)
    yield database
    await database.close()


def keep(words: str) -> Callable[[Connection], None]:
    """A unit that writes the words down."""

    def unit(conn: Connection) -> None:
        conn.execute(
            text("INSERT INTO payloads (id, text) VALUES (lower(hex(randomblob(16))), :text)"), {"text": words}
        )

    return unit


def keep_and_fail(words: str) -> Callable[[Connection], None]:
    """A unit that writes the words down and then raises."""

    def unit(conn: Connection) -> None:
        keep(words)(conn)
        raise Wrong

    return unit


def kept(conn: Connection) -> list[str]:
    """What was written down, in order."""
    return list(conn.execute(text("SELECT text FROM payloads ORDER BY rowid")).scalars())


async def turns_during(waited: "asyncio.Future[Any]") -> int:
    """How often others had a turn of the loop while something was waited for."""
    turns = 0
    while not waited.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def test_a_unit_that_fails_is_undone_alone_and_its_neighbours_in_the_commit_stand(
    database: SqliteDatabase,
) -> None:
    units = [keep("one"), keep_and_fail("two"), keep("three")]

    done = await asyncio.gather(*map(database.transaction, units), return_exceptions=True)

    assert [type(one) for one in done] == [type(None), Wrong, type(None)]
    assert await database.read(kept) == ["one", "three"]


async def test_a_lone_unit_that_fails_leaves_nothing_and_the_next_one_stands(database: SqliteDatabase) -> None:
    with pytest.raises(Wrong):
        await database.transaction(keep_and_fail("one"))
    await database.transaction(keep("two"))

    assert await database.read(kept) == ["two"]


async def test_a_full_disk_fails_the_whole_commit_and_the_next_one_stands(database: SqliteDatabase) -> None:
    def crowd(conn: Connection) -> None:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        conn.execute(text(f"PRAGMA max_page_count = {pages}"))
        keep("x" * 1_000_000)(conn)

    done = await asyncio.gather(*map(database.transaction, [keep("one"), crowd, keep("two")]), return_exceptions=True)
    await database.transaction(lambda conn: conn.execute(text("PRAGMA max_page_count = 1000000")).scalar_one())
    await database.transaction(keep("three"))

    assert [type(one) for one in done[:2]] == [StorageUnavailable, StorageUnavailable]
    assert await database.read(kept) in (["three"], ["two", "three"])
    assert isinstance(done[2], StorageUnavailable) or "two" in await database.read(kept)


async def test_a_unit_that_the_driver_refuses_leaves_no_transaction_behind(database: SqliteDatabase) -> None:
    with pytest.raises(StorageUnavailable):
        await database.transaction(lambda conn: (keep("one")(conn), conn.execute(text("SELECT * FROM nowhere"))))
    await database.transaction(keep("two"))

    assert await database.read(kept) == ["two"]


async def test_somebody_elses_lock_is_waited_for_while_the_loop_turns(database: SqliteDatabase, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "orchestrator.db", isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(database.transaction(keep("one")))
        began = time.monotonic()
        for _ in range(100):
            await asyncio.sleep(0)
        held_up = time.monotonic() - began
        was_done = waiting.done()
        shell.execute("ROLLBACK")
    await waiting

    assert not was_done
    assert held_up < PATIENCE / 1000
    assert await database.read(kept) == ["one"]


async def test_a_read_that_takes_long_leaves_the_loop_to_others(database: SqliteDatabase) -> None:
    def count(conn: Connection) -> int:
        numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
        counted: int = conn.execute(text(f"{numbers} SELECT count(*) FROM n")).scalar_one()
        return counted

    reading = asyncio.ensure_future(database.read(count))
    turns = await turns_during(reading)

    assert await reading == 300_000
    assert turns > 10


async def test_a_short_read_is_answered_in_the_same_turn_of_the_loop(database: SqliteDatabase) -> None:
    reading = asyncio.ensure_future(database.read(kept))

    assert await turns_during(reading) <= 2


async def test_what_waits_when_the_database_is_closed_is_written(tmp_path: Path) -> None:
    database = SqliteDatabase(sqlite_url(tmp_path))
    await database.open()
    await migrate(database)
    waiting = [asyncio.ensure_future(database.transaction(keep(str(n)))) for n in range(600)]
    await asyncio.sleep(0)

    await database.close()

    assert all(one.done() for one in waiting)
    with closing(sqlite3.connect(tmp_path / "orchestrator.db")) as file:
        assert file.execute("SELECT count(*) FROM payloads").fetchone() == (600,)


async def test_a_loop_that_is_never_idle_does_not_starve_the_writer(database: SqliteDatabase) -> None:
    async def spin() -> None:
        while True:
            sum(range(20_000))
            await asyncio.sleep(0)

    spinning = asyncio.create_task(spin())
    try:
        async with asyncio.timeout(10):
            for n in range(100):
                await database.transaction(keep(str(n)))
    finally:
        spinning.cancel()

    assert len(await database.read(kept)) == 100
