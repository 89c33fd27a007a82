"""The only writer of a SQLite file: it runs the waiting units on the loop and commits them together in a thread.

::

    loop    BEGIN, unit, unit, unit ┐              ┌ results, wake-ups, BEGIN, unit ┐
    thread                          └ COMMIT (disk)┘                                └ COMMIT …

The driver releases the GIL around every statement. A thread that ran the statements beside a busy loop would wait for
the GIL after each statement, and the transitions would wait with it; on the loop a statement takes microseconds. Only
the COMMIT waits for the disk, so only the COMMIT runs in the thread: one switch of threads for each group.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.storage.database.after_commit import CommitEffects, MakeClaim, T, Unit, begin_unit
from orchestrator_gql.storage.database.commit_thread import CommitThread
from orchestrator_gql.storage.database.failpoints import read_failpoints
from orchestrator_gql.storage.database.sqlite_file import PATIENCE
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

GROUP = 512
"""Units that one commit contains at most."""

STRETCH = 8
"""Units that share a savepoint at most: to begin and end one takes a tenth of the time of a unit. If one of them fails,
the units before it run again."""

SLICE = 0.005
"""Seconds that a group may block the loop before other tasks run; units that these add join the same group."""

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

WITHOUT_WAITING = "PRAGMA busy_timeout = 0"


@dataclass(slots=True)
class _PendingUnit(Generic[T]):
    unit: Unit[T]
    future: "asyncio.Future[T]"
    context: Context = field(default_factory=copy_context)
    """The context variables of the caller: the units of a group come from different requests."""
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.future.done():  # its task was cancelled during the commit, which stands
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


@dataclass(slots=True)
class _Stretch:
    """The last units of a group, which share a savepoint, and the effects of the units that succeeded.

    ``most`` units may share it: one at first after a failure, and for each unit that runs again.
    """

    units: list[_PendingUnit[Any]] = field(default_factory=list)
    effects: list[CommitEffects] = field(default_factory=list)
    most: int = STRETCH
    again: int = 0

    def drop_claims(self) -> None:
        """Forget the claims of the units: they are rolled back."""
        for effects in self.effects:
            for claim in effects.claims:
                claim.drop()
        self.effects = []


@dataclass(slots=True)
class _Group:
    units: list[_PendingUnit[Any]] = field(default_factory=list)
    effects: CommitEffects = field(default_factory=lambda: CommitEffects(is_passing=True))
    written: int = 0
    began: float = field(default_factory=time.perf_counter)
    stretch: _Stretch = field(default_factory=_Stretch)

    def void(self, error: BaseException) -> None:
        """Fail every unit with the error: nothing was stored and nothing was acknowledged."""
        self.stretch.drop_claims()
        for claim in self.effects.claims:
            claim.drop()
        self.effects = CommitEffects()
        for waiting in self.units:
            waiting.error = error


class GroupWriter:
    """Writes on one connection, one group at a time.

    ``demand`` raises `StorageUnavailable` if nothing may be written now. ``committed`` is called for each durable
    group with its effects, the number of its units and the seconds that it took. ``claimer`` is that of the hooks.
    """

    def __init__(
        self,
        conn: Connection,
        *,
        demand: Callable[[], None],
        committed: Callable[[CommitEffects, int, float], None],
        claimer: Callable[[UUID], MakeClaim | None],
    ) -> None:
        driver = conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute(WITHOUT_WAITING)
        self._driver = driver
        self._conn = conn
        self._demand = demand
        self._committed = committed
        self._claimer = claimer
        self._failpoints = read_failpoints()
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_PendingUnit[Any]] = deque()
        self._is_busy = False
        self._thread = CommitThread()

    async def run(self, unit: Unit[T]) -> T:
        """Run the unit and return its result when the commit is durable."""
        waiting: _PendingUnit[T] = _PendingUnit(unit, self._loop.create_future())
        self._waiting.append(waiting)
        if not self._is_busy:
            self._is_busy = True
            self._loop.call_soon(self._begin)  # units that arrive in this turn of the loop join the group
        return await waiting.future

    @contextlib.contextmanager
    def without_foreign_keys(self) -> Iterator[None]:
        """Let units drop a table and keep the rows that refer to it. SQLite changes this only between transactions."""
        self._driver.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            self._driver.execute("PRAGMA foreign_keys = ON")

    async def close(self) -> None:
        """Run all waiting units, then return the connection to its pool."""
        while self._is_busy:
            with contextlib.suppress(StorageUnavailable):  # each waiting unit has received the error itself
                await self.run(lambda _: None)
        await self._thread.close()
        self._conn.close()

    def _begin(self) -> None:
        try:
            self._demand()
            self._driver.execute("BEGIN IMMEDIATE")
        except StorageUnavailable as error:
            self._run_group(error)
        except sqlite3.Error:  # most likely another program writes: the loop must not wait for it
            self._thread.run(self._begin_patiently, self._run_group)
        else:
            self._run_group(None)

    def _run_group(self, refusal: BaseException | None) -> None:
        group = _Group()
        if refusal is not None:
            group.units += self._waiting
            self._waiting.clear()
            self._settle(group, refusal)
            return
        group.written = self._driver.total_changes
        self._run_units(group)

    def _run_units(self, group: _Group) -> None:
        until = time.perf_counter() + SLICE
        is_over = False
        try:
            while self._waiting and len(group.units) < GROUP and self._driver.in_transaction and not is_over:
                self._run_next(group)
                is_over = time.perf_counter() > until
            self._end_stretch(group)
        except BaseException as error:  # the disk is full or gone: SQLite may have rolled everything back
            self._settle(group, error)
            return
        if is_over:
            self._loop.call_soon(self._run_units, group)
        elif self._driver.total_changes == group.written or not self._driver.in_transaction:  # nothing to write
            self._settle(group, self._commit(group))
        else:
            self._thread.run(partial(self._commit, group), partial(self._settle, group))

    def _run_next(self, group: _Group) -> None:
        waiting = self._waiting.popleft()
        is_alone = not group.units and not self._waiting
        stretch = group.stretch
        group.units.append(waiting)
        effects = begin_unit(self._conn)
        if not is_alone:
            if not stretch.units:
                self._driver.execute("SAVEPOINT units")
            stretch.units.append(waiting)
        try:
            waiting.result = waiting.context.run(translated, waiting.unit, self._conn)
        except StorageUnavailable:
            raise
        except BaseException as error:
            waiting.error = RuntimeError("StopIteration was raised") if isinstance(error, StopIteration) else error
            if is_alone:
                self._driver.execute("ROLLBACK")
            else:
                self._undo_stretch(group)
            return
        stretch.effects.append(effects)
        if len(effects.woken) == 1:
            self._claim(effects)
        if is_alone or len(stretch.units) >= stretch.most:
            self._end_stretch(group)

    def _undo_stretch(self, group: _Group) -> None:
        """Undo the unit that failed, which is the last, and with it the units before it; they run again."""
        stretch = group.stretch
        self._driver.execute("ROLLBACK TO units")
        self._driver.execute("RELEASE units")
        *again, failed = stretch.units
        group.units[-len(stretch.units) :] = [failed]
        self._waiting.extendleft(reversed(again))
        stretch.drop_claims()
        stretch.units = []
        stretch.most, stretch.again = 1, len(again)

    def _end_stretch(self, group: _Group) -> None:
        stretch = group.stretch
        if stretch.units:
            self._driver.execute("RELEASE units")
            if stretch.again:
                stretch.again -= 1
            else:
                stretch.most = min(2 * stretch.most, STRETCH)
        for effects in stretch.effects:
            group.effects.add(effects)
        stretch.units, stretch.effects = [], []

    def _claim(self, effects: CommitEffects) -> None:
        """Claim the process that the unit woke, if a worker is free: a claim of its own would be one commit more.

        A claim that fails is undone alone, and the process is woken as usual.
        """
        (process_id,) = effects.woken
        make = self._claimer(process_id)
        if make is None:
            return
        of_claim = begin_unit(self._conn, known=effects.known)
        self._driver.execute("SAVEPOINT claim")
        try:
            claim = make(self._conn)
        except Exception:
            claim = None
        if claim is None:
            self._driver.execute("ROLLBACK TO claim")  # raises if SQLite has rolled the whole group back
        else:
            effects.woken.clear()
            effects.add(of_claim)
            effects.claims.append(claim)
        self._driver.execute("RELEASE claim")

    def _settle(self, group: _Group, error: BaseException | None) -> None:
        if error is not None:
            self._roll_back()
            group.void(storage_error(error))
        for waiting in group.units:
            waiting.settle()  # first: the tasks of the callers run before the work that the commit begins
        if error is None:
            self._committed(group.effects, len(group.units), time.perf_counter() - group.began)
        if self._waiting:
            self._loop.call_soon(self._begin)  # behind the tasks that wait for an answer of this group
        else:
            self._is_busy = False

    def _roll_back(self) -> None:
        if self._driver.in_transaction:
            try:
                self._driver.execute("ROLLBACK")
            except sqlite3.Error:  # the next group tries to roll back again; the writer must survive
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
            for waiting in group.units:
                if waiting.error is None:
                    self._failpoints.reached(side, waiting.unit)

    def _begin_patiently(self) -> BaseException | None:
        try:
            self._driver.execute(f"PRAGMA busy_timeout = {PATIENCE}")
            self._driver.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            return error
        finally:
            self._driver.execute(WITHOUT_WAITING)
        return None


def translated(unit: Unit[T], conn: Connection) -> T:
    """The result of the unit. Raises `StorageUnavailable` if the driver cannot use the database now."""
    try:
        return unit(conn)
    except (DBAPIError, sqlite3.Error) as error:
        translation = storage_error(error)
        if translation is error:
            raise
        raise translation from error


def storage_error(error: BaseException) -> BaseException:
    """`StorageUnavailable` for an error of the disk or the file; any other error itself."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.OperationalError) and getattr(cause, "sqlite_errorcode", None) not in DAMAGED:
        return error
    unavailable = StorageUnavailable()
    unavailable.__cause__ = error
    return unavailable
