"""The SQLite writer commits many units together; a unit fails alone, and nothing blocks the loop."""

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

from orchestrator_gql.storage.database import group_commit
from orchestrator_gql.storage.database.after_commit import CommitEffects, NoHooks, commit_effects, wake
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.storage.database.sqlite_file import PATIENCE
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.tokens import new_id


class Wrong(Exception):
    """The error of a failing unit."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An open database with all tables."""
    database = SqliteDatabase(sqlite_url(tmp_path))
    await database.open()
    await migrate(database)
    yield database
    await database.close()


def keep(words: str) -> Callable[[Connection], None]:
    """A unit that stores the words."""

    def unit(conn: Connection) -> None:
        conn.execute(
            text("INSERT INTO payloads (id, text) VALUES (lower(hex(randomblob(16))), :text)"), {"text": words}
        )

    return unit


def keep_and_fail(words: str) -> Callable[[Connection], None]:
    """A unit that stores the words and then raises `Wrong`."""

    def unit(conn: Connection) -> None:
        keep(words)(conn)
        raise Wrong

    return unit


def kept(conn: Connection) -> list[str]:
    """The stored words, in order."""
    return list(conn.execute(text("SELECT text FROM payloads ORDER BY rowid")).scalars())


async def turns_during(future: "asyncio.Future[Any]") -> int:
    """The number of turns of the loop until the future is done."""
    turns = 0
    while not future.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def test_a_unit_that_fails_is_rolled_back_alone_and_the_other_units_are_committed(
    database: SqliteDatabase,
) -> None:
    units = [keep("one"), keep_and_fail("two"), keep("three")]

    results = await asyncio.gather(*map(database.transaction, units), return_exceptions=True)

    assert [type(result) for result in results] == [type(None), Wrong, type(None)]
    assert await database.read(kept) == ["one", "three"]


async def test_a_single_unit_that_fails_leaves_nothing_and_the_next_unit_is_committed(database: SqliteDatabase) -> None:
    with pytest.raises(Wrong):
        await database.transaction(keep_and_fail("one"))
    await database.transaction(keep("two"))

    assert await database.read(kept) == ["two"]


async def test_a_full_disk_fails_the_whole_commit_and_the_next_commit_works(database: SqliteDatabase) -> None:
    def fill_disk(conn: Connection) -> None:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        conn.execute(text(f"PRAGMA max_page_count = {pages}"))
        keep("x" * 1_000_000)(conn)

    results = await asyncio.gather(
        *map(database.transaction, [keep("one"), fill_disk, keep("two")]), return_exceptions=True
    )
    await database.transaction(lambda conn: conn.execute(text("PRAGMA max_page_count = 1000000")).scalar_one())
    await database.transaction(keep("three"))

    assert [type(result) for result in results[:2]] == [StorageUnavailable, StorageUnavailable]
    assert await database.read(kept) in (["three"], ["two", "three"])
    assert isinstance(results[2], StorageUnavailable) or "two" in await database.read(kept)


async def test_a_unit_that_the_driver_refuses_leaves_no_transaction_behind(database: SqliteDatabase) -> None:
    with pytest.raises(StorageUnavailable):
        await database.transaction(lambda conn: (keep("one")(conn), conn.execute(text("SELECT * FROM nowhere"))))
    await database.transaction(keep("two"))

    assert await database.read(kept) == ["two"]


async def test_the_writer_waits_for_the_lock_of_another_program_while_the_loop_runs(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "orchestrator.db", isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(database.transaction(keep("one")))
        began = time.monotonic()
        for _ in range(100):
            await asyncio.sleep(0)
        delay = time.monotonic() - began
        was_done = waiting.done()
        shell.execute("ROLLBACK")
    await waiting

    assert not was_done
    assert delay < PATIENCE / 1000
    assert await database.read(kept) == ["one"]


async def test_a_long_read_does_not_block_the_loop(database: SqliteDatabase) -> None:
    def count(conn: Connection) -> int:
        numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
        counted: int = conn.execute(text(f"{numbers} SELECT count(*) FROM n")).scalar_one()
        return counted

    reading = asyncio.ensure_future(database.read(count))
    turns = await turns_during(reading)

    assert await reading == 300_000
    assert turns > 10


async def test_a_short_read_returns_in_the_same_turn_of_the_loop(database: SqliteDatabase) -> None:
    reading = asyncio.ensure_future(database.read(kept))

    assert await turns_during(reading) <= 2


async def test_units_that_wait_when_the_database_is_closed_are_committed(tmp_path: Path) -> None:
    database = SqliteDatabase(sqlite_url(tmp_path))
    await database.open()
    await migrate(database)
    waiting = [asyncio.ensure_future(database.transaction(keep(str(n)))) for n in range(600)]
    await asyncio.sleep(0)

    await database.close()

    assert len(waiting) == 600
    assert all(future.done() for future in waiting)
    with closing(sqlite3.connect(tmp_path / "orchestrator.db")) as file:
        assert file.execute("SELECT count(*) FROM payloads").fetchone() == (600,)


async def test_a_loop_that_is_never_idle_does_not_starve_the_writer(database: SqliteDatabase) -> None:
    async def spin() -> None:
        while True:
            sum(range(20_000))
            await asyncio.sleep(0)

    spinning = asyncio.create_task(spin())
    try:
        async with asyncio.timeout(60):
            for n in range(100):
                await database.transaction(keep(str(n)))
    finally:
        spinning.cancel()

    assert len(await database.read(kept)) == 100


async def store(database: SqliteDatabase, units: list[Callable[[Connection], None]]) -> list[type]:
    """Run the units in one group; the types of their results."""
    results = await asyncio.gather(*map(database.transaction, units), return_exceptions=True)
    return [type(result) for result in results]


@pytest.mark.parametrize("failing", [{0}, {7}, {8}, {19}, {0, 1, 2}, {5, 6, 13}, {6, 7, 8, 9}, set(range(0, 20, 2))])
async def test_units_that_fail_anywhere_are_undone_alone_and_the_others_keep_their_order(
    database: SqliteDatabase, failing: set[int]
) -> None:
    names = [f"{n:02}" for n in range(20)]

    types = await store(database, [(keep_and_fail if n in failing else keep)(name) for n, name in enumerate(names)])

    assert types == [Wrong if n in failing else type(None) for n in range(20)]
    assert await database.read(kept) == [name for n, name in enumerate(names) if n not in failing]


async def test_a_unit_beside_failures_runs_at_most_twice(database: SqliteDatabase) -> None:
    runs = [0] * 60

    def counted(n: int) -> Callable[[Connection], None]:
        def unit(conn: Connection) -> None:
            runs[n] += 1
            (keep_and_fail if n % 7 == 6 else keep)(str(n))(conn)

        return unit

    await store(database, [counted(n) for n in range(60)])

    assert max(runs) == 2
    assert all(runs[n] == 1 for n in range(60) if n % 7 == 6)


async def test_units_of_a_group_share_savepoints(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "SLICE", 60.0)  # each slice of a group begins a savepoint
    commands: list[str] = []

    def trace(conn: Connection) -> None:
        driver = conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(commands.append)

    await database.transaction(trace)
    await store(database, [keep(str(n)) for n in range(32)])

    savepoints = len([command for command in commands if command.startswith("SAVEPOINT")])
    groups = commands.count("COMMIT") - 1  # one is that of the trace; a slow machine may make two groups of the units
    assert 4 <= savepoints < 4 + groups  # of eight units each, but for the last of a group


class ToyClaim:
    """A claim that notes what became of it."""

    def __init__(self, claims: "list[ToyClaim]") -> None:
        self.ends: list[str] = []
        claims.append(self)

    def begin(self) -> None:
        self.ends.append("begun")

    def drop(self) -> None:
        self.ends.append("dropped")


async def test_claims_of_units_that_run_again_are_dropped_and_the_effects_count_once(database: SqliteDatabase) -> None:
    claims: list[ToyClaim] = []
    committed: list[CommitEffects] = []

    class Hooks(NoHooks):
        def notify(self, effects: CommitEffects) -> None:
            committed.append(effects)

    database.hooks = Hooks()
    database.hooks.claimer = lambda _id: lambda _conn: ToyClaim(claims)

    def wake_one(conn: Connection) -> None:
        keep("woken")(conn)
        wake(conn, new_id())

    await store(database, [keep("one"), wake_one, keep_and_fail("three"), keep("four")])

    assert [claim.ends for claim in claims] == [["dropped"], []]
    assert [effects.claims for effects in committed] == [[claims[1]]]
    assert await database.read(kept) == ["one", "woken", "four"]


async def test_a_caller_goes_on_before_the_next_group_runs(database: SqliteDatabase) -> None:
    order: list[str] = []
    has_begun = asyncio.Event()

    def noting(name: str) -> Callable[[Connection], None]:
        def unit(conn: Connection) -> None:
            order.append(f"unit {name}")
            has_begun.set()
            keep(name)(conn)

        return unit

    async def call(name: str) -> None:
        await database.transaction(noting(name))
        order.append(f"answer {name}")

    first = asyncio.create_task(call("one"))
    await has_begun.wait()
    second = asyncio.create_task(call("two"))  # it waits while the first is committed

    await asyncio.gather(first, second)

    assert order == ["unit one", "answer one", "unit two", "answer two"]


async def test_the_callers_of_a_group_go_on_before_the_work_that_it_woke(database: SqliteDatabase) -> None:
    order: list[str] = []

    async def work() -> None:
        order.append("work")

    class Hooks(NoHooks):
        def notify(self, effects: CommitEffects) -> None:
            tasks.append(asyncio.create_task(work()))

    async def call(name: str) -> None:
        await database.transaction(keep(name))
        order.append(f"answer {name}")

    tasks: list[asyncio.Task[None]] = []
    database.hooks = Hooks()

    await asyncio.gather(call("one"), call("two"))
    await asyncio.gather(*tasks)

    assert order == ["answer one", "answer two", "work"]


@pytest.mark.parametrize("passing", [[True], [False], [True, True], [True, False], [False, True]])
async def test_a_group_is_passing_if_each_of_its_units_is(database: SqliteDatabase, passing: list[bool]) -> None:
    found: list[bool] = []

    class Hooks(NoHooks):
        def notify(self, effects: CommitEffects) -> None:
            found.append(effects.is_passing)

    def unit(is_passing: bool) -> Callable[[Connection], None]:
        def keep_one(conn: Connection) -> None:
            keep("one")(conn)
            commit_effects(conn).is_passing = is_passing

        return keep_one

    database.hooks = Hooks()

    await store(database, [unit(is_passing) for is_passing in passing])

    assert found == [all(passing)]
