"""Several reads of PostgreSQL on one snapshot; see `snapshot`."""

import asyncio
import time
from contextlib import AsyncExitStack, suppress

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.util import greenlet_spawn

from orchestrator_gql.storage.database.after_commit import T, Unit
from orchestrator_gql.storage.database.losses import FAILURES, sqlstate, translated
from orchestrator_gql.storage.database.pipeline import demand_pipeline
from orchestrator_gql.storage.database.snapshot import SECONDS, SnapshotEnded
from orchestrator_gql.storage.database.transactions import COMMIT, SNAPSHOT, UNIT_SECONDS
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.shared_timers import TimeLimit

IDLE_SECONDS = 60.0
"""Seconds that may pass between two reads of a snapshot: its client reads what came before, perhaps slowly."""

IDLE = "25P03"
"""The SQLSTATE if they have passed: PostgreSQL ended the session."""


async def begin_snapshot(engine: Engine, stack: AsyncExitStack) -> "PostgresSnapshot":
    """Begin a snapshot on a connection of the engine, which the stack ends. Raises `StorageUnavailable`."""
    try:
        conn = await greenlet_spawn(engine.connect)
        stack.push_async_callback(_end, conn)
        await greenlet_spawn(demand_pipeline(conn).begin, SNAPSHOT)
        limit = f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'"
        await greenlet_spawn(conn.exec_driver_sql, limit)
    except FAILURES as error:
        raise translated(error) from error
    except PoolTimeout as error:
        raise StorageUnavailable from error
    return PostgresSnapshot(conn)


class PostgresSnapshot:
    """A transaction that only reads. It ends with its time, or if its reader takes too long between two reads."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._ends_at = time.monotonic() + SECONDS

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads."""
        if time.monotonic() > self._ends_at:
            raise SnapshotEnded
        try:
            with TimeLimit(UNIT_SECONDS):
                return await greenlet_spawn(unit, self._conn)
        except FAILURES as error:
            if sqlstate(error) == IDLE:
                raise SnapshotEnded from error
            raise translated(error) from error
        except TimeoutError as error:
            raise StorageUnavailable from error


async def _end(conn: Connection) -> None:
    """End a snapshot. Its reads are complete, so it does not matter if its connection is lost now."""
    with suppress(*FAILURES):
        await asyncio.shield(asyncio.ensure_future(_given_back(conn)))  # the connection must return to its pool


async def _given_back(conn: Connection) -> None:
    try:
        if not conn.invalidated:
            await greenlet_spawn(demand_pipeline(conn).end, conn, COMMIT)
    finally:
        await greenlet_spawn(conn.close)
