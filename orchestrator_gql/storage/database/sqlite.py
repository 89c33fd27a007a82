"""SQLite: one writer that commits in groups, readers that never wait, and a lock that keeps other servers off the file.

What waits to be written is committed together (`group_commit`), so the cost of a durable commit (``synchronous=FULL``)
is shared by whatever is in flight, and nobody is told early. A read is tried on the loop, where it costs its
microseconds; one that takes long is broken off and begun anew in a thread.
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
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable

logger = logging.getLogger(__name__)

READERS = 4
OPERATIONS = 1_000
GLANCE = 50
"""How often a read on the loop may do so many operations of SQLite's own machine: some milliseconds in all. They are
counted and not timed, so that a read takes the same way however busy the machine is."""


class SqliteDatabase:
    """One file, one server."""

    dialect = "sqlite"

    def __init__(self, url: str) -> None:
        self.hooks: CommitHooks = NoHooks()
        self.observer: Observer = Unobserved()
        self._path = _path(url)
        self._lock = _FileLock(self._path)
        self._engine: Engine | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._writer: GroupWriter | None = None
        self._glance: _Glance | None = None

    @property
    def engine(self) -> Engine:
        """The engine, for migrations."""
        assert self._engine is not None, "the database is not open"
        return self._engine

    async def open(self) -> None:
        """Take the file for this server alone; `SettingsError` where another one has it."""
        self._lock.acquire()
        try:
            self._engine = await asyncio.to_thread(_engine, self._path)
        except BaseException:
            self._lock.release()
            raise
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._glance = _Glance(self._engine)
        conn = self._engine.connect()
        conn.begin()  # its own transaction is never ended: SQLAlchemy must not commit behind the group's back
        self._writer = GroupWriter(conn, demand=_Files(self._path).demand, committed=self._committed)

    async def close(self) -> None:
        """Finish what waits, then leave the file."""
        try:
            if self._writer is not None and self._glance is not None and self._threads is not None:
                await self._writer.close()
                self._glance.close()
                self._threads.shutdown()
                self.engine.dispose()  # it closes only what was given back
                self._writer = self._glance = None
        finally:
            self._lock.release()

    async def transaction(self, unit: Unit[T]) -> T:
        """Run the unit and return what it returns once that is durable."""
        assert self._writer is not None, "the database is not open"
        return await self._writer.run(unit)

    async def alter(self, unit: Unit[None]) -> None:
        """Run a unit that changes the schema."""
        await self.transaction(unit)

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot; it is begun anew where it takes long."""
        assert self._glance is not None, "the database is not open"
        try:
            return self._glance.read(unit)
        except _TakesLong:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, unit)

    def _committed(self, told: CommitEffects, units: int, seconds: float) -> None:
        self.observer.committed(units, seconds, told.facts)
        self.hooks.notify(told)

    def _read(self, unit: Unit[T]) -> T:
        try:
            conn = self.engine.connect()
        except DBAPIError as error:  # the file is away, and this connection would be a new one
            raise StorageUnavailable from error
        with conn:
            return _on_snapshot(unit, conn)


class _TakesLong(Exception):
    """The read holds the loop for too long."""


class _Glance:
    """A connection for reads on the loop, broken off by SQLite itself where they take long."""

    def __init__(self, engine: Engine) -> None:
        self._left = GLANCE
        self._is_broken_off = False
        self._conn = engine.connect()
        self._conn.begin()
        driver = self._conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(self._count, OPERATIONS)
        self._driver = driver

    def close(self) -> None:
        """Give the connection back; SQLite would keep whom it asks alive with it."""
        self._driver.set_progress_handler(None, OPERATIONS)
        self._conn.close()

    def read(self, unit: Unit[T]) -> T:
        """What the unit found; `_TakesLong` where another thread should look for it."""
        self._left = GLANCE
        self._is_broken_off = False
        try:
            return _on_snapshot(unit, self._conn, before_its_end=self._breathe)
        except StorageUnavailable:
            if self._is_broken_off:
                raise _TakesLong from None
            raise

    def _breathe(self) -> None:
        """Let the snapshot be given up in peace: a ROLLBACK that is broken off leaves the connection useless."""
        self._is_broken_off = self._left < 0
        self._left = GLANCE

    def _count(self) -> bool:
        self._left -= 1
        return self._left < 0


def _on_snapshot(unit: Unit[T], conn: Connection, *, before_its_end: Callable[[], None] = lambda: None) -> T:
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    try:
        _give_up(driver)  # where an earlier ROLLBACK failed: the disk was away
        driver.execute("BEGIN")
        try:
            return translated(unit, conn)
        finally:
            before_its_end()
            _give_up(driver)
    except sqlite3.OperationalError as error:
        raise StorageUnavailable from error


def _give_up(driver: sqlite3.Connection) -> None:
    if driver.in_transaction:
        driver.execute("ROLLBACK")


def _path(url: str) -> Path:
    database = make_url(url).database
    if not database or database == ":memory:":
        raise SettingsError(
            f"{url!r} names no file, and a database in memory would lose every process: "
            "use `sqlite+aiosqlite:///orchestrator.db`."
        )
    return Path(database).resolve()  # through a link the file would have two names, and two locks


def _engine(path: Path) -> Engine:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # results of remote services are for nobody else
    # `rw`: a file that was removed must not be made anew, and empty, by the next connection.
    url = f"sqlite:///file:{quote(str(path.resolve()))}?mode=rw&uri=true"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True, pool_size=READERS + 2)
    event.listen(engine, "connect", _configure)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA journal_mode = WAL")
    with ExitStack() as stack:  # all at once: whoever reads has its files open, whatever becomes of the folder
        for _ in range(READERS + 2):
            stack.enter_context(engine.connect()).exec_driver_sql("SELECT count(*) FROM sqlite_schema")
    return engine


def _configure(driver: sqlite3.Connection, _: object) -> None:
    run: Callable[[str], object] = driver.execute
    run(f"PRAGMA busy_timeout = {PATIENCE}")  # first: the others may have to wait for a lock, too
    run("PRAGMA synchronous = FULL")
    run("PRAGMA foreign_keys = ON")
    run("PRAGMA temp_store = MEMORY")


class _Files:
    """The files as they were when the writer opened them.

    SQLite writes on into files that were removed or replaced, and says that all is well: everything that it was told
    to keep would be gone with the server. So nothing is written until they are back.
    """

    def __init__(self, path: Path) -> None:
        self._paths = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
        self._opened = self._found()
        self._are_missed = False

    def demand(self) -> None:
        """Raise `StorageUnavailable` where the files are not those that were opened."""
        if self._found() == self._opened:
            self._are_missed = False
            return
        if not self._are_missed:
            logger.error("the database's files were moved, removed or replaced: nothing is written until they are back")
        self._are_missed = True
        raise StorageUnavailable

    def _found(self) -> list[tuple[int, int] | None]:
        return [_identity(path) for path in self._paths]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class _FileLock:
    """An exclusive lock beside the file; the kernel lets go of it when the server dies, however it dies."""

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

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
