"""The interface of a database, `transaction(unit)` and `read(unit)`, for SQLite and PostgreSQL."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from orchestrator_gql.storage.database.after_commit import CommitHooks, T, Unit
from orchestrator_gql.storage.database.observer import Observer
from orchestrator_gql.storage.database.snapshot import Snapshot
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.utils.outages import Outage

if TYPE_CHECKING:
    from orchestrator_gql.storage.database.postgres import PostgresDatabase


class Database(Protocol):
    """A database. A unit of work is a synchronous SQLAlchemy Core function of a connection."""

    hooks: CommitHooks
    observer: Observer
    outage: Outage
    dialect: str

    async def open(self) -> None:
        """Connect to the database. Raises `SettingsError` if that is impossible."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...

    async def transaction(self, unit: Unit[T]) -> T:
        """Run the unit in its own transaction and return its result when the commit is durable.

        An error of the unit rolls the transaction back and is raised again. Raises `StorageUnavailable` if the
        database cannot write.
        """
        ...

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot, and return its result. Raises `StorageUnreadable` if that is
        impossible now."""
        ...

    async def read_current(self, unit: Unit[T]) -> T:
        """As `read`, for a unit that needs no snapshot for its few statements: PostgreSQL then needs no transaction."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Several reads on one snapshot, for long walks. Raises `ServerBusy` if there are too many at once."""
        ...

    async def alter(self, unit: Unit[T]) -> T:
        """Run a unit that changes the schema or a whole table, without a time limit, and return its result."""
        ...


def connect(url: str, used_by: str = "") -> "SqliteDatabase | PostgresDatabase":
    """The database of the URL, not opened yet. PostgreSQL shows its connections as those of ``used_by``."""
    if url.startswith("sqlite"):
        return SqliteDatabase(url)
    from orchestrator_gql.storage.database import postgres  # its libraries take a second to import

    return postgres.PostgresDatabase(url, f"{postgres.NAME} {used_by}".strip())
