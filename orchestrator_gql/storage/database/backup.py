"""Makes a consistent copy of the SQLite file while the server writes to it."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Literal

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from orchestrator_gql.config.database_url import file_name, is_sqlite
from orchestrator_gql.storage.database.sqlite_file import demand_one_name, engine_url
from orchestrator_gql.utils.errors import SettingsError

PAGES = 1024
"""Pages that one step copies: 4 MiB. Between two steps the copy can be stopped."""

BESIDE = ("-journal", "-wal", "-shm")
"""The ends of the names of files that SQLite keeps beside a database."""


class BackupStopped(Exception):
    """The copy was stopped before it was complete."""


class Backup:
    """A copy of the file of the URL.

    `make` runs in a thread of its own, and `stop` is called in another thread. Nothing here is cancelled: the thread of
    the source would go on, and SQLite may wait for ever if the target is closed while a step copies into it.
    """

    def __init__(self, url: str, target: Path) -> None:
        self._url = url
        self._target = target
        self._is_created = False
        self._stop = Event()

    def make(self) -> Path:
        """Copy the file to the target, which must not exist, and return the path of the source file.

        The copy contains every commit that was durable when the copy began, and no later commit. Raises
        `SettingsError` if the URL is not of SQLite, or if either file cannot be opened, and `BackupStopped`.
        """
        source = _source(self._url)
        self._create()
        try:
            asyncio.run(_copy(source.resolve(), self._target.resolve(), self._demand_wanted))
        except (DBAPIError, sqlite3.Error) as error:
            self.remove()
            reason = error.orig if isinstance(error, DBAPIError) else error
            raise SettingsError(f"{str(source)!r} cannot be copied: {reason}.") from error
        except BaseException:
            self.remove()
            raise
        return source

    def stop(self) -> None:
        """Stop `make` after the step that runs."""
        self._stop.set()

    def remove(self) -> None:
        """Remove the target and the files beside it, if they are ours: a part of a copy is no backup."""
        if self._is_created:
            for path in (self._target, *_beside(self._target)):
                path.unlink(missing_ok=True)

    def _create(self) -> None:
        for path in _beside(self._target):  # SQLite would take it for a part of the copy
            if path.exists():
                raise SettingsError(f"{str(path)!r} exists, a rest of another database: remove it first.")
        try:
            os.close(os.open(self._target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # as private as the original
        except FileExistsError:
            raise SettingsError(f"{str(self._target)!r} exists already: a backup overwrites nothing.") from None
        except OSError as error:
            raise SettingsError(f"{str(self._target)!r} cannot be written: {error.strerror}.") from error
        self._is_created = True

    def _demand_wanted(self, *_: int) -> None:
        if self._stop.is_set():
            raise BackupStopped


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in BESIDE]


def _source(url: str) -> Path:
    if not is_sqlite(url):
        raise SettingsError(
            "Only a SQLite file is copied here; for PostgreSQL, take pg_dump or a backup of the server."
        )
    path = Path(file_name(url))
    if not path.is_file():
        raise SettingsError(f"There is no database {str(path)!r} to copy: name its file with --database.")
    demand_one_name(path.resolve())  # the newest commits are beside the other name
    return path


async def _copy(source: Path, target: Path, demand_wanted: Callable[..., None]) -> None:
    async with _connection(source, "ro") as reader, _connection(target, "rw") as writer:
        # One snapshot for all steps: without it, every commit of the server would start the copy again. In WAL mode a
        # long read blocks no writer.
        await reader.exec_driver_sql("BEGIN")
        await reader.exec_driver_sql("SELECT count(*) FROM sqlite_schema")
        original = (await reader.get_raw_connection()).driver_connection
        copy = (await writer.get_raw_connection()).driver_connection
        assert original is not None and copy is not None
        demand_wanted()
        await original.backup(copy, pages=PAGES, progress=demand_wanted)


@asynccontextmanager
async def _connection(path: Path, mode: Literal["ro", "rw"]) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(engine_url("sqlite+aiosqlite", path, mode=mode), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as conn:
            yield conn
    finally:
        await engine.dispose()
