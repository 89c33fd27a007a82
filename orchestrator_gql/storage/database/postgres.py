"""PostgreSQL: a pool of connections, and one transaction for each unit of work."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.event import listen
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.util import greenlet_spawn

from orchestrator_gql.storage.database import thread_reads
from orchestrator_gql.storage.database.after_commit import (
    CommitEffects,
    CommitHooks,
    MakeClaim,
    NoHooks,
    T,
    Unit,
    begin_unit,
    no_claim,
)
from orchestrator_gql.storage.database.claims import ClaimFailed, claim_woken
from orchestrator_gql.storage.database.connection_arguments import NAME, connection_arguments
from orchestrator_gql.storage.database.failpoints import read_failpoints
from orchestrator_gql.storage.database.kept_connections import KeptConnections
from orchestrator_gql.storage.database.losses import (
    FAILURES,
    Failure,
    is_connection_lost,
    renew_stale_connections,
    sqlstate,
    translated,
)
from orchestrator_gql.storage.database.observer import Observer, Unobserved
from orchestrator_gql.storage.database.pipeline import clear, flush, give_pipeline, make_ready
from orchestrator_gql.storage.database.postgres_snapshot import begin_snapshot
from orchestrator_gql.storage.database.snapshot import CountedSnapshot, Snapshot, SnapshotPlaces, counted, unreadable
from orchestrator_gql.storage.database.thread_reads import ThreadReads
from orchestrator_gql.storage.database.transactions import SNAPSHOT, UNIT_SECONDS, Progress, read_in, write_in
from orchestrator_gql.utils.errors import OutcomeUnknown, StorageUnavailable, StorageUnreadable
from orchestrator_gql.utils.extras import demand_extra
from orchestrator_gql.utils.outages import READS, WRITES, Outage
from orchestrator_gql.utils.shared_timers import TimeLimit

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

POOL = 20
"""Connections for transactions. They stay open, and there are no more in a burst: to open one takes longer than most
units."""

READERS = 6
"""Connections for reads on a snapshot, beside those for transactions: a long read must not delay a commit."""

POOL_SECONDS = 10
"""Seconds that a unit waits for a free connection; then the client receives an error and may try again."""

SESSION = "-c idle_in_transaction_session_timeout=10000 -c statement_timeout=30000"
"""In milliseconds: a server that froze in a transaction must not keep its locks, or a lost statement its connection."""

AGAIN = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: PostgreSQL rolled the unit back, and it may run again."""

Claimer = Callable[[UUID], MakeClaim | None]


def _listen(engine: Engine) -> None:
    """Let the writes that wait in the pipeline of a connection follow its transaction."""

    def keep(adapted: Any, record: Any) -> None:
        give_pipeline(record.info, adapted.driver_connection)

    renew_stale_connections(engine)
    listen(engine, "connect", keep)
    listen(engine, "before_cursor_execute", make_ready)
    for event in ("savepoint", "release_savepoint", "commit"):
        listen(engine, event, flush)
    for event in ("rollback", "rollback_savepoint"):
        listen(engine, event, clear)


class PostgresDatabase:
    """A PostgreSQL database, which any number of servers share."""

    dialect = "postgresql"

    def __init__(self, url: str, name: str = NAME) -> None:
        self.hooks: CommitHooks = NoHooks()
        self.observer: Observer = Unobserved()
        self.outage = Outage()
        self._url = url
        self._name = name
        self._writers: KeptConnections | None = None
        self._readers: KeptConnections | None = None
        self._thread_reads: ThreadReads | None = None
        self._failpoints = read_failpoints()
        self._places = SnapshotPlaces()

    @property
    def engine(self) -> "AsyncEngine":
        """The pool for transactions as SQLAlchemy's asynchronous engine, whose transactions are its own."""
        from sqlalchemy.ext.asyncio import AsyncEngine  # it imports the ORM, which a server does not need: 5 MB

        return AsyncEngine(self._in_transactions())

    def _in_transactions(self) -> Engine:
        """The engine whose transactions SQLAlchemy begins and ends, without a pipeline."""
        return self._opened(self._writers).engine.execution_options(isolation_level="READ COMMITTED")

    def _opened(self, connections: KeptConnections | None) -> KeptConnections:
        if connections is None:  # closed: the stop of the server overtakes its last requests
            raise StorageUnavailable
        return connections

    async def open(self) -> None:
        """Create the pools. Raises `SettingsError` if the extra is not installed."""
        demand_extra("postgres")
        from orchestrator_gql.storage.database.own_connections import connect_own

        options_of_url = make_url(self._url).query.get("options", "")
        options = f"{SESSION} {options_of_url}".strip()
        self._writers, self._readers = self._pool(POOL, options), self._pool(READERS, options)
        arguments = connection_arguments(self._url, f"{self._name} author-reads")
        self._thread_reads = thread_reads.of_postgres(self._url, arguments, str(options_of_url), connect_own)

    def _pool(self, size: int, options: str) -> KeptConnections:
        from orchestrator_gql.storage.database.own_connections import OwnConnection

        arguments = connection_arguments(self._url, self._name)
        engine = create_engine(
            make_url(self._url).set(drivername="postgresql+psycopg_async"),
            isolation_level="AUTOCOMMIT",  # the pipelines begin and end the transactions
            skip_autocommit_rollback=True,
            hide_parameters=True,  # they contain states and results, and the log may contain the error
            pool_size=size,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            pool_pre_ping=False,  # it costs a round trip for every unit; `_is_undone` handles dead connections
            connect_args={**arguments, "options": options, "async_creator_fn": OwnConnection.connect},
        )
        _listen(engine)
        return KeptConnections(engine, size)

    async def close(self) -> None:
        """Close the pools."""
        if self._thread_reads is not None:
            self._thread_reads.close()
            self._thread_reads = None
        for connections in (self._writers, self._readers):
            if connections is not None:
                await greenlet_spawn(connections.dispose)
        self._writers = self._readers = None

    async def transaction(self, unit: Unit[T]) -> T:
        """Run the unit and return its result when the commit is durable.

        Raises `OutcomeUnknown` only if the connection was lost during the COMMIT itself.
        """
        try:
            result = await self._repeated(unit)
        except StorageUnavailable as error:
            self.outage.failed(WRITES, error)
            raise
        if self.outage.failed_at:
            self.outage.worked(WRITES)
        return result

    async def _repeated(self, unit: Unit[T]) -> T:
        """Run the unit, again after a conflict with another transaction."""
        claimer = self.hooks.claimer
        for tries in range(5):
            began = time.monotonic()
            try:
                result, effects = await self._transaction(unit, claimer)
            except ClaimFailed:
                claimer = no_claim
            except FAILURES as error:
                if not _is_undone(error, tries):
                    raise translated(error) from error
                await asyncio.sleep(0.01 * 2**tries)
            except (PoolTimeout, TimeoutError) as error:
                raise StorageUnavailable from error
            else:
                # The caller goes on first: a request sends its response, and nobody waits for the rest.
                asyncio.get_running_loop().call_soon(self._committed, effects, time.monotonic() - began)
                return result
        raise StorageUnavailable  # five conflicts with other transactions: a later try may succeed

    def _committed(self, effects: CommitEffects, seconds: float) -> None:
        """Count the commit, and wake those who have work now."""
        self.observer.committed(1, seconds, effects.facts)
        self.hooks.notify(effects)

    async def _transaction(self, unit: Unit[T], claimer: Claimer) -> tuple[T, CommitEffects]:
        progress, connections = Progress(), self._opened(self._writers)
        run = partial(self._run, unit, claimer, progress)
        try:
            with TimeLimit(UNIT_SECONDS):
                committed: tuple[T, CommitEffects] = await greenlet_spawn(write_in, connections, run, progress)
            self._pass("after", unit)
        except BaseException as error:
            for claim in progress.claims:
                claim.drop()
            if isinstance(error, TimeoutError) and progress.is_committing:
                raise OutcomeUnknown from error
            raise
        return committed

    def _run(self, unit: Unit[T], claimer: Claimer, progress: Progress, conn: Connection) -> tuple[T, CommitEffects]:
        effects = begin_unit(conn)
        result = unit(conn)
        claim_woken(conn, effects, claimer, progress.claims)
        if effects.woken:
            self.hooks.prepare(conn, effects.woken)
        progress.is_repeatable = effects.is_repeatable
        if not effects.is_repeatable:
            flush(conn)
        self._pass("before", unit)
        return result, effects

    def _pass(self, side: str, unit: Unit[T]) -> None:
        if self._failpoints is not None:
            self._failpoints.reached(side, unit)

    async def alter(self, unit: Unit[T]) -> T:
        """Run a unit that changes the schema or a whole table, without a time limit: millions of rows take long."""
        engine = self._in_transactions()

        def without_limit() -> T:
            with engine.begin() as conn:
                conn.exec_driver_sql("SET LOCAL statement_timeout = 0")
                return unit(conn)

        return await greenlet_spawn(without_limit)

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot, and return its result."""
        return await self._read_counted(unit, self._readers, SNAPSHOT)

    async def read_current(self, unit: Unit[T]) -> T:
        """As `read`, but each statement reads what is committed when it begins."""
        return await self._read_counted(unit, self._writers, "")

    async def _read_counted(self, unit: Unit[T], connections: KeptConnections | None, begin: str) -> T:
        try:  # as `counted`: each request does this, so nothing stands around it
            result = await self._read_repeated(unit, connections, begin)
        except StorageUnavailable as error:
            raise unreadable(self.outage, error) from error
        if self.outage.failed_at:
            self.outage.worked(READS)
        return result

    async def _read_repeated(self, unit: Unit[T], connections: KeptConnections | None, begin: str) -> T:
        opened = self._opened(connections)
        for tries in range(2):
            try:
                with TimeLimit(UNIT_SECONDS):
                    return await greenlet_spawn(read_in, opened, unit, begin)
            except FAILURES as error:
                if not _is_undone(error, tries):
                    raise translated(error) from error
            except (PoolTimeout, TimeoutError) as error:
                raise StorageUnavailable from error
        raise StorageUnavailable

    def read_here(self, unit: Unit[T]) -> T:
        """Run a unit that only reads in this thread."""
        if self._thread_reads is None:
            raise StorageUnreadable
        return self._thread_reads.read(unit)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Several reads on one snapshot. Raises `ServerBusy` if there are too many at once."""
        async with self._places.place(), AsyncExitStack() as stack:
            with counted(self.outage):
                found = await begin_snapshot(self._opened(self._readers).engine, stack)
            yield CountedSnapshot(found, self.outage)


def _is_undone(error: Failure, tries: int) -> bool:
    """True if the unit changed nothing and may run again: it met a conflict, or its connection was dead before.

    The pool notices a restart of the database only when a statement fails. So the first loss is repeated; a second
    loss means that the database is unavailable.
    """
    if is_connection_lost(error):
        return tries == 0
    return sqlstate(error) in AGAIN
