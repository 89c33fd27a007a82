"""Makes a consistent copy of the SQLite file while the server writes to it."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Literal

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from orchestrator_gql.config.database_url import file_name, is_sqlite
from orchestrator_gql.storage.database.backup_check import DamagedFile, ForeignFile, check
from orchestrator_gql.storage.database.sqlite_file import demand_one_name, engine_url
from orchestrator_gql.utils.errors import SettingsError

PAGES = 1024
"""Pages that one step copies: 4 MiB. Between two steps the copy can be stopped."""

BESIDE = ("-journal", "-wal", "-shm")
"""The ends of the names of files that SQLite keeps beside a database."""


PART = ".part"
"""The end of the name of a copy that is not whole yet. A kill leaves it behind, and the next backup takes it over."""


class BackupStopped(Exception):
    """The copy was stopped before it was complete."""


class Backup:
    """A copy of the file of the URL.

    `make` runs in a thread of its own, and `stop` is called in another thread. Nothing here is cancelled: the thread of
    the source would go on, and SQLite may wait for ever if the target is closed while a step copies into it.
    """

    def __init__(self, url: str, target: Path) -> None:
        self._url = url
        if not target.name or target.is_dir():
            raise SettingsError(f"{str(target)!r} is a folder: name the file of the copy in it.")
        self._target = target
        self._part = target.with_name(target.name + PART)
        self._lock: int | None = None
        self._is_whole = False
        self._stop = Event()

    def make(self) -> Path:
        """Copy the file to the target, which must not exist, and return the path of the source file.

        The copy contains every commit that was durable when the copy began, and no later commit, and it was read once.
        Raises `SettingsError` if the URL is not of SQLite, if either file cannot be opened, or if the copy is damaged,
        and `BackupStopped`.
        """
        source = _source(self._url)
        self._create()
        try:
            asyncio.run(_copy(source.resolve(), self._part.resolve(), self._demand_wanted))
            self._check(source)
            self._demand_free()
            self._part.rename(self._target)
            self._is_whole = True
        except (DBAPIError, sqlite3.Error) as error:
            self.remove()
            raise SettingsError(f"{str(source)!r} cannot be copied: {_reason(source, error)}.") from error
        except BaseException:
            self.remove()
            raise
        finally:
            self._release()
        return source

    def stop(self) -> None:
        """Stop `make` after the step that runs."""
        self._stop.set()

    def remove(self) -> None:
        """Remove the copy and the files beside it, if they are ours: a part of a copy is no backup."""
        if self._is_whole:
            self._target.unlink(missing_ok=True)
        elif self._lock is not None:
            for path in (self._part, *_beside(self._part)):
                path.unlink(missing_ok=True)

    def _create(self) -> None:
        """Create the part, or take over the rest of a backup that was killed."""
        self._demand_free()
        try:
            lock = os.open(self._part, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SettingsError(f"{str(self._part)!r} cannot be written: {error.strerror}.") from error
        try:
            with suppress(OSError):
                self._demand_alone(lock)
            os.ftruncate(lock, 0)
            os.fchmod(lock, 0o600)  # as private as the original
            for path in _beside(self._part):
                path.unlink(missing_ok=True)
        except OSError as error:
            os.close(lock)
            raise SettingsError(f"{str(self._part)!r} cannot be written: {error.strerror}.") from error
        except BaseException:
            os.close(lock)
            raise
        self._lock = lock

    def _demand_alone(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = self._part.exists() and os.path.samestat(os.fstat(lock), self._part.stat())
        except BlockingIOError:
            is_ours = False
        if not is_ours:  # another backup has it, or had it until this moment
            raise SettingsError(f"{str(self._part)!r} is written by another backup.")

    def _demand_free(self) -> None:
        if os.path.lexists(self._target):
            raise SettingsError(f"{str(self._target)!r} exists already: a backup overwrites nothing.")
        for path in _beside(self._target):  # SQLite would take it for a part of the copy
            if path.exists():
                raise SettingsError(f"{str(path)!r} exists, a rest of another database: remove it first.")

    def _check(self, source: Path) -> None:
        try:
            check(self._part, lambda: not self._stop.is_set())
        except ForeignFile:
            raise ForeignFile(source) from None
        except DamagedFile as error:  # the pages are those of the source, or the disk of the copy lost them
            raise SettingsError(f"The copy of {str(source)!r} is damaged, and was removed: {error.finding}.") from error
        except sqlite3.OperationalError:
            self._demand_wanted()
            raise

    def _release(self) -> None:
        """Let another backup have the part. Not earlier: to close the file ends the locks that SQLite has on it."""
        if self._lock is not None:
            os.close(self._lock)

    def _demand_wanted(self, *_: int) -> None:
        if self._stop.is_set():
            raise BackupStopped


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in BESIDE]


def _reason(source: Path, error: DBAPIError | sqlite3.Error) -> str:
    if not os.access(source.resolve().parent, os.W_OK):
        return (
            "its folder cannot be written, and SQLite needs files beside the database. If no server uses the database, "
            "and it has no -wal file, copy it with `cp`"
        )
    return str(error.orig if isinstance(error, DBAPIError) else error)


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
