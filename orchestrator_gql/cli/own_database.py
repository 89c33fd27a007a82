"""Opens a database for a command that asks no server."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from orchestrator_gql.cli.failure import reason_of
from orchestrator_gql.config.database_url import file_name
from orchestrator_gql.config.settings import Settings, read_settings
from orchestrator_gql.storage.database import Database, connect
from orchestrator_gql.storage.database.schema import demand_current
from orchestrator_gql.storage.database.sqlite_file import InUse
from orchestrator_gql.utils.errors import SettingsError, StorageUnavailable


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """An open database with the settings that name it, and the event loop on which it works."""

    runner: asyncio.Runner
    database: Database
    settings: Settings


@contextmanager
def opened(url: str | None, used_by: str, *, instead: str) -> Iterator[OwnDatabase]:
    """The database of this URL, or of the settings. It must exist, and have the schema of this release.

    Raises `SettingsError` if it cannot be used; ``instead`` says what to do if a server works on the SQLite file.
    """
    settings = read_settings(database_url=url)
    if settings.is_sqlite and not Path(file_name(settings.database_url)).exists():
        raise SettingsError(f"There is no database {file_name(settings.database_url)!r}.")
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
