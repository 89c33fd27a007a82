"""The database behind two methods: `transaction(fn)` and `read(fn)`, whichever dialect is under them."""

from typing import TYPE_CHECKING, Protocol

from orchestrator_gql.storage.database.after_commit import CommitHooks, T, Unit
from orchestrator_gql.storage.database.observer import Observer
from orchestrator_gql.storage.database.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from orchestrator_gql.storage.database.postgres import PostgresDatabase


class Database(Protocol):
    """Where everything is kept. Units of work are synchronous SQLAlchemy Core functions of a connection."""

    hooks: CommitHooks
    observer: Observer
    dialect: str

    async def open(self) -> None:
        """Make it ready; `SettingsError` where it cannot be."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...

    async def transaction(self, unit: Unit[T]) -> T:
        """Run the unit in a transaction of its own; return what it returns once that is durable.

        Raises whatever the unit raises, after a roll-back, and `StorageUnavailable` where the database cannot write.
        """
        ...

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot."""
        ...

    async def alter(self, unit: Unit[None]) -> None:
        """Run a unit that changes the schema, however long it takes."""
        ...


def connect(url: str) -> "SqliteDatabase | PostgresDatabase":
    """The database of a URL, not yet opened."""
    if url.startswith("sqlite"):
        return SqliteDatabase(url)
    from orchestrator_gql.storage.database.postgres import PostgresDatabase  # its libraries take a second to import

    return PostgresDatabase(url)
