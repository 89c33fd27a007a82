"""SQLite: one writer that commits in groups, readers that never wait, and a lock that excludes other servers.

Waiting units are committed together (`group_commit`). So they share the cost of a durable commit
(``synchronous=FULL``), and no unit is acknowledged before its commit. A read first runs on the loop, where it takes
microseconds; a long read is interrupted and starts again in a thread.
"""

import asyncio
import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.storage.database.after_commit import CommitEffects, CommitHooks, NoHooks, T, Unit
from orchestrator_gql.storage.database.group_commit import PATIENCE, GroupWriter, translated
from orchestrator_gql.storage.database.observer import Observer, Unobserved
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable, StorageUnreadable
from orchestrator_gql.utils.forks import keep_from_children
from orchestrator_gql.utils.outages import READS, WRITES, Outage

logger = logging.getLogger(__name__)

READERS = 4
OPERATIONS = 1_000
ROUNDS = 50
"""A read on the loop may use `ROUNDS` times `OPERATIONS` instructions of SQLite's virtual machine: a few milliseconds.
Instructions are counted instead of time, so that the load of the machine does not decide where a read runs."""


class SqliteDatabase:
    """A SQLite file, which one server uses alone."""

    dialect = "sqlite"

    def __init__(self, url: str) -> None:
        self.hooks: CommitHooks = NoHooks()
        self.observer: Observer = Unobserved()
        self.outage = Outage()
        self._path = _path(url)
        self._lock = _FileLock(self._path)
        self._engine: Engine | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._writer: GroupWriter | None = None
        self._loop_reader: _LoopReader | None = None

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for migrations."""
        assert self._engine is not None, "the database is not open"
        return self._engine

    async def open(self) -> None:
        """Lock the file for this server. Raises `SettingsError` if another server has it."""
        self._lock.acquire()
        try:
            self._engine = await asyncio.to_thread(_engine, self._path)
        except BaseException:
            self._lock.release()
            raise
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._loop_reader = _LoopReader(self._engine)
        conn = self._engine.connect()
        conn.begin()  # SQLAlchemy's transaction never ends: SQLAlchemy must not commit in the middle of a group
        self._writer = GroupWriter(conn, demand=_Files(self._path).demand, committed=self._committed)

    async def close(self) -> None:
        """Run all waiting units, then close the file and release the lock."""
        try:
            if self._writer is not None and self._loop_reader is not None and self._threads is not None:
                await self._writer.close()
                self._loop_reader.close()
                self._threads.shutdown()
                self.engine.dispose()  # it closes only connections that were returned to the pool
                self._writer = self._loop_reader = None
        finally:
            self._lock.release()

    async def transaction(self, unit: Unit[T]) -> T:
        """Run the unit and return its result when the commit is durable."""
        assert self._writer is not None, "the database is not open"
        try:
            result = await self._writer.run(unit)
        except StorageUnavailable as error:
            self.outage.failed(WRITES, error)
            raise
        if self.outage.failed_at:
            self.outage.worked(WRITES)
        return result

    async def alter(self, unit: Unit[None]) -> None:
        """Run a unit that changes the schema."""
        await self.transaction(unit)

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot, and return its result. A long read starts again in a thread."""
        assert self._loop_reader is not None, "the database is not open"
        try:
            try:
                result = self._loop_reader.read(unit)
            except _TakesLong:
                result = await asyncio.get_running_loop().run_in_executor(self._threads, self._read, unit)
        except StorageUnavailable as error:
            self.outage.failed(READS, error)
            raise StorageUnreadable from error
        if self.outage.failed_at:
            self.outage.worked(READS)
        return result

    def _committed(self, effects: CommitEffects, units: int, seconds: float) -> None:
        self.observer.committed(units, seconds, effects.facts)
        self.hooks.notify(effects)

    def _read(self, unit: Unit[T]) -> T:
        try:
            conn = self.engine.connect()
        except DBAPIError as error:  # the file is missing, and this connection would be a new one
            raise StorageUnavailable from error
        with conn:
            return _on_snapshot(unit, conn)


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
        driver.set_progress_handler(self._count, OPERATIONS)
        self._driver = driver

    def close(self) -> None:
        """Return the connection to the pool. Remove the handler first: SQLite keeps a reference to this object."""
        self._driver.set_progress_handler(None, OPERATIONS)
        self._conn.close()

    def read(self, unit: Unit[T]) -> T:
        """The result of the unit. Raises `_TakesLong` if the read must run in a thread."""
        self._rounds_left = ROUNDS
        self._is_interrupted = False
        try:
            return _on_snapshot(unit, self._conn, before_rollback=self._refill)
        except StorageUnavailable:
            if self._is_interrupted:
                raise _TakesLong from None
            raise

    def _refill(self) -> None:
        """Reset the counter before the ROLLBACK: an interrupted ROLLBACK makes the connection useless."""
        self._is_interrupted = self._rounds_left < 0
        self._rounds_left = ROUNDS

    def _count(self) -> bool:
        self._rounds_left -= 1
        return self._rounds_left < 0


def _on_snapshot(unit: Unit[T], conn: Connection, *, before_rollback: Callable[[], None] = lambda: None) -> T:
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


def _path(url: str) -> Path:
    database = make_url(url).database
    if not database or database == ":memory:":
        raise SettingsError(
            f"{url!r} names no file, and a database in memory would lose every process: "
            "use `sqlite+aiosqlite:///orchestrator.db`."
        )
    return Path(database).resolve()  # with a symbolic link the file would have two names, and two locks


def _engine(path: Path) -> Engine:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # only we may read the results of remote services
    # `rw`: the next connection must not create an empty file in the place of a removed file.
    url = f"sqlite:///file:{quote(str(path.resolve()))}?mode=rw&uri=true"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True, pool_size=READERS + 2)
    event.listen(engine, "connect", _configure)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA journal_mode = WAL")
    with ExitStack() as stack:  # all at once: their files stay open if the folder changes later
        for _ in range(READERS + 2):
            stack.enter_context(engine.connect()).exec_driver_sql("SELECT count(*) FROM sqlite_schema")
    return engine


def _configure(driver: sqlite3.Connection, _: object) -> None:
    run: Callable[[str], object] = driver.execute
    run(f"PRAGMA busy_timeout = {PATIENCE}")  # first: the next statements may have to wait for a lock
    run("PRAGMA synchronous = FULL")
    run("PRAGMA foreign_keys = ON")
    run("PRAGMA temp_store = MEMORY")


class _Files:
    """The identities of the files when the writer opened them.

    SQLite goes on writing into files that were removed or replaced, and reports success: all these commits would be
    lost when the server stops. So nothing is written until the files are back.
    """

    def __init__(self, path: Path) -> None:
        self._paths = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
        self._opened = self._identities()
        self._are_missed = False

    def demand(self) -> None:
        """Raise `StorageUnavailable` if the files are not the files that were opened."""
        if self._identities() == self._opened:
            self._are_missed = False
            return
        if not self._are_missed:
            logger.error("the database's files were moved, removed or replaced: nothing is written until they are back")
        self._are_missed = True
        raise StorageUnavailable

    def _identities(self) -> list[tuple[int, int] | None]:
        return [_identity(path) for path in self._paths]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


class _FileLock:
    """An exclusive lock on a file beside the database; the kernel releases it when the server ends in any way."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._fd: int | None = None

    def acquire(self) -> None:
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SettingsError(f"The folder of the database cannot be written: {error}.") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(fd, 32).decode(errors="replace").strip() or "?"
            os.close(fd)
            file = self._path.name.removesuffix(".lock")
            raise SettingsError(
                f"Another server (process {holder}) works on {file!r}: one SQLite file takes one server. "
                "Stop it first, or move to PostgreSQL to run several."
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        self._fd = fd
        self._end_keeping = keep_from_children(lambda: [fd])

    def release(self) -> None:
        if self._fd is not None:
            self._end_keeping()
            os.close(self._fd)
            self._fd = None
