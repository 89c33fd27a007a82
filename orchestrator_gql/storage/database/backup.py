"""Makes a consistent copy of the SQLite file while the server writes to it."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Literal

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from orchestrator_gql.config.database_url import file_name, is_sqlite
from orchestrator_gql.storage.database.sqlite_file import demand_one_name, engine_url
from orchestrator_gql.utils.errors import SettingsError

PAGES = 4096
"""Pages that one step copies: 16 MiB. Between two steps the copy can be stopped."""


def back_up(url: str, target: Path) -> Path:
    """Copy the file of the URL to ``target``, which must not exist, and return the path of the source file.

    The copy contains every commit that was durable when the copy began, and no later commit. Raises `SettingsError`
    if the URL is not of SQLite, or if either file cannot be opened.
    """
    source = _source(url)
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # as private as the original
    except FileExistsError:
        raise SettingsError(f"{str(target)!r} exists already: a backup overwrites nothing.") from None
    except OSError as error:
        raise SettingsError(f"{str(target)!r} cannot be written: {error.strerror}.") from error
    try:
        asyncio.run(_copy(source.resolve(), target.resolve()))
    except (DBAPIError, sqlite3.Error) as error:
        target.unlink()
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise SettingsError(f"{str(source)!r} cannot be copied: {reason}.") from error
    except BaseException:  # such as Ctrl-C: a part of a copy is no backup
        target.unlink()
        raise
    return source


def _source(url: str) -> Path:
    if not is_sqlite(url):
        raise SettingsError(
            "Only a SQLite file is copied here; for PostgreSQL, take pg_dump or a backup of the server."
        )
    path = Path(file_name(url))
    if not path.is_file():
        raise SettingsError(f"There is no database {str(path)!r} to copy.")
    demand_one_name(path.resolve())  # the newest commits are beside the other name
    return path


async def _copy(source: Path, target: Path) -> None:
    is_stopped = Event()

    def progress(*_: int) -> None:
        if is_stopped.is_set():
            raise sqlite3.OperationalError("stopped")

    async with _connection(source, "ro") as reader, _connection(target, "rw") as writer:
        # One snapshot for all steps: without it, every commit of the server would start the copy again. In WAL mode a
        # long read blocks no writer.
        await reader.exec_driver_sql("BEGIN")
        await reader.exec_driver_sql("SELECT count(*) FROM sqlite_schema")
        original = (await reader.get_raw_connection()).driver_connection
        copy = (await writer.get_raw_connection()).driver_connection
        assert original is not None and copy is not None
        try:
            await original.backup(copy, pages=PAGES, progress=progress)
        finally:
            is_stopped.set()  # if we were cancelled, the thread still copies


@asynccontextmanager
async def _connection(path: Path, mode: Literal["ro", "rw"]) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(engine_url("sqlite+aiosqlite", path, mode=mode), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as conn:
            yield conn
    finally:
        await engine.dispose()
