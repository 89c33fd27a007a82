"""SQLite: one writer that commits in groups, readers that never wait, and a lock that excludes other servers.

Waiting units are committed together (`group_commit`). So they share the cost of a durable commit
(``synchronous=FULL``), and no unit is acknowledged before its commit. A read first runs on the loop, where it takes
microseconds; a long read is interrupted and starts again on a connection of aiosqlite (`long_reads`).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, event

from orchestrator_gql.storage.database import thread_reads
from orchestrator_gql.storage.database.after_commit import CommitEffects, CommitHooks, MakeClaim, NoHooks, T, Unit
from orchestrator_gql.storage.database.group_commit import GroupWriter, translated
from orchestrator_gql.storage.database.long_reads import LongReads
from orchestrator_gql.storage.database.observer import Observer, Unobserved
from orchestrator_gql.storage.database.snapshot import CountedSnapshot, Snapshot, counted, unreadable
from orchestrator_gql.storage.database.sqlite_file import (
    FileLock,
    OpenedFiles,
    configure,
    create,
    demand_one_name,
    engine_url,
    path_of,
)
from orchestrator_gql.storage.database.thread_reads import ThreadReads
from orchestrator_gql.utils.errors import StorageUnavailable, StorageUnreadable
from orchestrator_gql.utils.forks import keep_from_children
from orchestrator_gql.utils.outages import READS, WRITES, Outage

OPERATIONS = 1_000
ROUNDS = 50
"""A read on the loop may use `ROUNDS` times `OPERATIONS` instructions of SQLite's virtual machine: a few milliseconds.
Instructions are counted instead of time, so that the load of the machine does not decide where a read runs."""

CACHED = 8_192
"""Kilobytes of the file that the connection for reads on the loop keeps. A search in 100,000 subscriptions looks into
some hundred places of an index; with the 2 MB that are usual, most of them would be read again for each request."""


class SqliteDatabase:
    """A SQLite file, which one server uses alone."""

    dialect = "sqlite"

    def __init__(self, url: str) -> None:
        self.hooks: CommitHooks = NoHooks()
        self.observer: Observer = Unobserved()
        self.outage = Outage()
        self._url = url
        self._path = path_of(url)
        self._lock = FileLock(self._path)
        self._engine: Engine | None = None
        self._long_reads: LongReads | None = None
        self._writer: GroupWriter | None = None
        self._loop_reader: _LoopReader | None = None
        self._thread_reads: ThreadReads | None = None
        self._end_keeping: Callable[[], None] = lambda: None

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for migrations."""
        if self._engine is None:
            raise StorageUnavailable
        return self._engine

    async def open(self) -> None:
        """Lock the file for this server. Raises `SettingsError` if another server has it."""
        self._lock.acquire()
        try:
            create(self._path, self._url)
            demand_one_name(self._path)
            self._engine = await asyncio.to_thread(_engine, self._path)
            self._long_reads = LongReads(self._path)
            await self._long_reads.open()
        except BaseException:
            await self._close_connections()
            self._lock.release()
            raise
        self._loop_reader = _LoopReader(self._engine)
        self._thread_reads = thread_reads.of_sqlite(self._path)
        conn = self._engine.connect()
        conn.begin()  # SQLAlchemy's transaction never ends: SQLAlchemy must not commit in the middle of a group
        files = OpenedFiles(self._path, self._lock)
        self._end_keeping = keep_from_children(files.descriptors)
        self._writer = GroupWriter(
            conn,
            demand=files.demand,
            committed=self._committed,
            claimer=self._claimer,
        )

    async def close(self) -> None:
        """Run all waiting units, break off long reads, then close the file and release the lock."""
        try:
            if self._writer is not None and self._loop_reader is not None:
                await self._writer.close()
                self._loop_reader.close()
                self._writer = self._loop_reader = None
            await self._close_connections()
            self._end_keeping()
        finally:
            self._lock.release()

    async def _close_connections(self) -> None:
        if self._thread_reads is not None:
            self._thread_reads.close()
            self._thread_reads = None
        if self._long_reads is not None:
            await self._long_reads.close()
            self._long_reads = None
        if self._engine is not None:
            self._engine.dispose()  # it closes only connections that were returned to the pool

    async def transaction(self, unit: Unit[T]) -> T:
        """Run the unit and return its result when the commit is durable."""
        if self._writer is None:  # closed: the stop of the server overtakes its last requests
            raise StorageUnavailable
        try:
            result = await self._writer.run(unit)
        except StorageUnavailable as error:
            self.outage.failed(WRITES, error)
            raise
        if self.outage.failed_at:
            self.outage.worked(WRITES)
        return result

    async def alter(self, unit: Unit[T]) -> T:
        """Run a unit that changes the schema or a whole table, and return its result. No other unit may run meanwhile.

        Foreign keys are off meanwhile. SQLite copies a table to change its constraints, and dropping the table that was
        copied would also delete the rows that refer to it.
        """
        if self._writer is None:
            raise StorageUnavailable
        with self._writer.without_foreign_keys():
            return await self.transaction(unit)

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot, and return its result. A long read starts again beside it."""
        if self._loop_reader is None or self._long_reads is None:
            raise StorageUnreadable
        try:
            result = self._loop_reader.read(unit)  # each request does this: nothing stands around it
        except _TakesLong:
            with counted(self.outage):
                return await self._long_reads.read(unit)
        except StorageUnavailable as error:
            raise unreadable(self.outage, error) from error
        if self.outage.failed_at:
            self.outage.worked(READS)
        return result

    async def read_current(self, unit: Unit[T]) -> T:
        """As `read`: SQLite opens a snapshot in any case."""
        return await self.read(unit)

    def read_here(self, unit: Unit[T]) -> T:
        """Run a unit that only reads in this thread."""
        if self._thread_reads is None:
            raise StorageUnreadable
        return self._thread_reads.read(unit)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Several reads on one snapshot, beside the loop. Raises `ServerBusy` if there are too many."""
        if self._long_reads is None:
            raise StorageUnreadable
        async with self._long_reads.snapshot() as snapshot:
            yield CountedSnapshot(snapshot, self.outage)

    def _claimer(self, process_id: UUID) -> MakeClaim | None:
        return self.hooks.claimer(process_id)

    def _committed(self, effects: CommitEffects, units: int, seconds: float) -> None:
        self.observer.committed(units, seconds, effects.facts)
        self.hooks.notify(effects)


class _TakesLong(Exception):
    """The read blocks the loop for too long."""


class _LoopReader:
    """A connection for reads on the loop; SQLite itself interrupts a read that takes long."""

    def __init__(self, engine: Engine) -> None:
        self._rounds_left = ROUNDS
        self._is_interrupted = False
        self._conn = engine.connect()
        self._conn.begin()
        driver = self._conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute(f"PRAGMA cache_size = -{CACHED}")
        driver.set_progress_handler(self._count, OPERATIONS)
        self._driver = driver
        self._cursors: list[sqlite3.Cursor] = []
        event.listen(self._conn, "before_cursor_execute", self._note_cursor)

    def close(self) -> None:
        """Return the connection to the pool. Remove the handler first: SQLite keeps a reference to this object."""
        self._driver.set_progress_handler(None, OPERATIONS)
        self._conn.close()

    def read(self, unit: Unit[T]) -> T:
        """The result of the unit. Raises `_TakesLong` if the read would block the loop."""
        self._rounds_left = ROUNDS
        self._is_interrupted = False
        try:
            return _on_snapshot(unit, self._conn, before_rollback=self._refill)
        except StorageUnavailable:
            if self._is_interrupted:
                raise _TakesLong from None
            raise

    def _refill(self) -> None:
        """Reset the counter before the ROLLBACK: an interrupted ROLLBACK makes the connection useless.

        A cursor with rows left, such as that of a read that failed, would keep its old snapshot for all later reads.
        """
        for cursor in self._cursors:
            cursor.close()
        self._cursors.clear()
        self._is_interrupted = self._rounds_left < 0
        self._rounds_left = ROUNDS

    def _note_cursor(self, _: Connection, cursor: sqlite3.Cursor, *__: object) -> None:
        self._cursors.append(cursor)

    def _count(self) -> bool:
        self._rounds_left -= 1
        return self._rounds_left < 0


def _on_snapshot(unit: Unit[T], conn: Connection, *, before_rollback: Callable[[], None]) -> T:
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    try:
        _roll_back(driver)  # an earlier ROLLBACK may have failed because the disk was missing
        driver.execute("BEGIN")
        try:
            return translated(unit, conn)
        finally:
            before_rollback()
            _roll_back(driver)
    except sqlite3.OperationalError as error:
        raise StorageUnavailable from error


def _roll_back(driver: sqlite3.Connection) -> None:
    if driver.in_transaction:
        driver.execute("ROLLBACK")


def _engine(path: Path) -> Engine:
    engine = create_engine(engine_url("sqlite", path), isolation_level="AUTOCOMMIT", hide_parameters=True, pool_size=2)
    event.listen(engine, "connect", configure)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA journal_mode = WAL")
    return engine
