"""Opens a database for a command that asks no server."""

import asyncio
import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from orchestrator_gql.cli.failure import reason_of
from orchestrator_gql.config.database_url import file_name
from orchestrator_gql.config.settings import Settings, read_settings
from orchestrator_gql.engine.product_documents import Read
from orchestrator_gql.storage import timers
from orchestrator_gql.storage.database import Database, connect
from orchestrator_gql.storage.database.after_commit import T, Unit
from orchestrator_gql.storage.database.schema import Reader, demand_current
from orchestrator_gql.storage.database.sqlite_file import InUse, path_of
from orchestrator_gql.storage.database.thread_reads import ThreadReads, of_sqlite
from orchestrator_gql.utils.clock import SteadyClock
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable

METHOD = "cli/database"
"""How a change in the database itself came, in the audit log."""


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """An open database with the settings that name it, and the event loop on which it works."""

    runner: asyncio.Runner
    database: Database
    settings: Settings


async def clock_of(database: Database) -> SteadyClock:
    """The clock of decisions in the database: that of PostgreSQL, which its servers follow, too."""
    clock = SteadyClock()
    if database.dialect != "sqlite":
        clock.follow(await database.read(timers.database_time), ago=0.0)
    return clock


def user() -> str:
    """The user of the operating system; a container may run as a number without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads of a database beside its servers, and the event loop on which they are asked."""

    runner: asyncio.Runner
    reader: Reader

    @property
    def read(self) -> Read:
        """Runs a unit that only reads, on one snapshot."""
        return self.reader.read

    def result(self, unit: Unit[T]) -> T:
        """The result of a unit that only reads."""
        return self.runner.run(self.reader.read(unit))


class _FileReads:
    """Reads of a SQLite file, whose lock another server may have."""

    def __init__(self, reads: ThreadReads) -> None:
        self._reads = reads

    async def read(self, unit: Unit[T]) -> T:
        """The result of the unit."""
        return self._reads.read(unit)


@contextmanager
def reading(url: str | None, used_by: str) -> Iterator[Reads]:
    """The database of this URL, or of the settings, to read beside a server; as `opened`, but nothing is locked."""
    settings = read_settings(database_url=url)
    if not settings.is_sqlite:
        with opened(url, used_by, instead="") as own:
            yield Reads(own.runner, own.database)
        return
    _demand_file(settings)
    reads = of_sqlite(path_of(settings.database_url))
    with asyncio.Runner() as runner:
        try:
            reader = _FileReads(reads)
            runner.run(demand_current(reader))
            yield Reads(runner, reader)
        except (StorageUnavailable, DBAPIError) as error:
            raise SettingsError(f"The database cannot be read: {reason_of(error)}") from error
        finally:
            reads.close()


def _demand_file(settings: Settings) -> None:
    if settings.is_sqlite and not Path(file_name(settings.database_url)).exists():
        raise SettingsError(f"There is no database {file_name(settings.database_url)!r}.")


@contextmanager
def opened(url: str | None, used_by: str, *, instead: str) -> Iterator[OwnDatabase]:
    """The database of this URL, or of the settings. It must exist, and have the schema of this release.

    Raises `SettingsError` if it cannot be used; ``instead`` says what to do if a server works on the SQLite file.
    """
    settings = read_settings(database_url=url)
    _demand_file(settings)
    database = connect(settings.database_url, used_by)
    with asyncio.Runner() as runner:
        try:
            runner.run(database.open())
        except InUse as error:
            raise SettingsError(f"{error.message} {instead}") from None
        try:
            runner.run(demand_current(database))  # a dry run must not migrate the file of an older server
            yield OwnDatabase(runner, database, settings)
        except (StorageUnavailable, DBAPIError) as error:
            raise SettingsError(f"The database cannot be used: {reason_of(error)}") from error
        finally:
            runner.run(database.close())
