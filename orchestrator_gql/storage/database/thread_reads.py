"""Reads in the thread that asks, for authors' code: it waits for its own read only, and for no event loop.

Authors' sync code has threads and their async code has loops of its own. A read that went through the server's loop
would wait for ever if the code runs on that loop (``ORCHESTRATOR_AUTHORS_LOOP=server``). So these reads have
connections of their own, which only read, and a time limit.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orchestrator_gql.storage.database.after_commit import T, Unit
from orchestrator_gql.storage.database.group_commit import storage_error
from orchestrator_gql.storage.database.losses import renew_stale_connections
from orchestrator_gql.storage.database.sqlite_file import close_cursors, engine_url, identity, only_read
from orchestrator_gql.utils.errors import StepError, StorageUnavailable, StorageUnreadable

SECONDS = 5.0
"""Seconds that one read may take, and that it waits for a connection."""

CONNECTIONS = 4
"""Connections for these reads, opened when they are needed. A read takes milliseconds, so few wait for one."""

OPERATIONS = 10_000
"""The instructions of SQLite's virtual machine between two looks at the clock."""

CANCELLED = "57014"
"""The SQLSTATE of a statement that took longer than ``statement_timeout``."""


class ThreadReads:
    """Runs units that only read, each on a snapshot, in the thread of the caller."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        self._make = make
        self._engine: Engine | None = None
        self._making = threading.Lock()
        self._is_closed = False

    def read(self, unit: Unit[T]) -> T:
        """The result of the unit. Raises `StorageUnreadable`, and `StepError` ``read-timeout``."""
        for tries in range(2):
            try:
                return self._read(unit)
            except DBAPIError as error:
                if _is_late(error):
                    raise StepError(
                        f"The read took longer than {SECONDS:g} seconds: narrow it, by product, status or customer.",
                        code="read-timeout",
                    ) from error
                if not error.connection_invalidated or tries:
                    raise _translated(error) from error
            except (PoolTimeout, StorageUnavailable) as error:
                raise StorageUnreadable from error
        raise StorageUnreadable

    def close(self) -> None:
        """Close the connections; a read that begins now is refused."""
        with self._making:
            self._is_closed = True
            if self._engine is not None:
                self._engine.dispose()

    def _read(self, unit: Unit[T]) -> T:
        with self._made().connect() as conn, conn.begin():
            return unit(conn)

    def _made(self) -> Engine:
        with self._making:
            if self._is_closed:
                raise StorageUnreadable
            if self._engine is None:
                self._engine = self._make()
            return self._engine


def of_sqlite(path: Path) -> ThreadReads:
    """Reads of the file, which is the file that has this path now."""
    opened = identity(path)

    def make() -> Engine:
        engine = create_engine(
            engine_url("sqlite", path), isolation_level="AUTOCOMMIT", hide_parameters=True, **_pool_arguments()
        )
        only_read(engine, path, opened)
        event.listen(engine, "begin", _begin)
        return engine

    return ThreadReads(make)


def of_postgres(url: str, arguments: dict[str, Any], options: str, connect: Callable[..., Any]) -> ThreadReads:
    """Reads of the database; ``connect`` opens a connection of the driver."""
    timeout = f"-c statement_timeout={int(SECONDS * 1000)}"

    def make() -> Engine:
        engine = create_engine(
            url,
            hide_parameters=True,
            isolation_level="REPEATABLE READ",
            connect_args={**arguments, "options": f"{options} {timeout} -c default_transaction_read_only=on".strip()},
            **_pool_arguments(),
        )
        renew_stale_connections(engine)
        event.listen(engine, "do_connect", lambda _dialect, _record, _arguments, options: connect(**options))
        return engine

    return ThreadReads(make)


def _pool_arguments() -> dict[str, Any]:
    return {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": SECONDS}


def _begin(conn: Connection) -> None:
    close_cursors(conn)
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    ends_at = time.monotonic() + SECONDS
    driver.set_progress_handler(lambda: time.monotonic() > ends_at, OPERATIONS)
    driver.execute("BEGIN")


def _is_late(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return getattr(error.orig, "sqlstate", None) == CANCELLED


def _translated(error: DBAPIError) -> BaseException:
    is_lost = error.connection_invalidated or getattr(error.orig, "sqlstate", None) is None
    translation = storage_error(error)
    if isinstance(translation, StorageUnavailable) or (is_lost and not isinstance(error.orig, sqlite3.Error)):
        return StorageUnreadable()
    return error
