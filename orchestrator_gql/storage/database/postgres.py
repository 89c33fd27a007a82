"""PostgreSQL: a pool of connections, one transaction for each unit of work."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from orchestrator_gql.storage.database.commits import Bells, Silence, T, Unit, begin_unit
from orchestrator_gql.storage.database.facts import Observer, Unobserved
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable

POOL = 10
CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Seconds, and milliseconds for the last: a machine that vanished without a word is noticed within half a minute, where
the kernel alone would wait for hours."""
AGAIN = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: PostgreSQL undid the unit and says that it may simply be run again."""

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
        self.bells: Bells = Silence()
        self.observer: Observer = Unobserved()
        self.prepare: Prepare | None = None
        self._url = url
        self._engine: AsyncEngine | None = None

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for migrations."""
        assert self._engine is not None, "the database is not open"
        return self._engine

    async def open(self) -> None:
        """Make the pool; `SettingsError` where the extra is not installed."""
        try:
            self._engine = create_async_engine(
                self._url,
                pool_size=POOL,
                max_overflow=POOL,
                pool_pre_ping=False,
                connect_args={**CONNECTION, "options": "-c idle_in_transaction_session_timeout=10000"},
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
        """Run the unit and return what it returns once that is durable."""
        for tries in range(5):
            try:
                return await self._transaction(unit)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in AGAIN or tries == 4:
                    raise _translated(error) from error
                await asyncio.sleep(0.01 * 2**tries)
        raise AssertionError("unreachable")

    async def _transaction(self, unit: Unit[T]) -> T:
        async with self.engine.connect() as conn, conn.begin():
            began = time.monotonic()
            collected = await conn.run_sync(begin_unit)
            result = await conn.run_sync(unit)
            if self.prepare is not None and collected.woken:
                await self.prepare(conn, collected.woken)
        self.observer.committed(1, time.monotonic() - began, collected.facts)
        self.bells.ring(collected)
        return result

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot."""
        try:
            async with self.engine.connect() as conn:
                await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                return await conn.run_sync(unit)
        except DBAPIError as error:
            raise _translated(error) from error


def _translated(error: DBAPIError) -> Exception:
    lost = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    return StorageUnavailable() if lost else error
