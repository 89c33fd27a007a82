"""Long reads of a SQLite file, on connections of aiosqlite: SQLite works in their threads, and the loop stays free.

A unit runs on the loop, in a greenlet of SQLAlchemy; each of its statements, and each group of rows, is fetched in the
connection's thread. `sqlalchemy.ext.asyncio` would do the same, but it imports the ORM, which takes 6 MB. If the reader
is cancelled, SQLite is interrupted::

    reader   read ─▶ wait …………… cancelled
    session          unit ─▶ statement …… interrupted ─▶ ROLLBACK, the connection is free
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import aiosqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.util import greenlet_spawn

from orchestrator_gql.storage.database.after_commit import T, Unit
from orchestrator_gql.storage.database.group_commit import storage_error, translated
from orchestrator_gql.storage.database.snapshot import SECONDS, Snapshot, SnapshotEnded, SnapshotPlaces
from orchestrator_gql.storage.database.sqlite_file import close_cursors, engine_url, identity, only_read

logger = logging.getLogger(__name__)

READERS = 4
"""Connections for long reads; `SNAPSHOTS` of them may be held by exports and verifications."""

ROWS = 200
"""Rows that are fetched at once at most. The loop converts them in one turn, and no more of them wait in memory."""

INTERRUPT_SECONDS = 0.05
"""Seconds between two interrupts of a read that nobody waits for: an interrupt ends only a statement that runs."""

CLOSE_SECONDS = 5.0
"""Seconds that closing waits for interrupted reads. A disk that does not answer must not keep the server alive."""


class LongReads:
    """The connections for long reads. All are opened at the start, so that their files stay open."""

    def __init__(self, path: Path) -> None:
        self._engine = _engine(path)
        self._free = asyncio.Semaphore(READERS)
        self._places = SnapshotPlaces()
        self._sessions: set[_Session] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Open all connections and their files."""
        async with AsyncExitStack() as stack:
            for _ in range(READERS):
                await stack.enter_async_context(_connection(self._engine))

    async def close(self) -> None:
        """Interrupt all reads and close the connections; a thread that does not end is left behind."""
        for session in list(self._sessions):
            self._leave(session)
        running = {session.task for session in self._sessions}
        if running:
            _, running = await asyncio.wait(running, timeout=CLOSE_SECONDS)
        if running:
            logger.error("a read of the database does not end", extra={"reads": len(running)})
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=CLOSE_SECONDS)
        await greenlet_spawn(self._engine.dispose)

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot, and return its result."""
        async with self._session() as session:
            return await session.read(unit)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Several reads on one snapshot. Raises `ServerBusy` if there are too many."""
        async with self._places.place(), self._session() as session:
            ending = asyncio.get_running_loop().call_later(SECONDS, session.end)
            try:
                yield session
            finally:
                ending.cancel()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator["_Session"]:
        await self._free.acquire()
        session = _Session(self._engine)
        self._sessions.add(session)
        session.task.add_done_callback(lambda _: self._ended(session))
        try:
            yield session
        finally:
            self._leave(session)

    def _leave(self, session: "_Session") -> None:
        session.end()
        if session.is_reading:
            task = asyncio.create_task(session.break_off())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _ended(self, session: "_Session") -> None:
        self._sessions.discard(session)
        self._free.release()
        if not session.task.cancelled() and (error := session.task.exception()) is not None:
            logger.debug("a long read of the database ended with an error", exc_info=error)


@dataclass(slots=True)
class _Job(Generic[T]):
    unit: Unit[T]
    future: "asyncio.Future[T]"

    async def run(self, conn: Connection) -> None:
        if self.future.done():  # its reader left before the read began
            return
        try:
            result = await greenlet_spawn(translated, self.unit, conn)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            if not self.future.done():
                self.future.set_exception(error)
        else:
            if not self.future.done():
                self.future.set_result(result)


class _Session:
    """A connection with one snapshot.

    A task of its own uses the connection. A reader that is cancelled then does not stop SQLAlchemy in the middle of a
    statement, which would cost the connection and its open files.
    """

    def __init__(self, engine: Engine) -> None:
        self.is_reading = False
        self._jobs: asyncio.Queue[_Job[Any] | None] = asyncio.Queue()
        self._driver: aiosqlite.Connection | None = None
        self.task = asyncio.create_task(self._serve(engine), name="long read")

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads."""
        job = _Job(unit, asyncio.get_running_loop().create_future())
        self._jobs.put_nowait(job)
        try:
            await asyncio.wait({job.future, self.task}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            job.future.cancel()
            raise
        if job.future.done():
            result: T = job.future.result()
            return result
        if not self.task.cancelled() and (error := self.task.exception()) is not None:
            raise storage_error(error)
        raise SnapshotEnded

    def end(self) -> None:
        """End the snapshot after the read that runs."""
        self._jobs.put_nowait(None)

    async def break_off(self) -> None:
        """Interrupt the read that runs."""
        while self.is_reading and self._driver is not None:
            with suppress(ValueError):  # the connection is closed
                await self._driver.interrupt()
            await asyncio.wait({self.task}, timeout=INTERRUPT_SECONDS)

    async def _serve(self, engine: Engine) -> None:
        async with _connection(engine) as conn:
            self._driver = conn.connection.driver_connection
            await greenlet_spawn(conn.begin)  # closing the connection ends it
            while (job := await self._jobs.get()) is not None:
                self.is_reading = True
                await job.run(conn)
                self.is_reading = False


@asynccontextmanager
async def _connection(engine: Engine) -> AsyncIterator[Connection]:
    """A connection of the pool, which gets it back even if the task is cancelled meanwhile."""
    conn = await greenlet_spawn(engine.connect)
    try:
        yield conn
    finally:
        await asyncio.shield(asyncio.ensure_future(greenlet_spawn(conn.close)))


def _engine(path: Path) -> Engine:
    engine = create_engine(
        engine_url("sqlite+aiosqlite", path),
        isolation_level="AUTOCOMMIT",  # the driver begins nothing: `_begin` does
        hide_parameters=True,
        pool_size=READERS,
        max_overflow=0,
        execution_options={"stream_results": True, "max_row_buffer": ROWS},
    )
    only_read(engine, path, identity(path))
    event.listen(engine, "begin", _begin)
    # SQLAlchemy would wait for the thread of a connection before it drops the connection.
    engine.dialect.do_terminate = _stop  # type: ignore[method-assign]
    return engine


def _begin(conn: Connection) -> None:
    close_cursors(conn)
    conn.exec_driver_sql("BEGIN")


def _stop(dbapi_connection: Any) -> None:
    dbapi_connection.driver_connection.stop()
