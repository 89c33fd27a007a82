"""The one writer of a SQLite file: whatever waits is run on the loop, then committed together in a thread.

::

    loop    BEGIN, unit, unit, unit ┐              ┌ answers, bells, BEGIN, unit, unit ┐
    thread                          └ COMMIT (disk)┘                                   └ COMMIT …

The driver lets go of the GIL around every statement. A thread that ran the statements beside a busy loop would wait for
the GIL after each of them, and the transitions would wait with it; on the loop a statement costs its microseconds. Only
the COMMIT waits for the disk, so only the COMMIT is the thread's: one hand-over for each group.
"""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.storage.database.after_commit import CommitEffects, T, Unit, begin_unit
from orchestrator_gql.storage.database.failpoints import read_failpoints
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

GROUP = 512
SLICE = 0.005
"""Seconds that a group may hold the loop before others have a turn; what they bring is of the same group."""

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
PATIENCE = 5000
"""Milliseconds that a lock of somebody else's on the file, such as an operator's shell, is waited for."""

WITHOUT_WAITING = "PRAGMA busy_timeout = 0"

_Job = Callable[[], BaseException | None]
_Then = Callable[[BaseException | None], None]


@dataclass(slots=True)
class _Waiting(Generic[T]):
    unit: Unit[T]
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


@dataclass(slots=True)
class _Group:
    units: list[_Waiting[Any]] = field(default_factory=list)
    told: CommitEffects = field(default_factory=CommitEffects)
    written: int = 0
    began: float = field(default_factory=time.perf_counter)

    def void(self, error: BaseException) -> None:
        """Nothing was acknowledged, nothing is kept."""
        self.told = CommitEffects()
        for one in self.units:
            one.error = error


class GroupWriter:
    """A connection that one group at a time writes on.

    ``demand`` raises `StorageUnavailable` where nothing may be written now; ``committed`` is told of each group that
    is durable: what it leaves to be told, how many units it was, and the seconds it took.
    """

    def __init__(
        self, conn: Connection, *, demand: Callable[[], None], committed: Callable[[CommitEffects, int, float], None]
    ) -> None:
        driver = conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute(WITHOUT_WAITING)
        self._driver = driver
        self._conn = conn
        self._demand = demand
        self._committed = committed
        self._failpoints = read_failpoints()
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting[Any]] = deque()
        self._is_at_work = False
        self._jobs: queue.SimpleQueue[tuple[_Job, _Then] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work_off, name="sqlite-commit", daemon=True)
        self._thread.start()

    async def run(self, unit: Unit[T]) -> T:
        """Run the unit and return what it returns once that is durable."""
        waiting: _Waiting[T] = _Waiting(unit, self._loop.create_future())
        self._waiting.append(waiting)
        if not self._is_at_work:
            self._is_at_work = True
            self._loop.call_soon(self._begin)  # what else this turn of the loop brings is of the same group
        return await waiting.future

    async def close(self) -> None:
        """Finish what waits, and give the connection back."""
        while self._is_at_work:
            with contextlib.suppress(StorageUnavailable):  # whoever waits has been told
                await self.run(lambda _: None)
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._conn.close()

    def _begin(self) -> None:
        try:
            self._demand()
            self._driver.execute("BEGIN IMMEDIATE")
        except StorageUnavailable as error:
            self._run_group(error)
        except sqlite3.Error:  # most likely somebody else writes: the loop must not wait for that
            self._jobs.put((self._begin_patiently, self._run_group))
        else:
            self._run_group(None)

    def _run_group(self, refused: BaseException | None) -> None:
        group = _Group()
        if refused is not None:
            group.units += self._waiting
            self._waiting.clear()
            self._settle(group, refused)
            return
        group.written = self._driver.total_changes
        self._go_on(group)

    def _go_on(self, group: _Group) -> None:
        until = time.perf_counter() + SLICE
        try:
            while self._waiting and len(group.units) < GROUP and self._driver.in_transaction:
                self._run_next(group)
                if time.perf_counter() > until:
                    self._loop.call_soon(self._go_on, group)
                    return
        except BaseException as error:  # the disk is full or gone: SQLite may have rolled everything back
            self._settle(group, error)
            return
        if self._driver.total_changes == group.written or not self._driver.in_transaction:  # nothing for the disk
            self._settle(group, self._commit(group))
        else:
            self._jobs.put((partial(self._commit, group), partial(self._settle, group)))

    def _run_next(self, group: _Group) -> None:
        one = self._waiting.popleft()
        is_alone = not group.units and not self._waiting
        group.units.append(one)
        collected = begin_unit(self._conn)
        if not is_alone:
            self._driver.execute("SAVEPOINT unit")
        try:
            one.result = translated(one.unit, self._conn)
        except StorageUnavailable:
            raise
        except BaseException as error:
            self._driver.execute("ROLLBACK" if is_alone else "ROLLBACK TO unit")
            one.error = RuntimeError("StopIteration was raised") if isinstance(error, StopIteration) else error
        else:
            group.told.add(collected)
        if not is_alone:
            self._driver.execute("RELEASE unit")

    def _settle(self, group: _Group, error: BaseException | None) -> None:
        if error is not None:
            self._roll_back()
            group.void(_told(error))
        if self._waiting:
            self._loop.call_soon(self._begin)  # behind whoever else wants the loop
        else:
            self._is_at_work = False
        for one in group.units:
            one.settle()
        if error is None:
            self._committed(group.told, len(group.units), time.perf_counter() - group.began)

    def _roll_back(self) -> None:
        if self._driver.in_transaction:
            try:
                self._driver.execute("ROLLBACK")
            except sqlite3.Error:  # the next group begins with another one; the writer must live to try
                logger.exception("a group of commits could not be rolled back")

    def _commit(self, group: _Group) -> BaseException | None:
        try:
            if self._driver.in_transaction:
                self._pass("before", group)
                self._driver.execute("COMMIT")
                self._pass("after", group)
        except BaseException as error:
            return error
        return None

    def _pass(self, side: str, group: _Group) -> None:
        if self._failpoints is not None:
            for one in group.units:
                if one.error is None:
                    self._failpoints.reached(side, one.unit)

    def _begin_patiently(self) -> BaseException | None:
        try:
            self._driver.execute(f"PRAGMA busy_timeout = {PATIENCE}")
            self._driver.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            return error
        finally:
            self._driver.execute(WITHOUT_WAITING)
        return None

    def _work_off(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, then = job
            outcome = work()
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(then, outcome)


def translated(unit: Unit[T], conn: Connection) -> T:
    """What the unit returns; `StorageUnavailable` where the driver says that it cannot work now."""
    try:
        return unit(conn)
    except (DBAPIError, sqlite3.Error) as error:
        told = _told(error)
        if told is error:
            raise
        raise told from error


def _told(error: BaseException) -> BaseException:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.OperationalError) and getattr(cause, "sqlite_errorcode", None) not in DAMAGED:
        return error
    unavailable = StorageUnavailable()
    unavailable.__cause__ = error
    return unavailable
