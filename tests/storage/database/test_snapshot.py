"""A snapshot stays as it is for all its reads, holds no place for longer than needed, and has a limit in time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from support.database import PostgresServer, sqlite_url
from support.until import becomes

from orchestrator_gql.storage.database import Database, connect, long_reads, postgres_snapshot, snapshot
from orchestrator_gql.storage.database.snapshot import SNAPSHOTS, SnapshotEnded
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.utils.errors import StorageUnavailable, StorageUnreadable
from orchestrator_gql.utils.outages import READS, Outage
from orchestrator_gql.utils.request_errors import ServerBusy

pytestmark = pytest.mark.one_dispatcher


class Outages(Outage):
    """Remembers what failed and what worked."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[str] = []
        self.successes: list[str] = []

    def failed(self, kind: str, error: BaseException) -> None:
        self.failures.append(kind)
        super().failed(kind, error)

    def worked(self, kind: str, *, is_sure: bool = False) -> None:
        self.successes.append(kind)
        super().worked(kind, is_sure=is_sure)


@pytest.fixture
async def database(storage: str) -> AsyncIterator[Database]:
    """An open database with an empty table."""
    database = connect(storage)
    await database.open()
    await database.transaction(execute("CREATE TABLE facts (fact INTEGER)"))
    yield database
    await database.close()


def execute(statement: str) -> Callable[[Connection], None]:
    """A unit that executes the statement."""

    def unit(conn: Connection) -> None:
        conn.execute(text(statement))

    return unit


def count(conn: Connection) -> int:
    """The number of facts."""
    result: int = conn.execute(text("SELECT count(*) FROM facts")).scalar_one()
    return result


def _fail(_: Connection) -> None:
    raise KeyError


async def test_all_reads_of_a_snapshot_see_the_same(database: Database) -> None:
    async with database.snapshot() as first:
        counts = [await first.read(count)]
        await database.transaction(execute("INSERT INTO facts VALUES (1)"))
        counts.append(await first.read(count))
        async with database.snapshot() as second:
            counts.append(await second.read(count))
        counts.append(await first.read(count))
        counts.append(await database.read(count))

    assert counts == [0, 0, 1, 0, 1]


async def test_a_snapshot_changes_nothing_and_survives_an_error_of_its_reader(database: Database) -> None:
    with pytest.raises(Exception, match=r"read-only|readonly|unavailable|try again"):
        async with database.snapshot() as walk:
            await walk.read(execute("INSERT INTO facts VALUES (1)"))
    with pytest.raises(KeyError):
        async with database.snapshot() as walk:
            await walk.read(_fail)

    async with database.snapshot() as walk:
        assert await walk.read(count) == 0


async def test_a_snapshot_too_many_is_refused_and_a_place_is_free_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "PATIENCE", 0.05)

    async def hold(is_open: asyncio.Event) -> None:
        async with database.snapshot() as walk:
            await walk.read(count)
            is_open.set()
            await asyncio.Event().wait()

    for _ in range(2):
        opened = [asyncio.Event() for _ in range(SNAPSHOTS)]
        holders = [asyncio.create_task(hold(event)) for event in opened]
        await asyncio.gather(*(event.wait() for event in opened))
        with pytest.raises(ServerBusy, match="exports or verifications"):
            async with database.snapshot():
                pass
        monkeypatch.setattr(snapshot, "PATIENCE", 60.0)
        waiting = asyncio.create_task(database.snapshot().__aenter__())
        await asyncio.sleep(0)
        assert await database.read(count) == 0  # other reads are not held up
        for task in (waiting, *holders):
            task.cancel()
        await asyncio.gather(waiting, *holders, return_exceptions=True)
        monkeypatch.setattr(snapshot, "PATIENCE", 0.05)

    async with database.snapshot() as walk:
        assert await walk.read(count) == 0


async def test_a_snapshot_ends_with_its_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (long_reads, postgres_snapshot):
        monkeypatch.setattr(module, "SECONDS", 0.0)
    outages = Outages()
    database.outage = outages
    async with database.snapshot() as walk:
        await asyncio.sleep(0.01)
        with pytest.raises(SnapshotEnded, match="continue after the last cursor"):
            await walk.read(count)
    monkeypatch.undo()
    assert outages.failures == []  # the database is well

    async with database.snapshot() as walk:
        assert await walk.read(count) == 0


async def test_a_snapshot_whose_reader_pauses_too_long_ends_on_postgresql(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_snapshot, "IDLE_SECONDS", 0.05)
    with postgres.database() as url:
        database = connect(url)
        await database.open()
        outages = Outages()
        database.outage = outages
        async with database.snapshot() as walk:
            await asyncio.sleep(0.5)
            with pytest.raises(SnapshotEnded):
                await walk.read(lambda conn: conn.execute(text("SELECT 1")).all())
        await database.close()

    assert outages.failures == []


def _unavailable(_: Connection) -> None:
    raise StorageUnavailable


async def test_every_refused_read_has_the_same_error_and_counts_as_an_outage(database: Database) -> None:
    """A read by itself and a read of a snapshot; a later success of either ends the outage."""
    outages = Outages()
    database.outage = outages

    for _ in range(2):
        with pytest.raises(StorageUnreadable) as refused:
            await database.read(_unavailable)
        assert refused.type is StorageUnreadable
        async with database.snapshot() as walk:
            await walk.read(count)
            with pytest.raises(StorageUnreadable) as refused:
                await walk.read(_unavailable)
            assert refused.type is StorageUnreadable
            outages.successes.clear()
            await walk.read(count)

    assert outages.failures == [READS] * 4
    assert outages.successes == [READS]


async def test_a_snapshot_that_cannot_begin_is_a_refused_read_on_postgresql(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        database = connect(url)
        await database.open()
        database.outage = outages = Outages()
    with pytest.raises(StorageUnreadable):
        async with database.snapshot():
            pass
    await database.close()

    assert outages.failures == [READS]


async def test_the_transaction_of_a_snapshot_ends_with_the_block(tmp_path: Path) -> None:
    database = SqliteDatabase(sqlite_url(tmp_path))
    await database.open()
    try:
        async with database.snapshot() as walk:
            await walk.read(lambda conn: conn.execute(text("SELECT count(*) FROM alembic_version")).all())
            await database.transaction(execute("UPDATE alembic_version SET version_num = version_num"))
            assert not _is_emptied(database)
        await becomes(lambda: _is_emptied(database))
    finally:
        await database.close()


def _is_emptied(database: SqliteDatabase) -> bool:
    """Empty the file of new commits; false if a reader still needs them."""
    with database.engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA busy_timeout = 0")
        is_held: int = conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        return not is_held
