"""A closed database releases its file: nothing of it stays open or in memory."""

import asyncio
import gc
import weakref
from contextlib import suppress
from pathlib import Path

from support.database import sqlite_url
from support.engine import engine_of

from orchestrator_gql.storage.database.sqlite import SqliteDatabase


async def test_a_closed_database_keeps_no_file_open(tmp_path: Path) -> None:
    async with engine_of(sqlite_url(tmp_path)) as engine:
        database = engine.runtime.database
        assert isinstance(database, SqliteDatabase)
        sqlalchemy = weakref.ref(database.engine)
        while_open = _open_files(tmp_path)
    del database, engine

    assert while_open
    assert _open_files(tmp_path) == set()
    async with asyncio.timeout(60):
        while sqlalchemy() is not None:  # a thread that watched the loops needs a moment to end
            await asyncio.sleep(0.01)
            gc.collect()
    assert _names(tmp_path) <= {"orchestrator.db", "orchestrator.db.lock"}


def _open_files(folder: Path) -> set[str]:
    paths = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # it was the file of the listing itself
            paths.add(str(link.readlink()))
    return {path for path in paths if path.startswith(str(folder))}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
