"""PostgreSQL: a pool of connections, one transaction for each unit of work."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from orchestrator_gql.storage.database.after_commit import CommitEffects, CommitHooks, NoHooks, T, Unit, begin_unit
from orchestrator_gql.storage.database.failpoints import read_failpoints
from orchestrator_gql.storage.database.observer import Observer, Unobserved
from orchestrator_gql.utils.errors import OutcomeUnknown, SettingsError, StorageUnavailable

POOL = 10
POOL_SECONDS = 10
"""What a unit waits for a free connection; then the client is told to come again."""

CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Seconds, and milliseconds for the last: a machine that vanished without a word is noticed within half a minute, where
the kernel alone would wait for hours."""

SESSION = "-c idle_in_transaction_session_timeout=10000 -c statement_timeout=30000"
"""Milliseconds: a server that froze in a transaction must not hold locks, nor a lost statement a connection."""

UNIT_SECONDS = 40
"""A database that is frozen, and not gone, answers nothing and closes nothing: our own end of patience."""

AGAIN = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: PostgreSQL undid the unit and says that it may simply be run again."""

READ_ONLY = "25006"
"""The server became a standby, or its administrator stopped all writing."""

Prepare = Callable[[AsyncConnection, Iterable[UUID]], Awaitable[None]]
"""What is done about processes that became runnable, in the very transaction that made them so."""


def connection_arguments(url: str) -> dict[str, Any]:
    """What psycopg's own `connect` takes for the URL: for a connection that listens, which no pool may lend out.

    Behind a pooler that lends connections by the transaction nothing is ever heard; readers then look every second.
    """
    wanted = make_url(url)
    _, arguments = wanted.get_dialect()().create_connect_args(wanted)
    return {**CONNECTION, **arguments}


class PostgresDatabase:
    """One database, any number of servers."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self.hooks: CommitHooks = NoHooks()
        self.observer: Observer = Unobserved()
        self.prepare: Prepare | None = None
        self._url = url
        self._engine: AsyncEngine | None = None
        self._failpoints = read_failpoints()

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for migrations."""
        assert self._engine is not None, "the database is not open"
        return self._engine

    async def open(self) -> None:
        """Make the pool; `SettingsError` where the extra is not installed."""
        theirs = make_url(self._url).query.get("options", "")
        try:
            self._engine = create_async_engine(
                self._url,
                hide_parameters=True,  # they hold states and results, and an error may be logged
                pool_size=POOL,
                max_overflow=POOL,
                pool_timeout=POOL_SECONDS,
                pool_pre_ping=False,  # a round trip for every unit; a dead connection is noticed without, see below
                connect_args={**CONNECTION, "options": f"{SESSION} {theirs}".strip()},
            )
        except ModuleNotFoundError as missing:
            raise SettingsError(
                f"PostgreSQL needs the extra: pip install 'orchestrator-gql[postgres]' ({missing.name} is missing)."
            ) from missing

    async def close(self) -> None:
        """Close the pool."""
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def transaction(self, unit: Unit[T]) -> T:
        """Run the unit and return what it returns once that is durable.

        Raises `OutcomeUnknown` where the connection was lost in the COMMIT itself, and only there.
        """
        for tries in range(5):
            try:
                result, collected = await self._transaction(unit)
            except DBAPIError as error:
                if not _is_undone(error, tries):
                    raise _translated(error) from error
                await asyncio.sleep(0.01 * 2**tries)
            except (PoolTimeout, TimeoutError) as error:
                raise StorageUnavailable from error
            else:
                self.hooks.notify(collected)
                return result
        raise StorageUnavailable  # five times in the way of somebody else: it may be tried in a moment

    async def _transaction(self, unit: Unit[T]) -> tuple[T, CommitEffects]:
        async with self.engine.connect() as conn:
            began = time.monotonic()
            async with asyncio.timeout(UNIT_SECONDS):
                collected = await conn.run_sync(begin_unit)
                result = await conn.run_sync(unit)
                if self.prepare is not None and collected.woken:
                    await self.prepare(conn, collected.woken)
            self._pass("before", unit)
            await _commit(conn)
        self._pass("after", unit)
        self.observer.committed(1, time.monotonic() - began, collected.facts)
        return result, collected

    def _pass(self, side: str, unit: Unit[T]) -> None:
        if self._failpoints is not None:
            self._failpoints.reached(side, unit)

    async def alter(self, unit: Unit[None]) -> None:
        """Run a unit that changes the schema: an index over millions of rows takes its time."""
        async with self.engine.begin() as conn:
            await conn.exec_driver_sql("SET LOCAL statement_timeout = 0")
            await conn.run_sync(unit)

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot."""
        for tries in range(2):
            try:
                return await self._read(unit)
            except DBAPIError as error:
                if not _is_undone(error, tries):
                    raise _translated(error) from error
            except (PoolTimeout, TimeoutError) as error:
                raise StorageUnavailable from error
        raise StorageUnavailable

    async def _read(self, unit: Unit[T]) -> T:
        async with asyncio.timeout(UNIT_SECONDS), self.engine.connect() as conn:
            await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return await conn.run_sync(unit)


async def _commit(conn: AsyncConnection) -> None:
    """Commit. A connection that is lost now leaves nobody who could say whether it was done."""
    try:
        async with asyncio.timeout(UNIT_SECONDS):
            await conn.commit()
    except TimeoutError as error:
        raise OutcomeUnknown from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise OutcomeUnknown from error
        raise


def _is_undone(error: DBAPIError, tries: int) -> bool:
    """Whether the unit left nothing and may be run again: a rival was in its way, or its connection had been dead.

    The pool learns that the database was restarted from the first statement that fails; a second loss is no accident.
    """
    if error.connection_invalidated:
        return tries == 0
    return getattr(error.orig, "sqlstate", None) in AGAIN


def _translated(error: DBAPIError) -> Exception:
    is_lost = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    is_read_only = getattr(error.orig, "sqlstate", None) == READ_ONLY
    return StorageUnavailable() if is_lost or is_read_only else error
