"""SQLite: one writer that commits in groups, a few readers, and a lock that keeps other servers off the file.

A unit of work waits in a queue. The writer's thread takes all that wait (at most 512), runs each in a SAVEPOINT of its
own, commits once and only then answers them. A unit that fails is rolled back alone; a lone unit commits at once. So
the cost of a durable commit (``synchronous=FULL``) is shared by whatever is in flight, and nobody is told early.
"""

import asyncio
import fcntl
import logging
import os
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.storage.database.commits import Aftermath, Bells, Silence, T, Unit, begin_unit
from orchestrator_gql.storage.database.facts import Observer, Unobserved
from orchestrator_gql.storage.database.failpoints import Failpoints, read_failpoints
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable

logger = logging.getLogger(__name__)

GROUP = 512
READERS = 4
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
SWITCH_INTERVAL = 0.0005
"""A busy event loop holds the GIL for 5 ms at a time by default and starves the writer's thread (engine.md)."""


@dataclass(slots=True)
class _Waiting(Generic[T]):
    unit: Unit[T]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[T]"
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.future.done():  # its task was cancelled while the commit ran: the commit stands, nobody asks
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class SqliteDatabase:
    """One file, one server."""

    dialect = "sqlite"

    def __init__(self, url: str) -> None:
        self.bells: Bells = Silence()
        self.observer: Observer = Unobserved()
        self._path = _path(url)
        self._lock = _FileLock(self._path)
        self._queue: queue.SimpleQueue[_Waiting[Any] | None] = queue.SimpleQueue()
        self._engine: Engine | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._writer: threading.Thread | None = None
        self._failpoints = read_failpoints()

    @property
    def engine(self) -> Engine:
        """The engine, for migrations."""
        assert self._engine is not None, "the database is not open"
        return self._engine

    async def open(self) -> None:
        """Take the file for this server alone; `SettingsError` where another one has it."""
        self._lock.acquire()
        try:
            sys.setswitchinterval(SWITCH_INTERVAL)
            self._engine = await asyncio.to_thread(_engine, self._path)
        except BaseException:
            self._lock.release()
            raise
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._writer = threading.Thread(target=self._write_groups, name="sqlite-writer", daemon=True)
        self._writer.start()

    async def close(self) -> None:
        """Finish what waits, then leave the file."""
        if self._writer is not None and self._readers is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._writer.join)
            self._readers.shutdown()
            self.engine.dispose()
            self._writer = None
        self._lock.release()

    async def transaction(self, unit: Unit[T]) -> T:
        """Run the unit and return what it returns once that is durable."""
        loop = asyncio.get_running_loop()
        waiting: _Waiting[T] = _Waiting(unit, loop, loop.create_future())
        self._queue.put(waiting)
        return await waiting.future

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot."""
        assert self._readers is not None, "the database is not open"
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit)

    def _read(self, unit: Unit[T]) -> T:
        with _translated(), self.engine.connect() as conn:
            conn.exec_driver_sql("BEGIN")
            try:
                return unit(conn)
            finally:
                conn.exec_driver_sql("ROLLBACK")

    def _write_groups(self) -> None:
        # Its own transaction is begun and never ended: SQLAlchemy must not commit behind the group's back.
        with self.engine.connect() as conn, conn.begin():
            files = _Files(self._path)
            while (group := self._next_group()) is not None:
                _commit_together(conn, group, self.bells, self.observer, files, self._failpoints)

    def _next_group(self) -> list[_Waiting[Any]] | None:
        first = self._queue.get()
        if first is None:
            return None
        group = [first]
        while len(group) < GROUP:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)  # close() waits behind this group
                break
            group.append(more)
        return group


def _commit_together(
    conn: Connection,
    group: Sequence[_Waiting[Any]],
    bells: Bells,
    observer: Observer,
    files: "_Files",
    failpoints: Failpoints | None,
) -> None:
    told, began = Aftermath(), time.monotonic()
    try:
        with _translated():
            files.demand()
            _execute(conn, "BEGIN IMMEDIATE")
            for waiting in group:
                told.add(_run(conn, waiting))
            _pass("before", group, failpoints)
            _execute(conn, "COMMIT")
            _pass("after", group, failpoints)
        is_durable = True
    except BaseException as error:  # the whole group is void: nothing was acknowledged, nothing is kept
        _roll_back(conn)
        told, is_durable = Aftermath(), False
        for waiting in group:
            waiting.error = error
    if is_durable:
        observer.committed(len(group), time.monotonic() - began, told.facts)
    by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting[Any]]] = {}
    for waiting in group:
        by_loop.setdefault(waiting.loop, []).append(waiting)
    for loop, settled in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, settled, told, bells)


def _pass(side: str, group: Sequence[_Waiting[Any]], failpoints: Failpoints | None) -> None:
    if failpoints is not None:
        for waiting in group:
            if waiting.error is None:
                failpoints.reached(side, waiting.unit)


def _settle(settled: Sequence[_Waiting[Any]], told: Aftermath, bells: Bells) -> None:
    for waiting in settled:
        waiting.settle()
    bells.ring(told)


def _run(conn: Connection, waiting: _Waiting[Any]) -> Aftermath:
    collected = begin_unit(conn)
    _execute(conn, "SAVEPOINT unit")
    try:
        with _translated():
            waiting.result = waiting.unit(conn)
    except StorageUnavailable:
        raise  # the disk is full or gone: SQLite may have rolled everything back
    except BaseException as error:
        _execute(conn, "ROLLBACK TO unit")
        waiting.error = error
        collected = Aftermath()
    _execute(conn, "RELEASE unit")
    return collected


def _execute(conn: Connection, statement: str) -> None:
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute(statement)


def _roll_back(conn: Connection) -> None:
    driver = conn.connection.driver_connection
    if isinstance(driver, sqlite3.Connection) and driver.in_transaction:
        try:
            driver.execute("ROLLBACK")
        except sqlite3.Error:  # the next group begins with another one; this thread must live to try
            logger.exception("a group of commits could not be rolled back")


class _translated:
    """Turn the driver's "cannot write now" into ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, sqlite3.OperationalError) or getattr(cause, "sqlite_errorcode", None) in DAMAGED:
            raise StorageUnavailable from error


def _path(url: str) -> Path:
    database = make_url(url).database
    if not database or database == ":memory:":
        raise SettingsError(
            f"{url!r} names no file, and a database in memory would lose every process: "
            "use `sqlite+aiosqlite:///orchestrator.db`."
        )
    return Path(database)


def _engine(path: Path) -> Engine:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # results of remote services are for nobody else
    # `rw`: a file that was removed must not be made anew, and empty, by the next connection.
    url = f"sqlite:///file:{quote(str(path.resolve()))}?mode=rw&uri=true"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=READERS + 2)
    event.listen(engine, "connect", _configure)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA journal_mode = WAL")
    with ExitStack() as stack:  # all at once: whoever reads has its files open, whatever becomes of the folder
        for _ in range(READERS + 1):
            stack.enter_context(engine.connect()).exec_driver_sql("SELECT count(*) FROM sqlite_schema")
    return engine


def _configure(driver: sqlite3.Connection, _: object) -> None:
    run: Callable[[str], object] = driver.execute
    run("PRAGMA synchronous = FULL")
    run("PRAGMA foreign_keys = ON")
    run("PRAGMA busy_timeout = 5000")
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
